import { Router, type Response } from 'express';
import { z } from 'zod';
import { ServiceError } from '../../errors.js';
import type { ServiceEvent } from '../../events/catalogue.js';
import { eventFields } from '../answers/event.js';
import { cursor, order, organizationId, pageSize } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { methodNotAllowed, readQuery } from '../request-body.js';
import { contextOf } from '../request-context.js';
import type { Language } from '../sentences.js';

const DEFAULT_PAGE = 100;
/** Between two signs of life on a quiet stream, ms: proxies cut what is silent for a minute. */
const HEARTBEAT_MS = 15_000;
/** Bytes that a reader may be behind before it is cut off; it resumes with `Last-Event-ID` where it was. */
const MAX_BEHIND = 512 * 1024;
/** Events read from the ledger at a time when a reader resumes. */
const REPLAY_PAGE = 500;
/** Streams at one time in this process. */
const MAX_STREAMS = 200;

export const eventsQuery = z.strictObject({
  organization_id: organizationId.optional(),
  order: order.optional(),
  after: cursor.optional(),
  limit: pageSize.optional(),
});
export const streamQuery = z.strictObject({ organization_id: organizationId.optional(), after: cursor.optional() });

/**
 * What happened.
 * - `GET /api/events?organization_id=&order=&after=&limit=` -> `{events: [{id, name, organization_id, at, data, sentence}], next}`, oldest first,
 *   with `order=desc` newest first;
 *   `next` is the following page's `after`, null at the end. Without `organization_id`: of all organizations. The newest `EVENTS_KEPT` of each
 *   organization are kept.
 * - `GET /api/events/stream?organization_id=&after=` -> server-sent events of the same shape (`id`, `event`, `data`), live. With
 *   `Last-Event-ID` (or `after`) it begins with what was missed; without, with what happens from now on. One that a cookie opened ends at
 *   once when its sign-in does.
 */
export function eventRoutes({ ledger, now }: HttpParts): Router {
  let streams = 0;

  const router = Router();
  router
    .route('/api/events')
    .get((request, response) => {
      const asked = readQuery(eventsQuery, request, response);
      const { organization_id: id, after, limit = DEFAULT_PAGE } = asked;
      const { language } = contextOf(response);
      const events = ledger.list({
        organizationId: id,
        after,
        newestFirst: asked.order === 'desc',
        limit: limit + 1,
      });
      const shown = events.slice(0, limit);
      response.json({
        events: shown.map((event) => eventFields(event, language)),
        next: events.length > limit ? String(shown.at(-1)?.id) : null,
      });
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/api/events/stream')
    .get((request, response) => {
      const { organization_id: id, after } = readQuery(streamQuery, request, response);
      const { language } = contextOf(response);
      if (streams >= MAX_STREAMS) throw new ServiceError('too_many_streams', { retryAfterSeconds: 30 });
      streams += 1;
      const resumed = lastEventId(request.get('last-event-id')) ?? after;
      response.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
      response.flushHeaders();
      const reader = new StreamReader(response, language);
      let last = resumed ?? null;
      const deliver = (event: ServiceEvent): void => {
        if (id !== undefined && event.organizationId !== id) return;
        if (last !== null && event.id <= last) return;
        last = event.id;
        reader.write(event);
      };
      // Everything here is synchronous, so nothing can happen between the replay and the first live event.
      while (last !== null && reader.isOpen) {
        const missed = ledger.list({ organizationId: id, after: last, limit: REPLAY_PAGE });
        missed.forEach(deliver);
        if (missed.length < REPLAY_PAGE) break;
      }
      reader.comment(`now ${new Date(now()).toISOString()}`);
      const end = ledger.onEvent(deliver);
      const { isStillSignedIn = async () => true, onSignInEnd } = contextOf(response);
      const beat = async (): Promise<void> => {
        // A machine that slept may wake up after the sign-in's time, before its timer knows.
        if (await isStillSignedIn().catch(() => true)) reader.comment('still here');
        else response.end();
      };
      const heartbeat = setInterval(() => void beat(), HEARTBEAT_MS);
      const stopped = ledger.onEnd(() => response.end());
      const signedOut = onSignInEnd?.(() => response.end());
      response.once('close', () => {
        streams -= 1;
        clearInterval(heartbeat);
        end();
        stopped();
        signedOut?.();
      });
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}

/** One reader of the stream; one that does not keep up is cut off, so that it never costs memory. */
class StreamReader {
  constructor(
    private readonly response: Response,
    private readonly language: Language,
  ) {}

  get isOpen(): boolean {
    return !this.response.destroyed;
  }

  write(event: ServiceEvent): void {
    const data = JSON.stringify(eventFields(event, this.language));
    this.send(`id: ${event.id}\nevent: ${event.name}\ndata: ${data}\n\n`);
  }

  comment(text: string): void {
    this.send(`: ${text}\n\n`);
  }

  private send(chunk: string): void {
    if (!this.isOpen) return;
    this.response.write(chunk);
    if (this.response.writableLength > MAX_BEHIND) this.response.destroy();
  }
}

function lastEventId(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
