import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AuthDatabase } from '../../../../src/store/sqlite/keys/auth-database.js';
import { AuthFolderCorruptError, AuthFolderUnreadableError } from '../../../../src/store/ports/auth-folder-error.js';
import { toAuthFolderError } from '../../../../src/store/sqlite/keys/storage-errors.js';
import { peekCreds } from '../../../../src/store/sqlite/keys/database-check.js';
import { closing, entries, errorOf, pairedCreds, temporaryDirectory } from './fixtures.js';

function folderWithKeys(): { folder: string; path: string } {
  const folder = join(temporaryDirectory(), '2');
  const database = AuthDatabase.create(folder, pairedCreds());
  const preKeys: Record<string, unknown> = {};
  for (let i = 0; i < 300; i++) preKeys[i] = { private: Buffer.alloc(32, i), public: Buffer.alloc(33, i) };
  database.set({ 'pre-key': preKeys, session: { a: { text: 'x'.repeat(9_000) } } });
  database.close();
  return { folder, path: join(folder, 'auth.sqlite') };
}

describe('an auth database', () => {
  it('gives back credentials and keys after it was closed, and alone in its file', () => {
    const folder = join(temporaryDirectory(), 'new', '2');
    const first = AuthDatabase.create(folder, pairedCreds());
    first.set({ session: { a: { chain: Buffer.from('r') } }, 'identity-key': { a: new Uint8Array([5, 1]) } });
    first.writeCreds({ ...pairedCreds(), nextPreKeyId: 900 });
    first.close();
    first.close();
    expect(entries(folder)).toEqual(['auth.sqlite']);

    const second = closing(AuthDatabase.open(folder));
    expect(second.readCreds()).toEqual({ ...pairedCreds(), nextPreKeyId: 900 });
    expect(second.get('session', ['a', 'b'])).toEqual({ a: { chain: Buffer.from('r') } });
    expect(second.get('identity-key', ['a'])).toEqual({ a: Buffer.from([5, 1]) });
    second.integrityCheck();
  });

  it('reads fresh copies', () => {
    const database = closing(AuthDatabase.create(temporaryDirectory(), pairedCreds()));
    database.set({ session: { a: { list: [1] } } });
    const one = database.get('session', ['a']).a as { list: number[] };
    one.list.push(2);
    (database.readCreds().me as { id: string }).id = 'changed';
    expect(database.get('session', ['a'])).toEqual({ a: { list: [1] } });
    expect(database.readCreds()).toEqual(pairedCreds());
  });

  it('deletes with null, and lists and counts by type', () => {
    const database = closing(AuthDatabase.create(temporaryDirectory(), pairedCreds()));
    database.set({ 'pre-key': { 1: { a: 1 }, 2: { a: 2 } }, 'lid-mapping': { '57': '99', '99_reverse': '57' } });
    database.set({ 'pre-key': { 1: null, 3: null, 4: undefined }, session: undefined });
    expect(database.all('pre-key')).toEqual({ 2: { a: 2 } });
    expect(database.count('pre-key')).toBe(1);
    expect(database.count('lid-mapping')).toBe(2);
    expect(database.count('session')).toBe(0);
    expect(database.get('lid-mapping', ['57'])).toEqual({ 57: '99' });
  });

  it('stores a protobuf object as Baileys would: by its toJSON', () => {
    const database = closing(AuthDatabase.create(temporaryDirectory(), pairedCreds()));
    database.set({ 'app-state-sync-key': { 'a/b=': { toJSON: () => ({ keyData: 'cmF3' }) } } });
    expect(database.get('app-state-sync-key', ['a/b='])).toEqual({ 'a/b=': { keyData: 'cmF3' } });
  });

  it('writes all of a set or nothing', () => {
    const database = closing(AuthDatabase.create(temporaryDirectory(), pairedCreds()));
    database.set({ session: { a: { n: 1 } } });
    expect(() => database.set({ session: { a: { n: 2 }, b: { n: 1n } } })).toThrow(TypeError);
    // A failure inside the transaction, after the first row.
    const inner = (database as unknown as { database: Sqlite.Database }).database;
    inner.exec(
      `CREATE TEMP TRIGGER stop BEFORE INSERT ON keys WHEN new.id = 'bad' BEGIN SELECT raise(ABORT, 'no'); END`,
    );
    expect(() => database.set({ session: { a: { n: 3 }, bad: { n: 1 } } })).toThrow(AuthFolderUnreadableError);
    expect(database.all('session')).toEqual({ a: { n: 1 } });
    database.set({ session: { a: { n: 4 } } });
    expect(database.all('session')).toEqual({ a: { n: 4 } });
  });

  it('is for the owner only, with everything SQLite puts beside it', () => {
    const folder = join(temporaryDirectory(), '2');
    const mask = process.umask(0);
    onTestFinished(() => void process.umask(mask));
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    database.set({ session: { a: 1 } });
    expect(entries(folder)).toEqual(['auth.sqlite', 'auth.sqlite-shm', 'auth.sqlite-wal']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    database.close();
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'auth.sqlite'), 0o644);
    closing(AuthDatabase.open(folder)).set({ session: { a: 2 } });
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('never overwrites keys, and needs none of what a crash left', () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'auth.sqlite.new'), 'half');
    writeFileSync(join(folder, 'auth.sqlite.new-journal'), 'half');
    AuthDatabase.create(folder, pairedCreds('first')).close();
    expect(entries(folder)).toEqual(['auth.sqlite']);
    expect(errorOf(() => AuthDatabase.create(folder, pairedCreds('second')))).toMatchObject({ code: 'EEXIST' });
    expect(closing(AuthDatabase.open(folder)).readCreds().mark).toBe('first');
  });

  it('says so after it was closed', () => {
    const database = AuthDatabase.create(temporaryDirectory(), pairedCreds());
    database.close();
    for (const call of [() => database.readCreds(), () => database.set({ session: { a: 1 } })]) {
      expect(errorOf(call)).toBeInstanceOf(AuthFolderUnreadableError);
      expect(errorOf(call)).toMatchObject({ code: 'CLOSED' });
    }
  });

  it('uses WAL with an fsync per commit and little memory', () => {
    const database = closing(AuthDatabase.create(temporaryDirectory(), pairedCreds()));
    const inner = (database as unknown as { database: Sqlite.Database }).database;
    expect(inner.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(inner.pragma('synchronous', { simple: true })).toBe(2);
    expect(inner.pragma('cache_size', { simple: true })).toBe(-64);
  });
});

