import type Database from 'better-sqlite3';
import { openDatabase } from './open-database.js';

const MIGRATIONS = [
  `CREATE TABLE messages (
     -- Rows are never deleted, so no seq comes twice.
     seq INTEGER PRIMARY KEY,
     message_id TEXT NOT NULL UNIQUE,
     organization_id TEXT NOT NULL,
     phone TEXT NOT NULL,
     chat_id TEXT,
     text TEXT,
     state TEXT NOT NULL,
     error_code TEXT,
     ack_code INTEGER,
     replace_key TEXT,
     idempotency_key TEXT,
     request_hash BLOB,
     attempts INTEGER NOT NULL DEFAULT 0,
     first_try_at INTEGER,
     send_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     settled_at INTEGER,
     times TEXT NOT NULL
   ) STRICT;
   -- What is under way is a small part of all there is; these indexes hold that part only,
   -- so a send costs the same after a million.
   CREATE INDEX messages_pending ON messages (organization_id, seq) WHERE state IN ('queued', 'sending');
   CREATE INDEX messages_expiring ON messages (expires_at) WHERE state = 'queued';
   CREATE INDEX messages_replaceable ON messages (organization_id, replace_key)
     WHERE state = 'queued' AND replace_key IS NOT NULL;
   CREATE UNIQUE INDEX messages_idempotent ON messages (organization_id, idempotency_key)
     WHERE idempotency_key IS NOT NULL;
   CREATE INDEX messages_idempotent_age ON messages (created_at) WHERE idempotency_key IS NOT NULL;
   CREATE INDEX messages_with_text ON messages (settled_at) WHERE text IS NOT NULL AND settled_at IS NOT NULL;
   CREATE INDEX messages_by_organization ON messages (organization_id, seq);
   CREATE INDEX messages_by_phone ON messages (organization_id, phone, seq);
   CREATE TABLE chats (
     phone TEXT PRIMARY KEY,
     chat_id TEXT,
     resolved_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE contacts (
     organization_id TEXT NOT NULL,
     phone TEXT NOT NULL,
     PRIMARY KEY (organization_id, phone)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE organization_settings (
     organization_id TEXT PRIMARY KEY,
     quiet_hours TEXT,
     first_contacts_paused_until INTEGER NOT NULL DEFAULT 0
   ) STRICT;`,
  // How often the connection ended in a stream error while this message was handed over and not answered.
  `ALTER TABLE messages ADD COLUMN stream_ends INTEGER NOT NULL DEFAULT 0;`,
  // Who has written to an organization, or was written to by hand on its phone: digits, or a LID (`<digits>@lid`); a
  // person may have both. The row that was written last has the highest id. What the outbox itself has delivered stands
  // in `contacts`.
  `CREATE TABLE acquaintances (
     id INTEGER PRIMARY KEY,
     organization_id TEXT NOT NULL,
     name TEXT NOT NULL,
     UNIQUE (organization_id, name)
   ) STRICT;
   CREATE INDEX acquaintances_by_age ON acquaintances (organization_id, id);`,
  // The phone that was linked last (digits), and the one that was so when a message was accepted. Null: from before
  // this was noted.
  `ALTER TABLE organization_settings ADD COLUMN linked_phone TEXT;
   ALTER TABLE organization_settings ADD COLUMN linked_since INTEGER;
   ALTER TABLE messages ADD COLUMN for_phone TEXT;`,
  // What a message holds is a content of some kind and version (JSON); until now it was a text. Null: erased. The
  // column keeps its place, so only rows that still have a text are written.
  `ALTER TABLE messages RENAME COLUMN text TO content;
   UPDATE messages SET content = json_object('kind', 'text', 'version', 1, 'text', content) WHERE content IS NOT NULL;
   DROP INDEX messages_with_text;
   CREATE INDEX messages_with_content ON messages (settled_at) WHERE content IS NOT NULL AND settled_at IS NOT NULL;`,
];

/** @throws as `openDatabase` */
export function openOutboxDatabase(directory: string): Database.Database {
  return openDatabase(directory, 'outbox.sqlite', MIGRATIONS, { erases: true });
}
