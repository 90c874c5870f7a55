import { ServiceError } from '../../../errors.js';
import { fullMessage, messageFields } from '../../answers/message.js';
import { inMessagePath } from '../../fields.js';
import { operation } from '../../operation.js';

export const getMessage = operation({
  method: 'get',
  path: '/api/messages/:message_id',
  id: 'getMessage',
  tag: 'Messages',
  summary: 'What became of a message',
  scope: 'admin',
  params: inMessagePath,
  answers: { 200: { about: 'The message.', json: fullMessage } },
  errors: ['unknown_message'],
}).handledBy((parts) => async ({ params }, { context }) => {
  const message = await parts.outbox.get(params.message_id);
  if (!message) throw new ServiceError('unknown_message');
  context.organizationId = message.organizationId;
  return { status: 200, json: await messageFields(message, parts, context.sentences) };
});