describe('damage', () => {
  it('is found at every length to which the file can be cut', () => {
    const { folder, path } = folderWithKeys();
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
    expect(closing(AuthDatabase.open(folder)).count('pre-key')).toBe(300);
  });

  it('is found when bytes of the structure were flipped, and is never taken for something new', () => {
    const { folder, path } = folderWithKeys();
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
  ])('by %s is corruption', (_what, damage, code) => {
    const { folder, path } = folderWithKeys();
    damage(path);
    expect(errorOf(() => AuthDatabase.open(folder))).toBeInstanceOf(AuthFolderCorruptError);
    expect(errorOf(() => AuthDatabase.open(folder))).toMatchObject({ code });
  });

  it('of one value is told when it is read', () => {
    const { folder, path } = folderWithKeys();
    alter(path, `UPDATE keys SET value = '{' WHERE id = '5'`);
    const database = closing(AuthDatabase.open(folder));
    expect(errorOf(() => database.get('pre-key', ['5']))).toMatchObject({ code: 'UNPARSABLE_VALUE' });
    expect(errorOf(() => database.all('pre-key'))).toBeInstanceOf(AuthFolderCorruptError);
  });

  it('is not what a newer release wrote: that is left alone', () => {
    const { folder, path } = folderWithKeys();
    alter(path, 'PRAGMA user_version = 2');
    expect(errorOf(() => AuthDatabase.open(folder))).toBeInstanceOf(AuthFolderUnreadableError);
    expect(errorOf(() => AuthDatabase.open(folder))).toMatchObject({ code: 'NEWER_SCHEMA' });
  });
});

