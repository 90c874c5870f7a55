/** What one commit of 2 KB with synchronous=FULL costs on this disk at this moment, ms: the price of a promise that survives a power cut. */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { median } from './numbers.js';

export function commitCost(directory: string, count = 100): number {
  const file = path.join(directory, 'commit-cost.sqlite');
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE t (text TEXT)');
  const insert = database.prepare('INSERT INTO t VALUES (?)');
  const text = 'x'.repeat(2000);
  const times = Array.from({ length: count }, () => {
    const begun = performance.now();
    insert.run(text);
    return performance.now() - begun;
  });
  database.close();
  fs.rmSync(file);
  return median(times);
}
