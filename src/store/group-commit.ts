import type Database from 'better-sqlite3';

/**
 * Makes many writes durable with one commit: what is written within one turn of the event loop shares an fsync. Work runs at once and is
 * visible to later reads of the same connection; the promise resolves when it is on disk, and rejects, for all of the group, when the
 * commit failed; then nothing of the group was written.
 */
export class GroupCommit {
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private scheduled: NodeJS.Immediate | null = null;
  private open: Promise<void> | null = null;
  private readonly begin: Database.Statement;
  private readonly commit: Database.Statement;
  /** Within an open transaction this is a savepoint. Made once: making one costs as much as a small write. */
  private readonly savepoint: (work: () => unknown) => unknown;

  /** @param onUndone called at once when something that was written is not there after all: `work` threw, or the commit failed */
  constructor(
    private readonly database: Database.Database,
    private readonly onUndone: () => void = () => {},
  ) {
    this.begin = database.prepare('BEGIN IMMEDIATE');
    this.commit = database.prepare('COMMIT');
    this.savepoint = database.transaction((work: () => unknown) => work());
  }

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

  /** Resolves when everything that was written until now is on disk, rejects when it is not; null when it is already. */
  durable(): Promise<void> | null {
    if (!this.scheduled) return null;
    this.open ??= new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
    return this.open;
  }

  /** Commits what is open; safe to call when nothing is. The waiting writers are told; the failure is also returned. */
  flush(): { error: unknown } | null {
    if (this.scheduled) clearImmediate(this.scheduled);
    this.scheduled = null;
    this.open = null;
    const { waiting } = this;
    this.waiting = [];
    try {
      if (this.database.open && this.database.inTransaction) this.commit.run();
    } catch (error) {
      if (this.database.inTransaction) this.database.exec('ROLLBACK');
      this.onUndone();
      for (const { reject } of waiting) reject(error);
      return { error };
    }
    for (const { resolve } of waiting) resolve();
    return null;
  }

  private join<T>(work: () => T): T {
    if (!this.database.inTransaction) this.begin.run();
    this.scheduled ??= setImmediate(() => this.flush());
    try {
      return this.savepoint(work) as T;
    } catch (error) {
      this.onUndone();
      throw error;
    }
  }
}
