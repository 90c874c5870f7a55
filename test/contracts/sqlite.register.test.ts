import { SqliteRegisterStore } from '../../src/store/sqlite/register-store.js';
import { inDirectory } from './in-directory.js';
import { registerContract } from './register.contract.js';

registerContract('SQLite', () => inDirectory((directory) => SqliteRegisterStore.open(directory)));
