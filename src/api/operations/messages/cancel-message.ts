import { fullMessage, messageFields } from '../../answers/message.js';
import { inMessagePath } from '../../fields.js';
import { operation } from '../../operation.js';

export const cancelMessage = operation({
  method: 'delete',
  path: '/api/messages/:message_id',
  id: 'cancelMessage',
  tag: 'Messages',
  summary: 'Take back a message that was not tried yet',
  scope: 'admin',
  params: inMessagePath,
  answers: { 200: { about: 'Cancelled, now or before.', json: fullMessage } },
  errors: ['unknown_message', 'too_late_to_cancel'],
}).handledBy((parts) => async ({ params }, { context }) => {
  const { outbox } = parts;
  const { message_id: id } = params;
  context.organizationId = (await outbox.get(id))?.organizationId;
  return { status: 200, json: await messageFields(await outbox.cancel(id), parts, context.sentences) };
});
