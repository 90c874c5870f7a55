import { SqliteEventStores } from '../../src/store/sqlite/event-stores.js';
import { inDirectory } from './in-directory.js';
import { ledgerContract } from './ledger.contract.js';

ledgerContract('SQLite', () => inDirectory((directory) => SqliteEventStores.open(directory)));
