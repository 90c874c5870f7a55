import { z } from 'zod';
import type { OutboxMessage } from '../../outbox/outbox-message.js';
import { afterQuietHours, type QuietHours } from '../../outbox/quiet-hours.js';
import { WAIT_REASONS, type WaitReason } from '../../session/message-carrier.js';
import { ownAttention, type SessionSnapshot } from '../../session/session-view.js';
import type { HttpParts } from '../http-parts.js';
import type { Shape } from '../operation.js';
import { fillIn, type Sentences, type WaitSentence } from '../sentences.js';
import {
  count,
  hint,
  instant,
  instantOrNull,
  isoTime,
  messageId,
  messageStatus,
  named,
  organization,
  sentence,
} from './common.js';
import { statusSaying } from './session.js';

/** Outbox messages in the words of the wire. Never their text. */

export const listedMessage = z.object({
  message_id: messageId,
  organization_id: organization,
  phone: z.string().meta({ description: 'The chat id, or digits before the number was resolved.' }),
  status: messageStatus,
  error: z.object({ code: z.string(), ack_code: z.int().nullable(), sentence }).nullable(),
  waiting: z
    .object({ reason: z.enum(WAIT_REASONS), since: instantOrNull, next_try_at: instantOrNull, sentence })
    .nullable()
    .meta({ description: 'Why it waits, when a reason is known.' }),
  replace_key: z.string().nullable(),
  attempts: count,
  created_at: instant,
  send_at: instant,
  expires_at: instant,
  first_try_at: instantOrNull,
  times: z.record(z.string(), z.string()).meta({ description: 'When each status was entered.' }),
});
export const fullMessage = named('Message', z.object({ ...listedMessage.shape, sentence, hint }));

export const quietHours = z.object({ from: z.string(), to: z.string(), time_zone: z.string() }).nullable();

/** One line of `GET /api/messages`. `phone` is the chat id, or digits before the number was resolved. */
export async function listedMessageFields(
  message: OutboxMessage,
  parts: Rooms,
  sentences: Sentences,
): Promise<Shape<typeof listedMessage>> {
  const times = Object.entries(message.times).map(([state, at]) => [state, isoTime(at)] as const);
  return {
    message_id: message.messageId,
    organization_id: String(message.organizationId),
    phone: message.chatId ?? message.phone,
    status: message.state,
    error: message.errorCode && {
      code: message.errorCode,
      ack_code: message.ackCode,
      sentence: sentences.messageErrors[message.errorCode].sentence,
    },
    waiting: await waitingFields(message, parts, sentences),
    replace_key: message.replaceKey,
    attempts: message.attempts,
    created_at: isoTime(message.createdAt),
    send_at: isoTime(message.sendAt),
    expires_at: isoTime(message.expiresAt),
    first_try_at: isoTime(message.firstTryAt),
    times: Object.fromEntries(times),
  };
}

/** One message, with what its status means and what to do about it. */
export async function messageFields(
  message: OutboxMessage,
  parts: Rooms,
  sentences: Sentences,
): Promise<Shape<typeof fullMessage>> {
  const { sentence, hint } = sentences.messages[message.state];
  return {
    ...(await listedMessageFields(message, parts, sentences)),
    sentence,
    hint: message.errorCode ? sentences.messageErrors[message.errorCode].hint : hint,
  };
}

/**
 * Why a message waits, when a reason is known: `{reason, since, next_try_at, sentence}`, times in ISO 8601. Null for
 * one that waits for its turn, its time or WhatsApp's ack, and for one that does not wait.
 */
