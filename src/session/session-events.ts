import type { DisconnectReason } from './disconnect-reason.js';
import type { LoginPermission } from './login-governor.js';
import type {
  AfterClosing,
  AfterLooking,
  AfterMoving,
  AfterSaving,
  CleaningReason,
  ConnectPlan,
  EndedSocket,
  MovedFolder,
  RestorePlan,
} from './session-effects.js';
import type { BackupView, HeldUp } from './session-view.js';
import type { InboundSuspect, SocketEvent } from './whatsapp-socket.js';

/** Whatever can happen to an organization session. */
export type SessionEvent = ActionEvent | AnswerEvent | SocketNews | OutsideEvent;

/** Actions, one after another, whoever asked. */
export type ActionEvent =
  /** At boot: logs in with saved keys. */
  | { readonly type: 'restore' }
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'restart' }
  | { readonly type: 'restore_backup'; readonly name: string | undefined }
  /** A cleaning without `force`: are the keys good? */
  | { readonly type: 'clean_request' }
  | { readonly type: 'clean'; readonly reason: CleaningReason }
  /** A logout, in three parts; WhatsApp is asked between the second and the third. */
  | { readonly type: 'logout_request' }
  | { readonly type: 'leave' }
  | { readonly type: 'end_logout'; readonly confirmed: boolean }
  /** The next try, unless somebody ended the session while it waited for its turn. */
  | { readonly type: 'log_in_by_itself' }
  | { readonly type: 'set_aside_unlinked' }
  /** Another session proved that the client version is accepted again. */
  | { readonly type: 'version_accepted' };

/** The answers to the questions of session-effects.ts. */
export type AnswerEvent =
  | { readonly type: 'sockets_closed'; readonly then: AfterClosing }
  | { readonly type: 'login_permission'; readonly permission: LoginPermission; readonly then: ConnectPlan }
  | { readonly type: 'socket_opened'; readonly then: ConnectPlan }
  | { readonly type: 'message_blamed'; readonly isMessage: boolean; readonly then: EndedSocket }
  | { readonly type: 'saved'; readonly then: AfterSaving }
  | { readonly type: 'looked_at_folder'; readonly answer: boolean; readonly then: AfterLooking }
  | { readonly type: 'keys_opened'; readonly keys: OpenedKeys; readonly then: ConnectPlan }
  | { readonly type: 'keys_damaged'; readonly code: string; readonly cause: unknown; readonly then: ConnectPlan }
  /** Nothing was touched; the same may succeed later. */
  | { readonly type: 'keys_unreadable'; readonly code: string; readonly then: ConnectPlan }
  | { readonly type: 'folder_moved'; readonly backup: MovedFolder | null; readonly then: AfterMoving }
  | { readonly type: 'backup_chosen'; readonly then: RestorePlan }
  | { readonly type: 'backup_restored'; readonly backup: BackupView }
  /** The folder cannot be read or written: it was not moved, or could not be looked at. */
  | {
      readonly type: 'folder_not_moved';
      readonly code: string;
      readonly cause: unknown;
      readonly then: AfterMoving | AfterLooking | RestorePlan;
    }
  /** The backups could not be looked at, before anything was let go. */
  | { readonly type: 'backup_not_chosen'; readonly cause: unknown };

export type OpenedKeys =
  /** They were open, and stand in their place. */
  | { readonly from: 'before' }
  /** `phone`: digits, null when no phone is linked. */
  | { readonly from: 'folder'; readonly wasNew: boolean; readonly phone: string | null };

/** What a socket tells; of an older one than the live one it is ignored. */
export type SocketNews = { readonly socket: number } & (
  | Exclude<SocketEvent, { type: 'closed' }>
  | {
      readonly type: 'closed';
      readonly reason: DisconnectReason;
      readonly suspect: InboundSuspect | null;
      readonly keysAreGone: boolean;
    }
  | { readonly type: 'pairing_code'; readonly code: string; readonly phoneNumber: string }
);

export type OutsideEvent =
  /** At boot, before it is its turn. */
  | { readonly type: 'will_restore' }
  /** The login's turn among those of this process may have come. */
  | { readonly type: 'turn_came' }
  | { readonly type: 'time_to_try' }
  /** The connection of this socket has lasted. */
  | { readonly type: 'connection_lasted'; readonly socket: number }
  /** The folder of the live socket's keys was taken away. */
  | { readonly type: 'folder_is_gone' }
  | { readonly type: 'holds_looked_at'; readonly held: HeldUp | null }
  /** A cleaning waits for its turn, */
  | { readonly type: 'cleaning_began' }
  /** and is over, whatever came of it. */
  | { readonly type: 'cleaning_over' }
  /** For a reason that nobody foresaw. `inBackground`: nobody waits for its answer. */
  | { readonly type: 'action_failed'; readonly inBackground: boolean }
  | { readonly type: 'socket_not_opened' }
  | { readonly type: 'shut_down' };
