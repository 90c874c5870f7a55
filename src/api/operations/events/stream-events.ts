import type { Response } from 'express';
import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import type { ServiceEvent } from '../../../events/catalogue.js';
import { eventFields } from '../../answers/event.js';
import { cursor, organizationId } from '../../fields.js';
import { operation, STREAMED } from '../../operation.js';
import type { Language } from '../../sentences.js';

/** Between two signs of life on a quiet stream, ms: proxies cut what is silent for a minute. */
const HEARTBEAT_MS = 15_000;
/** Bytes that a reader may be behind before it is cut off; it resumes with `Last-Event-ID` where it was. */
const MAX_BEHIND = 512 * 1024;
/** Streams at one time in this process. */
const MAX_STREAMS = 200;

/** A stream that a cookie opened ends at once when its sign-in does. */
export const streamEvents = operation({
  method: 'get',
  path: '/api/events/stream',
  id: 'streamEvents',
  tag: 'Events',
  summary: 'What happens, live',
  about:
    'Server-sent events; the `data` of each is an Event. With `Last-Event-ID` (or `after`) it begins with what ' +
    'was missed. A reader that does not keep up is cut off.',
  scope: 'admin',
  query: z.strictObject({ organization_id: organizationId.optional(), after: cursor.optional() }),
  headers: z.object({
    'Last-Event-ID': z.string().optional().meta({ description: 'The id of the last event that was read.' }),
  }),
  answers: { 200: { about: 'The stream.', other: { 'text/event-stream': z.string() } } },
  errors: ['too_many_streams', 'shutting_down'],
}).handledBy(({ ledger, now }) => {
  let streams = 0;
  return async ({ query, headers }, { response, context }) => {
    const { organization_id: id, after } = query;
    // Who hung up while the sign-in was looked at never closes again.
    if (response.destroyed) return STREAMED;
    if (streams >= MAX_STREAMS) throw new ServiceError('too_many_streams', { retryAfterSeconds: 30 });
    streams += 1;
    const resumed = lastEventId(headers['Last-Event-ID']) ?? after;
    response.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    response.flushHeaders();
    const reader = new StreamReader(response, context.language);
    const following = ledger.follow({ organizationId: id, after: resumed }, (event) => {
      reader.write(event);
      if (!reader.isOpen) following.end();
    });
    const { isStillSignedIn = async () => true, onSignInEnd } = context;
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
      following.end();
      stopped();
      signedOut?.();
    });
    await following.caughtUp;
    reader.comment(`now ${new Date(now()).toISOString()}`);
    return STREAMED;
  };
});

/** One reader of the stream; one that does not keep up is cut off, so that it never costs memory. */
class StreamReader {
  constructor(
    private readonly response: Response,
    private readonly language: Language,
  ) {}

  get isOpen(): boolean {
    // Between its end and its close nothing may be written.
    return !this.response.destroyed && !this.response.writableEnded;
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
