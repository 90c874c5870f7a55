import type { HeldUp, BackupView } from '../session-view.js';
import type { RestorePlan } from '../session-effects.js';
import { connect, connectAnew, connectPlan } from './connecting.js';
import { onClosed } from './connection-end.js';
import { beginAnew, closeSockets, forgetPhone, letGo } from './letting-go.js';
import { iso, type Turn } from './turn.js';
import { isUnderWay } from './waiting.js';

// --- at boot ---

/** Somebody may have started it already: then there is nothing to bring back. */
export function onWillRestore(turn: Turn): void {
  if (turn.state.name !== 'not_started') return;
  turn.remember({ awaitsFirstTry: true });
  turn.becomeInBetween({ do: 'login' }, 'restoring');
}

/** Never starts a pairing, and leaves alone whom somebody has stopped, started or logged out meanwhile. */
export function restore(turn: Turn): void {
  const isToCome = turn.memory.awaitsFirstTry || turn.state.name === 'not_started';
  if (!isToCome || isUnderWay(turn)) return turn.finish();
  connect(turn, connectPlan({ onlyPaired: true }));
}

// --- start, stop, restart ---

/** A session that is alive, on its way or waiting for its next try is left alone. */
export function start(turn: Turn): void {
  if (isUnderWay(turn)) return turn.finish();
  turn.ask({ ask: 'save', writes: [{ write: 'wanted', wanted: 'running' }], then: { do: 'start' } });
}

export function onStartSaved(turn: Turn): void {
  turn.record({ wanted: 'running' });
  turn.do({ do: 'allow_trial' });
  connectAnew(turn, connectPlan({ asked: true }));
}

export function stop(turn: Turn): void {
  turn.ask({ ask: 'save', writes: [{ write: 'wanted', wanted: 'stopped' }], then: { do: 'stop' } });
}

export function onStopSaved(turn: Turn): void {
  turn.record({ wanted: 'stopped' });
  closeSockets(turn, { do: 'stop' });
}

export function onClosedForStop(turn: Turn): void {
  letGo(turn);
  turn.setAttention(null);
  turn.become({ name: 'stopped', phone: turn.phone });
  turn.log('info', { event: 'session_stopped' }, 'The session was stopped by hand; its keys are untouched.');
  turn.finish();
}

/** Ends the connection, if any, and logs in again at once. Keys untouched. */
export function restart(turn: Turn): void {
  turn.ask({ ask: 'save', writes: [{ write: 'wanted', wanted: 'running' }], then: { do: 'restart' } });
}

export function onRestartSaved(turn: Turn): void {
  turn.record({ wanted: 'running' });
  turn.do({ do: 'allow_trial' });
  closeSockets(turn, { do: 'restart' });
}

export function onClosedForRestart(turn: Turn): void {
  letGo(turn);
  turn.log('info', { event: 'session_restarted' }, 'The session is restarted by hand.');
  connectAnew(turn, connectPlan({ asked: true }));
}

// --- a backup is put back ---

/** It is looked at before anything is let go: a wrong name must not cost the live connection. */
export function restoreBackup(turn: Turn, name: string | undefined): void {
  turn.ask({ ask: 'choose_backup', name, then: { do: 'restore', name } });
}

export function onClosedForBackup(turn: Turn, plan: RestorePlan): void {
  letGo(turn);
  turn.ask({ ask: 'restore_backup', name: plan.name, then: plan });
}

export function onBackupRestored(turn: Turn, backup: BackupView): void {
  forgetPhone(turn);
  turn.health.reset();
  turn.ask({ ask: 'save', writes: [{ write: 'wanted', wanted: 'running' }], then: { do: 'restored', backup } });
}

export function onRestoredSaved(turn: Turn, backup: BackupView): void {
  turn.record({ wanted: 'running' });
  turn.do({ do: 'allow_trial' });
  turn.setAttention(null);
  beginAnew(turn);
  turn.tell('session.restored', { backup: backup.name });
  turn.log('info', { event: 'session_restored', backup: backup.name }, `The backup ${backup.name} was put back.`);
  connect(turn, connectPlan({ outcome: { is: 'restored', backup } }));
}

// --- moves of the folder that failed ---

/** A failure becomes a clear answer, and the session stays where it is. */
export function onFolderNotMoved(turn: Turn, code: string, cause: unknown): void {
  turn.become({ name: 'disconnected', nextTry: null, phone: turn.phone });
  turn.setAttention('auth_folder_unreadable');
  turn.log('error', { event: 'auth_folder_unreadable', fault: code }, 'The auth folder cannot be moved.');
  turn.finish({ is: 'folder_unreadable', status: turn.status, cause });
}

// --- what comes from outside ---

/** Ends everything at once; the organization stays wanted as it was. */
export function onShutDown(turn: Turn): void {
  closeSockets(turn, { do: 'shut_down' });
}

export function onClosedForShutdown(turn: Turn): void {
  letGo(turn);
  turn.remember({ isShutDown: true });
}

/** What it still has to say may meet the missing folder already, and then it has ended when the answer comes. */
export function onFolderGone(turn: Turn): void {
  const socket = turn.liveSocket;
  if (socket !== null) closeSockets(turn, { do: 'end_of_missing_folder', socket });
}

export function onClosedForMissingFolder(turn: Turn, socket: number): void {
  if (turn.liveSocket !== socket) return;
  const reason = { kind: 'auth_folder_failed', code: null, text: 'the auth folder is gone', at: turn.now } as const;
  onClosed(turn, { do: 'end_socket', socket, reason, suspect: null, keysAreGone: true });
}

/** Tells when something begins, or ends, to hold up this organization. */
export function onHoldsLookedAt(turn: Turn, held: HeldUp | null): void {
  if (held === turn.memory.toldHold) return;
  turn.remember({ toldHold: held });
  turn.changed();
  if (!held) return;
  // Many wait for their turn when the service starts, and that is no trouble.
  turn.log(
    held.by === 'login_turn' ? 'debug' : 'warn',
    { event: 'session_held_up', by: held.by, since: iso(held.since) },
    `Something holds up this organization: ${held.by}.`,
  );
}
