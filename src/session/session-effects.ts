import type { EventData, EventName } from '../events/catalogue.js';
import type { WantedState } from '../store/ports.js';
import type { DisconnectReason } from './disconnect-reason.js';
import type { CarrierNews } from './message-carrier.js';
import type { Cleaned } from './session-state.js';
import type {
  BackupView,
  CleaningRecord,
  HoldCode,
  LogoutOutcome,
  LogoutRecord,
  SessionStatus,
} from './session-view.js';
import type { InboundSuspect } from './whatsapp-socket.js';

/** What the machine wants done. Each is done at once, in order, and gives no answer. */
export type Effect =
  | Tell
  | { readonly do: 'log'; readonly level: LogLevel; readonly fields: LogFields; readonly text: string }
  /** What the snapshot tells has changed. */
  | { readonly do: 'announce_change' }
  | { readonly do: 'tell_outbox'; readonly news: CarrierNews }
  /** A customer's message is told, unless it was before; its receipt waits for that. */
  | { readonly do: 'hear_message'; readonly messageId: string }
  // Timers.
  | { readonly do: 'set_retry_timer'; readonly at: number }
  | { readonly do: 'clear_retry_timer' }
  | { readonly do: 'set_steady_timer'; readonly socket: number; readonly ms: number }
  | { readonly do: 'clear_steady_timer' }
  // What others wait for.
  | { readonly do: 'begin_hold'; readonly by: HoldCode }
  | { readonly do: 'end_holds'; readonly by: readonly HoldCode[] }
  // Logins of the whole process.
  | { readonly do: 'wait_for_turn' }
  | { readonly do: 'stop_waiting_for_turn' }
  | { readonly do: 'end_login' }
  | { readonly do: 'allow_trial' }
  | { readonly do: 'refuse_version' }
  | { readonly do: 'accept_version' }
  | { readonly do: 'note_stream_error' }
  // Sockets and keys.
  | { readonly do: 'drop_socket'; readonly socket: number }
  | { readonly do: 'reset_customer'; readonly socket: number; readonly customer: string }
  | { readonly do: 'accuse_stanza'; readonly suspect: InboundSuspect }
  /** The keys were, or will be, others: what was remembered across sockets is forgotten. */
  | { readonly do: 'forget_sockets' }
  | { readonly do: 'close_keys' }
  /** Notes durably that a phone was linked. */
  | { readonly do: 'mark_paired' }
  // Actions, each when it is its turn.
  | { readonly do: 'act'; readonly action: 'log_in_by_itself' | 'set_aside_unlinked' }
  | { readonly do: 'clean'; readonly reason: CleaningReason };

/** A fact for the ledger. */
export type Tell = {
  [Name in EventName]: { readonly do: 'tell'; readonly name: Name; readonly data: EventData<Name> };
}[EventName];

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = { readonly event: string } & Readonly<Record<string, unknown>>;

export type CleaningReason = 'bad_mac' | 'stream_error' | 'forced';

/**
 * What the machine must know, or have done, before it goes on. At most one a step, asked after the effects. The answer
 * is an event that carries `then`.
 */
export type Question = QuestionAtOnce | QuestionThatTakesTime;

const AT_ONCE: Readonly<Record<Question['ask'], boolean>> = {
  close_sockets: true,
  login_permission: true,
  open_socket: true,
  blame_message: true,
  save: false,
  look_at_folder: false,
  open_keys: false,
  set_aside: false,
  remove_keys: false,
  choose_backup: false,
  restore_backup: false,
};

export function isAtOnce(question: Question): question is QuestionAtOnce {
  return AT_ONCE[question.ask];
}

/** Answered before anything else happens to the session. */
export type QuestionAtOnce =
  /** They end now. First they tell what they have taken from WhatsApp and not told yet. */
  | { readonly ask: 'close_sockets'; readonly sockets: readonly number[]; readonly then: AfterClosing }
  /** Whether this organization may log in now. */
  | { readonly ask: 'login_permission'; readonly then: ConnectPlan }
  | { readonly ask: 'open_socket'; readonly socket: number; readonly then: ConnectPlan }
  /** Whether a message of ours is to blame for this stream error. */
  | { readonly ask: 'blame_message'; readonly then: EndedSocket };

/** Asked within an action only, so that no other action comes between. */
export type QuestionThatTakesTime =
  | { readonly ask: 'save'; readonly writes: readonly RegisterWrite[]; readonly then: AfterSaving }
  | { readonly ask: 'look_at_folder'; readonly whether: FolderFact; readonly then: AfterLooking }
  | { readonly ask: 'open_keys'; readonly then: ConnectPlan }
  /** Moves the folder to a backup; `force` also when it cannot be read. */
  | {
      readonly ask: 'set_aside';
      readonly reason: string;
      readonly force: boolean;
      readonly then: AfterMoving;
    }
  /** WhatsApp has forgotten these keys: they go, and what else lay in the folder becomes a backup. */
  | { readonly ask: 'remove_keys'; readonly then: AfterMoving }
  /** Whether that backup (the newest, when undefined) can be put back. */
  | { readonly ask: 'choose_backup'; readonly name: string | undefined; readonly then: RestorePlan }
  | { readonly ask: 'restore_backup'; readonly name: string | undefined; readonly then: RestorePlan };

