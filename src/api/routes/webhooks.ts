import { Router } from 'express';
import { z } from 'zod';
import { eventTypes, organizationId, receiverUrl, trueOrFalse, webhookDescription } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { jsonBody, methodNotAllowed, readBody, readQuery } from '../request-body.js';
import { contextOf } from '../request-context.js';
import type { Sentences } from '../sentences.js';
import { failureFields, webhookFields } from '../answers/webhook.js';
import type { Webhook } from '../../webhooks/webhook.js';

export const webhookBody = (allowPrivate: boolean) =>
  z.strictObject({
    url: receiverUrl(allowPrivate),
    organization_id: organizationId.optional(),
    event_types: eventTypes.optional(),
    description: webhookDescription.optional(),
  });

export const webhookChangeBody = (allowPrivate: boolean) =>
  z.strictObject({
    url: receiverUrl(allowPrivate).optional(),
    event_types: eventTypes.optional(),
    description: webhookDescription.optional(),
    enabled: trueOrFalse.optional(),
  });

export const webhooksQuery = z.strictObject({ organization_id: organizationId.optional() });

/**
 * Who is told of events. A webhook is answered as `{webhook_id, organization_id (null: all), url, event_types (null: all), description, enabled,
 * disabled_reason: by_request | gone | null, created_at, waiting, parked, last_delivered_at, last_failure: {code, http_status, reason, sentence, at} | null,
 * next_try_at}`.
 * - `POST /api/webhooks {url, organization_id?, event_types?, description?}` -> 201, with `success`, `message` and its `secret`, shown here only.
 * - `GET /api/webhooks?organization_id=` -> `{total, webhooks}`: those of the organization (not the global ones), or all.
 * - `GET /api/webhooks/:webhook_id`
 * - `PATCH /api/webhooks/:webhook_id {url?, event_types?, description?, enabled?}` -> the webhook with `success` and `message`. Disabling parks what waits.
 * - `DELETE /api/webhooks/:webhook_id` -> `{success, message, webhook_id}`.
 * - `POST /api/webhooks/:webhook_id/rotate-secret` -> `{success, message, webhook_id, secret, old_secret_until}`.
 * - `POST /api/webhooks/:webhook_id/test` -> `{success, message, webhook_id, http_status, ms, error: {code, http_status, reason, sentence} | null}`; sends now and once.
 * Errors: 400, 404 `unknown_webhook`, 409 `too_many_webhooks`.
 */
export function webhookRoutes(parts: HttpParts): Router {
  const { webhooks, config } = parts;
  const newBody = webhookBody(config.WEBHOOK_ALLOW_PRIVATE);
  const changeBody = webhookChangeBody(config.WEBHOOK_ALLOW_PRIVATE);
  const router = Router();

  const shown = (webhook: Webhook, sentences: Sentences) =>
    webhookFields(webhook, webhooks.backlog(webhook.webhookId), sentences);

  router
    .route('/api/webhooks')
    .get((request, response) => {
      const { organization_id: id } = readQuery(webhooksQuery, request, response);
      const { sentences } = contextOf(response);
      const found = webhooks.list(id).map((webhook) => shown(webhook, sentences));
      response.json({ total: found.length, webhooks: found });
    })
    .post(jsonBody(parts), (request, response) => {
      const body = readBody(newBody, request, response);
      const { sentences } = contextOf(response);
      const webhook = webhooks.create({
        url: body.url,
        organizationId: body.organization_id ?? null,
        eventTypes: body.event_types ?? null,
        description: body.description ?? null,
      });
      response.status(201).json({
        success: true,
        message: sentences.done.webhook_created,
        ...shown(webhook, sentences),
        secret: webhook.secret,
      });
    })
    .all(methodNotAllowed('GET, HEAD, POST'));

  router
    .route('/api/webhooks/:webhook_id')
    .get((request, response) => {
      response.json(shown(webhooks.get(request.params.webhook_id), contextOf(response).sentences));
    })
    .patch(jsonBody(parts), (request, response) => {
      const { url, event_types: types, description, enabled } = readBody(changeBody, request, response);
      const { sentences } = contextOf(response);
      const webhook = webhooks.change(String(request.params.webhook_id), {
        ...(url !== undefined && { url }),
        ...(types !== undefined && { eventTypes: types }),
        ...(description !== undefined && { description }),
        ...(enabled !== undefined && { disabledReason: enabled ? null : ('by_request' as const) }),
      });
      response.json({ success: true, message: sentences.done.webhook_changed, ...shown(webhook, sentences) });
    })
    .delete((request, response) => {
      const { webhook_id: id } = request.params;
      webhooks.remove(id);
      response.json({ success: true, message: contextOf(response).sentences.done.webhook_removed, webhook_id: id });
    })
    .all(methodNotAllowed('GET, HEAD, PATCH, DELETE'));

  router
    .route('/api/webhooks/:webhook_id/rotate-secret')
    .post((request, response) => {
      const { webhookId, secret, oldSecret } = webhooks.rotateSecret(request.params.webhook_id);
      response.json({
        success: true,
        message: contextOf(response).sentences.done.secret_rotated,
        webhook_id: webhookId,
        secret,
        old_secret_until: new Date(oldSecret?.until ?? 0).toISOString(),
      });
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/api/webhooks/:webhook_id/test')
    .post(async (request, response) => {
      const { sentences } = contextOf(response);
      const { error, httpStatus, ms } = await webhooks.test(request.params.webhook_id);
      response.json({
        success: error === null,
        message: error === null ? sentences.done.test_delivered : sentences.done.test_failed,
        webhook_id: request.params.webhook_id,
        http_status: httpStatus,
        ms,
        error: error && failureFields(error, sentences),
      });
    })
    .all(methodNotAllowed('POST'));
  return router;
}
