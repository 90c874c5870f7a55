import path from 'node:path';
import Database from 'better-sqlite3';

/** Makes DATA_DIR what an older version of the service left: `service.sqlite` before its second migration. The service must not run. */
export function olderSchema(dataDirectory: string): void {
  const database = new Database(path.join(dataDirectory, 'service.sqlite'), { fileMustExist: true });
  try {
    database.exec('DROP TABLE IF EXISTS paired; PRAGMA user_version = 1;');
  } finally {
    database.close();
  }
}
