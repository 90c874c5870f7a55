import { backoffDelay } from '../reconnect-policy.js';
import { liveSocketOf, nextTryOf, waitsForTurn, type SessionState } from '../session-state.js';
import type { Turn } from './turn.js';

/** Sets the time of the next try. The state that the caller comes to carries the same time. */
export function tryAgainAt(turn: Turn, time: number): number {
  turn.do({ do: 'set_retry_timer', at: time });
  return time;
}

/** After a growing, jittered delay; returns the delay, ms. */
export function tryAgainWithBackoff(turn: Turn): number {
  const { attempt } = turn.memory;
  const delay = backoffDelay(attempt, turn.context.settings.reconnect, turn.context.random);
  turn.remember({ attempt: attempt + 1 });
  tryAgainAt(turn, turn.now + delay);
  return delay;
}

/** Whether it is alive, on its way, or waits for its next try. */
export function isUnderWay({ state, memory }: Turn): boolean {
  if (liveSocketOf(state) !== null || waitsForTurn(state)) return true;
  // A session that waits for its next try is left to its backoff; one that sleeps for a reason may be asked to try now.
  const code = memory.attention?.code;
  return nextTryOf(state) !== null && code !== 'auth_folder_unreadable' && code !== 'auth_folder_missing';
}

/** The time has come: the next try is an action, which waits for its turn. */
export function onTimeToTry(turn: Turn): void {
  if (nextTryOf(turn.state) === null) return;
  turn.state = withoutNextTry(turn.state);
  turn.do({ do: 'act', action: 'log_in_by_itself' });
}

function withoutNextTry(state: SessionState): SessionState {
  if (state.name === 'in_between') return { ...state, task: { do: 'login' } };
  return state.name === 'disconnected' || state.name === 'qr_required' ? { ...state, nextTry: null } : state;
}

/** The login's turn may have come: it asks again, as an action. */
export function onTurnCame(turn: Turn): void {
  turn.do({ do: 'end_holds', by: ['login_turn'] });
  if (waitsForTurn(turn.state)) turn.becomeInBetween({ do: 'login' });
}

/** Never left hanging: an unexpected failure is tried again as network trouble would be. */
export function onActionFailed(turn: Turn, inBackground: boolean): void {
  const { state } = turn;
  if (state.name === 'in_between') {
    // A task that waits for its turn is still to come.
    const isOwn = inBackground || state.task.do === 'action' || state.task.do === 'log_out';
    return isOwn && state.task.do !== 'try_again' ? afterFailure(turn, state, inBackground) : undefined;
  }
  if (!inBackground || nextTryOf(state) !== null) return;
  if (state.name !== 'disconnected' && state.name !== 'qr_required') return;
  turn.become({ ...state, nextTry: turn.now + tryAgainWithBackoff(turn) });
}

function afterFailure(turn: Turn, state: SessionState & { name: 'in_between' }, inBackground: boolean): void {
  const { shown, phone } = state;
  const { lastLogout } = turn.memory.record;
  switch (shown) {
    case 'stopped':
      return turn.become({ name: 'stopped', phone });
    case 'logged_out':
      return turn.become({ name: 'logged_out', logout: lastLogout });
    case 'not_started':
      if (!inBackground) return turn.become({ name: 'not_started' });
      break;
    case 'qr_required':
      if (!inBackground) return turn.become({ name: 'qr_required', nextTry: null });
      break;
    case 'disconnected':
      // What it waited for before, a person or a time, was let go.
      if (!inBackground && turn.memory.attention) return turn.become({ name: 'disconnected', nextTry: null, phone });
      break;
    case 'connecting':
    case 'restoring':
    case 'qr_ready':
    case 'connected':
      break;
    default:
      return unknownStatus(shown);
  }
  turn.remember({ awaitsFirstTry: false });
  turn.becomeInBetween({ do: 'try_again', nextTry: turn.now + tryAgainWithBackoff(turn) });
}

function unknownStatus(shown: never): never {
  throw new Error(`No such status: ${String(shown)}`);
}
