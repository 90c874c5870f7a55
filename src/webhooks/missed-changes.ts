import type Database from 'better-sqlite3';
import type { EventData } from '../events/catalogue.js';
import type { EventLedger } from '../events/event-ledger.js';
import type { OrganizationId } from '../organization-id.js';
import type { MessageState } from '../outbox/outbox-message.js';

/**
 * How long before the newest event it is looked for changes that were not told, ms: the ledger is not synced at each
 * event, and a power cut takes what the system had not written yet, some thirty seconds at most.
 */
const LOOK_BACK_MS = 60_000;
/**
 * The newest messages that are looked at: some 20 ms at a start. Who has sent more within a minute was not at its
 * usual pace.
 */
const MESSAGES = 5000;
/** Events read at a time. */
const PAGE = 1000;

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
  readonly ledger: Pick<EventLedger, 'list' | 'tell'>;
  /** Only read. */
  readonly outboxDatabase: Database.Database;
}

/**
 * Tells what the outbox knows and the ledger does not: a kill may come between the two, and a power cut may take an
 * event whose message's change was synced. Called at a start, before anything else is told. Resolves with how many
 * there were.
 */
export async function tellMissedChanges({ ledger, outboxDatabase }: Parts): Promise<number> {
  const [newest] = await ledger.list({ newestFirst: true, limit: 1 });
  // A ledger that is new, or was lost, begins now: it does not tell the past.
  if (!newest) return 0;
  const since = newest.at - LOOK_BACK_MS;
  const changes = changesSince(outboxDatabase, since);
  if (changes.length === 0) return 0;
  const told = await toldSince(ledger, since - LOOK_BACK_MS);
  const begins = oldestKept(ledger);
  let missed = 0;
  for (const { row, state, at } of changes) {
    if (told.has(`${row.messageId} ${state}`)) continue;
    // What is older than all that is kept of its organization may have been told and forgotten.
    if (at < (await begins(row.organizationId))) continue;
    const isLast = state === row.state;
    await ledger.tell('message.status', row.organizationId, {
      message_id: row.messageId,
      status: state,
      error_code: isLast ? row.errorCode : null,
      ack_code: isLast ? row.ackCode : null,
    });
    missed += 1;
  }
  return missed;
}

/** Every change of a message since then, in their order. That it was accepted is no event. */
function changesSince(outboxDatabase: Database.Database, since: number): Change[] {
  const rows = outboxDatabase
    .prepare(
      `SELECT message_id AS messageId, organization_id AS organizationId, state, error_code AS errorCode,
         ack_code AS ackCode, times
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
async function toldSince(ledger: Parts['ledger'], since: number): Promise<Set<string>> {
  const told = new Set<string>();
  for (let after: number | undefined; ;) {
    const events = await ledger.list({ newestFirst: true, after, limit: PAGE });
    for (const { name, at, data } of events) {
      if (at < since) return told;
      if (name !== 'message.status') continue;
      const { message_id: id, status } = data as EventData<'message.status'>;
      told.add(`${id} ${status}`);
    }
    if (events.length < PAGE) return told;
    after = events.at(-1)?.id;
  }
}

/** When the oldest event that is kept of an organization happened; 0 when there is none. */
function oldestKept(ledger: Parts['ledger']): (organizationId: OrganizationId) => Promise<number> {
  const known = new Map<OrganizationId, number>();
  return async (organizationId) => {
    let at = known.get(organizationId);
    if (at === undefined) {
      const [oldest] = await ledger.list({ organizationId, limit: 1 });
      at = oldest?.at ?? 0;
      known.set(organizationId, at);
    }
    return at;
  };
}
