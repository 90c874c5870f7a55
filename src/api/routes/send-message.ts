import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Config } from '../../config.js';
import { ServiceError } from '../../errors.js';
import type { OutboxMessage } from '../../outbox/outbox-message.js';
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
} from '../fields.js';
import type { FieldProblem } from '../sentences.js';
import type { HttpParts } from '../http-parts.js';
import { whyItWaits } from '../answers/message.js';
import { jsonBody, methodNotAllowed, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';

export const SEND_MESSAGE_PATH = '/api/send-message';

interface AskedTimes {
  readonly send_at?: number;
  readonly expires_at?: number;
  readonly ttl_seconds?: number;
}

/** The key in the header or the body; both may be given if they agree. */
function idempotencyKeyOf(request: Request, inBody: string | undefined): string | undefined {
  const header = request.get('idempotency-key');
  if (header === undefined) return inBody;
  if (!idempotencyKey.safeParse(header).success) throw wrong('Idempotency-Key', 'idempotency_key');
  if (inBody !== undefined && inBody !== header) throw wrong('idempotency_key', 'idempotency_keys_differ');
  return header;
}

function wrong(field: string, problem: FieldProblem): ServiceError {
  return new ServiceError('invalid_request', { fields: { [field]: problem } });
}

/**
 * When a message that nobody accepted before may go, and until when; epoch ms. A `send_at` that has just passed means now; one that lies
 * back by more than a message lives is a mistake. Errors: 400 `invalid_request`.
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

export const sendMessageBody = (defaultCountry: Config['DEFAULT_COUNTRY']) =>
  z
    .strictObject({
      organization_id: organizationId,
      phone: phone(defaultCountry),
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
      if (value.send_at !== undefined && value.expires_at <= value.send_at) issue('expires_at', 'expires_before_send');
    });

/**
 * `POST /api/send-message {organization_id, phone, message, wait_ms?, send_at?, expires_at? | ttl_seconds?, replace_key?, idempotency_key?}`,
 * also with `Idempotency-Key` as a header. The message is stored before anything is tried; the answer waits up to `wait_ms` (0..30000, by
 * default `SEND_WAIT`) for WhatsApp.
 * - WhatsApp has it: 200 `{success:true, message, phone, message_id, status}`; `message` is a sentence, `phone` the chat id used.
 * - Not yet: 202, the same with `status` `queued` or `sending`, `session_status`, and a `hint` that says what it waits for; `Location`.
 * - A known idempotency key: the answer by what has become of its message, with `Idempotency-Replayed: true`.
 * Accepted in every state of a session that was ever paired. Errors: 400 (fields; `not_on_whatsapp`, `message_refused`), 404
 * `session_not_started` with `status:"not_started"`, 409 `message_expired`, `message_cancelled`, 422 `idempotency_key_reused`, 429
 * `outbox_full`, 503 `storage_unavailable`, 504 `send_unconfirmed`; about an accepted message with `message_id`, `message_status`, `error_code`, `ack_code`.
 */
export function sendMessageRoutes(parts: HttpParts): Router {
  const { config, sessions, outbox, dispatcher, now } = parts;
  const body = sendMessageBody(config.DEFAULT_COUNTRY);

  function answer(response: Response, stored: OutboxMessage): void {
    const { sentences } = contextOf(response);
    const { organizationId: id, messageId, state } = stored;
    const isWaiting = state === 'queued' || state === 'sending';
    if (!isWaiting && state !== 'sent' && state !== 'delivered' && state !== 'read') throw fateAsError(stored);
    const common = {
      success: true,
      message: sentences.messages[state].sentence,
      // As it was, or will be, addressed; a number nobody has asked WhatsApp about yet in the form that most numbers have.
      phone: stored.chatId ?? outbox.chatOf(stored.phone) ?? `${stored.phone}@s.whatsapp.net`,
      message_id: messageId,
      status: state,
    };
    if (!isWaiting) {
      response.json(common);
      return;
    }
    const snapshot = sessions.snapshot(id);
    response
      .status(202)
      .location(`/api/messages/${messageId}`)
      .json({
        ...common,
        session_status: snapshot?.status ?? 'not_started',
        hint: whyItWaits(stored, snapshot, parts, sentences),
      });
  }

  const router = Router();
  router
    .route(SEND_MESSAGE_PATH)
    .post(jsonBody(parts), async (request, response) => {
      const arrivedAt = performance.now();
      const asked = readBody(body, request, response);
      const { organization_id: id, send_at, expires_at, ttl_seconds } = asked;
      const key = idempotencyKeyOf(request, asked.idempotency_key);
      // A repetition is answered by its message alone: its times may have passed meanwhile, and its session may be gone.
      const isKnown = key !== undefined && outbox.hasIdempotencyKey(id, key);
      if (!isKnown && !sessions.snapshot(id)?.wasEverPaired) {
        throw new ServiceError('session_not_started', { status: 'not_started' });
      }
      const hungUp = new AbortController();
      // An answer that is out ends no wait; `abort` makes an error with its stack.
      response.once('close', () => response.writableFinished || hungUp.abort());
      const times = isKnown ? { expiresAt: 0 } : timesOf(asked, now(), config.MESSAGE_TTL);

      const { message: stored, isNew } = await dispatcher.accept({
        organizationId: id,
        phone: asked.phone,
        content: { kind: 'text', version: 1, text: asked.message },
        replaceKey: asked.replace_key,
        idempotencyKey: key,
        fingerprint: JSON.stringify({ send_at, expires_at, ttl_seconds }),
        ...times,
      });
      if (!isNew) response.set('Idempotency-Replayed', 'true');

      const waitLeft = (asked.wait_ms ?? config.SEND_WAIT) - (performance.now() - arrivedAt);
      answer(response, await outbox.settled(stored.messageId, waitLeft, hungUp.signal));
    })
    .all(methodNotAllowed('POST'));
  return router;
}
