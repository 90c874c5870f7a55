import Database from 'better-sqlite3';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AuthFolderCorruptError, AuthFolderUnreadableError } from '../../ports/auth-folder-error.js';
import { withAuthFolderErrors } from './storage-errors.js';
import { decodeJson, isRecord } from './buffer-json.js';

export const DATABASE_FILE = 'auth.sqlite';

/** "waau" in the file's header: this is an auth database and not somebody else's. */
export const APPLICATION_ID = 0x77616175;
export const SCHEMA_VERSION = 1;

/**
 * `keys` has a rowid on purpose: values are kilobytes, and replacing one must not touch the index.
 * Values are the text of `buffer-json.ts`.
 */
export const SCHEMA = `
  CREATE TABLE creds (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL) STRICT;
  CREATE TABLE keys (type TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (type, id)) STRICT;
`;

/** How long a statement waits for another process' lock. It blocks the event loop, hence short. */
export const BUSY_TIMEOUT_MS = 1_000;

/** Bytes per page of our databases; SQLite's default, fixed here because `refuseImpossibleFile` counts on it. */
export const PAGE_SIZE = 4_096;

/** What can be told without opening the file. @throws the two errors, and ENOENT as it comes */
export function refuseImpossibleFile(path: string): void {
  const found = statSync(path);
  if (!found.isFile()) throw new AuthFolderUnreadableError(found.isDirectory() ? 'EISDIR' : 'NOT_A_FILE');
  if (found.size === 0) throw new AuthFolderCorruptError('EMPTY_FILE');
  // SQLite reads a cut last page as zeros, and takes a file of a few bytes for a new database. Only beside a WAL can a
  // crash have left a part of a page legitimately: the WAL has it whole.
  if (found.size < PAGE_SIZE || (found.size % PAGE_SIZE !== 0 && !existsSync(`${path}-wal`))) {
    throw new AuthFolderCorruptError('SHORT_FILE');
  }
}

/** Is this an auth database of a version that this program knows? Changes nothing in the file. */
export function verifyIdentity(database: Database.Database): void {
  asContent(() => {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      throw new AuthFolderCorruptError('NOT_AN_AUTH_DATABASE');
    }
    const version = database.pragma('user_version', { simple: true }) as number;
    // Written by a newer release: its keys are fine, and going back one release must not throw away everybody's
    // pairing.
    if (version > SCHEMA_VERSION && version < 1_000) throw new AuthFolderUnreadableError('NEWER_SCHEMA');
    if (version !== SCHEMA_VERSION) throw new AuthFolderCorruptError('UNKNOWN_SCHEMA');
  });
}

/** Tables, pages and credentials. Reads the whole file: about a millisecond per MB. */
export function verifyContent(database: Database.Database): void {
  asContent(() => {
    const columns = database
      .prepare(
        `SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' ORDER BY t.name, c.cid`,
      )
      .pluck()
      .all();
    if (columns.join() !== 'creds.id,creds.value,keys.type,keys.id,keys.value') {
      throw new AuthFolderCorruptError('UNKNOWN_SCHEMA');
    }
    if (database.pragma('quick_check(1)', { simple: true }) !== 'ok') throw new AuthFolderCorruptError('QUICK_CHECK');
    requireCreds(database);
  });
}

/** The credentials, fresh. @throws AuthFolderCorruptError when the row is missing or no JSON object */
export function requireCreds(database: Database.Database): Record<string, unknown> {
  const text = database.prepare('SELECT value FROM creds WHERE id = 1').pluck().get();
  if (typeof text !== 'string') throw new AuthFolderCorruptError('NO_CREDS');
  const creds = decodeJson(text, 'UNPARSABLE_CREDS');
  if (!isRecord(creds)) throw new AuthFolderCorruptError('UNPARSABLE_CREDS');
  return creds;
}

/**
 * Reads the credentials of a folder without creating or changing anything in it when its database was closed well (no
 * -wal): SQLite cannot open a WAL database without making two files, so the file is read into memory. Otherwise a
 * connection is opened.
 * @throws the two errors; AuthFolderUnreadableError `ENOENT` when there is no database
 */
export function peekCreds(folder: string): Record<string, unknown> {
  const path = join(folder, DATABASE_FILE);
  return withAuthFolderErrors(() => {
    refuseImpossibleFile(path);
    const database = existsSync(`${path}-wal`)
      ? new Database(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS })
      : openCopy(path);
    try {
      verifyIdentity(database);
      return asContent(() => requireCreds(database));
    } finally {
      database.close();
    }
  });
}

function openCopy(path: string): Database.Database {
  const bytes = readFileSync(path);
  // Bytes 18 and 19 of the header say "uses a WAL", which a database in memory cannot (SQLite's file format, section
  // 1.3.3).
  bytes[18] = 1;
  bytes[19] = 1;
  return new Database(bytes, { readonly: true });
}

/**
 * Our statements are right, so a plain SQLITE_ERROR ("no such table", "unsupported file format") speaks of the file.
 */
function asContent<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_ERROR') {
      throw new AuthFolderCorruptError(error.code, { cause: error });
    }
    throw error;
  }
}
