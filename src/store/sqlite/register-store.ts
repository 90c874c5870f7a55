import type Database from 'better-sqlite3';
import type { OrganizationId } from '../../organization-id.js';
import type { CleaningRecord, LogoutRecord } from '../../session/session-view.js';
import { CLEANINGS_KEPT, type OrganizationRecord, type RegisterStore, type WantedState } from '../ports/register.js';
import { openDatabase } from './open-database.js';

const MIGRATIONS = [
  `CREATE TABLE organizations (
     organization_id TEXT PRIMARY KEY,
     wanted TEXT NOT NULL CHECK (wanted IN ('running', 'stopped', 'logged_out'))
   ) STRICT;
   CREATE TABLE cleanings (
     organization_id TEXT NOT NULL,
     at INTEGER NOT NULL,
     reason TEXT NOT NULL,
     automatic INTEGER NOT NULL,
     backup TEXT
   ) STRICT;
   CREATE INDEX cleanings_by_organization ON cleanings (organization_id, at);`,
  `CREATE TABLE paired (organization_id TEXT PRIMARY KEY, first_at INTEGER NOT NULL) STRICT;`,
  `CREATE TABLE logouts (
     organization_id TEXT PRIMARY KEY,
     at INTEGER NOT NULL,
     outcome TEXT NOT NULL,
     backup TEXT
   ) STRICT;`,
];

const READ_WANTED = 'SELECT wanted FROM organizations WHERE organization_id = ?';
const READ_LOGOUT = 'SELECT at, outcome, backup FROM logouts WHERE organization_id = ?';
const READ_PAIRED = 'SELECT 1 FROM paired WHERE organization_id = ?';
const READ_CLEANINGS = `SELECT at, reason, automatic, backup FROM cleanings
  WHERE organization_id = ? ORDER BY at DESC, rowid DESC LIMIT ${CLEANINGS_KEPT.most}`;
const SET_WANTED = `INSERT INTO organizations VALUES (?, ?)
  ON CONFLICT (organization_id) DO UPDATE SET wanted = excluded.wanted`;

type CleaningRow = Omit<CleaningRecord, 'automatic'> & { readonly automatic: number };

/** The register in one SQLite file of DATA_DIR. A write is on disk when the call returns. */
export class SqliteRegisterStore implements RegisterStore {
  private readonly statements = new Map<string, Database.Statement>();

  private constructor(private readonly database: Database.Database) {}

  /** @throws when the directory cannot be written, or holds what a newer version wrote */
  static async open(directory: string): Promise<SqliteRegisterStore> {
    return new SqliteRegisterStore(openDatabase(directory, 'service.sqlite', MIGRATIONS));
  }

  async load(id: OrganizationId): Promise<OrganizationRecord> {
    const wanted = this.sql(READ_WANTED).get(id) as { wanted: WantedState } | undefined;
    const cleanings = this.sql(READ_CLEANINGS).all(id) as CleaningRow[];
    return {
      wanted: wanted?.wanted ?? null,
      lastLogout: (this.sql(READ_LOGOUT).get(id) as LogoutRecord | undefined) ?? null,
      wasEverPaired: this.sql(READ_PAIRED).get(id) !== undefined,
      cleanings: cleanings.map((row) => ({ ...row, automatic: row.automatic === 1 })),
    };
  }

  async organizations(): Promise<OrganizationId[]> {
    const rows = this.sql('SELECT organization_id AS id FROM organizations ORDER BY id').all();
    return (rows as { id: OrganizationId }[]).map(({ id }) => id);
  }

  async setWanted(id: OrganizationId, wanted: WantedState): Promise<void> {
    this.sql(SET_WANTED).run(id, wanted);
  }

  async loggedOut(id: OrganizationId, { at, outcome, backup }: LogoutRecord): Promise<void> {
    this.atOnce(() => {
      this.sql(SET_WANTED).run(id, 'logged_out');
      this.sql('INSERT OR REPLACE INTO logouts VALUES (?, ?, ?, ?)').run(id, at, outcome, backup);
    });
  }

  async markPaired(id: OrganizationId, now: number): Promise<void> {
    this.atOnce(() => {
      this.sql('INSERT OR IGNORE INTO paired VALUES (?, ?)').run(id, now);
      this.sql('DELETE FROM logouts WHERE organization_id = ?').run(id);
    });
  }

  async recordCleaning(id: OrganizationId, { at, reason, automatic, backup }: CleaningRecord): Promise<void> {
    this.atOnce(() => {
      this.sql('INSERT INTO cleanings VALUES (?, ?, ?, ?, ?)').run(id, at, reason, automatic ? 1 : 0, backup);
      this.sql('DELETE FROM cleanings WHERE organization_id = ? AND at < ?').run(id, at - CLEANINGS_KEPT.forMs);
    });
  }

  async close(): Promise<void> {
    this.database.close();
  }

  private atOnce(work: () => void): void {
    this.database.transaction(work)();
  }

  private sql(text: string): Database.Statement {
    let statement = this.statements.get(text);
    if (!statement) this.statements.set(text, (statement = this.database.prepare(text)));
    return statement;
  }
}
