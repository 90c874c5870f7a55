import type Database from 'better-sqlite3';
import type { EventData, EventName, ServiceEvent } from '../../events/catalogue.js';
import type { OrganizationId } from '../../organization-id.js';
import type { EventQuery, LedgerStore, NewEvent } from '../ports.js';
import type { SqliteDeliveryStore } from './delivery-store.js';
import type { SqliteUndeliveredStore } from './undelivered-store.js';

interface Row {
  id: number;
  organization_id: OrganizationId;
  name: string;
  at: number;
  data: string;
}

/** The table of events. Commits in the call itself, so the order of calls is the order of commits. */
export class SqliteLedgerStore implements LedgerStore {
  private readonly statements: ReturnType<typeof statementsFor>;
  private readonly together: <T>(work: () => T) => T;

  constructor(
    database: Database.Database,
    private readonly deliveries: SqliteDeliveryStore,
    private readonly undelivered: SqliteUndeliveredStore,
  ) {
    this.statements = statementsFor(database);
    this.together = database.transaction((work: () => unknown) => work()) as <T>(work: () => T) => T;
  }

  async append(events: readonly NewEvent[]): Promise<ServiceEvent[]> {
    return this.together(() => events.map((event) => this.add(event)));
  }

  async list({ organizationId, after, newestFirst = false, limit }: EventQuery): Promise<ServiceEvent[]> {
    const begin = after ?? (newestFirst ? Number.MAX_SAFE_INTEGER : 0);
    const { ofAll, ofOne } = this.statements[newestFirst ? 'newest' : 'oldest'];
    const rows = organizationId === undefined ? ofAll.all(begin, limit) : ofOne.all(organizationId, begin, limit);
    return rows.map((row) => toEvent(row as Row));
  }

  async hasReceived(organizationId: OrganizationId, messageId: string): Promise<boolean> {
    return this.statements.received.get(organizationId, messageId) !== undefined;
  }

  async prune(organizationId: OrganizationId, keep: number): Promise<void> {
    this.together(() => {
      const oldest = this.statements.oldestKept.get(organizationId, keep - 1) as { id: number; at: number } | undefined;
      if (!oldest) return;
      const { changes } = this.statements.forget.run(organizationId, oldest.id);
      if (changes > 0) this.statements.noteKeptFrom.run(organizationId, oldest.at);
    });
  }

  async completeFrom(organizationId?: OrganizationId): Promise<number | null> {
    const { keptFromOfAll, keptFrom } = this.statements;
    const row = organizationId === undefined ? keptFromOfAll.get() : keptFrom.get(organizationId);
    return (row as { at: number | null } | undefined)?.at ?? null;
  }

  /** Within a transaction. */
  private add({ fact, webhookIds }: NewEvent): ServiceEvent {
    const { organizationId, name, at } = fact;
    const data = JSON.stringify(fact.data);
    const id = Number(this.statements.insert.run(organizationId, name, at, data).lastInsertRowid);
    if (name === 'message.undelivered') {
      const { message_id: messageId } = fact.data as EventData<'message.undelivered'>;
      this.undelivered.noteTold(messageId, at);
    }
    for (const webhookId of webhookIds) this.deliveries.add(webhookId, { ...fact, id }, data);
    return { ...fact, id };
  }
}

function statementsFor(database: Database.Database) {
  return {
    insert: database.prepare('INSERT INTO events (organization_id, name, at, data) VALUES (?, ?, ?, ?)'),
    oldestKept: database.prepare(
      'SELECT id, at FROM events WHERE organization_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?',
    ),
    forget: database.prepare('DELETE FROM events WHERE organization_id = ? AND id < ?'),
    noteKeptFrom: database.prepare(
      'INSERT INTO pruned VALUES (?, ?) ON CONFLICT (organization_id) DO UPDATE SET kept_from = excluded.kept_from',
    ),
    keptFrom: database.prepare('SELECT kept_from AS at FROM pruned WHERE organization_id = ?'),
    keptFromOfAll: database.prepare('SELECT max(kept_from) AS at FROM pruned'),
    oldest: {
      ofAll: database.prepare('SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?'),
      ofOne: database.prepare('SELECT * FROM events WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?'),
    },
    newest: {
      ofAll: database.prepare('SELECT * FROM events WHERE id < ? ORDER BY id DESC LIMIT ?'),
      ofOne: database.prepare('SELECT * FROM events WHERE organization_id = ? AND id < ? ORDER BY id DESC LIMIT ?'),
    },
    received: database.prepare(
      `SELECT 1 FROM events
       WHERE organization_id = ? AND name = 'message.received' AND json_extract(data, '$.message_id') = ?`,
    ),
  };
}

function toEvent(row: Row): ServiceEvent {
  return {
    id: row.id,
    name: row.name as EventName,
    organizationId: row.organization_id,
    at: row.at,
    data: JSON.parse(row.data) as EventData<EventName>,
  };
}
