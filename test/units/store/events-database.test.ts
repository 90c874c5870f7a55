import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { EventLedger } from '../../../src/events/event-ledger.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { SqliteEventStores } from '../../../src/store/sqlite/event-stores.js';
import { openEventsDatabase } from '../../../src/store/sqlite/events-database.js';

const directory = mkdtempSync(path.join(tmpdir(), 'events-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('takes over the events of a version that knew no webhooks, and goes on counting where it was', async () => {
  const old = new Database(path.join(directory, 'events.sqlite'));
  old.exec(
    `CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, organization_id TEXT NOT NULL, name TEXT NOT NULL,
       at INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
     CREATE INDEX events_by_organization ON events (organization_id, id);
     INSERT INTO events VALUES (41, 'shop-1', 'session.stable', 7, '{}');
     PRAGMA user_version = 1`,
  );
  old.close();
  const database = openEventsDatabase(directory);
  const stores = new SqliteEventStores(database);
  const ledger = new EventLedger(stores.ledger, { keep: 10, now: () => 8 });
  await ledger.tell('session.stable', 'shop-1' as OrganizationId, {});
  expect((await ledger.list({ limit: 10 })).map(({ id, at }) => [id, at])).toEqual([
    [41, 7],
    [42, 8],
  ]);
  expect(database.prepare('SELECT count(*) AS n FROM deliveries').get()).toEqual({ n: 0 });
  await ledger.close();
  await stores.close();
});
