import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/logger.js';
import { SqliteKeyStore } from '../../src/store/sqlite/keys/key-store.js';
import { keysContract } from './keys.contract.js';

const logger = createLogger({ level: 'silent', format: 'json', destination: { write: () => {} } });

keysContract('SQLite', async () => {
  const home = mkdtempSync(join(tmpdir(), 'keys-contract-'));
  const [directory, hidden] = [join(home, 'auth'), join(home, 'hidden')];
  return {
    open: async () => new SqliteKeyStore({ directory, backupsToKeep: 2, logger }),
    // Permissions would not stop root; a file in the place of the directory stops everybody.
    refuse: async (isRefused) => {
      if (isRefused) {
        renameSync(directory, hidden);
        writeFileSync(directory, '');
        chmodSync(directory, 0o600);
      } else {
        rmSync(directory);
        renameSync(hidden, directory);
      }
    },
    damage: async (id) => writeFileSync(join(directory, id, 'auth.sqlite'), 'x'.repeat(8192)),
    takeAway: async (id) => rmSync(join(directory, id), { recursive: true }),
    remove: async () => rmSync(home, { recursive: true, force: true }),
  };
});