describe('a file that somebody took away while it is open', () => {
  it('takes no more writes, since nobody would find them, and nothing is made in its place', async () => {
    const folder = join(temporaryDirectory(), '2');
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    database.set({ session: { a: 1 } });
    expect(database.isInPlace()).toBe(true);
    rmSync(folder, { recursive: true });
    expect(database.isInPlace()).toBe(false);
    const gone = { name: 'AuthFolderUnreadableError', code: 'FOLDER_GONE' };
    expect(errorOf(() => database.writeCreds(pairedCreds()))).toMatchObject(gone);
    expect(errorOf(() => database.set({ session: { a: 2 } }))).toMatchObject(gone);
    await expect(database.put({ keys: { session: { a: 2 } } })).rejects.toMatchObject(gone);
    expect(database.get('session', ['a'])).toEqual({ a: 1 });
    database.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('is closed whole where it was moved to, and does no harm to the one that has its name now', () => {
    const directory = temporaryDirectory();
    const [folder, moved] = [join(directory, '2'), join(directory, 'moved')];
    const database = AuthDatabase.create(folder, pairedCreds());
    database.set({ session: { a: 'of the first' } });
    renameSync(folder, moved);
    const other = closing(AuthDatabase.create(folder, pairedCreds()));
    // Stands in its journal only.
    other.set({ session: { a: 'of the other' } });
    expect(database.isInPlace()).toBe(false);
    expect(other.isInPlace()).toBe(true);
    database.close();
    expect(entries(folder)).toContain('auth.sqlite-wal');
    other.set({ session: { b: 'later' } });
    other.close();
    expect(closing(AuthDatabase.open(folder)).all('session')).toEqual({ a: 'of the other', b: 'later' });
    expect(closing(AuthDatabase.open(moved)).all('session')).toEqual({ a: 'of the first' });
  });
});

describe('a disk that refuses', () => {
  it('is told from damage: a folder in the place of the file, and no file', () => {
    const folder = temporaryDirectory();
    expect(errorOf(() => AuthDatabase.open(folder))).toBeInstanceOf(AuthFolderUnreadableError);
    expect(existsSync(join(folder, 'auth.sqlite'))).toBe(false);
    mkdirSync(join(folder, 'auth.sqlite'));
    expect(errorOf(() => AuthDatabase.open(folder))).toBeInstanceOf(AuthFolderUnreadableError);
    expect(errorOf(() => AuthDatabase.create(folder, {}))).toBeInstanceOf(AuthFolderUnreadableError);
  });

  it('that is full leaves the former state, and takes writes again when there is room', () => {
    const mount = mkdtempSync(join(tmpdir(), 'auth-full-'));
    onTestFinished(() => {
      spawnSync('umount', ['-l', mount]);
      rmSync(mount, { recursive: true });
    });
    // Without the right to mount, the test below (the page limit) stands in for this one.
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', mount]).status !== 0) return;
    const folder = join(mount, '2');
    const ballast = join(mount, 'ballast');
    writeFileSync(ballast, Buffer.alloc(120_000));
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    let written = -1;
    const full = errorOf(() => {
      for (let n = 0; ; n++) {
        database.set({ session: { a: { n, text: 'x'.repeat(8_000) }, [`s${n}`]: { n, text: 'y'.repeat(8_000) } } });
        written = n;
      }
    });
    expect(full).toBeInstanceOf(AuthFolderUnreadableError);
    expect(full.code).toMatch(/^SQLITE_(FULL|IOERR)/);
    expect(written).toBeGreaterThan(0);
    expect(database.get('session', ['a']).a).toMatchObject({ n: written });
    expect(database.count('session')).toBe(written + 2);
    expect(errorOf(() => AuthDatabase.create(join(mount, '3'), { text: 'z'.repeat(200_000) }))).toMatchObject({
      name: 'AuthFolderUnreadableError',
    });
    expect(existsSync(join(mount, '3'))).toBe(false);

    rmSync(ballast);
    database.set({ session: { a: { n: 'room again' } } });
    database.close();
    const again = closing(AuthDatabase.open(folder));
    expect(again.get('session', ['a'])).toEqual({ a: { n: 'room again' } });
    again.integrityCheck();
  });

  it('by its page limit does the same', () => {
    const database = closing(AuthDatabase.create(temporaryDirectory(), pairedCreds()));
    const inner = (database as unknown as { database: Sqlite.Database }).database;
    database.set({ session: { a: { n: 1 } } });
    inner.pragma('max_page_count = 10');
    const full = errorOf(() => database.set({ session: { a: { n: 2 }, b: 'x'.repeat(90_000) } }));
    expect(full).toBeInstanceOf(AuthFolderUnreadableError);
    expect(full.code).toBe('SQLITE_FULL');
    expect(database.all('session')).toEqual({ a: { n: 1 } });
    inner.pragma('max_page_count = 1000');
    database.set({ session: { a: { n: 3 } } });
    expect(database.all('session')).toEqual({ a: { n: 3 } });
  });

  it.each([
    ['SQLITE_CORRUPT_INDEX', 'AuthFolderCorruptError'],
    ['SQLITE_NOTADB', 'AuthFolderCorruptError'],
    ['SQLITE_FULL', 'AuthFolderUnreadableError'],
    ['SQLITE_IOERR_READ', 'AuthFolderUnreadableError'],
    ['SQLITE_CANTOPEN', 'AuthFolderUnreadableError'],
    ['SQLITE_READONLY', 'AuthFolderUnreadableError'],
    ['SQLITE_BUSY', 'AuthFolderUnreadableError'],
  ])('%s means %s', (code, name) => {
    expect(toAuthFolderError(new Sqlite.SqliteError('text', code))).toMatchObject({ name, code });
  });

  it('is told without a path, in which a phone number can stand', () => {
    const error = errorOf(() => {
      try {
        readFileSync('/nowhere/session-573001112233.0.json');
      } catch (cause) {
        throw toAuthFolderError(cause);
      }
    });
    expect(error).toMatchObject({ name: 'AuthFolderUnreadableError', code: 'ENOENT' });
    expect(`${error.stack} ${String((error.cause as Error).stack)}`).not.toContain('573001112233');
    expect(toAuthFolderError('anything')).toMatchObject({ name: 'AuthFolderUnreadableError', code: 'UNKNOWN' });
  });
});

function alter(path: string, sql: string): void {
  const database = new Sqlite(path);
  database.exec(sql);
  database.close();
}
