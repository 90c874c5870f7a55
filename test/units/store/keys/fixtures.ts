import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach } from 'vitest';
import { AuthDatabase } from '../../../../src/store/sqlite/keys/auth-database.js';
import { AuthFolders, type AuthFolderStep } from '../../../../src/store/sqlite/keys/auth-folders.js';
import { decodeJson } from '../../../../src/store/sqlite/keys/buffer-json.js';
import { createLogger } from '../../../../src/logger.js';
import { parseOrganizationId, type OrganizationId } from '../../../../src/organization-id.js';

const directories: string[] = [];
const databases: AuthDatabase[] = [];

afterEach(() => {
  for (const database of databases.splice(0)) database.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'auth-test-'));
  directories.push(directory);
  return directory;
}

/** Closes the database after the test. */
export function closing(database: AuthDatabase): AuthDatabase {
  databases.push(database);
  return database;
}

export function id(text: string): OrganizationId {
  const parsed = parseOrganizationId(text);
  if (!parsed) throw new Error(`not an id: ${text}`);
  return parsed;
}

export const PHONE = '573001112233';

/** Like Baileys' credentials after a scan. `mark` tells one identity from another. */
export function pairedCreds(mark = 'first'): Record<string, unknown> {
  return {
    mark,
    noiseKey: { private: Buffer.from([1, 2, 3]), public: Buffer.from([4, 5, 6]) },
    registrationId: 77,
    nextPreKeyId: 31,
    me: { id: `${PHONE}:7@s.whatsapp.net`, lid: '99887766:7@lid' },
    account: { details: Buffer.from('details'), accountSignatureKey: Buffer.from('signature') },
  };
}

export function newCreds(mark = 'new'): Record<string, unknown> {
  return { mark, noiseKey: { private: Buffer.from([9]), public: Buffer.from([8]) } };
}

export function folders(
  directory: string,
  options: { backupsToKeep?: number; onStep?: (step: AuthFolderStep) => void; lines?: string[] } = {},
): AuthFolders {
  return new AuthFolders({
    directory,
    backupsToKeep: options.backupsToKeep ?? 3,
    onStep: options.onStep,
    logger: createLogger({
      level: options.lines ? 'trace' : 'silent',
      format: 'json',
      destination: { write: (line: string) => void options.lines?.push(line) },
    }),
  });
}

/** An auth folder of ours, closed. */
export function writeFolder(directory: string, name: string, creds: Record<string, unknown>): void {
  const session = { '573009998877.0': { chain: Buffer.from('ratchet'), mark: creds.mark } };
  AuthDatabase.create(join(directory, name), creds, { session }).close();
}

/** Looks at the file of a database that is open, beside it: at what another process would find after a kill. */
function lookInto<T>(folder: string, look: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(join(folder, 'auth.sqlite'), { readonly: true });
  try {
    return look(database);
  } finally {
    database.close();
  }
}

/** Every value of one type that is committed, by id. */
export function storedKeys(folder: string, type: string): Record<string, unknown> {
  const rows = lookInto(folder, (database) =>
    database.prepare<[string], { id: string; value: string }>('SELECT id, value FROM keys WHERE type = ?').all(type),
  );
  return Object.fromEntries(rows.map((row) => [row.id, decodeJson(row.value)]));
}

/** What SQLite says of every page and index: `ok` when all is well. */
export function integrityOf(folder: string): unknown {
  return lookInto(folder, (database) => database.pragma('integrity_check', { simple: true }));
}

/** The mark of the identity in use; one is minted where nothing is. */
export function markOf(directory: string, name = '2'): unknown {
  const { database } = folders(directory).open(id(name), () => newCreds('minted'), Date.now());
  const mark = database.readCreds().mark;
  database.close();
  return mark;
}

/** The bytes of files as Baileys' useMultiFileAuthState writes them. */
export function writeLegacyFolder(folder: string, creds: Record<string, unknown> | string): void {
  mkdirSync(folder, { recursive: true });
  const put = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), typeof value === 'string' ? value : toJson(value));
  put('creds.json', creds);
  put('pre-key-5.json', { private: Buffer.from([5]), public: Buffer.from([50]) });
  put('session-573009998877.0.json', { chain: Buffer.from('ratchet'), mark: 'legacy' });
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    const buffer = part as { type?: string; data?: number[] } | null;
    return buffer?.type === 'Buffer' ? { type: 'Buffer', data: Buffer.from(buffer.data!).toString('base64') } : part;
  });
}

export function entries(directory: string): string[] {
  return readdirSync(directory).sort();
}

/** The error that `work` throws. */
export function errorOf(work: () => unknown): Error & { code?: string } {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** The error with which `promise` rejects. */
export async function refusalOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => {
      throw new Error('nothing was refused');
    },
    (error: Error) => error,
  );
}
