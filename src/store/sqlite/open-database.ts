import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';

/**
 * Opens one of the service's own databases in DATA_DIR: WAL, `synchronous=FULL`, for this user alone, migrated.
 * @param migrations each runs once, in order, all that are missing in one transaction; never edited once released
 * @param erases what is deleted is overwritten in the file, also by migrations
 * @throws when it cannot be opened, is damaged, or was written by a newer version: the service does not start without
 *   it
 */
export function openDatabase(
  directory: string,
  name: string,
  migrations: readonly string[],
  { erases = false } = {},
): Database.Database {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, name);
  // The file exists with its mode before SQLite opens it; its journals inherit the mode.
  fs.closeSync(fs.openSync(file, 'a', 0o600));
  const database = new Database(file);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    if (erases) database.pragma('secure_delete = ON');
    // Immediate, and the version is read inside: a second process that starts at the same moment waits, and then finds
    // the work done.
    database
      .transaction(() => {
        const version = database.pragma('user_version', { simple: true }) as number;
        if (version > migrations.length) {
          throw new Error(`${name} in DATA_DIR was written by a newer version of this service`);
        }
        for (const [index, sql] of migrations.entries()) {
          if (index < version) continue;
          database.exec(sql);
          database.pragma(`user_version = ${index + 1}`);
        }
      })
      .immediate();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
