import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { EventName, ServiceEvent } from '../../events/catalogue.js';
import type { OrganizationId } from '../../organization-id.js';
import type {
  Backlog,
  Delivery,
  DeliveryQuery,
  DeliveryState,
  Failure,
  Line,
  Trouble,
  WebhookDepth,
} from '../../webhooks/webhook.js';
import type { DeliveryStore } from '../ports.js';

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

const STATES = Object.keys({ waiting: true, delivered: true, parked: true } satisfies Record<
  DeliveryState,
  true
>) as DeliveryState[];

/**
 * Named where it matters: SQLite may prefer another, and then reads through all that waits of a webhook, or through
 * all there is.
 */
const WAITING = 'deliveries INDEXED BY deliveries_waiting';

/** The tables of deliveries, and of lines in trouble. */
export class SqliteDeliveryStore implements DeliveryStore {
  private readonly statements = new Map<string, Database.Statement>();
  private readonly together: <T>(work: () => T) => T;

  constructor(private readonly database: Database.Database) {
    this.together = database.transaction((work: () => unknown) => work()) as <T>(work: () => T) => T;
  }

  /** Part of the event's own transaction. `data` is the event's, as JSON. */
  add(webhookId: string, { id, organizationId, name, at }: ServiceEvent, data: string): void {
    this.sql(
      `INSERT INTO deliveries (token, webhook_id, organization_id, event_id, name, at, data, state, waits_since)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?)`,
    ).run(newToken(), webhookId, organizationId, id, name, at, data, at);
  }

  async lines(): Promise<Line[]> {
    return this.sql<Line>(
      `SELECT DISTINCT webhook_id AS webhookId, organization_id AS organizationId FROM ${WAITING}
       WHERE state = 'waiting'`,
    ).all();
  }

  async head({ webhookId, organizationId }: Line): Promise<Delivery | null> {
    const row = this.sql<Row>(
      `SELECT * FROM ${WAITING} WHERE webhook_id = ? AND organization_id = ? AND state = 'waiting'
       ORDER BY seq LIMIT 1`,
    ).get(webhookId, organizationId);
    return row ? toDelivery(row) : null;
  }

  async trouble({ webhookId, organizationId }: Line): Promise<Trouble | null> {
    const row = this.sql<Trouble>(
      'SELECT failures, since, next_try_at AS nextTryAt FROM troubles WHERE webhook_id = ? AND organization_id = ?',
    ).get(webhookId, organizationId);
    return row ?? null;
  }

  async noteDelivered({ seq, webhookId, organizationId }: Delivery, at: number): Promise<void> {
    this.together(() => {
      this.sql(
        `UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, last_try_at = ?, last_error = NULL,
         finished_at = ? WHERE seq = ?`,
      ).run(at, at, seq);
      this.removeTrouble(webhookId, organizationId);
      this.sql('UPDATE webhooks SET last_delivered_at = ? WHERE webhook_id = ?').run(at, webhookId);
    });
  }

