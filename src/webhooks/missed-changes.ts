import type Database from 'better-sqlite3';
import type { EventLedger } from '../events/event-ledger.js';
import type { OrganizationId } from '../organization-id.js';
import type { MessageState } from '../outbox/outbox-message.js';

/**
 * How long before the newest event it is looked for changes that were not told, ms: the ledger is not synced at each event, and a power cut
 * takes what the system had not written yet, some thirty seconds at most.
 */
const LOOK_BACK_MS = 60_000;
/** The newest messages that are looked at: some 20 ms at a start. Who has sent more within a minute was not at its usual pace. */
const MESSAGES = 5000;

interface Row {
  readonly messageId: string;
  readonly organizationId: OrganizationId;
  readonly state: MessageState;
  readonly errorCode: string | null;
  readonly ackCode: number | null;
  readonly times: string;
}

interface Change {
  readonly row: Row;
  readonly state: MessageState;
  readonly at: number;
}

interface Parts {
  readonly ledger: EventLedger;
  /** Of the events. */
  readonly database: Database.Database;
  /** Only read. */
  readonly outboxDatabase: Database.Database;
}

/**
 * Tells what the outbox knows and the ledger does not: a kill may come between the two, and a power cut may take an event whose message's
 * change was synced. Called at a start, before anything else is told. Returns how many there were.
 */
export function tellMissedChanges({ ledger, database, outboxDatabase }: Parts): number {
  const newest = database.prepare('SELECT at FROM events ORDER BY id DESC LIMIT 1').get() as { at: number } | undefined;
  // A ledger that is new, or was lost, begins now: it does not tell the past.
  if (!newest) return 0;
  const since = newest.at - LOOK_BACK_MS;
  const changes = changesSince(outboxDatabase, since);
  if (changes.length === 0) return 0;
  const told = toldSince(database, since - LOOK_BACK_MS);
  const begins = oldestKept(database);
  const missed = changes.filter(
    ({ row, state, at }) =>
      !told.has(`${row.messageId} ${state}`) &&
      // What is older than all that is kept of its organization may have been told and forgotten.
      at >= begins(row.organizationId),
  );
  for (const { row, state } of missed) {
    const isLast = state === row.state;
    ledger.tell('message.status', row.organizationId, {
      message_id: row.messageId,
      status: state,
      error_code: isLast ? row.errorCode : null,
      ack_code: isLast ? row.ackCode : null,
    });
  }
  return missed.length;
}

/** Every change of a message since then, in their order. That it was accepted is no event. */
function changesSince(outboxDatabase: Database.Database, since: number): Change[] {
  const rows = outboxDatabase
    .prepare(
      `SELECT message_id AS messageId, organization_id AS organizationId, state, error_code AS errorCode, ack_code AS ackCode, times
       FROM messages ORDER BY seq DESC LIMIT ?`,
    )
    .all(MESSAGES) as Row[];
  return rows
    .reverse()
    .flatMap((row) =>
      Object.entries(JSON.parse(row.times) as Record<MessageState, number>).map(([state, at]) => ({
        row,
        state: state as MessageState,
        at,
      })),
    )
    .filter(({ state, at }) => state !== 'queued' && at >= since)
    .sort((a, b) => a.at - b.at);
}

/** `3EB0… sent`, of every change that was told since then. */
function toldSince(database: Database.Database, since: number): Set<string> {
  const told = new Set<string>();
  for (const row of database.prepare('SELECT name, at, data FROM events ORDER BY id DESC').iterate()) {
    const { name, at, data } = row as { name: string; at: number; data: string };
    if (at < since) break;
    if (name !== 'message.status') continue;
    const { message_id: id, status } = JSON.parse(data) as { message_id: string; status: string };
    told.add(`${id} ${status}`);
  }
  return told;
}

/** When the oldest event that is kept of an organization happened; 0 when there is none. */
function oldestKept(database: Database.Database): (organizationId: OrganizationId) => number {
  const first = database.prepare('SELECT at FROM events WHERE organization_id = ? ORDER BY id LIMIT 1');
  const known = new Map<OrganizationId, number>();
  return (organizationId) => {
    let at = known.get(organizationId);
    if (at === undefined) {
      at = (first.get(organizationId) as { at: number } | undefined)?.at ?? 0;
      known.set(organizationId, at);
    }
    return at;
  };
}
