import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { EventName, ServiceEvent } from '../events/catalogue.js';
import type { OrganizationId } from '../organization-id.js';
import {
  type Backlog,
  DELIVERY_STATES,
  type Delivery,
  type DeliveryState,
  type Failure,
  type Trouble,
  type Webhook,
} from './webhook.js';

/** How many rows one statement changes or removes, so that none holds up the process for longer than some ten ms. */
export const AT_ONCE = 2000;

interface Row {
  seq: number;
  token: string;
  webhook_id: string;
  organization_id: OrganizationId;
  event_id: number;
  name: EventName;
  at: number;
  data: string;
  state: DeliveryState;
  attempts: number;
  waits_since: number;
  last_try_at: number | null;
  last_error: string | null;
  finished_at: number | null;
}

/** A webhook's deliveries of one organization: they go out one after another. */
export interface Line {
  readonly webhookId: string;
  readonly organizationId: OrganizationId;
}

export interface DeliveryQuery {
  readonly state?: DeliveryState;
  /** `seq` of the last one of the page before. */
  readonly after?: number;
  readonly limit: number;
}

/** What waits, in numbers, of all webhooks together. */
export interface WebhookDepth {
  readonly waiting: number;
  readonly parked: number;
  /** For how long the oldest waits, ms; 0 when none does. */
  readonly oldestWaitingAgeMs: number;
}

/** Named where it matters: SQLite may prefer another, and then reads through all that waits of a webhook, or through all there is. */
const WAITING = 'deliveries INDEXED BY deliveries_waiting';

/** Every delivery until it is done, and for a while after. */
export class DeliveryStore {
  private readonly statements = new Map<string, Database.Statement>();
  private readonly together: <T>(work: () => T) => T;

  constructor(private readonly database: Database.Database) {
    this.together = database.transaction((work: () => unknown) => work()) as <T>(work: () => T) => T;
  }

  /** One delivery for each of these webhooks; part of the event's own transaction. */
  add(event: ServiceEvent, webhooks: readonly Webhook[]): void {
    const data = JSON.stringify(event.data);
    for (const { webhookId } of webhooks) {
      this.sql(
        `INSERT INTO deliveries (token, webhook_id, organization_id, event_id, name, at, data, state, waits_since)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?)`,
      ).run(newToken(), webhookId, event.organizationId, event.id, event.name, event.at, data, event.at);
    }
  }

  /** Those in which something waits. */
  lines(): Line[] {
    return this.sql<Line>(
      `SELECT DISTINCT webhook_id AS webhookId, organization_id AS organizationId FROM ${WAITING} WHERE state = 'waiting'`,
    ).all();
  }

  /** What goes next. */
  head({ webhookId, organizationId }: Line): Delivery | null {
    const row = this.sql<Row>(
      `SELECT * FROM ${WAITING} WHERE webhook_id = ? AND organization_id = ? AND state = 'waiting' ORDER BY seq LIMIT 1`,
    ).get(webhookId, organizationId);
    return row ? toDelivery(row) : null;
  }

  trouble({ webhookId, organizationId }: Line): Trouble | null {
    const row = this.sql<Trouble>(
      'SELECT failures, since, next_try_at AS nextTryAt FROM troubles WHERE webhook_id = ? AND organization_id = ?',
    ).get(webhookId, organizationId);
    return row ?? null;
  }

  delivered({ seq, ...line }: Delivery, now: number): void {
    this.together(() => {
      this.sql(
        `UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, last_try_at = ?, last_error = NULL, finished_at = ?
         WHERE seq = ?`,
      ).run(now, now, seq);
      this.endTrouble(line);
    });
  }

  failed({ seq, webhookId, organizationId }: Delivery, failure: Failure, trouble: Trouble): void {
    this.together(() => {
      this.sql('UPDATE deliveries SET attempts = attempts + 1, last_try_at = ?, last_error = ? WHERE seq = ?').run(
        failure.at,
        errorText(failure),
        seq,
      );
      this.sql('INSERT OR REPLACE INTO troubles VALUES (?, ?, ?, ?, ?)').run(
        webhookId,
        organizationId,
        trouble.failures,
        trouble.since,
        trouble.nextTryAt,
      );
    });
  }

