import type Database from 'better-sqlite3';
import type { OrganizationId } from '../organization-id.js';
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

interface Row {
  id: OrganizationId;
  queued: number;
  sending: number;
  due: number;
  oldest: number | null;
}

/**
 * What waits in the outbox, of all organizations together. Only reads. A reminder that is scheduled for next week, or
 * that rests until the shop opens, is no backlog: it counts as queued, and neither as due nor in the age, on which
 * alerts are built. Reads the index of what waits and nothing of a million finished messages: about 1 ms for each
 * thousand that wait.
 */
export class OutboxDepth {
  private readonly look: Database.Statement<[number, number], Row>;

  constructor(
    database: Database.Database,
    private readonly outbox: Pick<Outbox, 'quietHours'>,
  ) {
    this.look = database.prepare(
      `SELECT organization_id AS id, sum(state = 'queued') AS queued, sum(state = 'sending') AS sending,
         sum(send_at <= ?) AS due, min(CASE WHEN send_at <= ? THEN send_at END) AS oldest
       FROM messages INDEXED BY messages_pending WHERE state IN ('queued', 'sending') GROUP BY organization_id`,
    );
  }

  at(now: number): Depth {
    let [queued, sending, due, oldestDueAgeMs] = [0, 0, 0, 0];
    for (const row of this.look.all(now, now)) {
      queued += row.queued;
      sending += row.sending;
      if (row.oldest === null) continue;
      const quiet = this.outbox.quietHours(row.id);
      if (afterQuietHours(quiet, now) > now) continue;
      due += row.due;
      oldestDueAgeMs = Math.max(oldestDueAgeMs, now - afterQuietHours(quiet, row.oldest));
    }
    return { queued, sending, due, oldestDueAgeMs };
  }
}
