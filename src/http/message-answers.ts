import type { Outbox } from '../outbox/outbox.js';
import type { OutboxMessage } from '../outbox/outbox-message.js';
import { afterQuietHours, type QuietHours } from '../outbox/quiet-hours.js';
import type { SessionSnapshot } from '../session/session-view.js';
import { fillIn, type Sentences } from './sentences.js';
import { isoTime } from './session-answers.js';

/** Outbox messages in the words of the wire. Never their text. */

/** One line of `GET /api/messages`. `phone` is the chat id, or digits before the number was resolved. */
export function listedMessage(message: OutboxMessage, sentences: Sentences) {
  const times = Object.entries(message.times).map(([state, at]) => [state, isoTime(at)]);
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
    replace_key: message.replaceKey,
    attempts: message.attempts,
    created_at: isoTime(message.createdAt),
    send_at: isoTime(message.sendAt),
    expires_at: isoTime(message.expiresAt),
    first_try_at: isoTime(message.firstTryAt),
    times: Object.fromEntries(times) as Record<string, string>,
  };
}

/** One message, with what its status means and what to do about it. */
export function fullMessage(message: OutboxMessage, sentences: Sentences) {
  const { sentence, hint } = sentences.messages[message.state];
  return {
    ...listedMessage(message, sentences),
    sentence,
    hint: message.errorCode ? sentences.messageErrors[message.errorCode].hint : hint,
  };
}

/** `{from, to, time_zone}` */
export function quietHoursFields(quiet: QuietHours | null) {
  return quiet && { from: quiet.from, to: quiet.to, time_zone: quiet.timeZone };
}

/** What a message that is queued or being sent waits for: its time, its session, or WhatsApp; in one or two sentences and a next step. */
export function whyItWaits(
  message: OutboxMessage,
  snapshot: SessionSnapshot | null,
  { outbox, now }: { outbox: Outbox; now: () => number },
  sentences: Sentences,
): string {
  const { waiting } = sentences;
  const reasons: string[] = [];
  const { organizationId: id } = message;
  const scheduledAt = Math.max(now(), message.sendAt);
  const mayGoAt = afterQuietHours(outbox.quietHours(id), scheduledAt);
  const say = (sentence: string, at: number): void => void reasons.push(fillIn(sentence, { at: isoTime(at) ?? '?' }));
  if (message.state === 'sending') reasons.push(waiting.answer);
  else if (mayGoAt > scheduledAt) say(waiting.quiet_hours, mayGoAt);
  else if (mayGoAt > now()) say(waiting.scheduled, mayGoAt);

  if (snapshot?.status !== 'connected') reasons.push(whySessionIsDown(snapshot, sentences));
  if (reasons.length > 0) return reasons.join(' ');

  const pausedUntil = outbox.firstContactsPausedUntil(id);
  if (pausedUntil > now() && !outbox.isContact(id, message.phone)) say(waiting.first_contact, pausedUntil);
  else reasons.push(waiting.turn);
  return reasons.join(' ');
}

function whySessionIsDown(snapshot: SessionSnapshot | null, { waiting, statuses, attention }: Sentences): string {
  if (snapshot?.attention) {
    const { code, until } = snapshot.attention;
    // Their hints for a session that waits by itself speak of a field that only the status answer has.
    const step = until === null ? attention[code].hint : fillIn(waiting.until, { at: isoTime(until) ?? '?' });
    return `${waiting.session} ${attention[code].sentence} ${step}`;
  }
  const status = snapshot?.status ?? 'not_started';
  const comesBack =
    status === 'connecting' || status === 'restoring' || (status === 'disconnected' && snapshot?.nextReconnectAt);
  if (comesBack) return waiting.reconnect;
  return `${waiting.session} ${statuses[status].sentence} ${statuses[status].hint}`;
}
