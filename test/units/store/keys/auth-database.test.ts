import fs, { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AuthDatabase } from '../../../../src/store/sqlite/keys/auth-database.js';
import { AuthFolderUnreadableError } from '../../../../src/store/ports/auth-folder-error.js';
import {
  closing,
  entries,
  errorOf,
  integrityOf,
  pairedCreds,
  refusalOf,
  storedKeys,
  temporaryDirectory,
} from './fixtures.js';

describe('an auth database', () => {
  it('gives back credentials and keys after it was closed, and alone in its file', async () => {
    const folder = join(temporaryDirectory(), 'new', '2');
    const first = AuthDatabase.create(folder, pairedCreds());
    await first.put({
      keys: { session: { a: { chain: Buffer.from('r') } }, 'identity-key': { a: new Uint8Array([5, 1]) } },
      creds: { ...pairedCreds(), nextPreKeyId: 900 },
    });
    first.close();
    first.close();
    expect(entries(folder)).toEqual(['auth.sqlite']);

    const second = closing(AuthDatabase.open(folder));
    expect(second.readCreds()).toEqual({ ...pairedCreds(), nextPreKeyId: 900 });
    expect(second.get('session', ['a', 'b'])).toEqual({ a: { chain: Buffer.from('r') } });
    expect(second.get('identity-key', ['a'])).toEqual({ a: Buffer.from([5, 1]) });
    expect(integrityOf(folder)).toBe('ok');
  });

  it('reads fresh copies', async () => {
    const database = closing(AuthDatabase.create(temporaryDirectory(), pairedCreds()));
    await database.put({ keys: { session: { a: { list: [1] } } } });
    const one = database.get('session', ['a']).a as { list: number[] };
    one.list.push(2);
    (database.readCreds().me as { id: string }).id = 'changed';
    expect(database.get('session', ['a'])).toEqual({ a: { list: [1] } });
    expect(database.readCreds()).toEqual(pairedCreds());
  });

  it('deletes with null, and keeps types apart', async () => {
    const folder = temporaryDirectory();
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    await database.put({
      keys: { 'pre-key': { 1: { a: 1 }, 2: { a: 2 } }, 'lid-mapping': { '57': '99', '99_reverse': '57' } },
    });
    await database.put({ keys: { 'pre-key': { 1: null, 3: null, 4: undefined }, session: undefined } });
    expect(database.get('pre-key', ['1', '2', '3', '4'])).toEqual({ 2: { a: 2 } });
    expect(storedKeys(folder, 'pre-key')).toEqual({ 2: { a: 2 } });
    expect(storedKeys(folder, 'lid-mapping')).toEqual({ '57': '99', '99_reverse': '57' });
    expect(storedKeys(folder, 'session')).toEqual({});
    expect(database.get('lid-mapping', ['57'])).toEqual({ 57: '99' });
  });

  it('stores a protobuf object as Baileys would: by its toJSON', async () => {
    const database = closing(AuthDatabase.create(temporaryDirectory(), pairedCreds()));
    await database.put({ keys: { 'app-state-sync-key': { 'a/b=': { toJSON: () => ({ keyData: 'cmF3' }) } } } });
    expect(database.get('app-state-sync-key', ['a/b='])).toEqual({ 'a/b=': { keyData: 'cmF3' } });
  });

  it('writes all of a put or nothing', async () => {
    const folder = temporaryDirectory();
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    const stored = () => [database.get('session', ['a', 'b', 'bad']), storedKeys(folder, 'session')];
    const creds = pairedCreds('refused');
    await database.put({ keys: { session: { a: { n: 1 } } } });
    expect(await refusalOf(database.put({ keys: { session: { a: { n: 2 }, b: { n: 1n } } }, creds }))).toBeInstanceOf(
      TypeError,
    );
    // A failure inside the transaction, after the first row.
    stopAtBad(database);
    expect(await refusalOf(database.put({ keys: { session: { a: { n: 3 }, bad: { n: 1 } } }, creds }))).toBeInstanceOf(
      AuthFolderUnreadableError,
    );
    expect(stored()).toEqual([{ a: { n: 1 } }, { a: { n: 1 } }]);
    expect(database.readCreds()).toEqual(pairedCreds());
    await database.put({ keys: { session: { a: { n: 4 } } } });
    expect(stored()).toEqual([{ a: { n: 4 } }, { a: { n: 4 } }]);
  });

  it('keeps what was put at the same moment as something that is refused', async () => {
    const folder = temporaryDirectory();
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    stopAtBad(database);
    const before = database.put({ keys: { session: { a: { n: 1 } } } });
    const refused = database.put({ keys: { session: { a: { n: 2 }, bad: { n: 2 } } } });
    const after = database.put({ keys: { session: { c: { n: 3 } } }, creds: pairedCreds('after') });
    expect(await refusalOf(refused)).toBeInstanceOf(AuthFolderUnreadableError);
    await Promise.all([before, after]);
    expect(storedKeys(folder, 'session')).toEqual({ a: { n: 1 }, c: { n: 3 } });
    expect(database.readCreds().mark).toBe('after');
  });

  it('calls nothing durable after something was refused, whatever is put then, until it is loaded', async () => {
    const folder = temporaryDirectory();
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    stopAtBad(database);
    const refused = database.put({ keys: { session: { bad: 1 } } });
    // Asked before anybody can have heard of the refusal.
    expect(await refusalOf(database.durable()!)).toBeInstanceOf(AuthFolderUnreadableError);
    await refusalOf(refused);
    await database.put({ keys: { session: { a: 1 } } });
    expect(storedKeys(folder, 'session')).toEqual({ a: 1 });
    expect(await refusalOf(database.durable()!)).toBeInstanceOf(AuthFolderUnreadableError);
    expect(database.load()).toEqual(pairedCreds());
    expect(database.durable()).toBeNull();
    await database.put({ keys: { session: { a: 2 } } });
    expect(database.durable()).toBeNull();
  });

  it('is for the owner only, with everything SQLite puts beside it', async () => {
    const folder = join(temporaryDirectory(), '2');
    const mask = process.umask(0);
    onTestFinished(() => void process.umask(mask));
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    await database.put({ keys: { session: { a: 1 } } });
    expect(entries(folder)).toEqual(['auth.sqlite', 'auth.sqlite-shm', 'auth.sqlite-wal']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    database.close();
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'auth.sqlite'), 0o644);
    await closing(AuthDatabase.open(folder)).put({ keys: { session: { a: 2 } } });
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

  it('says so after it was closed', async () => {
    const database = AuthDatabase.create(temporaryDirectory(), pairedCreds());
    database.close();
    const refused = [
      ...[() => database.readCreds(), () => database.load(), () => database.get('session', ['a'])].map(errorOf),
      await refusalOf(database.put({ keys: { session: { a: 1 } } })),
      await refusalOf(database.put({ creds: pairedCreds() })),
      await refusalOf(database.durable()!),
    ];
    for (const error of refused) {
      expect(error).toBeInstanceOf(AuthFolderUnreadableError);
      expect(error).toMatchObject({ code: 'CLOSED' });
    }
  });

  it('uses WAL with an fsync per commit and little memory', async () => {
    const folder = temporaryDirectory();
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    const inner = innerOf(database);
    const synced: number[] = [];
    const real = fs.fdatasync;
    const spy = vi.spyOn(fs, 'fdatasync').mockImplementation((file, done) => {
      synced.push(statSync(join(folder, 'auth.sqlite-wal')).ino - fs.fstatSync(file).ino);
      real(file, done);
    });
    onTestFinished(() => spy.mockRestore());
    for (const n of [1, 2]) {
      await database.put({ keys: { session: { a: n } }, creds: pairedCreds() });
      expect(synced).toEqual(Array(n).fill(0));
    }
    await Promise.all(['a', 'b', 'c'].map((key) => database.put({ keys: { session: { [key]: 3 } } })));
    expect(synced).toEqual([0, 0, 0]);
    expect(inner.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(inner.pragma('synchronous', { simple: true })).toBe(2);
    expect(inner.pragma('cache_size', { simple: true })).toBe(-64);
  });
});

describe('a file that somebody took away while it is open', () => {
  const gone = { name: 'AuthFolderUnreadableError', code: 'FOLDER_GONE' };

  /** A put of keys alone trusts a look of a moment ago. */
  const nextLook = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

  it('takes no more writes, since nobody would find them, and nothing is made in its place', async () => {
    const folder = join(temporaryDirectory(), '2');
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    await database.put({ keys: { session: { a: 1 } } });
    expect(database.isInPlace()).toBe(true);
    rmSync(folder, { recursive: true });
    expect(database.isInPlace()).toBe(false);
    await expect(database.put({ creds: pairedCreds('second') })).rejects.toMatchObject(gone);
    await expect(database.put({ keys: { session: { a: 2 } } })).rejects.toMatchObject(gone);
    await expect(database.put({ keys: { session: { a: 2 } }, creds: pairedCreds() })).rejects.toMatchObject(gone);
    await expect(database.durable()).rejects.toMatchObject(gone);
    expect(database.get('session', ['a'])).toEqual({ a: 1 });
    expect(database.readCreds()).toEqual(pairedCreds());
    database.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('takes no keys either a moment later, and takes all again when it is back', async () => {
    const directory = temporaryDirectory();
    const [folder, moved] = [join(directory, '2'), join(directory, 'moved')];
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    await database.put({ keys: { session: { a: 1 } } });
    renameSync(folder, moved);
    await nextLook();
    await expect(database.put({ keys: { session: { a: 2 } } })).rejects.toMatchObject(gone);
    expect(storedKeys(moved, 'session')).toEqual({ a: 1 });
    renameSync(moved, folder);
    await database.put({ keys: { session: { b: 3 } } });
    await expect(database.durable()).rejects.toMatchObject(gone);
    database.load();
    expect(database.durable()).toBeNull();
    expect(storedKeys(folder, 'session')).toEqual({ a: 1, b: 3 });
  });

  it('is closed whole where it was moved to, and does no harm to the one that has its name now', async () => {
    const directory = temporaryDirectory();
    const [folder, moved] = [join(directory, '2'), join(directory, 'moved')];
    const database = AuthDatabase.create(folder, pairedCreds());
    await database.put({ keys: { session: { a: 'of the first' } } });
    renameSync(folder, moved);
    const other = closing(AuthDatabase.create(folder, pairedCreds()));
    // Stands in its journal only.
    await other.put({ keys: { session: { a: 'of the other' } } });
    expect(database.isInPlace()).toBe(false);
    expect(other.isInPlace()).toBe(true);
    database.close();
    expect(entries(folder)).toContain('auth.sqlite-wal');
    await other.put({ keys: { session: { b: 'later' } } });
    other.close();
    closing(AuthDatabase.open(folder));
    expect(storedKeys(folder, 'session')).toEqual({ a: 'of the other', b: 'later' });
    closing(AuthDatabase.open(moved));
    expect(storedKeys(moved, 'session')).toEqual({ a: 'of the first' });
  });
});

/** From here on SQLite refuses a key with the id `bad`. */
function stopAtBad(database: AuthDatabase): void {
  innerOf(database).exec(
    `CREATE TEMP TRIGGER stop BEFORE INSERT ON keys WHEN new.id = 'bad' BEGIN SELECT raise(ABORT, 'no'); END`,
  );
}

function innerOf(database: AuthDatabase): Sqlite.Database {
  return (database as unknown as { database: Sqlite.Database }).database;
}
