import { Router } from 'express';
import { z } from 'zod';
import type { Config } from '../../config.js';
import { ServiceError } from '../../errors.js';
import { cursor, messageStatuses, order, organizationId, pageSize, phone } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { fullMessage, listedMessage } from '../answers/message.js';
import { methodNotAllowed, readQuery } from '../request-body.js';
import { contextOf } from '../request-context.js';

const DEFAULT_PAGE = 50;

export const messagesQuery = (defaultCountry: Config['DEFAULT_COUNTRY']) =>
  z.strictObject({
    organization_id: organizationId,
    status: messageStatuses.optional(),
    phone: phone(defaultCountry).optional(),
    order: order.optional(),
    after: cursor.optional(),
    limit: pageSize.optional(),
  });

/**
 * What became of accepted messages; their texts are not told.
 * - `GET /api/messages?organization_id=&status=&phone=&order=&after=&limit=` -> `{messages, next}`, oldest first, with
 *   `order=desc` newest first. `status` repeated or separated
 *   by commas; `limit` 1..200, by default 50; `next` is the following page's `after`, null at the end (a page may be short before it).
 * - `GET /api/messages/:message_id` -> `{message_id, organization_id, phone, status, error: {code, ack_code, sentence} | null,
 *   waiting: {reason, since, next_try_at} | null, replace_key,
 *   attempts, created_at, send_at, expires_at, first_try_at, times: {<status>: time}, sentence, hint}`; times in ISO 8601.
 * - `DELETE /api/messages/:message_id` takes back what was not tried yet, and answers the same; again and again, if need be.
 * Errors: 400, 404 `unknown_message`, 409 `too_late_to_cancel` with `message_status`.
 */
export function messageRoutes(parts: HttpParts): Router {
  const { config, outbox } = parts;
  const query = messagesQuery(config.DEFAULT_COUNTRY);
  const router = Router();
  router
    .route('/api/messages')
    .get((request, response) => {
      const asked = readQuery(query, request, response);
      const { sentences } = contextOf(response);
      const { messages, next } = outbox.list({
        organizationId: asked.organization_id,
        states: asked.status,
        phone: asked.phone,
        newestFirst: asked.order === 'desc',
        after: asked.after,
        limit: asked.limit ?? DEFAULT_PAGE,
      });
      response.json({
        messages: messages.map((message) => listedMessage(message, parts, sentences)),
        next: next === null ? null : String(next),
      });
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/api/messages/:message_id')
    .get((request, response) => {
      const context = contextOf(response);
      const message = outbox.get(request.params.message_id);
      if (!message) throw new ServiceError('unknown_message');
      context.organizationId = message.organizationId;
      response.json(fullMessage(message, parts, context.sentences));
    })
    .delete(async (request, response) => {
      const context = contextOf(response);
      const id = request.params.message_id;
      context.organizationId = outbox.get(id)?.organizationId;
      response.json(fullMessage(await outbox.cancel(id), parts, context.sentences));
    })
    .all(methodNotAllowed('GET, HEAD, DELETE'));
  return router;
}
