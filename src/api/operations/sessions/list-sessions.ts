import { z } from 'zod';
import type { SessionSnapshot } from '../../../session/session-view.js';
import { count, named, next } from '../../answers/common.js';
import { chosenSession, listedSessionFields } from '../../answers/session.js';
import { operation } from '../../operation.js';
import { pageOf, sessionsQuery } from '../../session-query.js';

const sessionList = named(
  'SessionList',
  z.object({
    total: count.meta({ description: 'How many are held, whatever was asked for.' }),
    matching: count.optional().meta({ description: 'How many fit the query, on all pages. Only with a query.' }),
    groups: z
      .object({ attention: count, scan: count, other: count, connected: count })
      .optional()
      .meta({ description: 'How many of each group fit everything but `group`. Only with a query.' }),
    next: next.optional(),
    sessions: z.array(chosenSession).meta({ description: 'Every field of each, or those of `fields`.' }),
  }),
);

export const listSessions = operation({
  method: 'get',
  path: '/api/sessions',
  id: 'listSessions',
  tag: 'Sessions',
  summary: 'All sessions, or some of them',
  about:
    'Everything about all of them, ordered by id. A query narrows it down: `status`, `group`, `search` and `ids` ' +
    'choose, `sort`, `limit` and `after` make pages, `fields` leaves out what is not needed.',
  scope: 'admin',
  query: sessionsQuery,
  answers: { 200: { about: 'The sessions.', json: sessionList } },
}).handledBy(({ sessions, outbox, ledger }) => async ({ query }, { context }) => {
  // It costs a question to the storage.
  const isLastWanted = query.fields?.includes('last_event') ?? true;
  const line = async (snapshot: SessionSnapshot) => {
    const { organizationId: id } = snapshot;
    const last = isLastWanted ? await ledger.last(id) : null;
    const listed = { snapshot, queue: outbox.depth(id), last, context };
    return listedSessionFields(listed, query.fields && [...new Set(['organization_id' as const, ...query.fields])]);
  };
  if (Object.keys(query).length === 0) {
    const listed = await Promise.all(sessions.list().map(line));
    return { status: 200, json: { total: listed.length, sessions: listed } };
  }
  const { ids, matching, groups, next } = pageOf(sessions.outlines(), query);
  const page = await Promise.all(ids.flatMap((id) => sessions.snapshot(id) ?? []).map(line));
  return { status: 200, json: { total: sessions.count(), matching, groups, next, sessions: page } };
});
