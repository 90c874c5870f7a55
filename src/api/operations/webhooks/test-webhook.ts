import { z } from 'zod';
import { count, named, sentence } from '../../answers/common.js';
import { deliveryError, failureFields, webhookId } from '../../answers/webhook.js';
import { inWebhookPath } from '../../fields.js';
import { operation } from '../../operation.js';

const tested = named(
  'WebhookTest',
  z.object({
    success: z.boolean(),
    message: sentence,
    webhook_id: webhookId,
    http_status: z.int().nullable(),
    ms: count,
    error: deliveryError.nullable(),
  }),
);

export const testWebhook = operation({
  method: 'post',
  path: '/api/webhooks/:webhook_id/test',
  id: 'testWebhook',
  tag: 'Webhooks',
  summary: 'Send a `webhook.test` now',
  about:
    'Once, past everything that waits. When the receiver takes it, lines that rest after a failure are tried at once.',
  scope: 'admin',
  params: inWebhookPath,
  answers: { 200: { about: 'What the receiver said; also when it said no.', json: tested } },
  errors: ['unknown_webhook'],
}).handledBy(({ webhooks }) => async ({ params }, { context: { sentences } }) => {
  const { error, httpStatus, ms } = await webhooks.test(params.webhook_id);
  return {
    status: 200,
    json: {
      success: error === null,
      message: error === null ? sentences.done.test_delivered : sentences.done.test_failed,
      webhook_id: params.webhook_id,
      http_status: httpStatus,
      ms,
      error: error && failureFields(error, sentences),
    },
  };
});
