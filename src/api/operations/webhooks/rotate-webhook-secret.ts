import { z } from 'zod';
import { instant, isoTime, named, sentence, success } from '../../answers/common.js';
import { secret, webhookId } from '../../answers/webhook.js';
import { inWebhookPath } from '../../fields.js';
import { operation } from '../../operation.js';

const rotated = named(
  'RotatedSecret',
  z.object({
    success,
    message: sentence,
    webhook_id: webhookId,
    secret,
    old_secret_until: instant.meta({ description: 'Until then the secret before signs as well.' }),
  }),
);

export const rotateWebhookSecret = operation({
  method: 'post',
  path: '/api/webhooks/:webhook_id/rotate-secret',
  id: 'rotateWebhookSecret',
  tag: 'Webhooks',
  summary: 'A new secret',
  about: 'The one before signs beside it for 24 hours.',
  scope: 'admin',
  params: inWebhookPath,
  answers: { 200: { about: 'The new one.', json: rotated } },
  errors: ['unknown_webhook'],
}).handledBy(({ webhooks }) => async ({ params }, { context: { sentences } }) => {
  const { webhookId, secret, oldSecret } = await webhooks.rotateSecret(params.webhook_id);
  return {
    status: 200,
    json: {
      success: true,
      message: sentences.done.secret_rotated,
      webhook_id: webhookId,
      secret,
      old_secret_until: isoTime(oldSecret?.until ?? 0),
    },
  };
});
