import type Database from 'better-sqlite3';
import { ServiceError } from '../../errors.js';

/** Prepares each statement once. */
export class Statements {
  private readonly prepared = new Map<string, Database.Statement>();

  constructor(private readonly database: Database.Database) {}

  /** @throws ServiceError `shutting_down` when the database is closed */
  mustBeOpen(): void {
    if (!this.database.open) throw new ServiceError('shutting_down');
  }

  /** @throws as `mustBeOpen` */
  sql<T = unknown>(text: string): Database.Statement<unknown[], T> {
    this.mustBeOpen();
    let statement = this.prepared.get(text);
    if (!statement) {
      statement = this.database.prepare(text);
      this.prepared.set(text, statement);
    }
    return statement as Database.Statement<unknown[], T>;
  }
}
