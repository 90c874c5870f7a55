import type Database from 'better-sqlite3';
import type { OrganizationId } from '../../organization-id.js';
import type { UndeliveredStore } from '../ports.js';
import { durably } from './events-database.js';

/** What the watch for undelivered messages remembers. */
export class SqliteUndeliveredStore implements UndeliveredStore {
  private readonly statements: ReturnType<typeof statementsFor>;

  constructor(private readonly database: Database.Database) {
    this.statements = statementsFor(database);
  }

  async delays(): Promise<ReadonlyMap<OrganizationId, number>> {
    const rows = this.statements.delays.all() as { id: OrganizationId; ms: number }[];
    return new Map(rows.map(({ id, ms }) => [id, ms]));
  }

  async saveDelay(organizationId: OrganizationId, afterMs: number | null): Promise<void> {
    const { removeDelay, setDelay, allDue } = this.statements;
    durably(this.database, () => {
      if (afterMs === null) removeDelay.run(organizationId);
      else setDelay.run(organizationId, afterMs);
      allDue.run(organizationId);
    });
  }

  async place(): Promise<number | null> {
    return (this.statements.place.get() as { seq: number } | undefined)?.seq ?? null;
  }

  async savePlace(place: number): Promise<void> {
    this.statements.setPlace.run(place);
  }

  async lookLater(messageId: string, organizationId: OrganizationId, at: number): Promise<void> {
    this.statements.later.run(messageId, organizationId, at);
  }

  async due(now: number, most: number): Promise<string[]> {
    return (this.statements.due.all(now, most) as { id: string }[]).map(({ id }) => id);
  }

  async forget(messageId: string): Promise<void> {
    this.statements.forget.run(messageId);
  }

  async wasTold(messageId: string): Promise<boolean> {
    return this.statements.wasTold.get(messageId) !== undefined;
  }

  async forgetTold(before: number): Promise<void> {
    this.statements.forgetTold.run(before);
  }

  /** Part of the event's own transaction. @throws when it was told before */
  noteTold(messageId: string, at: number): void {
    this.statements.told.run(messageId, at);
    this.statements.forget.run(messageId);
  }
}

function statementsFor(database: Database.Database) {
  return {
    delays: database.prepare('SELECT organization_id AS id, after_ms AS ms FROM undelivered_settings'),
    setDelay: database.prepare('INSERT OR REPLACE INTO undelivered_settings VALUES (?, ?)'),
    removeDelay: database.prepare('DELETE FROM undelivered_settings WHERE organization_id = ?'),
    allDue: database.prepare('UPDATE undelivered_later SET look_at = 0 WHERE organization_id = ?'),
    place: database.prepare('SELECT seq FROM undelivered_looked'),
    setPlace: database.prepare('INSERT OR REPLACE INTO undelivered_looked VALUES (1, ?)'),
    later: database.prepare('INSERT OR REPLACE INTO undelivered_later VALUES (?, ?, ?)'),
    due: database.prepare('SELECT message_id AS id FROM undelivered_later WHERE look_at <= ? ORDER BY look_at LIMIT ?'),
    forget: database.prepare('DELETE FROM undelivered_later WHERE message_id = ?'),
    told: database.prepare('INSERT INTO undelivered_told VALUES (?, ?)'),
    wasTold: database.prepare('SELECT 1 FROM undelivered_told WHERE message_id = ?'),
    forgetTold: database.prepare('DELETE FROM undelivered_told WHERE at < ?'),
  };
}