  async noteFailed({ seq, webhookId, organizationId }: Delivery, failure: Failure, trouble: Trouble): Promise<void> {
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
      this.sql('UPDATE webhooks SET last_failure = ? WHERE webhook_id = ?').run(JSON.stringify(failure), webhookId);
    });
  }

  async endTrouble({ webhookId, organizationId }: Parameters<DeliveryStore['endTrouble']>[0]): Promise<void> {
    this.removeTrouble(webhookId, organizationId);
  }

  async parkOne({ seq }: Delivery, now: number): Promise<number> {
    return this.sql("UPDATE deliveries SET state = 'parked', finished_at = ? WHERE seq = ? AND state = 'waiting'").run(
      now,
      seq,
    ).changes;
  }

  async parkLine(line: Line, upTo: number, failure: Failure, most: number): Promise<number> {
    return this.sql(
      `UPDATE deliveries SET state = 'parked', finished_at = ?, last_error = COALESCE(last_error, ?) WHERE seq IN (
         SELECT seq FROM ${WAITING} WHERE webhook_id = ? AND organization_id = ? AND state = 'waiting'
         AND waits_since <= ? ORDER BY seq LIMIT ?)`,
    ).run(failure.at, errorText(failure), line.webhookId, line.organizationId, upTo, most).changes;
  }

  async parkOldest(webhookId: string, keep: number, now: number, most: number): Promise<number> {
    const surplus = Math.min(most, keep === 0 ? most : this.count(webhookId, 'waiting') - keep);
    if (surplus <= 0) return 0;
    return this.sql(
      `UPDATE deliveries SET state = 'parked', finished_at = ? WHERE seq IN (
         SELECT seq FROM deliveries INDEXED BY deliveries_by_state WHERE webhook_id = ? AND state = 'waiting'
         ORDER BY seq LIMIT ?)`,
    ).run(now, webhookId, surplus).changes;
  }

  async putBack({ seq }: Delivery, now: number): Promise<void> {
    this.sql(`UPDATE deliveries SET state = 'waiting', waits_since = ?, finished_at = NULL WHERE seq = ?`).run(
      now,
      seq,
    );
  }

  async putBackParked(webhookId: string, now: number, most: number): Promise<{ count: number; lines: Line[] }> {
    const rows = this.sql<{ organizationId: OrganizationId }>(
      `UPDATE deliveries SET state = 'waiting', waits_since = ?, finished_at = NULL WHERE seq IN (
         SELECT seq FROM deliveries WHERE webhook_id = ? AND state = 'parked' ORDER BY seq LIMIT ?)
       RETURNING organization_id AS organizationId`,
    ).all(now, webhookId, most);
    const organizations = new Set(rows.map(({ organizationId }) => organizationId));
    return {
      count: rows.length,
      lines: [...organizations].map((organizationId) => ({ webhookId, organizationId })),
    };
  }

  async get(webhookId: string, deliveryId: string): Promise<Delivery | null> {
    const seq = /^msg_[0-9a-f]{16}_(\d{1,15})$/.exec(deliveryId)?.[1];
    if (seq === undefined) return null;
    const row = this.sql<Row>('SELECT * FROM deliveries WHERE seq = ? AND webhook_id = ?').get(Number(seq), webhookId);
    return row && deliveryIdOf(row) === deliveryId ? toDelivery(row) : null;
  }

  async list(
    webhookId: string,
    { state, after = 0, limit }: DeliveryQuery,
  ): Promise<{ deliveries: Delivery[]; next: number | null }> {
    // Each state by its index, and put together here: an index for all of them would cost every event.
    const rows = (state ? [state] : STATES)
      .flatMap((one) =>
        this.sql<Row>(
          `SELECT * FROM deliveries INDEXED BY deliveries_by_state
           WHERE webhook_id = ? AND state = ? AND seq > ? ORDER BY seq LIMIT ?`,
        ).all(webhookId, one, after, limit + 1),
      )
      .sort((a, b) => a.seq - b.seq);
    const page = rows.slice(0, limit);
    return { deliveries: page.map(toDelivery), next: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
  }

  /** Reads the indexes of what waits and what is parked: about 1 ms for ten thousand of them. */
  async backlog(webhookId: string): Promise<Backlog> {
    const next = this.sql<{ at: number | null }>(
      'SELECT min(next_try_at) AS at FROM troubles WHERE webhook_id = ?',
    ).get(webhookId);
    const waiting = this.count(webhookId, 'waiting');
    return { waiting, parked: this.count(webhookId, 'parked'), nextTryAt: waiting > 0 ? (next?.at ?? null) : null };
  }

  async depth(now: number): Promise<WebhookDepth> {
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

  async erase(before: number, most: number): Promise<number> {
    return this.sql(
      'DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE finished_at < ? LIMIT ?)',
    ).run(before, most).changes;
  }

  async eraseOrphans(most: number): Promise<number> {
    for (let last = ''; ;) {
      // From one webhook to the next by the index, however many deliveries each has.
      const next = this.sql<{ id: string | null; isKnown: number }>(
        `SELECT id, id IN (SELECT webhook_id FROM webhooks) AS isKnown FROM (
           SELECT min(webhook_id) AS id FROM deliveries INDEXED BY deliveries_by_state WHERE webhook_id > ?)`,
      ).get(last);
      if (next?.id == null) return 0;
      if (!next.isKnown) {
        return this.sql(
          'DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE webhook_id = ? LIMIT ?)',
        ).run(next.id, most).changes;
      }
      last = next.id;
    }
  }

  private removeTrouble(webhookId: string, organizationId: OrganizationId | undefined): void {
    if (organizationId === undefined) this.sql('DELETE FROM troubles WHERE webhook_id = ?').run(webhookId);
    else this.sql('DELETE FROM troubles WHERE webhook_id = ? AND organization_id = ?').run(webhookId, organizationId);
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
 * Random, and not its number alone: a receiver that remembers ids for years must not take a new event for an old one
 * after DATA_DIR was lost. Its number stands behind it, so that nothing has to be indexed by it.
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
