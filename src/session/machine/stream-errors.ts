import type { SessionFault } from '../../health/session-fault.js';
import type { DisconnectReason } from '../disconnect-reason.js';
import type { InboundStanza, InboundSuspect } from '../whatsapp-socket.js';
import { judge } from './cleaning.js';
import type { Turn } from './turn.js';

/**
 * So many stream errors in a row may be put down to what WhatsApp delivers, before a connection that lasts, or a
 * message that WhatsApp took, shows that the keys are good.
 */
export const EXCUSED_IN_ROW = 3;

/** Whether a stanza may explain this stream error. */
export function mayBeStanza({ memory, context }: Turn): boolean {
  return memory.excused < EXCUSED_IN_ROW && !context.isOutage;
}

/** A message of ours explains it: the end before it, which made the message suspected, was counted. */
export function forgiveLast(turn: Turn): void {
  turn.health.forgive('stream_error', turn.memory.streamErrorCountedAt);
}

/** It does not count for now: whether a stanza is to blame is seen after the next login. */
export function excuse(turn: Turn, reason: DisconnectReason, suspect: InboundSuspect): void {
  const { excused, unproved } = turn.memory;
  turn.remember({ excused: excused + 1, unproved: [...unproved, reason] });
  turn.do({ do: 'accuse_stanza', suspect });
  turn.log(
    'warn',
    { event: 'stanza_suspected', named: suspect.isNamed },
    'The connection ended again while the same stanza of WhatsApp was under way: if it comes again, it is set aside.',
  );
}

/** The stanza was under way at both ends and has come again: neither says anything about the keys. */
export function onStanzaSetAside(turn: Turn, { kind, id, maskedCustomer }: InboundStanza): void {
  turn.remember({ unproved: [] });
  forgiveLast(turn);
  turn.tell('session.stanza_set_aside', { kind, stanza_id: id, customer: maskedCustomer });
  turn.log(
    'error',
    { event: 'stanza_set_aside', kind, stanza_id: id, customer: maskedCustomer },
    'The connection ended again and again over this stanza of WhatsApp: ' +
      'it was acknowledged and is not looked at; the phone has it.',
  );
  turn.changed();
}

/** Nothing that WhatsApp delivers explains them, so they count. */
export function countUnproved(turn: Turn): void {
  const { unproved } = turn.memory;
  turn.remember({ unproved: [] });
  for (const reason of unproved) if (countStreamError(turn, reason)) return;
  turn.changed();
}

/** True when that begins a cleaning. */
export function countStreamError(turn: Turn, { text }: DisconnectReason): boolean {
  turn.do({ do: 'note_stream_error' });
  const verdict = turn.health.record('stream_error', turn.now);
  turn.remember({ streamErrorCountedAt: turn.now });
  tellFault(turn, { kind: 'stream_error', text });
  return verdict === 'corrupted' && judge(turn, 'stream_error');
}

/** With the counters as they stand. */
export function tellFault(turn: Turn, fault: SessionFault): void {
  const { health, now } = turn;
  const counters = health.counters(now);
  const counts = { bad_mac: counters.bad_mac.count, stream_error: counters.stream_error.count };
  const counter = fault.kind === 'bad_mac' || fault.kind === 'stream_error' ? counters[fault.kind] : null;
  const sentence = counter
    ? `${fault.kind} ${counter.count} of ${counter.limit} within ${counter.windowMs / 1000} s: ${fault.text}`
    : `${fault.kind}, which says nothing against the keys: ${fault.text}`;
  turn.tell('session.fault', { kind: fault.kind, ...counts, verdict: health.verdict(now) });
  turn.log('warn', { event: 'fault_counted', kind: fault.kind, counts, totals: health.totals() }, sentence);
}
