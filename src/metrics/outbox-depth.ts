import type { Outbox } from '../outbox/outbox.js';
import { afterQuietHours } from '../outbox/quiet-hours.js';

export interface Depth {
  readonly queued: number;
  readonly sending: number;
  /** Those that could be on their way now: their `send_at` has come, and their organization has no quiet hours. */
  readonly due: number;
  /** For how long the oldest of these could have been sent, ms; 0 when there is none. */
  readonly oldestDueAgeMs: number;
}

/**
 * What waits in the outbox, of all organizations together. A reminder that is scheduled for next week, or that rests
 * until the shop opens, is no backlog: it counts as queued, and neither as due nor in the age, on which alerts are
 * built.
 */
export class OutboxDepth {
  constructor(private readonly outbox: Pick<Outbox, 'quietHours' | 'allWaiting'>) {}

  at(now: number): Depth {
    let [queued, sending, due, oldestDueAgeMs] = [0, 0, 0, 0];
    for (const [id, messages] of this.outbox.allWaiting()) {
      const quiet = this.outbox.quietHours(id);
      const mayGo = afterQuietHours(quiet, now) <= now;
      let oldest = Infinity;
      for (const { state, sendAt } of messages) {
        if (state === 'queued') queued += 1;
        else sending += 1;
        if (!mayGo || sendAt > now) continue;
        due += 1;
        oldest = Math.min(oldest, sendAt);
      }
      if (oldest !== Infinity) oldestDueAgeMs = Math.max(oldestDueAgeMs, now - afterQuietHours(quiet, oldest));
    }
    return { queued, sending, due, oldestDueAgeMs };
  }
}
