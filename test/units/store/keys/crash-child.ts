/* A process that is killed at a given step of a move, or while it writes. Run by crash.test.ts. */
import { writeSync } from 'node:fs';
import { AuthDatabase } from '../../../../src/store/sqlite/keys/auth-database.js';
import { AuthFolders } from '../../../../src/store/sqlite/keys/auth-folders.js';
import type { Logger } from '../../../../src/logger.js';
import { parseOrganizationId } from '../../../../src/organization-id.js';

const [directory = '', operation, fatalStep, times = '1'] = process.argv.slice(2);
// Not pino, which takes longer to load than all the rest.
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const id = parseOrganizationId('2')!;
let left = Number(times);

const room = new AuthFolders({
  directory,
  backupsToKeep: 3,
  logger: silent as unknown as Logger,
  onStep: (step) => {
    if (step === fatalStep && --left === 0) process.kill(process.pid, 'SIGKILL');
  },
});

if (operation === 'import') room.open(id, () => ({ mark: 'minted' }), 2000).database.close();
if (operation === 'setAside') room.setAside(id, { reason: 'bad_mac', now: 2000 });
if (operation === 'restore') room.restore(id, undefined, 2000);
if (operation === 'remove') room.remove(id, 2000);
if (operation === 'prepare') room.prepare();
if (operation === 'write') {
  const database = AuthDatabase.open(`${directory}/2`);
  for (let n = 1; ; n++) {
    const session = { a: { n }, b: { n, text: 'x'.repeat(5_000) } };
    await database.put({ keys: { session }, creds: { n } });
    writeSync(1, `${n}\n`);
  }
}
