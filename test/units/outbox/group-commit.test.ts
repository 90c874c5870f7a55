import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { GroupCommit } from '../../../src/store/sqlite/group-commit.js';
import { openDatabase } from '../../../src/store/sqlite/open-database.js';
import { folder } from './fixtures.js';

function open() {
  const directory = folder();
  const database = openDatabase(directory, 'x.sqlite', [
    `CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT;
     CREATE TABLE child (n INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED);`,
  ]);
  database.pragma('foreign_keys = ON');
  // What another process would find after this one was killed.
  const other = new Database(path.join(directory, 'x.sqlite'), { readonly: true });
  onTestFinished(() => {
    other.close();
    database.close();
  });
  const numbers = (from: Database.Database): unknown[] => from.prepare('SELECT n FROM t ORDER BY n').pluck().all();
  const insert = (n: number) => () => database.prepare('INSERT INTO t VALUES (?)').run(n);
  return { commits: new GroupCommit(database), database, numbers, other, insert };
}

describe('writes that share a commit', () => {
  test('run at once, are visible to their own connection, and on disk when they resolve, all together', async () => {
    const { commits, database, other, numbers, insert } = open();
    const writing = [1, 2, 3].map((n) => commits.write(insert(n)));
    expect(numbers(database)).toEqual([1, 2, 3]);
    expect(numbers(other)).toEqual([]);
    await writing[0];
    expect(numbers(other)).toEqual([1, 2, 3]);
    await Promise.all(writing);
  });

  test('one that throws undoes its own writes only, and is told so', async () => {
    const { commits, other, numbers, insert } = open();
    const good = commits.write(insert(1));
    const bad = commits.write(() => {
      insert(2)();
      throw new Error('changed my mind');
    });
    const alsoGood = commits.write(insert(3));
    await expect(bad).rejects.toThrow('changed my mind');
    await Promise.all([good, alsoGood]);
    expect(numbers(other)).toEqual([1, 3]);
  });

  test('when SQLite gives up a whole transaction all who wrote in it are told, and the next one works', async () => {
    const { commits, database, other, numbers, insert } = open();
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    const before = commits.write(insert(1));
    const last = commits.write(() => {
      database.exec('ROLLBACK');
      throw full;
    });
    const results = await Promise.allSettled([before, last]);
    expect(results).toMatchObject([
      { status: 'rejected', reason: full },
      { status: 'rejected', reason: full },
    ]);
    await commits.write(insert(2));
    expect(numbers(other)).toEqual([2]);
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
  });

  test('a commit that fails is told to all of its writers, nothing of it is kept, and the next one works', async () => {
    const { commits, database, other, numbers, insert } = open();
    const writing = [
      commits.write(insert(1)),
      // A debt that is looked at when the commit comes.
      commits.write(() => database.prepare('INSERT INTO child VALUES (99)').run()),
      commits.write(insert(2)),
    ];
    const results = await Promise.allSettled(writing);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(numbers(database)).toEqual([]);
    await commits.write(insert(3));
    expect(numbers(other)).toEqual([3]);
  });

  test('flush commits what is open, and does nothing when nothing is', async () => {
    const { commits, other, numbers, insert } = open();
    expect(commits.flush()).toBeNull();
    const writing = commits.write(insert(1));
    expect(commits.flush()).toBeNull();
    expect(numbers(other)).toEqual([1]);
    await writing;
    expect(commits.flush()).toBeNull();
  });

  test('flush says which commit failed, as its writer hears, and the next one works', async () => {
    const { commits, database, other, numbers, insert } = open();
    const refused = commits.write(() => database.prepare('INSERT INTO child VALUES (99)').run());
    const failure = commits.flush();
    expect(failure?.error).toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
    await expect(refused).rejects.toBe(failure?.error);
    await commits.write(insert(3));
    expect(numbers(other)).toEqual([3]);
  });

  test('many writes cost few commits', async () => {
    const { commits, database, other, numbers, insert } = open();
    const version = (): unknown => other.pragma('data_version', { simple: true });
    const seen = new Set([version()]);
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 200 }, (_, n) => commits.write(insert(round * 200 + n))));
      seen.add(version());
    }
    expect(numbers(database)).toHaveLength(1000);
    expect(seen.size).toBe(6);
  });
});

