import { spawnSync } from 'node:child_process';
import fs, { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AuthDatabase } from '../../../../src/store/sqlite/keys/auth-database.js';
import { AuthFolderUnreadableError } from '../../../../src/store/ports/auth-folder-error.js';
import { toAuthFolderError } from '../../../../src/store/sqlite/keys/storage-errors.js';
import { closing, errorOf, integrityOf, pairedCreds, refusalOf, storedKeys, temporaryDirectory } from './fixtures.js';

describe('a disk that refuses', () => {
  it('is told from damage: a folder in the place of the file, and no file', () => {
    const folder = temporaryDirectory();
    expect(errorOf(() => AuthDatabase.open(folder))).toBeInstanceOf(AuthFolderUnreadableError);
    expect(existsSync(join(folder, 'auth.sqlite'))).toBe(false);
    mkdirSync(join(folder, 'auth.sqlite'));
    expect(errorOf(() => AuthDatabase.open(folder))).toBeInstanceOf(AuthFolderUnreadableError);
    expect(errorOf(() => AuthDatabase.create(folder, {}))).toBeInstanceOf(AuthFolderUnreadableError);
  });

  it('that is full leaves the former state, and takes writes again when there is room', async () => {
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
    const write = (n: number) => ({ n, text: 'x'.repeat(8_000) });
    let written = -1;
    const filling = async (): Promise<never> => {
      for (let n = 0; ; n++) {
        await database.put({ keys: { session: { a: write(n), [`s${n}`]: write(n) } }, creds: pairedCreds(`${n}`) });
        written = n;
      }
    };
    const full = await refusalOf(filling());
    expect(full).toBeInstanceOf(AuthFolderUnreadableError);
    expect(full.code).toMatch(/^SQLITE_(FULL|IOERR)/);
    expect(written).toBeGreaterThan(0);
    expect(database.get('session', ['a']).a).toMatchObject({ n: written });
    expect(Object.keys(storedKeys(folder, 'session'))).toHaveLength(written + 2);
    expect(database.readCreds().mark).toBe(`${written}`);
    expect(errorOf(() => AuthDatabase.create(join(mount, '3'), { text: 'z'.repeat(200_000) }))).toMatchObject({
      name: 'AuthFolderUnreadableError',
    });
    expect(existsSync(join(mount, '3'))).toBe(false);

    rmSync(ballast);
    await database.put({ keys: { session: { a: { n: 'room again' } } } });
    expect(await refusalOf(database.durable()!)).toBeInstanceOf(AuthFolderUnreadableError);
    expect(database.load().mark).toBe(`${written}`);
    expect(database.durable()).toBeNull();
    database.close();
    const again = closing(AuthDatabase.open(folder));
    expect(again.get('session', ['a'])).toEqual({ a: { n: 'room again' } });
    expect(integrityOf(folder)).toBe('ok');
  });

  it('by its page limit does the same', async () => {
    const folder = temporaryDirectory();
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    const inner = (database as unknown as { database: Sqlite.Database }).database;
    await database.put({ keys: { session: { a: { n: 1 } } } });
    inner.pragma('max_page_count = 10');
    const full = await refusalOf(database.put({ keys: { session: { a: { n: 2 }, b: 'x'.repeat(90_000) } } }));
    expect(full).toBeInstanceOf(AuthFolderUnreadableError);
    expect(full.code).toBe('SQLITE_FULL');
    expect(database.get('session', ['a', 'b'])).toEqual({ a: { n: 1 } });
    expect(storedKeys(folder, 'session')).toEqual({ a: { n: 1 } });
    inner.pragma('max_page_count = 1000');
    await database.put({ keys: { session: { a: { n: 3 } } } });
    expect(storedKeys(folder, 'session')).toEqual({ a: { n: 3 } });
  });

  it('that is full says of each of many that were put at once whether it is there', async () => {
    const folder = temporaryDirectory();
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    const inner = (database as unknown as { database: Sqlite.Database }).database;
    inner.pragma('max_page_count = 20');
    const sizes = [10, 20_000, 90_000, 10, 90_000, 20_000];
    const puts = sizes.map((size, n) => database.put({ keys: { session: { [n]: 'x'.repeat(size) } } }));
    const told = (await Promise.allSettled(puts)).flatMap(({ status }, n) => (status === 'fulfilled' ? [`${n}`] : []));
    expect(told).not.toContain('2');
    expect(Object.keys(storedKeys(folder, 'session'))).toEqual(told);
    expect(Object.keys(database.get('session', Object.keys(sizes)))).toEqual(told);
    expect(await refusalOf(database.durable()!)).toMatchObject({ name: 'AuthFolderUnreadableError' });
  });

  it('to sync is told by the put and by durable, and nothing is put or loaded until it is opened anew', async () => {
    const folder = temporaryDirectory();
    const database = closing(AuthDatabase.create(folder, pairedCreds()));
    await database.put({ keys: { session: { a: 1 } } });
    const eio = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', errno: -5, syscall: 'fdatasync' });
    const spy = vi.spyOn(fs, 'fdatasync').mockImplementation((_file, done) => void setImmediate(done, eio));
    onTestFinished(() => spy.mockRestore());
    const told = { name: 'AuthFolderUnreadableError', code: 'EIO' };
    const puts = [database.put({ keys: { session: { a: 2 } } }), database.put({ creds: pairedCreds('second') })];
    const durable = refusalOf(database.durable()!);
    for (const put of puts) expect(await refusalOf(put)).toMatchObject(told);
    expect(await durable).toMatchObject(told);
    spy.mockRestore();
    expect(await refusalOf(database.put({ keys: { session: { a: 3 } } }))).toMatchObject(told);
    expect(errorOf(() => database.load())).toMatchObject(told);
    expect(await refusalOf(database.durable()!)).toMatchObject({ name: 'AuthFolderUnreadableError' });
    database.close();
    const again = closing(AuthDatabase.open(folder));
    await again.put({ keys: { session: { a: 4 } } });
    expect(again.durable()).toBeNull();
    expect(storedKeys(folder, 'session')).toEqual({ a: 4 });
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
