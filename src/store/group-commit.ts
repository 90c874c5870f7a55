import type Database from 'better-sqlite3';

/**
 * Makes many writes durable with one commit: what is written within one turn of the event loop shares an fsync. Work runs at once and is
 * visible to later reads of the same connection; the promise resolves when it is on disk, and rejects, for all of the group, when the
 * commit failed; then nothing of the group was written.
 */
export class GroupCommit {
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private scheduled: NodeJS.Immediate | null = null;

  constructor(private readonly database: Database.Database) {}

  /** Runs `work` inside the open group. When `work` throws, only its own writes are undone, and the error is thrown. */
  async write<T>(work: () => T): Promise<T> {
    if (!this.database.inTransaction) this.database.exec('BEGIN IMMEDIATE');
    let result: T;
    try {
      // Nested in an open transaction this is a savepoint.
      result = this.database.transaction(work)();
    } finally {
      this.scheduled ??= setImmediate(() => this.flush());
    }
    await new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
    return result;
  }

  /** Commits what is open now; safe to call when nothing is. Never throws: the waiting writers are told. */
  flush(): void {
    if (this.scheduled) clearImmediate(this.scheduled);
    this.scheduled = null;
    const { waiting } = this;
    this.waiting = [];
    try {
      if (this.database.inTransaction) this.database.exec('COMMIT');
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      if (this.database.open && this.database.inTransaction) this.database.exec('ROLLBACK');
      for (const { reject } of waiting) reject(error);
    }
  }
}
