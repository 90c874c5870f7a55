import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import type { OutboxMessage } from '../../../outbox/outbox-message.js';
import { hint, messageId, messageStatus, named, sentence, sessionStatus, success } from '../../answers/common.js';
import { whyItWaits } from '../../answers/message.js';
import {
  idempotencyKey,
  MAX_AHEAD,
  message,
  organizationId,
  phone,
  replaceKey,
  time,
  ttlSeconds,
  waitMs,
} from '../../fields.js';
import type { HttpParts } from '../../http-parts.js';
import { operation, type Shape } from '../../operation.js';
import type { FieldProblem, Sentences } from '../../sentences.js';

const sent = named(
  'SentMessage',
  z.object({
    success,
    message: sentence,
    phone: z.string().meta({ description: 'The chat id used, like `573001112233@s.whatsapp.net`.' }),
    message_id: messageId,
    status: messageStatus,
  }),
);
const accepted = named('AcceptedMessage', z.object({ ...sent.shape, session_status: sessionStatus, hint }));

const REPLAYED = { 'Idempotency-Replayed': '`true` when a known idempotency key was answered.' } as const;

interface AskedTimes {
  readonly send_at?: number;
  readonly expires_at?: number;
  readonly ttl_seconds?: number;
}

function wrong(field: string, problem: FieldProblem): ServiceError {
  return new ServiceError('invalid_request', { fields: { [field]: problem } });
}

/** The key in the header or the body; both may be given if they agree. */
function idempotencyKeyOf(inHeader: string | undefined, inBody: string | undefined): string | undefined {
  if (inHeader !== undefined && inBody !== undefined && inBody !== inHeader) {
    throw wrong('idempotency_key', 'idempotency_keys_differ');
  }
  return inHeader ?? inBody;
}

/**
 * When a message that nobody accepted before may go, and until when; epoch ms. A `send_at` that has just passed means
 * now; one that lies back by more than a message lives is a mistake. Errors: 400 `invalid_request`.
 */
function timesOf(asked: AskedTimes, now: number, defaultTtl: number): { sendAt?: number; expiresAt: number } {
  const { send_at: sendAt, expires_at: until } = asked;
  if (sendAt !== undefined && sendAt > now + MAX_AHEAD) throw wrong('send_at', 'too_far_ahead');
  if (until !== undefined && until <= now) throw wrong('expires_at', 'time_is_past');
  if (until !== undefined && until > Math.max(now, sendAt ?? now) + MAX_AHEAD)
    throw wrong('expires_at', 'too_far_ahead');
  const ttl = asked.ttl_seconds === undefined ? defaultTtl : asked.ttl_seconds * 1000;
  const expiresAt = until ?? (sendAt ?? now) + ttl;
  if (expiresAt <= now) throw wrong('send_at', 'time_is_past');
  return { sendAt, expiresAt };
}

/** What happened to a message that will not be tried (any more), as the error it is for the caller. */
function fateAsError({ state, errorCode, ackCode, messageId }: OutboxMessage): ServiceError {
  const facts = { message_id: messageId, message_status: state, error_code: errorCode, ack_code: ackCode };
  switch (state) {
    case 'unconfirmed':
      return new ServiceError('send_unconfirmed', { facts });
    case 'expired':
      return new ServiceError('message_expired', { facts });
    case 'cancelled':
      return new ServiceError('message_cancelled', { facts });
    default:
      if (errorCode === 'not_on_whatsapp') return new ServiceError('not_on_whatsapp', { facts });
      if (errorCode === 'recipient_refused' || errorCode === 'message_poisoned')
        return new ServiceError('message_refused', { reason: errorCode, facts });
      return new ServiceError('message_refused', { facts });
  }
}

/** WhatsApp has it, or it waits and may still go. Errors: what became of any other. */
async function replyTo(stored: OutboxMessage, parts: HttpParts, sentences: Sentences) {
  const { organizationId: id, messageId, state } = stored;
  const isWaiting = state === 'queued' || state === 'sending';
  if (!isWaiting && state !== 'sent' && state !== 'delivered' && state !== 'read') throw fateAsError(stored);
  const common: Shape<typeof sent> = {
    success: true,
    message: sentences.messages[state].sentence,
    // As it was, or will be, addressed; a number nobody has asked WhatsApp about yet in the form that most numbers
    // have.
    phone: stored.chatId ?? (await parts.outbox.customers.chatOf(stored.phone)) ?? `${stored.phone}@s.whatsapp.net`,
    message_id: messageId,
    status: state,
  };
  if (!isWaiting) return { status: 200, json: common } as const;
  const snapshot = parts.sessions.snapshot(id);
  return {
    status: 202,
    json: {
      ...common,
      session_status: snapshot?.status ?? 'not_started',
      hint: await whyItWaits(stored, snapshot, parts, sentences),
    },
  } as const;
}

