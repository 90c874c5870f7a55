import { SqliteEventStores } from '../../src/store/sqlite/event-stores.js';
import { inDirectory } from './in-directory.js';
import { webhooksContract } from './webhooks.contract.js';

webhooksContract('SQLite', () => inDirectory((directory) => SqliteEventStores.open(directory)));
