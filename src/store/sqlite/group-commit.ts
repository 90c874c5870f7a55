import fs from 'node:fs';
import type Database from 'better-sqlite3';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Somebody waits for it: the disk is asked at once. */
  readonly urgent: boolean;
}

/** How long what nobody waits for may wait for a sync that comes anyway, ms. */
const UNHURRIED_MS = 25;

/**
 * Makes many writes durable together, and waits for the disk without holding up the process. What is written within one
 * turn of the event loop is one transaction; the journals of all transactions that were written while the disk was busy
 * share the next sync. Work runs at once and is visible to later reads of the same connection; the promise resolves
 * when it is on disk. It rejects, for all of the group, when the commit failed; then nothing of the group was written.
 *
 * The database is in WAL mode with `synchronous=FULL`. What FULL does beyond NORMAL there is one sync of the journal
 * after each commit (sqlite.org/pragma.html#pragma_synchronous); for its groups this class does it itself, in a thread.
 * Other writes of the connection keep FULL. When the disk refuses a sync nobody knows what is on it (the system may
 * have dropped the pages): from then on every write fails, until the database is opened anew.
 */
export class GroupCommit {
  /** Written in the transaction that is open. */
  private open: Waiter[] = [];
  /** Committed; its journal waits for a sync. */
  private written: Waiter[] = [];
  /** What the sync that is under way will make durable. */
  private syncing: Waiter[] = [];
  private isSyncing = false;
  private journal: number | null = null;
  private broken: { readonly error: unknown } | null = null;
  private closed = false;
  private scheduled: NodeJS.Immediate | null = null;
  private unhurried: NodeJS.Timeout | null = null;
  private readonly begin: Database.Statement;
  private readonly commit: Database.Statement;
  /** Within an open transaction this is a savepoint. Made once: making one costs as much as a small write. */
  private readonly savepoint: (work: () => unknown) => unknown;

  /**
   * @param onUndone called at once when something that was written is not there after all: `work` threw, or the commit
   *   failed
   */
  constructor(
    private readonly database: Database.Database,
    private readonly onUndone: () => void = () => {},
  ) {
    this.begin = database.prepare('BEGIN IMMEDIATE');
    this.commit = database.prepare('COMMIT');
    this.savepoint = database.transaction((work: () => unknown) => work());
  }

  /**
   * Runs `work` at once, inside the open group. When `work` throws, only its own writes are undone, and the error is
   * thrown.
   * @param urgent false where nobody waits for it: it is in the journal as soon as any other (a kill takes nothing),
   *   but shares its sync with whatever is written within UNHURRIED_MS
   */
  async write<T>(work: () => T, { urgent = true } = {}): Promise<T> {
    const result = this.join(work);
    await new Promise<void>((resolve, reject) => this.open.push({ resolve, reject, urgent }));
    return result;
  }

  /**
   * Resolves when everything that was written until now is on disk, rejects when it is not; null when it is already.
   */
  durable(): Promise<void> | null {
    const last = this.scheduled ? this.open : this.written.length > 0 ? this.written : this.syncing;
    if (!this.scheduled && last.length === 0) return null;
    const durable = new Promise<void>((resolve, reject) => last.push({ resolve, reject, urgent: true }));
    if (!this.scheduled) this.sync();
    return durable;
  }

  /**
   * Commits what is open and waits for the disk: all that was written is durable when this returns. Safe to call when
   * nothing is. The waiting writers are told; the failure is also returned.
   */
  flush(): { error: unknown } | null {
    const failure = this.commitOpen();
    if (failure) return failure;
    if (this.written.length === 0 && this.syncing.length === 0) return this.broken;
    // In place, so that the sync that may be under way finds nobody left to tell.
    const waiting = [...this.syncing.splice(0), ...this.written.splice(0)];
    try {
      fs.fdatasyncSync(this.journalFile());
    } catch (error) {
      return this.fail(error, waiting);
    }
    for (const { resolve } of waiting) resolve();
    return this.broken;
  }

