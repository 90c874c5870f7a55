import { Router } from 'express';
import { z } from 'zod';
import { answerInTime } from '../answer-in-time.js';
import { message, organizationId, phone } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { jsonBody, methodNotAllowed, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';

/** ms that the sessions may take to say that the deadline passed, before this room says it for them. */
const GRACE = 1_000;

/**
 * `POST /api/send-message {organization_id, phone, message}` -> `{success:true, message, phone, message_id}`; `message` is a sentence,
 * `phone` the chat id used. Answered when WhatsApp has the message.
 * Errors: 400 (fields; `not_connected` with status; `not_on_whatsapp`; `message_refused`), 404 `session_not_started` with
 * `status:"not_started"`, 504 `send_unconfirmed`.
 */
export function sendMessageRoutes(parts: HttpParts): Router {
  const { config, sessions } = parts;
  const body = z.strictObject({ organization_id: organizationId, phone: phone(config.DEFAULT_COUNTRY), message });

  const router = Router();
  router
    .route('/api/send-message')
    .post(jsonBody(parts), async (request, response) => {
      const { organization_id: id, phone: digits, message: text } = readBody(body, request, response);
      const context = contextOf(response);
      const sent = await answerInTime(
        parts,
        context,
        sessions.send(id, digits, text, { deadlineMs: config.SEND_TIMEOUT }),
        config.SEND_TIMEOUT + GRACE,
        'send_unconfirmed',
      );
      response.json({
        success: true,
        message: context.sentences.done.message_sent,
        phone: sent.chatId,
        message_id: sent.messageId,
      });
    })
    .all(methodNotAllowed('POST'));
  return router;
}
