import { z } from 'zod';
import { named } from '../../answers/common.js';
import { doneWithWebhook, secret, webhookFields } from '../../answers/webhook.js';
import { eventTypes, organizationId, receiverUrl, webhookDescription } from '../../fields.js';
import { operation } from '../../operation.js';

const created = named('CreatedWebhook', z.object({ ...doneWithWebhook, secret }));

export const createWebhook = operation({
  method: 'post',
  path: '/api/webhooks',
  id: 'createWebhook',
  tag: 'Webhooks',
  summary: 'Have events sent to an address',
  about:
    'Of one organization, or of all without `organization_id`. Signed as Standard Webhooks says; at least once, ' +
    'in order per organization, tried for `WEBHOOK_RETRY_FOR`, then parked.',
  scope: 'admin',
  body: ({ WEBHOOK_ALLOW_PRIVATE }) =>
    z.strictObject({
      url: receiverUrl(WEBHOOK_ALLOW_PRIVATE),
      organization_id: organizationId.optional(),
      event_types: eventTypes.optional(),
      description: webhookDescription.optional(),
    }),
  answers: { 201: { about: 'Created; keep its secret.', json: created } },
  errors: ['too_many_webhooks'],
}).handledBy(({ webhooks }) => async ({ body }, { context: { sentences } }) => {
  const webhook = await webhooks.create({
    url: body.url,
    organizationId: body.organization_id ?? null,
    eventTypes: body.event_types ?? null,
    description: body.description ?? null,
  });
  return {
    status: 201,
    json: {
      success: true,
      message: sentences.done.webhook_created,
      ...webhookFields(webhook, await webhooks.backlog(webhook.webhookId), sentences),
      secret: webhook.secret,
    },
  };
});
