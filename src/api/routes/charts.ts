import { Router } from 'express';
import PQueue from 'p-queue';
import { z } from 'zod';
import { ServiceError } from '../../errors.js';
import { countEvents } from '../../events/event-counts.js';
import { answerInTime } from '../answer-in-time.js';
import { bucketCount, organizationId, time } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { methodNotAllowed, readQuery } from '../request-body.js';
import { contextOf } from '../request-context.js';
import { isoTime } from '../answers/session.js';

const DAY = 86_400_000;
const DEFAULT_BUCKETS = 48;
const SHORTEST = 60_000;
const LONGEST = 366 * DAY;

export const chartsQuery = z.strictObject({
  organization_id: organizationId.optional(),
  from: time.optional(),
  to: time.optional(),
  buckets: bucketCount.optional(),
});

/**
 * `GET /api/charts?organization_id=&from=&to=&buckets=` -> `{organization_id, from, to, bucket_ms, messages: [{at, accepted, sent, delivered, read,
 * failed}], faults: [{at, bad_mac, stream_error, other}], reconnects: [{at, count}], cleanings: [{at, count}], complete_from,
 * messages_complete_from}`: how many of each in every part of the span; by default the last 24 h in 48 parts, of all organizations.
 * `complete_from`: the oldest moment from which on all events are kept, null when none was ever forgotten; what is charted of faults,
 * reconnects and cleanings before it is too little. `messages_complete_from` is the same for messages.
 * Counted one after another, in small pieces: charts wait for each other, and nothing else for them.
 * Errors: 400, 429 `too_many_requests`.
 */
export function chartRoutes(parts: HttpParts): Router {
  const { ledger, messageCounts, limits, now } = parts;
  const counting = new PQueue({ concurrency: 1 });

  const router = Router();
  router
    .route('/api/charts')
    .get(async (request, response) => {
      const asked = readQuery(chartsQuery, request, response);
      const { organization_id: id, buckets = DEFAULT_BUCKETS, to = now() } = asked;
      const { from = to - DAY } = asked;
      if (to - from < SHORTEST) throw new ServiceError('invalid_request', { fields: { from: 'from_after_to' } });
      if (to - from > LONGEST) throw new ServiceError('invalid_request', { fields: { from: 'span_too_long' } });
      if (counting.size >= limits.chartsWaiting) throw new ServiceError('too_many_requests', { retryAfterSeconds: 2 });

      const bucketMs = Math.ceil((to - from) / buckets);
      const span = { organizationId: id, from, bucketMs, buckets };
      const counted = counting.add(async () => ({
        messages: await messageCounts.count(span),
        events: await countEvents(ledger, span),
      }));
      const { messages, events } = await answerInTime(parts, contextOf(response), counted);
      const timed = <Count>(counts: readonly Count[]) =>
        counts.map((count, n) => ({ at: isoTime(from + n * bucketMs), ...count }));
      response.json({
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
      });
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}
