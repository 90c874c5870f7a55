import { setImmediate } from 'node:timers/promises';
import type { OrganizationId } from '../organization-id.js';
import type { OutboxStore } from '../store/ports.js';

/** Messages read between two turns of the event loop; some 4 ms. */
const BATCH = 1000;
/**
 * Messages that one count looks at: a fifth of a second of work, in small pieces. Beyond, it says from when on it is
 * complete.
 */
const MOST = 50_000;
/** How long before the time asked for a message may have been accepted and still move in it: receipts come late. ms */
const LOOK_BACK = 7 * 86_400_000;

export interface Span {
  /** All organizations when absent. */
  readonly organizationId?: OrganizationId;
  /** Epoch ms, inclusive. */
  readonly from: number;
  /** Parts of equal length, ms, beginning at `from`. */
  readonly bucketMs: number;
  readonly buckets: number;
}

/**
 * How many messages reached what, in one part of a span. `failed`: will not arrive, for whatever reason; expired ones
 * too.
 */
export interface MessageCount {
  accepted: number;
  sent: number;
  delivered: number;
  read: number;
  failed: number;
}

/**
 * Counts what became of messages, by the time at which it did. Only reads, newest first, and lets sends go on in
 * between.
 */
export class MessageCounts {
  constructor(private readonly store: Pick<OutboxStore, 'acceptedBefore'>) {}

  /**
   * @returns `completeFrom`: messages accepted before (epoch ms) were too many to be looked at; null when none was left
   * out
   */
  async count(span: Span): Promise<{ counts: MessageCount[]; completeFrom: number | null }> {
    const { organizationId, from, bucketMs, buckets } = span;
    const counts = Array.from({ length: buckets }, nobody);
    const note = (what: keyof MessageCount, at: number | undefined): void => {
      const count = at === undefined ? undefined : counts[Math.floor((at - from) / bucketMs)];
      if (count) count[what] += 1;
    };
    let before: number | null = null;
    for (let looked = 0; looked < MOST; looked += BATCH) {
      const rows = await this.store.acceptedBefore(before, BATCH, organizationId);
      for (const { times } of rows) {
        const { queued, sent, delivered, read, failed, expired } = times;
        note('accepted', queued);
        // A receipt may come instead of what should have come before it.
        note('sent', sent ?? delivered ?? read);
        note('delivered', delivered ?? read);
        note('read', read);
        note('failed', failed ?? expired);
      }
      const oldest = rows.at(-1);
      if (!oldest || rows.length < BATCH || oldest.createdAt < from - LOOK_BACK) return { counts, completeFrom: null };
      before = oldest.seq;
      if (looked + BATCH >= MOST) return { counts, completeFrom: oldest.createdAt };
      await setImmediate();
    }
    return { counts, completeFrom: null };
  }
}

function nobody(): MessageCount {
  return { accepted: 0, sent: 0, delivered: 0, read: 0, failed: 0 };
}
