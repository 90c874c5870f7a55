import type { AfterClosing } from '../session-effects.js';
import { nextTryOf, waitsForTurn, type Task } from '../session-state.js';
import type { Turn } from './turn.js';

/**
 * Ends every socket and goes on with `then`. Until the answer the live one still counts: it may have something to tell.
 */
export function closeSockets(turn: Turn, then: AfterClosing): void {
  const { leaving } = turn.memory;
  const sockets = [turn.liveSocket, leaving].filter((socket) => socket !== null);
  turn.ask({ ask: 'close_sockets', sockets, then });
}

/** After `closeSockets`: the timers and the keys go as well, and what is shown of them. */
export function letGo(turn: Turn, task: Task = { do: 'action' }): void {
  turn.remember({ leaving: null, awaitsFirstTry: false });
  dropSocket(turn);
  turn.do({ do: 'end_login' });
  cancelWaiting(turn);
  turn.do({ do: 'close_keys' });
  turn.becomeInBetween(task);
}

/** The live socket is no longer alive: its callbacks are ignored from here on. The caller says what comes instead. */
export function dropSocket(turn: Turn): void {
  const { liveSocket } = turn;
  if (liveSocket !== null) {
    turn.health.connectionClosed(turn.now);
    turn.do({ do: 'tell_outbox', news: { type: 'disconnected' } });
    turn.becomeInBetween({ do: 'action' });
  }
  turn.remember({ unansweredCleaning: null });
  turn.do({ do: 'end_holds', by: ['login', 'keys', 'disk'] });
  turn.do({ do: 'clear_steady_timer' });
}

/** Neither waits for its turn nor for its next try any more. */
export function cancelWaiting(turn: Turn): void {
  turn.do({ do: 'end_holds', by: ['login_turn'] });
  turn.do({ do: 'clear_retry_timer' });
  turn.do({ do: 'stop_waiting_for_turn' });
  const { state } = turn;
  if (nextTryOf(state) !== null || waitsForTurn(state)) turn.becomeInBetween({ do: 'action' });
}

/** The keys in use are no longer those of a phone. */
export function forgetPhone(turn: Turn): void {
  const { state } = turn;
  if ('phone' in state && state.name !== 'connected') turn.state = { ...state, phone: null };
  excuseNothing(turn);
  turn.do({ do: 'forget_sockets' });
}

export function excuseNothing(turn: Turn): void {
  turn.remember({ excused: 0, unproved: [] });
}

/** A person acted, or the keys are new. */
export function beginAnew(turn: Turn): void {
  turn.remember({ attempt: 0 });
  turn.ends.forget();
}
