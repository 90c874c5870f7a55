import Database from 'better-sqlite3';
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AuthFolderUnreadableError } from '../../ports/auth-folder-error.js';
import { isStorageError, toAuthFolderError, withAuthFolderErrors } from './storage-errors.js';
import {
  APPLICATION_ID,
  BUSY_TIMEOUT_MS,
  DATABASE_FILE,
  PAGE_SIZE,
  SCHEMA,
  SCHEMA_VERSION,
  refuseImpossibleFile,
  requireCreds,
  verifyContent,
  verifyIdentity,
} from './database-check.js';
import type { Creds, KeyData, KeyWrite } from '../../ports/keys.js';
import { GroupCommit } from '../group-commit.js';
import { decodeJson, encodeJson } from './buffer-json.js';
import {
  PRIVATE_FILE,
  PRIVATE_FOLDER,
  kindOf,
  makePrivateFolder,
  syncFolder,
  syncPath,
  tighten,
} from './durable-files.js';

/**
 * What `create` builds in before the database gets its name. A leftover of it is the trace of a crash and worth
 * nothing.
 */
export const UNFINISHED_FILE = `${DATABASE_FILE}.new`;

/**
 * Credentials and Signal keys of one organization, in one SQLite file `auth.sqlite` of its auth folder.
 *
 * Guarantees: a write happens whole or not at all, is visible to reads when the call returns, and is on disk when its
 * promise resolves; a write that fails leaves the former state, and later writes may succeed; every read gives fresh
 * objects. Whoever sends a byte to WhatsApp waits for `durable` first.
 *
 * Every method throws, or rejects with, AuthFolderUnreadableError when the disk refuses (also `CLOSED` after close(),
 * `FOLDER_GONE` when somebody took the file away) and AuthFolderCorruptError when the content is damaged.
 */
export class AuthDatabase {
  private readonly statements = new Map<string, Database.Statement>();
  private readonly group: GroupCommit;
  private readonly file: string | null;
  /** `performance.now()` */
  private seenInPlaceAt = -Infinity;

  /** What was put and is not there after all; noted before anything else happens. */
  private refused: Error | null = null;

  private constructor(private readonly database: Database.Database) {
    this.group = new GroupCommit(database, () => this.refuse(new AuthFolderUnreadableError('NOT_WRITTEN')));
    this.file = fileId(database.name);
  }

  /**
   * Makes the database of a new identity, complete or not at all: it is built under another name and renamed, so an
   * empty or short `auth.sqlite` is always damage and never "new".
   * @param keys what an import brings along; part of the same atomic step
   * @throws AuthFolderUnreadableError `EEXIST` when there is one already: keys are never overwritten
   */
  static create(folder: string, creds: Creds, keys: KeyData = {}): AuthDatabase {
    const path = join(folder, DATABASE_FILE);
    const unfinished = join(folder, UNFINISHED_FILE);
    const text = encodeJson(creds);
    const rows = toRows(keys);
    withAuthFolderErrors(() => {
      const isNewFolder = kindOf(folder) === null;
      makePrivateFolder(folder);
      if (kindOf(path) !== null) throw new AuthFolderUnreadableError('EEXIST');
      try {
        removeUnfinished(folder);
        closeSync(openSync(unfinished, 'wx', PRIVATE_FILE));
        build(unfinished, text, rows);
        syncPath(unfinished);
        renameSync(unfinished, path);
      } catch (error) {
        removeUnfinished(folder);
        if (isNewFolder) rmSync(folder, { recursive: true, force: true });
        throw error;
      }
      syncFolder(folder);
    });
    return AuthDatabase.open(folder);
  }

