import { z } from 'zod';
import { count, named, sentence, success } from '../../answers/common.js';
import { webhookId } from '../../answers/webhook.js';
import { deliveryId, inWebhookPath, problem } from '../../fields.js';
import { operation } from '../../operation.js';

const redelivering = named(
  'Redelivering',
  z.object({
    success,
    message: sentence,
    webhook_id: webhookId,
    redelivering: count,
    parked: count.meta({ description: 'What is still parked.' }),
  }),
);

/** One delivery by its id, or all that is parked. */
const body = z
  .strictObject({
    delivery_id: deliveryId.optional(),
    status: z.literal('parked', { error: problem('only_parked') }).optional(),
  })
  .superRefine(({ delivery_id: one, status }, context) => {
    if (one === undefined && status === undefined)
      context.addIssue({ code: 'custom', path: ['delivery_id'], message: problem('required') });
    if (one !== undefined && status !== undefined)
      context.addIssue({ code: 'custom', path: ['status'], message: problem('one_choice_only') });
  })
  .meta({ oneOf: [{ required: ['delivery_id'] }, { required: ['status'] }] });

export const redeliver = operation({
  method: 'post',
  path: '/api/webhooks/:webhook_id/redeliver',
  id: 'redeliver',
  tag: 'Webhooks',
  summary: 'Send deliveries again',
  about: 'One by its id, or all that are parked (2000 at a time), in their old order and with their old ids.',
  scope: 'admin',
  params: inWebhookPath,
  body,
  answers: { 200: { about: 'They are in their line.', json: redelivering } },
  errors: ['unknown_webhook', 'unknown_delivery', 'webhook_disabled'],
}).handledBy(({ webhooks }) => async ({ params, body }, { context: { sentences } }) => {
  const { webhook_id: id } = params;
  const { delivery_id: one } = body;
  const redelivering = await webhooks.redeliver(id, one === undefined ? 'parked' : { deliveryId: one });
  return {
    status: 200,
    json: {
      success: true,
      message: sentences.done.redelivering,
      webhook_id: id,
      redelivering,
      parked: (await webhooks.backlog(id)).parked,
    },
  };
});
