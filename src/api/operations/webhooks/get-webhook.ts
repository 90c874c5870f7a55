import { webhook, webhookFields } from '../../answers/webhook.js';
import { inWebhookPath } from '../../fields.js';
import { operation } from '../../operation.js';

export const getWebhook = operation({
  method: 'get',
  path: '/api/webhooks/:webhook_id',
  id: 'getWebhook',
  tag: 'Webhooks',
  summary: 'One webhook, and how it is',
  scope: 'admin',
  params: inWebhookPath,
  answers: { 200: { about: 'The webhook.', json: webhook } },
  errors: ['unknown_webhook'],
}).handledBy(({ webhooks }) => async ({ params }, { context: { sentences } }) => {
  const one = webhooks.get(params.webhook_id);
  return { status: 200, json: webhookFields(one, await webhooks.backlog(one.webhookId), sentences) };
});
