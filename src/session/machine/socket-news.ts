import { maskPhone } from '../../logger.js';
import type { SessionFault } from '../../health/session-fault.js';
import type { SocketNews } from '../session-events.js';
import { judge } from './cleaning.js';
import { onClosed } from './connection-end.js';
import { excuseNothing } from './letting-go.js';
import { countUnproved, onStanzaSetAside, tellFault } from './stream-errors.js';
import type { Turn } from './turn.js';

/** What a socket that leaves may still tell. */
const IS_OF_MESSAGES: ReadonlySet<SocketNews['type']> = new Set(['message_received', 'acquainted', 'ack', 'receipt']);

/** A late callback of a socket that is no longer the live one is ignored. */
export function onSocketNews(turn: Turn, news: SocketNews): void {
  const { socket, type } = news;
  const counts = socket === turn.liveSocket || (socket === turn.memory.leaving && IS_OF_MESSAGES.has(type));
  if (!counts) return;
  switch (news.type) {
    case 'qr':
      return onQr(turn, news);
    case 'pairing_code':
      return onPairingCode(turn, news);
    case 'paired':
      return onPaired(turn, news);
    case 'open':
      return onOpen(turn, news);
    case 'fault':
      return onFault(turn, news.fault, socket);
    case 'message_received':
      return turn.do({ do: 'hear_message', messageId: news.messageId });
    case 'stanza_set_aside':
      return onStanzaSetAside(turn, news.stanza);
    case 'suspects_stayed_away':
      return countUnproved(turn);
    case 'ack': {
      const { messageId, errorCode } = news;
      if (errorCode === null) turn.remember({ excused: 0 });
      return turn.do({ do: 'tell_outbox', news: { type: 'ack', messageId, errorCode } });
    }
    case 'receipt': {
      const { messageIds, status } = news;
      return turn.do({ do: 'tell_outbox', news: { type: 'receipt', messageIds, status } });
    }
    case 'acquainted':
      return turn.do({ do: 'tell_outbox', news: { type: 'acquainted', names: news.names } });
    case 'closed':
      return onClosed(turn, { ...news, do: 'end_socket' });
    default:
      throw new Error(`No such news: ${JSON.stringify(news satisfies never)}`);
  }
}

type News<Type extends SocketNews['type']> = Extract<SocketNews, { readonly type: Type }>;

function onQr(turn: Turn, { socket, text, lastsMs }: News<'qr'>): void {
  const { state } = turn;
  const before = state.name === 'qr_ready' ? state : null;
  loginEnded(turn);
  const number = (before?.qr.number ?? 0) + 1;
  turn.tell('session.qr', { number });
  turn.remember({ unansweredCleaning: null });
  const qr = { text, expiresAt: turn.now + lastsMs, number };
  turn.become({ name: 'qr_ready', socket, qr, pairingCode: before?.pairingCode ?? null });
  if (!before) turn.log('info', { event: 'qr_ready' }, 'A QR is ready to be scanned.');
}

function onPairingCode(turn: Turn, { code, phoneNumber }: News<'pairing_code'>): void {
  const { state } = turn;
  if (state.name !== 'qr_ready') return;
  turn.state = { ...state, pairingCode: code };
  turn.log('info', { event: 'pairing_code' }, `A pairing code was given out for the phone ${maskPhone(phoneNumber)}.`);
  turn.changed();
}

function onPaired(turn: Turn, { socket, phoneNumber }: News<'paired'>): void {
  turn.tell('session.linked', { phone_last4: phoneNumber.slice(-4) });
  turn.become({ name: 'connecting', login: { at: 'socket', socket }, phone: phoneNumber });
  turn.log(
    'info',
    { event: 'phone_linked' },
    `The phone ${maskPhone(phoneNumber)} linked this device; WhatsApp now asks for a fresh login.`,
  );
}

function onOpen(turn: Turn, { socket, phoneNumber }: News<'open'>): void {
  const { now } = turn;
  loginEnded(turn);
  turn.remember({ lastConnectedAt: now });
  turn.ends.loggedIn();
  turn.setAttention(null);
  turn.health.connectionOpened(now);
  turn.become({ name: 'connected', socket, phone: phoneNumber, openSince: now });
  turn.tell('session.connected', { phone_last4: phoneNumber.slice(-4) });
  turn.log('info', { event: 'session_connected' }, `Connected as ${maskPhone(phoneNumber)}.`);
  // Timers may fire a moment early, and the counters look at the clock.
  turn.do({ do: 'set_steady_timer', socket, ms: turn.context.settings.health.stableAfterMs + 5 });
  turn.do({ do: 'accept_version' });
  turn.record({ wasEverPaired: true, lastLogout: null });
  turn.do({ do: 'mark_paired' });
  turn.do({ do: 'tell_outbox', news: { type: 'connected', phoneNumber } });
}

/** It opened, or showed a QR. */
function loginEnded(turn: Turn): void {
  turn.do({ do: 'end_login' });
  turn.do({ do: 'end_holds', by: ['login'] });
  turn.remember({ awaitsFirstTry: false });
}

export function onConnectionLasted(turn: Turn, socket: number): void {
  if (turn.liveSocket !== socket) return;
  // Looking at the verdict is what resets the counters of a connection that lasted.
  turn.health.verdict(turn.now);
  excuseNothing(turn);
  turn.tell('session.stable', {});
  turn.log('info', { event: 'session_stable' }, 'The connection lasted; the error counters start from zero.');
  turn.changed();
}

function onFault(turn: Turn, fault: SessionFault, socket: number): void {
  const verdict = turn.health.record(fault.kind, turn.now, fault);
  tellFault(turn, fault);
  turn.changed();
  if (verdict === 'corrupted' && fault.kind === 'bad_mac') judge(turn, 'bad_mac');
  for (const customer of turn.health.customersToReset(turn.now)) resetCustomer(turn, { customer, fault, socket });
}

/** The smallest remedy: all faults came from one customer, so only the Signal session with him begins anew. */
function resetCustomer(
  turn: Turn,
  { customer, fault, socket }: { customer: string; fault: SessionFault; socket: number },
): void {
  const masked = customer === fault.customer ? (fault.maskedCustomer ?? '…') : '…';
  turn.tell('session.customer_reset', { customer: masked });
  turn.log(
    'warn',
    { event: 'customer_session_reset', customer: masked },
    'All Bad MACs come from one customer: the Signal session with him begins anew, and the keys stay.',
  );
  turn.do({ do: 'reset_customer', socket, customer });
}
