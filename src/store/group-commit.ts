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

  /** Runs `work` at once, inside the open group. When `work` throws, only its own writes are undone, and the error is thrown. */
  async write<T>(work: () => T): Promise<T> {
    const result = this.join(work);
    await new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
    return result;
  }

  /** Runs `work` and commits it together with whatever is open: durable when this returns. @throws when the commit fails */
  writeNow<T>(work: () => T): T {
    const result = this.join(work);
    const failure = this.flush();
    if (failure) throw failure.error;
    return result;
  }

  /** Commits what is open; safe to call when nothing is. The waiting writers are told; the failure is also returned. */
  flush(): { error: unknown } | null {
    if (this.scheduled) clearImmediate(this.scheduled);
    this.scheduled = null;
    const { waiting } = this;
    this.waiting = [];
    try {
      if (this.database.open && this.database.inTransaction) this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.inTransaction) this.database.exec('ROLLBACK');
      for (const { reject } of waiting) reject(error);
      return { error };
    }
    for (const { resolve } of waiting) resolve();
    return null;
  }

  private join<T>(work: () => T): T {
    if (!this.database.inTransaction) this.database.exec('BEGIN IMMEDIATE');
    this.scheduled ??= setImmediate(() => this.flush());
    // Within an open transaction this is a savepoint.
    return this.database.transaction(work)();
  }
}
