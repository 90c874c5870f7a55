import path from 'node:path';
import Database from 'better-sqlite3';

/** What each database had not yet at its first version. */
const LATER = {
  'service.sqlite': ['DROP TABLE IF EXISTS paired', 'DROP TABLE IF EXISTS logouts'],
  'outbox.sqlite': [
    'DROP INDEX messages_with_content',
    "UPDATE messages SET content = json_extract(content, '$.text') WHERE content IS NOT NULL",
    'ALTER TABLE messages RENAME COLUMN content TO text',
    'CREATE INDEX messages_with_text ON messages (settled_at) WHERE text IS NOT NULL AND settled_at IS NOT NULL',
    'ALTER TABLE messages DROP COLUMN stream_ends',
    'ALTER TABLE messages DROP COLUMN for_phone',
    'ALTER TABLE organization_settings DROP COLUMN linked_phone',
    'ALTER TABLE organization_settings DROP COLUMN linked_since',
    'DROP TABLE acquaintances',
  ],
};

/** Makes DATA_DIR what an older version of the service left. The service must not run. */
export function olderSchema(dataDirectory: string): void {
  for (const [name, statements] of Object.entries(LATER)) {
    const database = new Database(path.join(dataDirectory, name), { fileMustExist: true });
    try {
      const isFirst = database.pragma('user_version', { simple: true }) === 1;
      const makeOlder = database.transaction(() => {
        for (const statement of statements) database.exec(statement);
        database.pragma('user_version = 1');
      });
      // A kill may have come before it was brought up to date.
      if (!isFirst) makeOlder();
    } finally {
      database.close();
    }
  }
}
