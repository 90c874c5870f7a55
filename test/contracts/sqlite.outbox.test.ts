import { openOutboxDatabase } from '../../src/store/sqlite/outbox-database.js';
import { SqliteOutboxStore } from '../../src/store/sqlite/outbox-store.js';
import { commitFailer } from '../units/outbox/fixtures.js';
import { inDirectory } from './in-directory.js';
import { outboxContract } from './outbox.contract.js';

outboxContract('SQLite', async () => {
  let refuse = (): void => {};
  const place = await inDirectory(async (directory) => {
    const database = openOutboxDatabase(directory);
    refuse = commitFailer(database);
    return new SqliteOutboxStore(database);
  });
  return { ...place, refuse: () => refuse() };
});
