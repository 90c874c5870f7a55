import type { OrganizationId } from '../../organization-id.js';
import type { MessageQuery, OutboxMessage, PendingMessage } from '../../outbox/outbox-message.js';
import type { AcceptedMessage, AcceptedTimes } from '../ports.js';
import { toMessage, toPending, toRow, waits, type StoredRow } from './outbox-rows.js';
import type { Statements } from './statements.js';

/**
 * The index of what waits. SQLite prefers the one of all of an organization's messages if it is not told, and reads
 * through a million finished ones; it refuses the query when the states do not stand in it literally, as in
 * `STILL_WAITS`.
 */
export const WAITING = 'INDEXED BY messages_pending';
export const STILL_WAITS = "state IN ('queued', 'sending')";

/** How many messages a page of a list looks at for those of a state; some 10 ms. */
const LIST_SCAN = 5000;

/** Reads many messages. */
export class OutboxLists {
  constructor(private readonly statements: Statements) {}

  /** As `OutboxStore.list`; stops after LIST_SCAN messages, so that a page never holds up the process. */
  page(query: MessageQuery): { messages: OutboxMessage[]; next: number | null } {
    const states = query.states ?? [];
    const [beyond, upTo, order, begin] = query.newestFirst
      ? (['<', '>=', 'DESC', Number.MAX_SAFE_INTEGER] as const)
      : (['>', '<=', 'ASC', 0] as const);
    const where = `organization_id = ? AND seq ${beyond} ? ${query.phone === undefined ? '' : 'AND phone = ?'}`;
    const values = [query.organizationId, query.after ?? begin, ...(query.phone === undefined ? [] : [query.phone])];
    const waitingOnly = states.length > 0 && states.every((state) => waits({ state }));
    const end =
      states.length === 0 || waitingOnly
        ? undefined
        : this.statements
            .sql<{ seq: number }>(`SELECT seq FROM messages WHERE ${where} ORDER BY seq ${order} LIMIT 1 OFFSET ?`)
            .get(...values, LIST_SCAN - 1);
    const rows = this.statements
      .sql<StoredRow>(
        `SELECT * FROM messages ${waitingOnly ? WAITING : ''} WHERE ${where}
         ${states.length === 0 ? '' : `AND state IN (${states.map(() => '?').join(', ')})`}
         ${waitingOnly ? `AND ${STILL_WAITS}` : ''}
         ${end === undefined ? '' : `AND seq ${upTo} ?`}
         ORDER BY seq ${order} LIMIT ?`,
      )
      .all(...values, ...states, ...(end === undefined ? [] : [end.seq]), query.limit + 1);
    const page = rows.slice(0, query.limit);
    const next = rows.length > query.limit ? page.at(-1)?.seq : end?.seq;
    return { messages: page.map((row) => toMessage(toRow(row))), next: next ?? null };
  }

  waiting(): PendingMessage[] {
    return this.statements
      .sql<StoredRow>(`SELECT * FROM messages ${WAITING} WHERE ${STILL_WAITS} ORDER BY seq`)
      .all()
      .map((row) => toPending(toRow(row)));
  }

  overdue(now: number, limit: number): string[] {
    return this.statements
      .sql<{ id: string }>(
        `SELECT message_id AS id FROM messages WHERE state = 'queued' AND expires_at <= ?
         ORDER BY expires_at LIMIT ?`,
      )
      .all(now, limit)
      .map(({ id }) => id);
  }

  newest(limit: number): OutboxMessage[] {
    return this.statements
      .sql<StoredRow>('SELECT * FROM messages ORDER BY seq DESC LIMIT ?')
      .all(limit)
      .map((row) => toMessage(toRow(row)));
  }

  acceptedAfter(seq: number, until: number, limit: number): AcceptedMessage[] {
    const found: AcceptedMessage[] = [];
    const rows = this.statements.sql<StoredRow>('SELECT * FROM messages WHERE seq > ? ORDER BY seq LIMIT ?');
    for (const row of rows.iterate(seq, limit)) {
      // What was accepted since then is not read every time.
      if (row.created_at > until) break;
      found.push({ seq: row.seq, message: toMessage(toRow(row)) });
    }
    return found;
  }

  lastSeq(): number {
    const last = this.statements.sql<{ seq: number | null }>('SELECT max(seq) AS seq FROM messages').get();
    return last?.seq ?? 0;
  }

  acceptedBefore(
    seq: number | null,
    limit: number,
    organizationId?: OrganizationId,
  ): (AcceptedTimes & { seq: number })[] {
    const columns = 'SELECT seq, created_at AS createdAt, times FROM messages';
    const newestFirst = 'seq < ? ORDER BY seq DESC LIMIT ?';
    const before = seq ?? Number.MAX_SAFE_INTEGER;
    type Times = { seq: number; createdAt: number; times: string };
    const rows =
      organizationId === undefined
        ? this.statements.sql<Times>(`${columns} WHERE ${newestFirst}`).all(before, limit)
        : this.statements
            .sql<Times>(`${columns} INDEXED BY messages_by_organization WHERE organization_id = ? AND ${newestFirst}`)
            .all(organizationId, before, limit);
    return rows.map(({ times, ...row }) => ({ ...row, times: JSON.parse(times) as AcceptedTimes['times'] }));
  }
}