  /** @throws the error of a sync that the disk refused, from then on */
  mustBeUnbroken(): void {
    if (this.broken) throw this.broken.error;
  }

  /** Makes all durable and lets go of the journal; the database is closed afterwards, by whoever opened it. */
  close(): void {
    this.flush();
    if (this.unhurried) clearTimeout(this.unhurried);
    this.closed = true;
    this.closeJournal();
  }

  private join<T>(work: () => T): T {
    this.mustBeUnbroken();
    const isFirst = !this.database.inTransaction;
    if (isFirst) {
      // Compiled anew each time: the setting is made when the statement is compiled, not when it runs.
      this.database.exec('PRAGMA synchronous = NORMAL');
      this.begin.run();
    }
    this.scheduled ??= setImmediate(() => {
      if (!this.commitOpen()) this.syncIfUrgent();
    });
    try {
      // Nothing else is in the transaction yet that would have to be kept.
      return isFirst ? work() : (this.savepoint(work) as T);
    } catch (error) {
      // A disk that is full may make SQLite give up all of the transaction, not only this part of it
      // (sqlite.org/lang_transaction.html).
      const isGone = !this.database.inTransaction;
      if (isFirst || isGone) this.rollBack();
      this.onUndone();
      if (isGone) for (const { reject } of this.open.splice(0)) reject(error);
      throw error;
    }
  }

  /** Ends the open transaction: its content is in the journal, not yet on disk. */
  private commitOpen(): { error: unknown } | null {
    if (!this.scheduled) return null;
    clearImmediate(this.scheduled);
    this.scheduled = null;
    const group = this.open;
    this.open = [];
    try {
      this.mustBeUnbroken();
      if (this.database.open && this.database.inTransaction) {
        this.commit.run();
        this.database.exec('PRAGMA synchronous = FULL');
      }
    } catch (error) {
      this.rollBack();
      this.onUndone();
      for (const { reject } of group) reject(error);
      return { error };
    }
    this.written.push(...group);
    return null;
  }

  private rollBack(): void {
    if (!this.database.open) return;
    if (this.database.inTransaction) this.database.exec('ROLLBACK');
    this.database.exec('PRAGMA synchronous = FULL');
  }

  private syncIfUrgent(): void {
    if (this.written.some(({ urgent }) => urgent)) this.sync();
    else if (this.written.length > 0) this.unhurried ??= setTimeout(() => this.sync(), UNHURRIED_MS);
  }

  /** One sync at a time; what is committed meanwhile shares the next. */
  private sync(): void {
    if (this.isSyncing || this.written.length === 0) return;
    if (this.unhurried) clearTimeout(this.unhurried);
    this.unhurried = null;
    const group = this.written;
    this.written = [];
    this.syncing = group;
    let journal: number;
    try {
      journal = this.journalFile();
    } catch (error) {
      this.fail(error, group);
      return;
    }
    this.isSyncing = true;
    fs.fdatasync(journal, (error) => {
      this.isSyncing = false;
      if (error) this.fail(error, group);
      for (const { resolve } of group.splice(0)) resolve();
      if (this.closed) this.closeJournal();
      else this.syncIfUrgent();
    });
  }

  /** The disk refused a sync: nothing that waited for one, now or later, is known to be on it. */
  private fail(error: unknown, waiting: Waiter[]): { error: unknown } {
    this.broken ??= { error };
    this.onUndone();
    for (const { reject } of [...waiting.splice(0), ...this.written.splice(0)]) reject(error);
    return this.broken;
  }

  /** The journal as SQLite writes it: there from the first write in WAL mode until the last connection closes. */
  private journalFile(): number {
    return (this.journal ??= fs.openSync(`${this.database.name}-wal`, 'r+'));
  }

  private closeJournal(): void {
    if (this.journal === null || this.isSyncing) return;
    fs.closeSync(this.journal);
    this.journal = null;
  }
}
