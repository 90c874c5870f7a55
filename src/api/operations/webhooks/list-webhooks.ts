import { z } from 'zod';
import { count, named } from '../../answers/common.js';
import { webhook, webhookFields } from '../../answers/webhook.js';
import { organizationId } from '../../fields.js';
import { operation } from '../../operation.js';

const webhookList = named('WebhookList', z.object({ total: count, webhooks: z.array(webhook) }));

export const listWebhooks = operation({
  method: 'get',
  path: '/api/webhooks',
  id: 'listWebhooks',
  tag: 'Webhooks',
  summary: 'The webhooks, and how they are',
  about: 'With `organization_id` those of that organization, without the global ones.',
  scope: 'admin',
  query: z.strictObject({ organization_id: organizationId.optional() }),
  answers: { 200: { about: 'In the order of their making.', json: webhookList } },
}).handledBy(({ webhooks }) => async ({ query }, { context: { sentences } }) => {
  const found = await Promise.all(
    webhooks
      .list(query.organization_id)
      .map(async (one) => webhookFields(one, await webhooks.backlog(one.webhookId), sentences)),
  );
  return { status: 200, json: { total: found.length, webhooks: found } };
});
