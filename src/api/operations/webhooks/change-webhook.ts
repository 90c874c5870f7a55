import { z } from 'zod';
import { named } from '../../answers/common.js';
import { doneWithWebhook, webhookFields } from '../../answers/webhook.js';
import { eventTypes, inWebhookPath, receiverUrl, trueOrFalse, webhookDescription } from '../../fields.js';
import { operation } from '../../operation.js';

const changed = named('ChangedWebhook', z.object(doneWithWebhook));

export const changeWebhook = operation({
  method: 'patch',
  path: '/api/webhooks/:webhook_id',
  id: 'changeWebhook',
  tag: 'Webhooks',
  summary: 'Change a webhook',
  about:
    'What is not named stays. Disabling it parks what waits, and nothing is kept for it meanwhile; enabling it, ' +
    'or another address, has it tried at once.',
  scope: 'admin',
  params: inWebhookPath,
  body: ({ WEBHOOK_ALLOW_PRIVATE }) =>
    z.strictObject({
      url: receiverUrl(WEBHOOK_ALLOW_PRIVATE).optional(),
      event_types: eventTypes.optional(),
      description: webhookDescription.optional(),
      enabled: trueOrFalse.optional(),
    }),
  answers: { 200: { about: 'Changed.', json: changed } },
  errors: ['unknown_webhook'],
}).handledBy(({ webhooks }) => async ({ params, body }, { context: { sentences } }) => {
  const { url, event_types: types, description, enabled } = body;
  const webhook = await webhooks.change(params.webhook_id, {
    ...(url !== undefined && { url }),
    ...(types !== undefined && { eventTypes: types }),
    ...(description !== undefined && { description }),
    ...(enabled !== undefined && { disabledReason: enabled ? null : ('by_request' as const) }),
  });
  return {
    status: 200,
    json: {
      success: true,
      message: sentences.done.webhook_changed,
      ...webhookFields(webhook, await webhooks.backlog(webhook.webhookId), sentences),
    },
  };
});