async function waitingFields(
  message: OutboxMessage,
  { sessions, outbox, dispatcher, now }: Rooms,
  { waiting: sayings }: Sentences,
): Promise<Shape<typeof listedMessage>['waiting']> {
  const { organizationId: id, state, phone, sendAt } = message;
  if (state !== 'queued' && state !== 'sending') return null;
  const because = (reason: WaitReason, since: number | null, nextTryAt: number | null) => ({
    reason,
    since: isoTime(since),
    next_try_at: isoTime(nextTryAt),
    sentence: fillIn(sayings[sentenceOf(reason)], { at: isoTime(nextTryAt) ?? '?' }),
  });
  const met = dispatcher.waitingOf(message);
  // Nothing else decides when it leaves, in whatever state the session is.
  if (met?.reason === 'other_phone') return because(met.reason, met.since, met.nextTryAt);
  // It waits for its own time.
  if (state === 'queued' && sendAt > now()) return null;
  const snapshot = sessions.snapshot(id);
  if (snapshot?.status !== 'connected') {
    return because('not_connected', snapshot?.since ?? null, snapshot?.nextReconnectAt ?? null);
  }
  if (met) return because(met.reason, met.since, met.nextTryAt);
  if (state === 'sending') return null;
  const quietUntil = afterQuietHours(outbox.quietHours(id), now());
  if (quietUntil > now()) return because('quiet_hours', null, quietUntil);
  const pausedUntil = outbox.firstContactsPausedUntil(id);
  const isPaused = pausedUntil > now() && !(await outbox.customers.isContact(id, phone));
  return isPaused ? because('first_contacts_paused', null, pausedUntil) : null;
}

function sentenceOf(reason: WaitReason): WaitSentence {
  if (reason === 'not_connected') return 'session';
  return reason === 'first_contacts_paused' ? 'first_contact' : reason;
}

/** What must be asked to say why a message waits. */
type Rooms = Pick<HttpParts, 'sessions' | 'outbox' | 'dispatcher' | 'now'>;

/** `{from, to, time_zone}` */
export function quietHoursFields(quiet: QuietHours | null): Shape<typeof quietHours> {
  return quiet && { from: quiet.from, to: quiet.to, time_zone: quiet.timeZone };
}

/**
 * What a message that is queued or being sent waits for: its time, its session, or WhatsApp; in one or two sentences
 * and a next step.
 */
export async function whyItWaits(
  message: OutboxMessage,
  snapshot: SessionSnapshot | null,
  { outbox, dispatcher, now }: Rooms,
  sentences: Sentences,
): Promise<string> {
  const { waiting } = sentences;
  const met = dispatcher.waitingOf(message)?.reason;
  if (met === 'other_phone') return waiting.other_phone;
  const reasons: string[] = [];
  const { organizationId: id } = message;
  const scheduledAt = Math.max(now(), message.sendAt);
  const mayGoAt = afterQuietHours(outbox.quietHours(id), scheduledAt);
  const say = (sentence: string, at: number): void => void reasons.push(fillIn(sentence, { at: isoTime(at) ?? '?' }));
  if (message.state === 'sending') reasons.push(waiting.answer);
  else if (mayGoAt > scheduledAt) say(waiting.quiet_hours, mayGoAt);
  else if (mayGoAt > now()) say(waiting.scheduled, mayGoAt);

  if (snapshot?.status !== 'connected') reasons.push(whySessionIsDown(snapshot, sentences));
  if (met !== undefined && met in waiting) reasons.push(waiting[met as keyof typeof waiting]);
  if (reasons.length > 0) return reasons.join(' ');

  const pausedUntil = outbox.firstContactsPausedUntil(id);
  if (pausedUntil > now() && !(await outbox.customers.isContact(id, message.phone)))
    say(waiting.first_contact, pausedUntil);
  else reasons.push(waiting.turn);
  return reasons.join(' ');
}

function whySessionIsDown(snapshot: SessionSnapshot | null, sentences: Sentences): string {
  const { waiting, statuses, attention } = sentences;
  const own = ownAttention(snapshot?.attention ?? null);
  if (own) {
    const { code, until } = own;
    // Their hints for a session that waits by itself speak of a field that only the status answer has.
    const step = until === null ? attention[code].hint : fillIn(waiting.until, { at: isoTime(until) ?? '?' });
    return `${waiting.session} ${attention[code].sentence} ${step}`;
  }
  const status = snapshot?.status ?? 'not_started';
  const comesBack =
    status === 'connecting' || status === 'restoring' || (status === 'disconnected' && snapshot?.nextReconnectAt);
  if (comesBack) return waiting.reconnect;
  const { sentence, hint } = snapshot ? statusSaying(snapshot, sentences) : statuses[status];
  return `${waiting.session} ${sentence} ${hint}`;
}
