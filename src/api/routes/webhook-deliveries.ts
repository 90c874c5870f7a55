import { Router } from 'express';
import { z } from 'zod';
import { cursor, deliveryId, deliveryStatus, pageSize } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { jsonBody, methodNotAllowed, readBody, readQuery } from '../request-body.js';
import { contextOf } from '../request-context.js';
import type { FieldProblem } from '../sentences.js';
import { deliveryFields } from '../answers/webhook.js';

const DEFAULT_PAGE = 50;

export const deliveriesQuery = z.strictObject({
  status: deliveryStatus.optional(),
  after: cursor.optional(),
  limit: pageSize.optional(),
});

const problem = (name: FieldProblem): FieldProblem => name;

/** One delivery by its id, or all that is parked. */
export const redeliverBody = z
  .strictObject({
    delivery_id: deliveryId.optional(),
    status: z.literal('parked', { error: problem('only_parked') }).optional(),
  })
  .superRefine(({ delivery_id: one, status }, context) => {
    if (one === undefined && status === undefined)
      context.addIssue({ code: 'custom', path: ['delivery_id'], message: problem('required') });
    if (one !== undefined && status !== undefined)
      context.addIssue({ code: 'custom', path: ['status'], message: problem('one_choice_only') });
  })
  .meta({ oneOf: [{ required: ['delivery_id'] }, { required: ['status'] }] });

/**
 * What became of the events of a webhook.
 * - `GET /api/webhooks/:webhook_id/deliveries?status=&after=&limit=` -> `{deliveries: [{delivery_id, event_id, type, organization_id, at, status:
 *   waiting | delivered | parked, attempts, last_try_at, finished_at, error: {code, http_status, reason, sentence} | null}], next}`, oldest first;
 *   `limit` 1..200, by default 50. Finished ones are kept for `WEBHOOK_RETENTION_DAYS`.
 * - `POST /api/webhooks/:webhook_id/redeliver {delivery_id}` sends one again, `{status: "parked"}` all that are parked (2000 at a time), in their
 *   old order, with their old ids -> `{success, message, webhook_id, redelivering, parked}`.
 * Errors: 400, 404 `unknown_webhook`, `unknown_delivery`, 409 `webhook_disabled`.
 */
export function webhookDeliveryRoutes(parts: HttpParts): Router {
  const { webhooks } = parts;
  const router = Router();
  router
    .route('/api/webhooks/:webhook_id/deliveries')
    .get((request, response) => {
      const { status, after, limit } = readQuery(deliveriesQuery, request, response);
      const { sentences } = contextOf(response);
      const { deliveries, next } = webhooks.deliveries(request.params.webhook_id, {
        state: status,
        after,
        limit: limit ?? DEFAULT_PAGE,
      });
      response.json({
        deliveries: deliveries.map((delivery) => deliveryFields(delivery, sentences)),
        next: next === null ? null : String(next),
      });
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/api/webhooks/:webhook_id/redeliver')
    .post(jsonBody(parts), (request, response) => {
      const id = String(request.params.webhook_id);
      const { delivery_id: one } = readBody(redeliverBody, request, response);
      const redelivering = webhooks.redeliver(id, one === undefined ? 'parked' : { deliveryId: one });
      response.json({
        success: true,
        message: contextOf(response).sentences.done.redelivering,
        webhook_id: id,
        redelivering,
        parked: webhooks.backlog(id).parked,
      });
    })
    .all(methodNotAllowed('POST'));
  return router;
}
