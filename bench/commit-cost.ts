/**
 * What one commit of 2 KB with synchronous=FULL costs on this disk at this moment, ms: the price of a promise that
 * survives a power cut. `rested`: after a pause of 5 ms, as between messages one at a time; a machine that has fallen
 * idle takes longer.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { median } from './numbers.js';

export interface CommitCost {
  readonly atOnce: number;
  readonly rested: number;
}

export async function commitCost(directory: string, count = 100): Promise<CommitCost> {
  const file = path.join(directory, 'commit-cost.sqlite');
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE t (text TEXT)');
  const insert = database.prepare('INSERT INTO t VALUES (?)');
  const text = 'x'.repeat(2000);
  const measured = async (pauseMs: number): Promise<number> => {
    const times: number[] = [];
    for (let n = 0; n < count; n++) {
      if (pauseMs > 0) await setTimeout(pauseMs);
      const begun = performance.now();
      insert.run(text);
      times.push(performance.now() - begun);
    }
    return median(times);
  };
  const cost = { atOnce: await measured(0), rested: await measured(5) };
  database.close();
  fs.rmSync(file);
  return cost;
}
