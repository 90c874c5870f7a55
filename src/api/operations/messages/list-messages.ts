import { z } from 'zod';
import { named, next } from '../../answers/common.js';
import { listedMessage, listedMessageFields } from '../../answers/message.js';
import { cursor, messageStatuses, order, organizationId, pageSize, phone } from '../../fields.js';
import { operation } from '../../operation.js';

const DEFAULT_PAGE = 50;

const messageList = named('MessageList', z.object({ messages: z.array(listedMessage), next }));

export const listMessages = operation({
  method: 'get',
  path: '/api/messages',
  id: 'listMessages',
  tag: 'Messages',
  summary: "An organization's messages",
  about: 'Oldest first unless `order` says otherwise, 50 on a page unless `limit` does. Their texts are not told.',
  scope: 'admin',
  query: ({ DEFAULT_COUNTRY }) =>
    z.strictObject({
      organization_id: organizationId,
      status: messageStatuses.optional(),
      phone: phone(DEFAULT_COUNTRY).optional(),
      order: order.optional(),
      after: cursor.optional(),
      limit: pageSize.optional(),
    }),
  answers: { 200: { about: 'One page; a page may be short before the end.', json: messageList } },
  errors: ['invalid_phone'],
}).handledBy((parts) => async ({ query }, { context }) => {
  const { messages, next } = await parts.outbox.list({
    organizationId: query.organization_id,
    states: query.status,
    phone: query.phone,
    newestFirst: query.order === 'desc',
    after: query.after,
    limit: query.limit ?? DEFAULT_PAGE,
  });
  return {
    status: 200,
    json: {
      messages: await Promise.all(messages.map((message) => listedMessageFields(message, parts, context.sentences))),
      next: next === null ? null : String(next),
    },
  };
});