  parkOne({ seq }: Delivery, now: number): number {
    return this.sql("UPDATE deliveries SET state = 'parked', finished_at = ? WHERE seq = ? AND state = 'waiting'").run(
      now,
      seq,
    ).changes;
  }

  /** Parks what has waited in a line since `upTo` or longer, at most AT_ONCE. Returns how many. */
  parkLine({ webhookId, organizationId }: Line, upTo: number, failure: Failure): number {
    return this.sql(
      `UPDATE deliveries SET state = 'parked', finished_at = ?, last_error = COALESCE(last_error, ?) WHERE seq IN (
         SELECT seq FROM ${WAITING} WHERE webhook_id = ? AND organization_id = ? AND state = 'waiting' AND waits_since <= ?
         ORDER BY seq LIMIT ${AT_ONCE})`,
    ).run(failure.at, errorText(failure), webhookId, organizationId, upTo).changes;
  }

  /** The next try of this line, or of all of this webhook's, is now. */
  endTrouble({ webhookId, organizationId }: { webhookId: string; organizationId?: OrganizationId }): void {
    if (organizationId === undefined) this.sql('DELETE FROM troubles WHERE webhook_id = ?').run(webhookId);
    else this.sql('DELETE FROM troubles WHERE webhook_id = ? AND organization_id = ?').run(webhookId, organizationId);
  }

  /** Parks the oldest of what waits of a webhook, all but `keep`, at most AT_ONCE. Returns how many. */
  parkOldest(webhookId: string, keep: number, now: number): number {
    const surplus = Math.min(AT_ONCE, keep === 0 ? AT_ONCE : this.count(webhookId, 'waiting') - keep);
    if (surplus <= 0) return 0;
    return this.sql(
      `UPDATE deliveries SET state = 'parked', finished_at = ? WHERE seq IN (
         SELECT seq FROM deliveries INDEXED BY deliveries_by_state WHERE webhook_id = ? AND state = 'waiting' ORDER BY seq LIMIT ?)`,
    ).run(now, webhookId, surplus).changes;
  }

  get(webhookId: string, deliveryId: string): Delivery | null {
    const seq = /^msg_[0-9a-f]{16}_(\d{1,15})$/.exec(deliveryId)?.[1];
    if (seq === undefined) return null;
    const row = this.sql<Row>('SELECT * FROM deliveries WHERE seq = ? AND webhook_id = ?').get(Number(seq), webhookId);
    return row && deliveryIdOf(row) === deliveryId ? toDelivery(row) : null;
  }

