import * as actions from './machine/actions.js';
import * as cleaning from './machine/cleaning.js';
import * as connecting from './machine/connecting.js';
import { onMessageBlamed } from './machine/connection-end.js';
import { closeSockets } from './machine/letting-go.js';
import * as logout from './machine/logout.js';
import { onConnectionLasted, onSocketNews } from './machine/socket-news.js';
import { Turn, type MachineContext, type Step } from './machine/turn.js';
import { onActionFailed, onTimeToTry, onTurnCame } from './machine/waiting.js';
import type { AfterClosing, AfterLooking, AfterMoving, AfterSaving, RestorePlan } from './session-effects.js';
import type { MovedFolder } from './session-effects.js';
import type { ActionEvent, AnswerEvent, OutsideEvent, SessionEvent } from './session-events.js';
import type { MachineState } from './session-state.js';

export type { MachineContext, SessionSettings, Step } from './machine/turn.js';

/**
 * Decides everything about one organization session, and does nothing: an event comes, and out come the next state,
 * what is to be done, and at most one question. Pure: it has no clock (`now`, epoch ms), no luck, no timer and no I/O,
 * and it changes nothing that it is given. `organization-session.ts` does what is to be done.
 *
 * An action is a chain of events: its first one, then the answer to each question, until an outcome comes. Actions of a
 * session run one after another; what a socket tells may come between two events of a chain.
 */
export function step(before: MachineState, event: SessionEvent, now: number, context: MachineContext): Step {
  const turn = new Turn(before, now, context);
  if (before.memory.isShutDown) afterShutdown(turn, event);
  else handle(turn, event);
  return turn.end();
}

/** What was being moved is still noted, or the next start would miss it. Keys that were being opened are closed. */
function afterShutdown(turn: Turn, event: SessionEvent): void {
  if (event.type === 'folder_moved') return onFolderMoved(turn, event.backup, event.then);
  if (event.type === 'keys_opened') turn.do({ do: 'close_keys' });
  turn.finish({ is: 'shutting_down' });
}

function handle(turn: Turn, event: SessionEvent): void {
  if ('socket' in event && event.type !== 'connection_lasted') return onSocketNews(turn, event);
  switch (event.type) {
    case 'restore':
    case 'start':
    case 'stop':
    case 'restart':
    case 'restore_backup':
    case 'clean_request':
    case 'clean':
    case 'logout_request':
    case 'leave':
    case 'end_logout':
    case 'log_in_by_itself':
    case 'set_aside_unlinked':
    case 'version_accepted':
      return onAction(turn, event);
    case 'will_restore':
    case 'turn_came':
    case 'time_to_try':
    case 'connection_lasted':
    case 'folder_is_gone':
    case 'holds_looked_at':
    case 'cleaning_began':
    case 'cleaning_over':
    case 'action_failed':
    case 'socket_not_opened':
    case 'shut_down':
      return onOutside(turn, event);
    default:
      return onAnswer(turn, event);
  }
}

function onAction(turn: Turn, event: ActionEvent): void {
  switch (event.type) {
    case 'restore':
      return actions.restore(turn);
    case 'start':
      return actions.start(turn);
    case 'stop':
      return actions.stop(turn);
    case 'restart':
      return actions.restart(turn);
    case 'restore_backup':
      return actions.restoreBackup(turn, event.name);
    case 'clean_request':
      return cleaning.onCleanRequest(turn);
    case 'clean':
      return cleaning.clean(turn, event.reason);
    case 'logout_request':
      return logout.onLogoutRequest(turn);
    case 'leave':
      return logout.leave(turn);
    case 'end_logout':
      return closeSockets(turn, { do: 'end_logout', confirmed: event.confirmed });
    case 'log_in_by_itself':
      return connecting.logInByItself(turn);
    case 'set_aside_unlinked':
      return logout.setAsideUnlinked(turn);
    case 'version_accepted':
      return connecting.onVersionAccepted(turn);
    default:
      return unknown(event);
  }
}

function onOutside(turn: Turn, event: OutsideEvent): void {
  switch (event.type) {
    case 'will_restore':
      return actions.onWillRestore(turn);
    case 'turn_came':
      return onTurnCame(turn);
    case 'time_to_try':
      return onTimeToTry(turn);
    case 'connection_lasted':
      return onConnectionLasted(turn, event.socket);
    case 'folder_is_gone':
      return actions.onFolderGone(turn);
    case 'holds_looked_at':
      return actions.onHoldsLookedAt(turn, event.held);
    case 'cleaning_began':
      return turn.remember({ isCleaning: true });
    case 'cleaning_over':
      return turn.remember({ isCleaning: false });
    case 'action_failed':
      return onActionFailed(turn, event.inBackground);
    case 'socket_not_opened':
      return connecting.onSocketNotOpened(turn);
    case 'shut_down':
      return actions.onShutDown(turn);
    default:
      return unknown(event);
  }
}

