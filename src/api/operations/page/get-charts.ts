import PQueue from 'p-queue';
import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import { countEvents } from '../../../events/event-counts.js';
import { answerInTime } from '../../answer-in-time.js';
import { count, instant, instantOrNull, isoTime, named, organization } from '../../answers/common.js';
import { bucketCount, organizationId, time } from '../../fields.js';
import { operation } from '../../operation.js';

const DAY = 86_400_000;
const DEFAULT_BUCKETS = 48;
const SHORTEST = 60_000;
const LONGEST = 366 * DAY;

const counted = z.array(z.object({ at: instant, count }));
const charts = named(
  'Charts',
  z.object({
    organization_id: organization.nullable(),
    from: instant,
    to: instant,
    bucket_ms: count,
    complete_from: instantOrNull.meta({ description: 'Null when no event was ever forgotten.' }),
    messages_complete_from: instantOrNull.meta({ description: 'Null when no message was left out.' }),
    messages: z.array(
      z.object({ at: instant, accepted: count, sent: count, delivered: count, read: count, failed: count }),
    ),
    faults: z.array(z.object({ at: instant, bad_mac: count, stream_error: count, other: count })),
    reconnects: counted,
    cleanings: counted,
  }),
);

/** Counted one after another, in small pieces: charts wait for each other, and nothing else for them. */
export const getCharts = operation({
  method: 'get',
  path: '/api/charts',
  id: 'getCharts',
  tag: 'Page',
  summary: 'Messages and faults over time',
  about:
    'By default the last 24 hours in 48 parts, of all organizations. Events are kept in a bounded number: what is' +
    ' before `complete_from` is too little, and so are messages before `messages_complete_from`.',
  scope: 'admin',
  query: z.strictObject({
    organization_id: organizationId.optional(),
    from: time.optional(),
    to: time.optional(),
    buckets: bucketCount.optional(),
  }),
  answers: { 200: { about: 'A count for each part of the span.', json: charts } },
  errors: ['whatsapp_unavailable', 'shutting_down'],
}).handledBy((parts) => {
  const { ledger, messageCounts, limits, now } = parts;
  const counting = new PQueue({ concurrency: 1 });
  return async ({ query }, { context }) => {
    const { organization_id: id, buckets = DEFAULT_BUCKETS, to = now() } = query;
    const { from = to - DAY } = query;
    if (to - from < SHORTEST) throw new ServiceError('invalid_request', { fields: { from: 'from_after_to' } });
    if (to - from > LONGEST) throw new ServiceError('invalid_request', { fields: { from: 'span_too_long' } });
    if (counting.size >= limits.chartsWaiting) throw new ServiceError('too_many_requests', { retryAfterSeconds: 2 });

    const bucketMs = Math.ceil((to - from) / buckets);
    const span = { organizationId: id, from, bucketMs, buckets };
    const counted = counting.add(async () => ({
      messages: await messageCounts.count(span),
      events: await countEvents(ledger, span),
    }));
    const { messages, events } = await answerInTime(parts, context, counted);
    const timed = <Count>(counts: readonly Count[]) =>
      counts.map((count, n) => ({ at: isoTime(from + n * bucketMs), ...count }));
    return {
      status: 200,
      json: {
        organization_id: id === undefined ? null : String(id),
        from: isoTime(from),
        to: isoTime(to),
        bucket_ms: bucketMs,
        complete_from: isoTime(events.completeFrom),
        messages_complete_from: isoTime(messages.completeFrom),
        messages: timed(messages.counts),
        faults: timed(events.faults),
        reconnects: timed(events.reconnects),
        cleanings: timed(events.cleanings),
      },
    };
  };
});
