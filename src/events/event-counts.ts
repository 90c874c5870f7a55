import { setImmediate } from 'node:timers/promises';
import type { OrganizationId } from '../organization-id.js';
import type { EventLedger } from './event-ledger.js';
import type { ServiceEvent } from './catalogue.js';

/** Events read between two turns of the event loop; some 5 ms. */
const BATCH = 1000;
/** Events that one count looks at. Beyond, it says from when on it is complete. */
const MOST = 30_000;

export interface EventCounts {
  /** Counted faults by kind; `other` are those that say nothing against the keys. */
  readonly faults: { bad_mac: number; stream_error: number; other: number }[];
  /** Logins that succeeded. */
  readonly reconnects: { count: number }[];
  readonly cleanings: { count: number }[];
  /** From when on (epoch ms) no event is missing, in the ledger and in this count; null when none is. */
  readonly completeFrom: number | null;
}

/**
 * Counts events of a span by the part of it in which they happened: `buckets` parts of `bucketMs` from `from` on
 * (epoch ms).
 * @param organizationId all organizations when absent
 */
export async function countEvents(
  ledger: Pick<EventLedger, 'list' | 'completeFrom'>,
  span: { organizationId?: OrganizationId; from: number; bucketMs: number; buckets: number },
): Promise<EventCounts> {
  const { organizationId, from, bucketMs, buckets: length } = span;
  const faults = Array.from({ length }, () => ({ bad_mac: 0, stream_error: 0, other: 0 }));
  const reconnects = Array.from({ length }, () => ({ count: 0 }));
  const cleanings = Array.from({ length }, () => ({ count: 0 }));
  const note = ({ name, at, data }: ServiceEvent): void => {
    const bucket = Math.floor((at - from) / bucketMs);
    const [fault, reconnect, cleaning] = [faults[bucket], reconnects[bucket], cleanings[bucket]];
    if (!fault || !reconnect || !cleaning) return;
    if (name === 'session.connected') reconnect.count += 1;
    if (name === 'session.cleaned') cleaning.count += 1;
    if (name === 'session.fault') {
      const { kind } = data as { kind: string };
      fault[kind === 'bad_mac' || kind === 'stream_error' ? kind : 'other'] += 1;
    }
  };
  const completeFrom = await ledger.completeFrom(organizationId);
  let after: number | undefined;
  for (let looked = 0; looked < MOST; looked += BATCH) {
    const events = await ledger.list({ organizationId, after, newestFirst: true, limit: BATCH });
    events.forEach(note);
    const oldest = events.at(-1);
    if (!oldest || events.length < BATCH || oldest.at < from) return { faults, reconnects, cleanings, completeFrom };
    after = oldest.id;
    if (looked + BATCH >= MOST) {
      return { faults, reconnects, cleanings, completeFrom: Math.max(oldest.at, completeFrom ?? 0) };
    }
    await setImmediate();
  }
  return { faults, reconnects, cleanings, completeFrom };
}
