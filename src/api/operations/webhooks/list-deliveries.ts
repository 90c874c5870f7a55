import { z } from 'zod';
import { named, next } from '../../answers/common.js';
import { delivery, deliveryFields } from '../../answers/webhook.js';
import { cursor, deliveryStatus, inWebhookPath, pageSize } from '../../fields.js';
import { operation } from '../../operation.js';

const DEFAULT_PAGE = 50;

const deliveryList = named('DeliveryList', z.object({ deliveries: z.array(delivery), next }));

export const listDeliveries = operation({
  method: 'get',
  path: '/api/webhooks/:webhook_id/deliveries',
  id: 'listDeliveries',
  tag: 'Webhooks',
  summary: 'What became of its events',
  about:
    'Oldest first, 50 on a page unless `limit` says otherwise. Finished ones are kept for `WEBHOOK_RETENTION_DAYS`.',
  scope: 'admin',
  params: inWebhookPath,
  query: z.strictObject({
    status: deliveryStatus.optional(),
    after: cursor.optional(),
    limit: pageSize.optional(),
  }),
  answers: { 200: { about: 'One page.', json: deliveryList } },
  errors: ['unknown_webhook'],
}).handledBy(({ webhooks }) => async ({ params, query }, { context: { sentences } }) => {
  const { status, after, limit = DEFAULT_PAGE } = query;
  const { deliveries, next } = await webhooks.deliveries(params.webhook_id, { state: status, after, limit });
  return {
    status: 200,
    json: {
      deliveries: deliveries.map((one) => deliveryFields(one, sentences)),
      next: next === null ? null : String(next),
    },
  };
});