export const sendMessage = operation({
  method: 'post',
  path: '/api/send-message',
  id: 'sendMessage',
  tag: 'Messages',
  summary: 'Send a message',
  about:
    'Stored before anything is tried; the answer waits up to `wait_ms` (by default `SEND_WAIT`) for WhatsApp. ' +
    'Accepted in every state of a session that was ever paired. `expires_at` and `ttl_seconds` exclude each ' +
    'other. The idempotency key may stand in the header or in the body; both must agree.',
  scope: 'admin',
  often: true,
  headers: z.object({ 'Idempotency-Key': idempotencyKey.optional() }),
  body: ({ DEFAULT_COUNTRY }) =>
    z
      .strictObject({
        organization_id: organizationId,
        phone: phone(DEFAULT_COUNTRY),
        message,
        wait_ms: waitMs.optional(),
        send_at: time.optional(),
        expires_at: time.optional(),
        ttl_seconds: ttlSeconds.optional(),
        replace_key: replaceKey.optional(),
        idempotency_key: idempotencyKey.optional(),
      })
      .check(({ value, issues }) => {
        const issue = (name: 'ttl_seconds' | 'expires_at', message: FieldProblem): void =>
          void issues.push({ code: 'custom', path: [name], message, input: value });
        if (value.expires_at === undefined) return;
        if (value.ttl_seconds !== undefined) issue('ttl_seconds', 'one_expiry_only');
        if (value.send_at !== undefined && value.expires_at <= value.send_at)
          issue('expires_at', 'expires_before_send');
      }),
  answers: {
    200: { about: 'WhatsApp has it.', json: sent, headers: REPLAYED },
    202: {
      about: 'Stored, and on its way as soon as it may; `hint` says what it waits for.',
      json: accepted,
      headers: { Location: 'Where its status can be asked.', ...REPLAYED },
    },
  },
  errors: [
    'invalid_phone',
    'not_on_whatsapp',
    'message_refused',
    'session_not_started',
    'message_expired',
    'message_cancelled',
    'idempotency_key_reused',
    'outbox_full',
    'shutting_down',
    'send_unconfirmed',
  ],
}).handledBy((parts) => async ({ body, headers }, { response, context }) => {
  const { config, sessions, outbox, dispatcher, now } = parts;
  const arrivedAt = performance.now();
  const hungUp = new AbortController();
  // An answer that is out ends no wait; `abort` makes an error with its stack.
  response.once('close', () => response.writableFinished || hungUp.abort());
  const { organization_id: id, send_at, expires_at, ttl_seconds } = body;
  const key = idempotencyKeyOf(headers['Idempotency-Key'], body.idempotency_key);
  // A repetition is answered by its message alone: its times may have passed meanwhile, and its session may be gone.
  const isKnown = key !== undefined && (await outbox.hasIdempotencyKey(id, key));
  if (!isKnown && !(await sessions.find(id))?.wasEverPaired) {
    throw new ServiceError('session_not_started', { status: 'not_started' });
  }
  const times = isKnown ? { expiresAt: 0 } : timesOf(body, now(), config.MESSAGE_TTL);

  const { message: stored, isNew } = await dispatcher.accept({
    organizationId: id,
    phone: body.phone,
    content: { kind: 'text', version: 1, text: body.message },
    replaceKey: body.replace_key,
    idempotencyKey: key,
    fingerprint: JSON.stringify({ send_at, expires_at, ttl_seconds }),
    ...times,
  });
  if (!isNew) response.set('Idempotency-Replayed', 'true');

  const waitLeft = (body.wait_ms ?? config.SEND_WAIT) - (performance.now() - arrivedAt);
  const fate = await outbox.settled(stored.messageId, waitLeft, hungUp.signal);
  const reply = await replyTo(fate, parts, context.sentences);
  if (reply.status === 202) response.location(`/api/messages/${stored.messageId}`);
  return reply;
});
