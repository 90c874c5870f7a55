import type Database from 'better-sqlite3';
import { openDatabase } from './open-database.js';

/**
 * The events, and what waits to be delivered of them: one file, so that an event and its deliveries are one commit.
 * The ledger (events), the webhooks (webhooks, deliveries, troubles) and the watch for undelivered messages (the
 * rest) each write their own tables.
 */
const MIGRATIONS = [
  `CREATE TABLE events (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     organization_id TEXT NOT NULL,
     name TEXT NOT NULL,
     at INTEGER NOT NULL,
     data TEXT NOT NULL
   ) STRICT;
   CREATE INDEX events_by_organization ON events (organization_id, id);`,
  // From when on all events of an organization are there. Of a ledger that was kept before this was noted, it is
  // taken to be the oldest.
  `CREATE TABLE pruned (organization_id TEXT PRIMARY KEY, kept_from INTEGER NOT NULL) STRICT;
   INSERT INTO pruned SELECT organization_id, min(at) FROM events GROUP BY organization_id;`,
  `CREATE TABLE webhooks (
     webhook_id TEXT PRIMARY KEY,
     organization_id TEXT,
     url TEXT NOT NULL,
     event_types TEXT,
     description TEXT,
     disabled_reason TEXT,
     secret TEXT NOT NULL,
     old_secret TEXT,
     old_secret_until INTEGER,
     created_at INTEGER NOT NULL,
     last_delivered_at INTEGER,
     last_failure TEXT
   ) STRICT;
   CREATE TABLE deliveries (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     token TEXT NOT NULL,
     webhook_id TEXT NOT NULL,
     organization_id TEXT NOT NULL,
     event_id INTEGER NOT NULL,
     name TEXT NOT NULL,
     at INTEGER NOT NULL,
     data TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'parked')),
     attempts INTEGER NOT NULL DEFAULT 0,
     waits_since INTEGER NOT NULL,
     last_try_at INTEGER,
     last_error TEXT,
     finished_at INTEGER
   ) STRICT;
   -- A delivery costs the same after a million that are finished: what waits has an index of its own.
   CREATE INDEX deliveries_waiting ON deliveries (webhook_id, organization_id, seq, waits_since)
     WHERE state = 'waiting';
   CREATE INDEX deliveries_by_state ON deliveries (webhook_id, state, seq);
   CREATE INDEX deliveries_parked ON deliveries (seq) WHERE state = 'parked';
   CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
   CREATE TABLE troubles (
     webhook_id TEXT NOT NULL,
     organization_id TEXT NOT NULL,
     failures INTEGER NOT NULL,
     since INTEGER NOT NULL,
     next_try_at INTEGER NOT NULL,
     PRIMARY KEY (webhook_id, organization_id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE undelivered_looked (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL) STRICT;
   CREATE TABLE undelivered_later (
     message_id TEXT PRIMARY KEY,
     organization_id TEXT NOT NULL,
     look_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX undelivered_later_by_time ON undelivered_later (look_at);
   CREATE TABLE undelivered_told (message_id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
   CREATE TABLE undelivered_settings (organization_id TEXT PRIMARY KEY, after_ms INTEGER NOT NULL) STRICT;`,
  // Whether a message was told: WhatsApp may deliver it again after a restart.
  `CREATE INDEX events_received ON events (organization_id, json_extract(data, '$.message_id'))
     WHERE name = 'message.received';`,
];

/**
 * Not synced one by one: after a power cut the last moments may be missing, never the order or the rest. What must
 * not be missing is written with `durably`.
 * @throws as `openDatabase`
 */
export function openEventsDatabase(directory: string): Database.Database {
  const database = openDatabase(directory, 'events.sqlite', MIGRATIONS);
  database.pragma('synchronous = NORMAL');
  // A secret that is no longer used is overwritten.
  database.pragma('secure_delete = FAST');
  return database;
}

/** Runs `work` in one commit that is on disk when this returns; not inside another. */
export function durably<T>(database: Database.Database, work: () => T): T {
  database.pragma('synchronous = FULL');
  try {
    return database.transaction(work).immediate();
  } finally {
    database.pragma('synchronous = NORMAL');
  }
}