  /** Oldest first; `next` is the cursor of the following page, null at the end. */
  list(webhookId: string, { state, after = 0, limit }: DeliveryQuery): { deliveries: Delivery[]; next: number | null } {
    // Each state by its index, and put together here: an index for all of them would cost every event.
    const rows = (state ? [state] : DELIVERY_STATES)
      .flatMap((one) =>
        this.sql<Row>(
          `SELECT * FROM deliveries INDEXED BY deliveries_by_state WHERE webhook_id = ? AND state = ? AND seq > ? ORDER BY seq LIMIT ?`,
        ).all(webhookId, one, after, limit + 1),
      )
      .sort((a, b) => a.seq - b.seq);
    const page = rows.slice(0, limit);
    return { deliveries: page.map(toDelivery), next: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
  }

  /** Puts one back into its line, in its old place and with all of its time before it. */
  putBack({ seq }: Delivery, now: number): void {
    this.sql(`UPDATE deliveries SET state = 'waiting', waits_since = ?, finished_at = NULL WHERE seq = ?`).run(
      now,
      seq,
    );
  }

  /** The same for the oldest of what is parked, at most 2000; returns how many, and in which lines. */
  putBackParked(webhookId: string, now: number): { count: number; lines: Line[] } {
    const rows = this.sql<{ organizationId: OrganizationId }>(
      `UPDATE deliveries SET state = 'waiting', waits_since = ?, finished_at = NULL WHERE seq IN (
         SELECT seq FROM deliveries WHERE webhook_id = ? AND state = 'parked' ORDER BY seq LIMIT ${AT_ONCE})
       RETURNING organization_id AS organizationId`,
    ).all(now, webhookId);
    const organizations = new Set(rows.map(({ organizationId }) => organizationId));
    return {
      count: rows.length,
      lines: [...organizations].map((organizationId) => ({ webhookId, organizationId })),
    };
  }

  /** Reads the indexes of what waits and what is parked: about 1 ms for ten thousand of them. */
  backlog(webhookId: string): Backlog {
    const next = this.sql<{ at: number | null }>(
      'SELECT min(next_try_at) AS at FROM troubles WHERE webhook_id = ?',
    ).get(webhookId);
    const waiting = this.count(webhookId, 'waiting');
    return { waiting, parked: this.count(webhookId, 'parked'), nextTryAt: waiting > 0 ? (next?.at ?? null) : null };
  }

  depth(now: number): WebhookDepth {
    const waiting = this.sql<{ n: number; oldest: number | null }>(
      `SELECT count(*) AS n, min(waits_since) AS oldest FROM ${WAITING} WHERE state = 'waiting'`,
    ).get();
    const parked = this.sql<{ n: number }>(`SELECT count(*) AS n FROM deliveries WHERE state = 'parked'`).get();
    return {
      waiting: waiting?.n ?? 0,
      parked: parked?.n ?? 0,
      oldestWaitingAgeMs: waiting?.oldest == null ? 0 : Math.max(0, now - waiting.oldest),
    };
  }

  /** Removes what was delivered or parked before, at most AT_ONCE. Returns how many. */
  erase(before: number): number {
    return this.sql(
      `DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE finished_at < ? LIMIT ${AT_ONCE})`,
    ).run(before).changes;
  }

  /** Removes what belongs to a webhook that is not there any more, at most AT_ONCE. Returns how many. */
  eraseOrphans(isKnown: (webhookId: string) => boolean): number {
    for (let last = ''; ;) {
      // From one webhook to the next by the index, however many deliveries each has.
      const next = this.sql<{ id: string | null }>(
        'SELECT min(webhook_id) AS id FROM deliveries INDEXED BY deliveries_by_state WHERE webhook_id > ?',
      ).get(last)?.id;
      if (next == null) return 0;
      if (!isKnown(next)) {
        return this.sql(
          `DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE webhook_id = ? LIMIT ${AT_ONCE})`,
        ).run(next).changes;
      }
      last = next;
    }
  }

  private count(webhookId: string, state: DeliveryState): number {
    const row = this.sql<{ n: number }>(
      'SELECT count(*) AS n FROM deliveries INDEXED BY deliveries_by_state WHERE webhook_id = ? AND state = ?',
    ).get(webhookId, state);
    return row?.n ?? 0;
  }

  private sql<T = unknown>(text: string): Database.Statement<unknown[], T> {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.database.prepare(text);
      this.statements.set(text, statement);
    }
    return statement as Database.Statement<unknown[], T>;
  }
}

/**
 * Random, and not its number alone: a receiver that remembers ids for years must not take a new event for an old one after DATA_DIR was lost.
 * Its number stands behind it, so that nothing has to be indexed by it.
 */
function newToken(): string {
  return randomBytes(8).toString('hex');
}

function deliveryIdOf({ token, seq }: Row): string {
  return `msg_${token}_${seq}`;
}

function errorText({ code, httpStatus, reason }: Failure): string {
  return JSON.stringify({ code, httpStatus, reason });
}

function toDelivery(row: Row): Delivery {
  return {
    seq: row.seq,
    deliveryId: deliveryIdOf(row),
    webhookId: row.webhook_id,
    organizationId: row.organization_id,
    eventId: row.event_id,
    name: row.name,
    at: row.at,
    data: JSON.parse(row.data) as Record<string, unknown>,
    state: row.state,
    attempts: row.attempts,
    waitsSince: row.waits_since,
    lastTryAt: row.last_try_at,
    lastError: row.last_error === null ? null : (JSON.parse(row.last_error) as Delivery['lastError']),
    finishedAt: row.finished_at,
  };
}
