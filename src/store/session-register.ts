import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { OrganizationId } from '../organization-id.js';
import type { CleaningRecord } from '../session/session-view.js';

/** What somebody wants of a session; survives a restart of the service. */
export type WantedState = 'running' | 'stopped' | 'logged_out';

const DAY = 86_400_000;
/** Cleanings older than this say nothing to anybody; the budget looks at 24 h. */
const KEEP_CLEANINGS_MS = 30 * DAY;

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
];

/**
 * What this service must remember of organizations besides their keys: whether a session was stopped or logged out, and when it was
 * cleaned. One SQLite file in DATA_DIR, durable at once. Losing it loses no key: then every folder is wanted running.
 */
export class SessionRegister {
  private readonly database: Database.Database;

  /** @throws when the directory cannot be written; the service does not start without it. */
  constructor(directory: string) {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = path.join(directory, 'service.sqlite');
    // The file exists with its mode before SQLite opens it; its journals inherit the mode.
    fs.closeSync(fs.openSync(file, 'a', 0o600));
    this.database = new Database(file);
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = FULL');
    this.migrate();
  }

  wanted(id: OrganizationId): WantedState | null {
    const row = this.database.prepare('SELECT wanted FROM organizations WHERE organization_id = ?').get(id);
    return (row as { wanted: WantedState } | undefined)?.wanted ?? null;
  }

  setWanted(id: OrganizationId, wanted: WantedState): void {
    this.database
      .prepare(
        'INSERT INTO organizations VALUES (?, ?) ON CONFLICT (organization_id) DO UPDATE SET wanted = excluded.wanted',
      )
      .run(id, wanted);
  }

  organizations(): OrganizationId[] {
    const rows = this.database.prepare('SELECT organization_id AS id FROM organizations ORDER BY id').all();
    return (rows as { id: OrganizationId }[]).map(({ id }) => id);
  }

  recordCleaning(id: OrganizationId, cleaning: CleaningRecord): void {
    this.database
      .prepare('INSERT INTO cleanings VALUES (?, ?, ?, ?, ?)')
      .run(id, cleaning.at, cleaning.reason, cleaning.automatic ? 1 : 0, cleaning.backup);
    this.database
      .prepare('DELETE FROM cleanings WHERE organization_id = ? AND at < ?')
      .run(id, cleaning.at - KEEP_CLEANINGS_MS);
  }

  /** Newest first, at most `limit`. */
  cleanings(id: OrganizationId, limit = 1000): CleaningRecord[] {
    const rows = this.database
      .prepare(
        'SELECT at, reason, automatic, backup FROM cleanings WHERE organization_id = ? ORDER BY at DESC, rowid DESC LIMIT ?',
      )
      .all(id, limit);
    return (rows as (Omit<CleaningRecord, 'automatic'> & { automatic: number })[]).map((row) => ({
      ...row,
      automatic: row.automatic === 1,
    }));
  }

  close(): void {
    this.database.close();
  }

  private migrate(): void {
    const version = this.database.pragma('user_version', { simple: true }) as number;
    if (version > MIGRATIONS.length) throw new Error('DATA_DIR was written by a newer version of this service');
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < version) continue;
      this.database.transaction(() => {
        this.database.exec(sql);
        this.database.pragma(`user_version = ${index + 1}`);
      })();
    }
  }
}
