import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GroupCommit } from '../../../src/store/group-commit.js';
import { openDatabase } from '../../../src/store/open-database.js';
import { folder } from './fixtures.js';

function open() {
  const directory = folder();
  const database = openDatabase(directory, 'x.sqlite', [
    'CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT; CREATE TABLE child (n INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED);',
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
  test('run at once, are visible to their own connection, and are on disk when they resolve, all together', async () => {
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

  test('writeNow is on disk when it returns, with what was open before it', async () => {
    const { commits, database, other, numbers, insert } = open();
    const before = commits.write(insert(1));
    commits.writeNow(insert(2));
    expect(numbers(other)).toEqual([1, 2]);
    await before;
    expect(() => commits.writeNow(() => database.prepare('INSERT INTO child VALUES (99)').run())).toThrow(
      /FOREIGN KEY/,
    );
    commits.writeNow(insert(3));
    expect(numbers(other)).toEqual([1, 2, 3]);
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
