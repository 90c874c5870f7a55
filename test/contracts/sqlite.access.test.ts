import { SqliteAccessStore } from '../../src/store/sqlite/access-store.js';
import { accessContract } from './access.contract.js';
import { inDirectory } from './in-directory.js';

accessContract('SQLite', () => inDirectory((directory) => SqliteAccessStore.open(directory)));
