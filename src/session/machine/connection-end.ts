import { countsAsStreamError, type DisconnectReason } from '../disconnect-reason.js';
import { attemptAfter, type Reaction } from '../reconnect-policy.js';
import type { EndedSocket } from '../session-effects.js';
import { nextTryOf } from '../session-state.js';
import { dropSocket, letGo } from './letting-go.js';
import { countStreamError, excuse, forgiveLast, mayBeStanza } from './stream-errors.js';
import { iso, type Turn } from './turn.js';
import { tryAgainAt, tryAgainWithBackoff } from './waiting.js';

/** The live socket ended by itself. */
export function onClosed(turn: Turn, end: EndedSocket): void {
  const { reason, suspect } = end;
  if (reason.kind !== 'stream_error') return endConnection(turn, end, null);
  if (suspect?.isNamed && mayBeStanza(turn)) return endConnection(turn, end, 'stanza');
  turn.ask({ ask: 'blame_message', then: end });
}

export function onMessageBlamed(turn: Turn, isMessage: boolean, end: EndedSocket): void {
  // The question had side effects on messages; what it asked about has not changed.
  if (turn.liveSocket !== end.socket) return;
  if (isMessage) return endConnection(turn, end, 'message');
  endConnection(turn, end, end.suspect && mayBeStanza(turn) ? 'stanza' : null);
}

/** `explanation`: what else than the keys explains a stream error. */
function endConnection(turn: Turn, end: EndedSocket, explanation: 'message' | 'stanza' | null): void {
  const { reason, suspect, socket } = end;
  const { now, state } = turn;
  turn.do({ do: 'end_login' });
  const openForMs = state.name === 'connected' ? now - state.openSince : null;
  const attempt = attemptAfter(openForMs, turn.memory.attempt, turn.context.settings.health.stableAfterMs);
  turn.remember({ awaitsFirstTry: false, attempt });
  dropSocket(turn);
  turn.do({ do: 'drop_socket', socket });
  turn.remember({ lastDisconnect: reason });
  if (explanation === 'message') forgiveLast(turn);
  else if (explanation === 'stanza' && suspect) excuse(turn, reason, suspect);
  else if (countsAsStreamError(reason.kind) && countStreamError(turn, reason)) {
    // The cleaning decides what comes.
    turn.becomeInBetween({ do: 'clean' });
    return tellEnd(turn, reason);
  }
  react(turn, end);
}

/** What follows, by the table of docs/whatsapp.md, section 2. */
function react(turn: Turn, end: EndedSocket): void {
  const { reason } = end;
  const { memory, phone } = turn;
  const reaction = turn.ends.reactionTo(reason, { paired: phone !== null, attempt: memory.attempt });
  switch (reaction.do) {
    case 'reconnect_at_once':
      return reconnectAtOnce(turn, reason);
    // What the service closes itself tells no end. So nobody decides about this one, and it must not be left hanging.
    case 'nothing':
    case 'reconnect_with_backoff': {
      const delay = tryAgainWithBackoff(turn);
      turn.become({ name: 'disconnected', nextTry: turn.now + delay, phone });
      return logEnd(turn, reason, `next try in ${(delay / 1000).toFixed(1)} s`);
    }
    case 'sleep':
      return sleep(turn, end, reaction);
    case 'stop':
      return stopTrying(turn, reason, reaction);
    case 'stop_everybody':
      turn.do({ do: 'refuse_version' });
      turn.setAttention(reaction.attention);
      turn.become({ name: 'disconnected', nextTry: null, phone });
      return logEnd(
        turn,
        reason,
        'WhatsApp refuses this client version: nobody logs in any more. ' +
          'Update the service or set WA_VERSION, then restart one session',
        'error',
      );
    case 'set_aside':
      turn.becomeInBetween({ do: 'set_aside_unlinked' });
      logEnd(turn, reason, 'it says for the second time that this device is not linked any more');
      return turn.do({ do: 'act', action: 'set_aside_unlinked' });
    default:
      throw new Error(`No such reaction: ${JSON.stringify(reaction satisfies never)}`);
  }
}

function reconnectAtOnce(turn: Turn, reason: DisconnectReason): void {
  turn.becomeInBetween({ do: 'login' }, 'connecting');
  // A pairing's own restart is no login that failed.
  if (reason.kind !== 'restart_required') turn.remember({ attempt: turn.memory.attempt + 1 });
  logEnd(turn, reason, reason.kind === 'unlinked' ? 'logging in once more, to be sure' : 'logging in again at once');
  turn.do({ do: 'act', action: 'log_in_by_itself' });
}

function sleep(turn: Turn, { reason, keysAreGone }: EndedSocket, reaction: Reaction & { do: 'sleep' }): void {
  if (reason.kind === 'auth_folder_failed' && keysAreGone) {
    turn.becomeInBetween({ do: 'login' }, 'connecting');
    logEnd(turn, reason, 'the folder is looked for', 'error');
    return turn.do({ do: 'act', action: 'log_in_by_itself' });
  }
  const { until, attention } = reaction;
  turn.do({ do: 'close_keys' });
  tryAgainAt(turn, until);
  turn.setAttention(attention, until);
  turn.become({ name: 'disconnected', nextTry: until, phone: turn.phone });
  logEnd(turn, reason, `${attention}: waiting until ${iso(until)}`, attention === 'replaced_once' ? 'info' : 'error');
}

function stopTrying(turn: Turn, reason: DisconnectReason, { status, attention }: Reaction & { do: 'stop' }): void {
  letGo(turn);
  turn.setAttention(attention);
  turn.become(
    status === 'qr_required'
      ? { name: 'qr_required', nextTry: null }
      : { name: 'disconnected', nextTry: null, phone: turn.phone },
  );
  logEnd(
    turn,
    reason,
    `${attention}: no more logins until somebody asks`,
    attention === 'qr_expired' ? 'info' : 'error',
  );
}

function tellEnd(turn: Turn, reason: DisconnectReason): void {
  const { kind, code, text } = reason;
  turn.tell('session.disconnected', { reason: kind, code, text, next_try_at: iso(nextTryOf(turn.state)) });
}

function logEnd(turn: Turn, reason: DisconnectReason, next: string, level: 'info' | 'error' = 'info'): void {
  tellEnd(turn, reason);
  const { kind, code, text } = reason;
  turn.log(
    level,
    { event: 'session_disconnected', kind, code, next_try: iso(nextTryOf(turn.state)) },
    `The connection ended (${text}); ${next}.`,
  );
}