function onAnswer(turn: Turn, event: AnswerEvent): void {
  switch (event.type) {
    case 'sockets_closed':
      return onSocketsClosed(turn, event.then);
    case 'login_permission':
      return connecting.onPermission(turn, event.permission, event.then);
    case 'socket_opened':
      return connecting.onSocketOpened(turn, event.then);
    case 'message_blamed':
      return onMessageBlamed(turn, event.isMessage, event.then);
    case 'saved':
      return onSaved(turn, event.then);
    case 'looked_at_folder':
      return onLookedAtFolder(turn, event.answer, event.then);
    case 'keys_opened':
      return connecting.onKeysOpened(turn, event.keys, event.then);
    case 'keys_damaged':
      return connecting.onKeysDamaged(turn, event, event.then);
    case 'keys_unreadable':
      return connecting.onKeysUnreadable(turn, event.code, event.then);
    case 'folder_moved':
      return onFolderMoved(turn, event.backup, event.then);
    case 'folder_not_moved':
      return onFolderNotMoved(turn, event, event.then);
    case 'backup_chosen':
      return closeSockets(turn, event.then);
    case 'backup_not_chosen':
      return turn.finish({ is: 'folder_unreadable', status: turn.status, cause: event.cause });
    case 'backup_restored':
      return actions.onBackupRestored(turn, event.backup);
    default:
      return unknown(event);
  }
}

function onSocketsClosed(turn: Turn, then: AfterClosing): void {
  switch (then.do) {
    case 'stop':
      return actions.onClosedForStop(turn);
    case 'restart':
      return actions.onClosedForRestart(turn);
    case 'restore':
      return actions.onClosedForBackup(turn, then);
    case 'clean':
      return cleaning.onClosedForCleaning(turn, then);
    case 'leave':
      return logout.onClosedForLeaving(turn);
    case 'end_logout':
      return logout.onClosedForLogout(turn, then);
    case 'set_aside_unlinked':
      return logout.onClosedForUnlinked(turn);
    case 'end_of_missing_folder':
      return actions.onClosedForMissingFolder(turn, then.socket);
    case 'shut_down':
      return actions.onClosedForShutdown(turn);
    default:
      return unknown(then);
  }
}

function onSaved(turn: Turn, then: AfterSaving): void {
  switch (then.do) {
    case 'start':
      return actions.onStartSaved(turn);
    case 'stop':
      return actions.onStopSaved(turn);
    case 'restart':
      return actions.onRestartSaved(turn);
    case 'restored':
      return actions.onRestoredSaved(turn, then.backup);
    case 'cleaned':
      return cleaning.onCleaned(turn, then.clean, then.cleaned, then.backup);
    case 'logged_out':
      return logout.onLoggedOut(turn, then.logout, then.path);
    case 'found_unlinked':
      return logout.onFoundUnlinked(turn, then.logout, then.path);
    case 'damaged_set_aside':
      return connecting.onDamagedSaved(turn, then.damaged, then.cleaning, then.path);
    default:
      return unknown(then);
  }
}

function onLookedAtFolder(turn: Turn, answer: boolean, then: AfterLooking): void {
  switch (then.do) {
    case 'find_keys':
      return connecting.onKeysLookedFor(turn, answer, then.connect);
    case 'find_folder':
      return connecting.onFolderLookedFor(turn, answer, then.connect);
    case 'explain_missing':
      return connecting.onMissingExplained(turn, answer, then.connect);
    case 'answer_logged_out':
      return logout.onLoggedOutLookedAt(turn, answer);
    case 'clean_request':
      return cleaning.onHasPhone(turn, answer);
    case 'end_logout':
      return logout.moveForLogout(turn, answer, then);
    default:
      return unknown(then);
  }
}

function onFolderMoved(turn: Turn, backup: MovedFolder | null, then: AfterMoving): void {
  switch (then.do) {
    case 'clean':
      return cleaning.onSetAsideForCleaning(turn, backup, then);
    case 'end_logout':
      return logout.onMovedForLogout(turn, backup, then);
    case 'set_aside_unlinked':
      return logout.onSetAsideUnlinked(turn, backup);
    case 'replace_damaged':
      return connecting.onDamagedMoved(turn, backup, then);
    default:
      return unknown(then);
  }
}

function onFolderNotMoved(
  turn: Turn,
  { code, cause }: { code: string; cause: unknown },
  then: AfterMoving | AfterLooking | RestorePlan,
): void {
  if (then.do === 'replace_damaged') return connecting.onKeysUnreadable(turn, code, then.connect);
  actions.onFolderNotMoved(turn, code, cause);
}

function unknown(value: never): never {
  throw new Error(`Nobody handles ${JSON.stringify(value)}`);
}
