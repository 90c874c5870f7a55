import type { Config } from '../../config.js';
import { deliveriesQuery, redeliverBody } from '../routes/webhook-deliveries.js';
import { webhookBody, webhookChangeBody, webhooksQuery } from '../routes/webhooks.js';
import type { Operation } from './operations.js';

const ONE = '/api/webhooks/:webhook_id';

/** The operations of webhooks; part of the table in operations.ts. */
export function webhookOperations(config: Pick<Config, 'WEBHOOK_ALLOW_PRIVATE'>): readonly Operation[] {
  return [
    {
      method: 'post',
      path: '/api/webhooks',
      id: 'createWebhook',
      tag: 'Webhooks',
      summary: 'Have events sent to an address',
      about:
        'Of one organization, or of all without `organization_id`. Signed as Standard Webhooks says; at least once, in order per organization, tried for `WEBHOOK_RETRY_FOR`, then parked.',
      body: webhookBody(config.WEBHOOK_ALLOW_PRIVATE),
      answers: { 201: { about: 'Created; keep its secret.', json: 'CreatedWebhook' } },
      errors: ['too_many_webhooks'],
    },
    {
      method: 'get',
      path: '/api/webhooks',
      id: 'listWebhooks',
      tag: 'Webhooks',
      summary: 'The webhooks, and how they are',
      about: 'With `organization_id` those of that organization, without the global ones.',
      query: webhooksQuery,
      answers: { 200: { about: 'In the order of their making.', json: 'WebhookList' } },
    },
    {
      method: 'get',
      path: ONE,
      id: 'getWebhook',
      tag: 'Webhooks',
      summary: 'One webhook, and how it is',
      answers: { 200: { about: 'The webhook.', json: 'Webhook' } },
      errors: ['unknown_webhook'],
    },
    {
      method: 'patch',
      path: ONE,
      id: 'changeWebhook',
      tag: 'Webhooks',
      summary: 'Change a webhook',
      about:
        'What is not named stays. Disabling it parks what waits, and nothing is kept for it meanwhile; enabling it, or another address, has it tried at once.',
      body: webhookChangeBody(config.WEBHOOK_ALLOW_PRIVATE),
      answers: { 200: { about: 'Changed.', json: 'ChangedWebhook' } },
      errors: ['unknown_webhook'],
    },
    {
      method: 'delete',
      path: ONE,
      id: 'removeWebhook',
      tag: 'Webhooks',
      summary: 'Remove a webhook, with all that waits for it',
      answers: { 200: { about: 'Removed.', json: 'RemovedWebhook' } },
      errors: ['unknown_webhook'],
    },
    {
      method: 'post',
      path: `${ONE}/rotate-secret`,
      id: 'rotateWebhookSecret',
      tag: 'Webhooks',
      summary: 'A new secret',
      about: 'The one before signs beside it for 24 hours.',
      answers: { 200: { about: 'The new one.', json: 'RotatedSecret' } },
      errors: ['unknown_webhook'],
    },
    {
      method: 'post',
      path: `${ONE}/test`,
      id: 'testWebhook',
      tag: 'Webhooks',
      summary: 'Send a `webhook.test` now',
      about:
        'Once, past everything that waits. When the receiver takes it, lines that rest after a failure are tried at once.',
      answers: { 200: { about: 'What the receiver said; also when it said no.', json: 'WebhookTest' } },
      errors: ['unknown_webhook'],
    },
    {
      method: 'get',
      path: `${ONE}/deliveries`,
      id: 'listDeliveries',
      tag: 'Webhooks',
      summary: 'What became of its events',
      about:
        'Oldest first, 50 on a page unless `limit` says otherwise. Finished ones are kept for `WEBHOOK_RETENTION_DAYS`.',
      query: deliveriesQuery,
      answers: { 200: { about: 'One page.', json: 'DeliveryList' } },
      errors: ['unknown_webhook'],
    },
    {
      method: 'post',
      path: `${ONE}/redeliver`,
      id: 'redeliver',
      tag: 'Webhooks',
      summary: 'Send deliveries again',
      about: 'One by its id, or all that are parked (2000 at a time), in their old order and with their old ids.',
      body: redeliverBody,
      answers: { 200: { about: 'They are in their line.', json: 'Redelivering' } },
      errors: ['unknown_webhook', 'unknown_delivery', 'webhook_disabled'],
    },
  ];
}
