import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { predecessor as predecessorOf } from '../stage/predecessor.js';
import { Stage } from '../stage/stage.js';

const ID = '2';
const PHONE = '573001140001';
const CUSTOMER = '573109998877';
const OTHER_CUSTOMER = '573109998866';

const predecessor = (stage: Stage, folder: string, number: string): Promise<void> =>
  predecessorOf(stage, folder, number, [CUSTOMER, OTHER_CUSTOMER]);

/** Names and contents of all files in a folder. */
function contentOf(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(path.join(folder, name)))
          .digest('hex'),
      ]),
  );
}

/** The backup that the import left, with its label taken off, holds exactly the old files. */
async function expectOldFilesKept(stage: Stage, before: Map<string, string>): Promise<void> {
  const { body } = await stage.api.backups(ID);
  expect(body).toMatchObject({ total: 1, backups: [{ reason: 'imported', phone_number: PHONE }] });
  const kept = contentOf(path.join(stage.authDirectory, (body.backups as { name: string }[])[0]?.name ?? ''));
  expect(kept.delete('backup.json')).toBe(true);
  expect(kept).toEqual(before);
}

describe('the folder of the service before this one', () => {
  let stage: Stage;
  beforeEach(() => {
    // A bare Baileys prints whole Signal sessions.
    for (const method of ['log', 'info', 'warn', 'error'] as const) vi.spyOn(console, method).mockReturnValue();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await stage.end();
  });

  const folder = (id = ID): string => path.join(stage.authDirectory, id);

  /** Connected without a scan; both customers' sessions go on where they stood. */
  async function expectGoesOn(scans = 1): Promise<void> {
    expect((await stage.api.ready(ID)).body.status).toBe('connected');
    expect((await stage.api.status(ID)).body).toMatchObject({ connected: true, phone_number: PHONE });
    for (const customer of [CUSTOMER, OTHER_CUSTOMER]) {
      await stage.receive(PHONE, customer);
      await stage.send(ID, customer);
      await stage.receive(PHONE, customer);
    }
    const { record } = stage.whatsapp;
    expect(record.registrations.filter(({ org }) => org === PHONE)).toHaveLength(scans);
    // Read at the first try, in the sessions that the predecessor had: nobody asked for anything again, nothing began
    // anew.
    expect(record.unreadable).toEqual([]);
    expect(record.receipts.filter(({ type }) => type === 'retry')).toEqual([]);
    expect(record.problems).toEqual([]);
    expect(stage.log.events('fault_counted')).toEqual([]);
  }

  it('is imported at the first start without a scan, and its files are kept', async () => {
    stage = await Stage.set();
    await stage.stopService();
    await predecessor(stage, folder(), PHONE);
    const before = contentOf(folder());
    expect([...before.keys()].filter((name) => name.startsWith('pre-key-')).length).toBeGreaterThan(500);
    expect([...before.keys()].filter((name) => name.startsWith('session-')).length).toBeGreaterThanOrEqual(2);
    // Written while nobody was there.
    const { id } = await stage.whatsapp.customer(CUSTOMER).write(PHONE, stage.text('¿Siguen abiertos?'));

    await stage.startService();
    await stage.whatsapp.customer(CUSTOMER).delivered(id);
    await expectGoesOn();
    expect(stage.log.events('auth_folder_imported', ID)).toMatchObject([{ files: before.size, skipped: 0 }]);
    expect(readdirSync(folder()).filter((name) => !name.startsWith('auth.sqlite'))).toEqual([]);
    await expectOldFilesKept(stage, before);

    // Once and for all.
    await stage.restartService();
    await expectGoesOn();
    expect(stage.log.events('auth_folder_imported')).toHaveLength(1);
  });

  it('is imported by start-session when it appears while the service runs', async () => {
    stage = await Stage.set();
    const elsewhere = path.join(stage.directory, 'elsewhere');
    await predecessor(stage, elsewhere, PHONE);
    cpSync(elsewhere, folder(), { recursive: true });
    expect((await stage.api.ready(ID)).body.status).toBe('connected');
    await expectGoesOn();
    await expectOldFilesKept(stage, contentOf(elsewhere));
  });

  it('is set aside, never written over, when its credentials are cut short; restored it is as it was', async () => {
    stage = await Stage.set();
    await predecessor(stage, folder(), PHONE);
    truncateSync(path.join(folder(), 'creds.json'), 500);
    const before = contentOf(folder());
    expect((await stage.api.ready(ID)).body.status).toBe('qr_ready');
    const { body } = await stage.api.backups(ID);
    expect(body).toMatchObject({ total: 1, backups: [{ reason: 'corrupt_folder' }] });
    const kept = contentOf(path.join(stage.authDirectory, (body.backups as { name: string }[])[0]?.name ?? ''));
    kept.delete('backup.json');
    expect(kept).toEqual(before);
    await stage.scan(ID, PHONE);
    await stage.send(ID, CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
  });

  // Eight starts of a process; on a busy machine each may take many seconds.
  it('loses nothing by kill -9 during the import, wherever it strikes', { timeout: 240_000 }, async () => {
    stage = await Stage.set({ asProcess: true });
    await stage.stopService();
    await predecessor(stage, folder(), PHONE);
    // A long-lived predecessor has thousands of files: reading and building take long enough to be hit.
    const session = readdirSync(folder()).find((name) => name.startsWith('session-')) ?? '';
    const text = readFileSync(path.join(folder(), session));
    mkdirSync(folder(), { recursive: true });
    for (let n = 0; n < 4000; n++) writeFileSync(path.join(folder(), `session-5731${String(1e8 + n)}.0.json`), text);
    const before = contentOf(folder());

    const entries = (): string[] => readdirSync(stage.authDirectory);
    const backups = (): string[] => entries().filter((name) => name.startsWith(`${ID}_corrupted_`));
    const isDone = (): boolean => existsSync(path.join(folder(), 'auth.sqlite'));
    const strikes: string[] = [];

    /**
     * Starts the service, kills it at the moment, and checks that the old files lie complete under exactly one name.
     */
    async function strike(name: string, moment: () => Promise<unknown>): Promise<void> {
      const imports = stage.log.events('auth_folder_imported').length;
      const begun = moment();
      await stage.startService();
      await Promise.race([begun, stage.log.until('auth_folder_imported', { count: imports + 1 })]);
      await stage.process.end('SIGKILL');
      const half = entries().includes(`${ID}.importing`);
      strikes.push(`${name}: ${isDone() ? 'done' : half ? 'half built' : 'not begun'}`);
      const places = [...(isDone() ? [] : [folder()]), ...backups().map((one) => path.join(stage.authDirectory, one))];
      const complete = places.filter((place) => existsSync(place)).map(contentOf);
      // The label, or what was written of it: the next start writes it anew.
      for (const content of complete) for (const name of ['backup.json', 'backup.json.tmp']) content.delete(name);
      expect(complete, strikes.join('; ')).toEqual([before]);
    }
    const appears =
      (wanted: RegExp, thenMs = 0) =>
      async (): Promise<void> => {
        const watcher = watch(stage.authDirectory);
        try {
          await new Promise<void>((resolve) => {
            watcher.on('change', (_event, name) => {
              // What an earlier strike left goes away at the start; that is not it.
              if (wanted.test(String(name)) && existsSync(path.join(stage.authDirectory, String(name)))) resolve();
            });
          });
        } finally {
          watcher.close();
        }
        await sleep(thenMs);
      };
    const started = (thenMs: number) => async (): Promise<void> => {
      await stage.log.until('service_started', { count: stage.log.events('service_started').length + 1 });
      await sleep(thenMs);
    };

    await strike('while it reads', started(0));
    await strike('as it begins to build', appears(/\.importing$/));
    await strike('while it builds', appears(/\.importing$/, 30));
    // Moments of chance.
    for (let n = 0; n < 2 && !isDone(); n++) await strike('at random', appears(/\.importing$/, Math.random() * 150));
    if (!isDone()) await strike('as it sets the old files aside', appears(/_corrupted_\d+$/));

    expect(strikes.filter((strike) => strike.endsWith('half built')).length, strikes.join('; ')).toBeGreaterThan(0);
    process.stdout.write(`kill -9 ${strikes.join('; ')}\n`);
    await stage.startService();
    await expectGoesOn();
    await expectOldFilesKept(stage, before);
    const folders = entries().filter((name) => !name.startsWith('.'));
    expect(folders.sort()).toEqual([ID, ...backups()].sort());
  });
});
