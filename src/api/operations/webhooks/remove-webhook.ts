import { z } from 'zod';
import { named, sentence, success } from '../../answers/common.js';
import { webhookId } from '../../answers/webhook.js';
import { inWebhookPath } from '../../fields.js';
import { operation } from '../../operation.js';

const removed = named('RemovedWebhook', z.object({ success, message: sentence, webhook_id: webhookId }));

export const removeWebhook = operation({
  method: 'delete',
  path: '/api/webhooks/:webhook_id',
  id: 'removeWebhook',
  tag: 'Webhooks',
  summary: 'Remove a webhook, with all that waits for it',
  scope: 'admin',
  params: inWebhookPath,
  answers: { 200: { about: 'Removed.', json: removed } },
  errors: ['unknown_webhook'],
}).handledBy(({ webhooks }) => async ({ params }, { context: { sentences } }) => {
  const { webhook_id: id } = params;
  await webhooks.remove(id);
  return { status: 200, json: { success: true, message: sentences.done.webhook_removed, webhook_id: id } };
});
