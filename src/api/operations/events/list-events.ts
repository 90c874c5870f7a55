import { z } from 'zod';
import { named, next } from '../../answers/common.js';
import { event, eventFields } from '../../answers/event.js';
import { cursor, order, organizationId, pageSize } from '../../fields.js';
import { operation } from '../../operation.js';

const DEFAULT_PAGE = 100;

const eventList = named('EventList', z.object({ events: z.array(event), next }));

export const listEvents = operation({
  method: 'get',
  path: '/api/events',
  id: 'listEvents',
  tag: 'Events',
  summary: 'What happened',
  about:
    'Oldest first unless `order` says otherwise, 100 on a page unless `limit` does. The newest `EVENTS_KEPT` of ' +
    'each organization are kept.',
  scope: 'admin',
  query: z.strictObject({
    organization_id: organizationId.optional(),
    order: order.optional(),
    after: cursor.optional(),
    limit: pageSize.optional(),
  }),
  answers: { 200: { about: 'One page.', json: eventList } },
}).handledBy(({ ledger }) => async ({ query }, { context: { language } }) => {
  const { organization_id: id, after, limit = DEFAULT_PAGE } = query;
  const events = await ledger.list({
    organizationId: id,
    after,
    newestFirst: query.order === 'desc',
    limit: limit + 1,
  });
  const shown = events.slice(0, limit);
  return {
    status: 200,
    json: {
      events: shown.map((event) => eventFields(event, language)),
      next: events.length > limit ? String(shown.at(-1)?.id) : null,
    },
  };
});
