import type Database from 'better-sqlite3';
import type { EventStores } from '../ports.js';
import { SqliteDeliveryStore } from './delivery-store.js';
import { openEventsDatabase } from './events-database.js';
import { SqliteLedgerStore } from './ledger-store.js';
import { SqliteUndeliveredStore } from './undelivered-store.js';
import { SqliteWebhookStore } from './webhook-store.js';

/** `events.sqlite` in DATA_DIR. */
export class SqliteEventStores implements EventStores {
  readonly ledger: SqliteLedgerStore;
  readonly webhooks: SqliteWebhookStore;
  readonly deliveries: SqliteDeliveryStore;
  readonly undelivered: SqliteUndeliveredStore;

  /** @throws as `openDatabase` */
  static async open(directory: string): Promise<SqliteEventStores> {
    return new SqliteEventStores(openEventsDatabase(directory));
  }

  constructor(private readonly database: Database.Database) {
    this.webhooks = new SqliteWebhookStore(database);
    this.deliveries = new SqliteDeliveryStore(database);
    this.undelivered = new SqliteUndeliveredStore(database);
    this.ledger = new SqliteLedgerStore(database, this.deliveries, this.undelivered);
  }

  async close(): Promise<void> {
    this.database.close();
  }
}