export type FolderFact =
  /** No folder, or nothing in it. What cannot be looked at may well be there. */
  | 'is_missing'
  /** Neither the folder nor a backup. What cannot be looked at may well be there. */
  | 'nothing_is_left'
  /** Anything under the organization's name. */
  | 'is_there'
  /** The keys are those of a linked phone. What cannot be read may well be. */
  | 'has_phone';

export type RegisterWrite =
  | { readonly write: 'wanted'; readonly wanted: WantedState }
  | { readonly write: 'logged_out'; readonly logout: LogoutRecord }
  | { readonly write: 'cleaning'; readonly cleaning: CleaningRecord };

// --- what comes after an answer ---

export interface ConnectPlan {
  readonly do: 'connect';
  /** Somebody asks for this session, who gets a QR when the keys are gone. */
  readonly asked: boolean;
  /** At boot: logs in with keys of a linked phone, and never begins a pairing. */
  readonly onlyPaired: boolean;
  /** A damaged folder was set aside on this way already. */
  readonly wasDamaged: boolean;
  /** What the action's caller hears in the end. */
  readonly outcome: Outcome;
}

export interface RestorePlan {
  readonly do: 'restore';
  readonly name: string | undefined;
}

export interface CleanPlan {
  readonly do: 'clean';
  readonly reason: CleaningReason;
  readonly counts: { readonly bad_mac: number; readonly stream_error: number };
}

export interface EndLogoutPlan {
  readonly do: 'end_logout';
  readonly confirmed: boolean;
}

export interface UnlinkedPlan {
  readonly do: 'set_aside_unlinked';
}

/** The damaged folder's. */
export interface DamagedPlan {
  readonly do: 'replace_damaged';
  readonly code: string;
  readonly connect: ConnectPlan;
}

/** A socket that ended by itself. */
export interface EndedSocket {
  readonly do: 'end_socket';
  readonly socket: number;
  readonly reason: DisconnectReason;
  readonly suspect: InboundSuspect | null;
  /** Whether the folder of the keys was taken away. */
  readonly keysAreGone: boolean;
}

export type AfterClosing =
  | { readonly do: 'stop' }
  | { readonly do: 'restart' }
  | { readonly do: 'leave' }
  | { readonly do: 'shut_down' }
  | { readonly do: 'end_of_missing_folder'; readonly socket: number }
  | RestorePlan
  | CleanPlan
  | EndLogoutPlan
  | UnlinkedPlan;

export type AfterSaving =
  | { readonly do: 'start' }
  | { readonly do: 'stop' }
  | { readonly do: 'restart' }
  | { readonly do: 'restored'; readonly backup: BackupView }
  | {
      readonly do: 'cleaned';
      readonly clean: CleanPlan;
      readonly cleaned: Cleaned;
      readonly backup: MovedFolder | null;
    }
  | { readonly do: 'logged_out'; readonly logout: LogoutByHand; readonly path: string | null }
  | { readonly do: 'found_unlinked'; readonly logout: LogoutRecord; readonly path: string | null }
  | {
      readonly do: 'damaged_set_aside';
      readonly damaged: DamagedPlan;
      readonly cleaning: CleaningRecord;
      readonly path: string | null;
    };

export type AfterLooking =
  /** Keys of a linked phone are expected: are they gone? */
  | { readonly do: 'find_keys'; readonly connect: ConnectPlan }
  /** At boot: is there a folder at all? */
  | { readonly do: 'find_folder'; readonly connect: ConnectPlan }
  /** There is no folder: was it taken away? */
  | { readonly do: 'explain_missing'; readonly connect: ConnectPlan }
  | { readonly do: 'answer_logged_out' }
  | { readonly do: 'clean_request' }
  | EndLogoutPlan;

export type AfterMoving = CleanPlan | UnlinkedPlan | DamagedPlan | (EndLogoutPlan & { readonly hadPhone: boolean });

/** A logout that somebody asked for. */
export type LogoutByHand = LogoutRecord & { readonly outcome: Exclude<LogoutOutcome, 'found_unlinked'> };

export interface MovedFolder {
  readonly name: string;
  readonly path: string;
}

/** What the caller of an action hears. */
export type Outcome =
  | { readonly is: 'done' }
  | { readonly is: 'cleaned'; readonly cleaned: Cleaned }
  /** A cleaning without `force`: it is to be cleaned, or the keys are good and were kept. */
  | { readonly is: 'to_be_cleaned' }
  | { readonly is: 'kept' }
  | { readonly is: 'restored'; readonly backup: BackupView }
  | { readonly is: 'logged_out'; readonly logout: LogoutRecord }
  /** The logout goes on: this socket (none when null) can ask WhatsApp. */
  | { readonly is: 'leaving'; readonly socket: number | null }
  | { readonly is: 'shutting_down' }
  /** Nobody foresaw this. */
  | { readonly is: 'failed'; readonly cause: unknown }
  | { readonly is: 'folder_unreadable'; readonly status: SessionStatus; readonly cause: unknown };
