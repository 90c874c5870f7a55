import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { AuthDatabase } from '../../../../src/store/sqlite/keys/auth-database.js';
import { AuthFolderCorruptError, AuthFolderUnreadableError } from '../../../../src/store/ports/auth-folder-error.js';
import { peekCreds } from '../../../../src/store/sqlite/keys/database-check.js';
import { closing, errorOf, pairedCreds, storedKeys, temporaryDirectory } from './fixtures.js';

async function folderWithKeys(): Promise<{ folder: string; path: string }> {
  const folder = join(temporaryDirectory(), '2');
  const database = AuthDatabase.create(folder, pairedCreds());
  const preKeys: Record<string, unknown> = {};
  for (let i = 0; i < 300; i++) preKeys[i] = { private: Buffer.alloc(32, i), public: Buffer.alloc(33, i) };
  await database.put({ keys: { 'pre-key': preKeys, session: { a: { text: 'x'.repeat(9_000) } } } });
  database.close();
  return { folder, path: join(folder, 'auth.sqlite') };
}

describe('damage', () => {
  it('is found at every length to which the file can be cut', async () => {
    const { folder, path } = await folderWithKeys();
    const whole = readFileSync(path);
    const lengths = [
      0,
      1,
      15,
      16,
      50,
      99,
      100,
      511,
      512,
      1000,
      4095,
      4096,
      4097,
      8192,
      12_288,
      40_000,
      whole.length - 1,
    ];
    for (const length of [...lengths, whole.length - 4096]) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(
        errorOf(() => AuthDatabase.open(folder)),
        `length ${length}`,
      ).toBeInstanceOf(AuthFolderCorruptError);
      rmSync(`${path}-wal`, { force: true });
      rmSync(`${path}-shm`, { force: true });
    }
    writeFileSync(path, whole);
    closing(AuthDatabase.open(folder));
    expect(Object.keys(storedKeys(folder, 'pre-key'))).toHaveLength(300);
  });

  it('is found when bytes of the structure were flipped, and is never taken for something new', async () => {
    const { folder, path } = await folderWithKeys();
    const whole = readFileSync(path);
    const found: string[] = [];
    for (let offset = 0; offset < whole.length; offset += offset < 120 ? 1 : 509) {
      const flipped = Buffer.from(whole);
      flipped[offset] = flipped[offset]! ^ 0xff;
      writeFileSync(path, flipped);
      try {
        const database = AuthDatabase.open(folder);
        expect(database.readCreds().mark).toBeDefined();
        database.close();
      } catch (error) {
        expect(['AuthFolderCorruptError', 'AuthFolderUnreadableError']).toContain((error as Error).name);
        found.push(`${offset}: ${(error as Error).name}`);
      }
      try {
        peekCreds(folder);
      } catch (error) {
        expect(['AuthFolderCorruptError', 'AuthFolderUnreadableError']).toContain((error as Error).name);
      }
      for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    }
    // The magic string, its first page, the identity.
    for (const offset of [0, 15, 100, 68]) expect(found).toContain(`${offset}: AuthFolderCorruptError`);
    // Byte 63 makes it version 254: a newer release's, as far as anybody can tell.
    expect(found.filter((line) => line.includes('Unreadable'))).toEqual(['63: AuthFolderUnreadableError']);
  });

  it.each([
    ['text', (path: string) => writeFileSync(path, 'x'.repeat(8_192)), 'SQLITE_NOTADB'],
    ['nothing', (path: string) => writeFileSync(path, ''), 'EMPTY_FILE'],
    ['somebody else’s database', (path: string) => alter(path, 'PRAGMA application_id = 1'), 'NOT_AN_AUTH_DATABASE'],
    ['an impossible version', (path: string) => alter(path, 'PRAGMA user_version = 0'), 'UNKNOWN_SCHEMA'],
    ['another schema', (path: string) => alter(path, 'ALTER TABLE keys ADD COLUMN more TEXT'), 'UNKNOWN_SCHEMA'],
    ['a missing table', (path: string) => alter(path, 'DROP TABLE keys'), 'UNKNOWN_SCHEMA'],
    ['no credentials', (path: string) => alter(path, 'DELETE FROM creds'), 'NO_CREDS'],
    ['cut credentials', (path: string) => alter(path, `UPDATE creds SET value = '{"a":'`), 'UNPARSABLE_CREDS'],
    ['credentials that are none', (path: string) => alter(path, `UPDATE creds SET value = '[]'`), 'UNPARSABLE_CREDS'],
  ])('by %s is corruption', async (_what, damage, code) => {
    const { folder, path } = await folderWithKeys();
    damage(path);
    expect(errorOf(() => AuthDatabase.open(folder))).toBeInstanceOf(AuthFolderCorruptError);
    expect(errorOf(() => AuthDatabase.open(folder))).toMatchObject({ code });
  });

  it('of one value is told when it is read', async () => {
    const { folder, path } = await folderWithKeys();
    alter(path, `UPDATE keys SET value = '{' WHERE id = '5'`);
    const database = closing(AuthDatabase.open(folder));
    expect(errorOf(() => database.get('pre-key', ['5']))).toMatchObject({ code: 'UNPARSABLE_VALUE' });
    expect(errorOf(() => database.get('pre-key', ['4', '5']))).toBeInstanceOf(AuthFolderCorruptError);
    expect(Object.keys(database.get('pre-key', ['4', '6']))).toEqual(['4', '6']);
  });

  it('is not what a newer release wrote: that is left alone', async () => {
    const { folder, path } = await folderWithKeys();
    alter(path, 'PRAGMA user_version = 2');
    expect(errorOf(() => AuthDatabase.open(folder))).toBeInstanceOf(AuthFolderUnreadableError);
    expect(errorOf(() => AuthDatabase.open(folder))).toMatchObject({ code: 'NEWER_SCHEMA' });
  });
});

function alter(path: string, sql: string): void {
  const database = new Sqlite(path);
  database.exec(sql);
  database.close();
}