describe('the disk', () => {
  /** Holds every sync of the journal until the test lets it go. */
  function heldSyncs() {
    const held: ((error: NodeJS.ErrnoException | null) => void)[] = [];
    const real = fs.fdatasync;
    const spy = vi.spyOn(fs, 'fdatasync').mockImplementation((file: number, done: (typeof held)[number]) => {
      held.push((error) => (error ? done(error) : real(file, done)));
    });
    onTestFinished(() => spy.mockRestore());
    return held;
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const ioError = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', errno: -5 });

  test('nothing is told before it; what is written meanwhile shares the next sync', async () => {
    const held = heldSyncs();
    const { commits, database, other, numbers, insert } = open();
    const told: number[] = [];
    const note = (n: number) => () => void told.push(n);
    const first = commits.write(insert(1)).then(note(1));
    await turn();
    expect(held).toHaveLength(1);
    const second = commits.write(insert(2)).then(note(2));
    await turn();
    const third = commits.write(insert(3)).then(note(3));
    const all = commits.durable()?.then(note(4));
    await turn();
    // Committed all three, synced none.
    expect(numbers(other)).toEqual([1, 2, 3]);
    expect(told).toEqual([]);
    expect(held).toHaveLength(1);
    held[0]?.(null);
    await first;
    expect(told).toEqual([1]);
    expect(held).toHaveLength(2);
    held[1]?.(null);
    await Promise.all([second, third, all]);
    expect(told.sort()).toEqual([1, 2, 3, 4]);
    expect(commits.durable()).toBeNull();
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
  });

  test('is not asked for what nobody waits for, until somebody does or a moment has passed', async () => {
    const held = heldSyncs();
    const { commits, other, numbers, insert } = open();
    const told: number[] = [];
    const unhurried = commits.write(insert(1), { urgent: false }).then(() => told.push(1));
    await turn();
    // A kill would not take it.
    expect(numbers(other)).toEqual([1]);
    expect(held).toHaveLength(0);
    const urgent = commits.write(insert(2)).then(() => told.push(2));
    await turn();
    expect(held).toHaveLength(1);
    held[0]?.(null);
    await Promise.all([unhurried, urgent]);
    expect(told.sort()).toEqual([1, 2]);

    const asked = commits.write(insert(3), { urgent: false });
    await turn();
    expect(held).toHaveLength(1);
    const durable = commits.durable();
    expect(held).toHaveLength(2);
    held[1]?.(null);
    await Promise.all([asked, durable]);

    const left = commits.write(insert(4), { urgent: false });
    await vi.waitFor(() => expect(held).toHaveLength(3), { interval: 5 });
    held[2]?.(null);
    await left;
  });

  test('whoever cannot wait has all of it synced at once, and the waiting are told', async () => {
    const held = heldSyncs();
    const { commits, other, numbers, insert } = open();
    const waiting = [commits.write(insert(1))];
    await turn();
    waiting.push(commits.write(insert(2)));
    expect(commits.flush()).toBeNull();
    expect(numbers(other)).toEqual([1, 2]);
    expect(commits.durable()).toBeNull();
    await Promise.all(waiting);
    // The one that was under way finds nobody left, and does no harm.
    held[0]?.(null);
    await turn();
    await commits.durable();
  });

  test('a sync that fails fails everybody from then on: nobody knows what is on the disk', async () => {
    const held = heldSyncs();
    const { commits, insert } = open();
    const waiting = [commits.write(insert(1))];
    await turn();
    waiting.push(commits.write(insert(2)));
    await turn();
    held[0]?.(ioError);
    const results = await Promise.allSettled(waiting);
    expect(results).toMatchObject([
      { status: 'rejected', reason: ioError },
      { status: 'rejected', reason: ioError },
    ]);
    await expect(commits.write(insert(3))).rejects.toBe(ioError);
    expect(() => commits.mustBeUnbroken()).toThrow(ioError);
    expect(commits.flush()).toEqual({ error: ioError });
    commits.close();
  });

  test('the journal stays open for a sync that is under way when everything closes', async () => {
    const held = heldSyncs();
    const { commits, other, numbers, insert } = open();
    const waiting = commits.write(insert(1));
    await turn();
    commits.close();
    await waiting;
    expect(numbers(other)).toEqual([1]);
    held[0]?.(null);
    await turn();
  });
});
