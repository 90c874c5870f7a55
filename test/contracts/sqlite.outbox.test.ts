import { SqliteOutboxStore } from '../../src/store/sqlite/outbox-store.js';
import { inDirectory } from './in-directory.js';
import { outboxContract } from './outbox.contract.js';

outboxContract('SQLite', () => inDirectory((directory) => SqliteOutboxStore.open(directory)));
