import { join } from 'node:path';
import Database from 'better-sqlite3';
import { makePrivateFolder } from './durable-files.js';

/** Another process works on the same auth folders; two sockets on one set of keys would ruin both. */
export class AuthDirectoryInUseError extends Error {
  constructor() {
    super('another process of this service is using it');
    this.name = 'AuthDirectoryInUseError';
  }
}

/**
 * Holds the directory of the auth folders for this process. The lock is SQLite's own on the file `.lock`: the system
 * gives it back when the process ends, however it ends, so nothing stale ever has to be removed.
 */
export class AuthDirectoryLock {
  private constructor(private readonly database: Database.Database) {}

  /** @throws AuthDirectoryInUseError, or the system's error when the directory cannot be used */
  static take(directory: string): AuthDirectoryLock {
    makePrivateFolder(directory);
    const database = new Database(join(directory, '.lock'), { timeout: 0 });
    try {
      // Nothing is ever written; an exclusive transaction that stays open is the lock.
      database.exec('BEGIN EXCLUSIVE');
      return new AuthDirectoryLock(database);
    } catch (error) {
      database.close();
      if ((error as { code?: string }).code === 'SQLITE_BUSY') throw new AuthDirectoryInUseError();
      throw error;
    }
  }

  release(): void {
    this.database.close();
  }
}