  /**
   * Opens and checks the database of `folder`, which must exist; never creates one.
   * @throws AuthFolderUnreadableError also when there is no such file (`SQLITE_CANTOPEN`): whether that means "new" is
   * for the caller
   */
  static open(folder: string): AuthDatabase {
    const path = join(folder, DATABASE_FILE);
    return withAuthFolderErrors(() => {
      refuseImpossibleFile(path);
      tighten(folder, PRIVATE_FOLDER);
      // SQLite gives -wal and -shm the mode of the database; those of an earlier run may have another.
      for (const suffix of ['', '-wal', '-shm']) tighten(`${path}${suffix}`, PRIVATE_FILE);
      const database = new Database(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
      try {
        verifyIdentity(database);
        database.pragma('journal_mode = WAL');
        database.pragma('synchronous = FULL');
        // A process holds hundreds of these: little memory each (64 KB of pages; measured no slower than 256, the
        // system caches the file anyway), and a WAL that is folded in when it comes to 1 MB.
        database.pragma('cache_size = -64');
        database.pragma('wal_autocheckpoint = 250');
        database.pragma('journal_size_limit = 1048576');
        // Old ratchet states are overwritten where that costs no further write: forward secrecy is worth little if the
        // disk remembers.
        database.pragma('secure_delete = FAST');
        verifyContent(database);
        // The check read the whole file; giving that back more than halves what an open database holds (290 -> 114 KB,
        // measured).
        database.pragma('shrink_memory');
        return new AuthDatabase(database);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /**
   * Whether the file that is open still stands under its name. The system lets a process go on writing to a file that
   * was deleted or moved away, and then nothing of it is there at the next open. A write looks first, and is refused
   * (`FOLDER_GONE`).
   */
  isInPlace(): boolean {
    try {
      return fileId(this.database.name) === this.file;
    } catch {
      // It cannot be told now (permissions, say), which is no proof.
      return true;
    }
  }

  readCreds(): Creds {
    return this.run(() => requireCreds(this.database));
  }

  /** Fresh copies of the values that exist; an absent id is absent in the answer. */
  get(type: string, ids: readonly string[]): Record<string, unknown> {
    return this.run(() => {
      const statement = this.statement('SELECT value FROM keys WHERE type = ? AND id = ?').pluck();
      const found: Record<string, unknown> = {};
      for (const id of ids) {
        const text = statement.get(type, id) as string | undefined;
        if (text !== undefined) found[id] = decodeJson(text);
      }
      return found;
    });
  }

  /**
   * All of it, in a commit that is shared with what else is written in this turn of the event loop: one fsync for many.
   * Visible to reads at once; the promise resolves when it is on disk, and rejects when it is not; then nothing of the
   * whole group is.
   */
  async put({ creds, keys = {} }: KeyWrite): Promise<void> {
    try {
      const text = creds && encodeJson(creds);
      const rows = toRows(keys);
      if (text === undefined && rows.length === 0) return;
      this.requireInPlace(text === undefined ? LOOK_EVERY_MS : 0);
      await this.run(() =>
        this.group.write(() => {
          if (text !== undefined) this.statement(UPDATE_CREDS).run(text);
          this.setAll(rows);
        }),
      );
    } catch (error) {
      const known = isStorageError(error) ? toAuthFolderError(error) : (error as Error);
      this.refuse(known);
      throw known;
    }
  }

  /**
   * Resolves when everything that was put until now is on disk; null when it is already. Rejects when something of it
   * is not, and from then on until `load`.
   */
  durable(): Promise<void> | null {
    if (this.refused) return Promise.reject(this.refused);
    const durable = this.group.durable();
    return durable && durable.catch((error: unknown) => Promise.reject(toAuthFolderError(error)));
  }

  /** The credentials, for somebody who begins anew. After a sync that failed only a new opening tells what is there. */
  load(): Creds {
    this.run(() => this.group.mustBeUnbroken());
    this.refused = null;
    return this.readCreds();
  }

  /** Folds the WAL into the file and lets go of it. A second call does nothing. */
  close(): void {
    if (!this.database.open) return;
    this.group.close();
    try {
      this.database.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // A full disk, say. Nothing is lost: the commits stand in the WAL, and the next open reads them there.
    }
    this.statements.clear();
    this.database.close();
  }

  private refuse(error: Error): void {
    this.refused ??= error;
  }

  /** @param maxAgeMs how old a look that found it may be */
  private requireInPlace(maxAgeMs = 0): void {
    const now = performance.now();
    if (now - this.seenInPlaceAt < maxAgeMs || !this.database.open) return;
    this.seenInPlaceAt = -Infinity;
    if (!this.isInPlace()) throw new AuthFolderUnreadableError('FOLDER_GONE');
    this.seenInPlaceAt = now;
  }

  private setAll(rows: [string, string, string | null][]): void {
    for (const [type, id, value] of rows) {
      if (value === null) this.statement('DELETE FROM keys WHERE type = ? AND id = ?').run(type, id);
      else this.statement(UPSERT_KEY).run(type, id, value);
    }
  }

  private run<T>(work: () => T): T {
    if (!this.database.open) throw new AuthFolderUnreadableError('CLOSED');
    return withAuthFolderErrors(work);
  }

  private statement(sql: string): Database.Statement {
    let statement = this.statements.get(sql);
    if (!statement) this.statements.set(sql, (statement = this.database.prepare(sql)));
    return statement;
  }
}

/** Sends write several times a millisecond; a look for each was a hundredth of what a message costs. */
const LOOK_EVERY_MS = 2;

const UPDATE_CREDS = 'UPDATE creds SET value = ? WHERE id = 1';
const UPSERT_KEY =
  'INSERT INTO keys (type, id, value) VALUES (?, ?, ?) ON CONFLICT (type, id) DO UPDATE SET value = excluded.value';

/** What tells a file from another one that has its name later; null when there is none. */
function fileId(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.dev}:${found.ino}` : null;
}

/** Deletes what a crash in `create` left. */
export function removeUnfinished(folder: string): void {
  for (const suffix of ['', '-journal']) rmSync(join(folder, `${UNFINISHED_FILE}${suffix}`), { force: true });
}

/** One transaction in rollback-journal mode: the file stands alone when it is closed, and can be renamed. */
function build(path: string, creds: string, rows: [string, string, string | null][]): void {
  const database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma(`page_size = ${PAGE_SIZE}`);
    database.pragma('synchronous = FULL');
    database.transaction(() => {
      database.exec(SCHEMA);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${SCHEMA_VERSION}`);
      database.prepare('INSERT INTO creds (id, value) VALUES (1, ?)').run(creds);
      const insert = database.prepare(UPSERT_KEY);
      for (const row of rows) if (row[2] !== null) insert.run(...row);
    })();
  } finally {
    database.close();
  }
}

/** Texts before the transaction begins, so that a value which cannot be written changes nothing. */
function toRows(data: KeyData): [string, string, string | null][] {
  const rows: [string, string, string | null][] = [];
  for (const [type, values] of Object.entries(data)) {
    for (const [id, value] of Object.entries(values ?? {})) {
      rows.push([type, id, value === null || value === undefined ? null : encodeJson(value)]);
    }
  }
  return rows;
}
