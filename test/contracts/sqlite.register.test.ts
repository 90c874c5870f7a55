import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteRegisterStore } from '../../src/store/sqlite/register-store.js';
import { registerContract } from './register.contract.js';

registerContract('SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'register-contract-'));
  return {
    open: () => SqliteRegisterStore.open(directory),
    remove: async () => rmSync(directory, { recursive: true, force: true }),
  };
});
