import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Api } from '../stage/api.js';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';
const isRoot = process.getuid?.() === 0;

/** Every entry below a folder: kind, mode, owner, and what is in it. */
function treeOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    ['.', ...entries].map((name) => {
      const file = path.join(folder, name);
      const found = lstatSync(file);
      const content = found.isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'folder';
      return [name, `${(found.mode & 0o7777).toString(8)} ${found.uid} ${content}`];
    }),
  );
}

/** Needed until the end of this file, since a session looks again at an unreadable folder only every 30 s. */
let waiting: Stage | undefined;
const [ITSELF, ITSELF_PHONE] = ['by-itself', '573001160002'];
afterAll(() => waiting?.end());

describe('a database that cannot be read', () => {
  let stage: Stage;
  const [ID, PHONE] = ['unreadable', '573001160001'];
  const [OTHER, OTHER_PHONE] = ['other', '573001160003'];
  const [BY_HAND, BY_HAND_PHONE] = ['by-hand', '573001160004'];
  const database = (id: string): string => path.join(stage.authDirectory, id, 'auth.sqlite');
  const trees: Record<string, Record<string, string>> = {};
  /** Accepted while the folder cannot be read. */
  let queued = '';

  beforeAll(async () => {
    stage = waiting = await Stage.set();
    queued = stage.text();
    for (const [id, number] of [
      [ID, PHONE],
      [ITSELF, ITSELF_PHONE],
      [OTHER, OTHER_PHONE],
      [BY_HAND, BY_HAND_PHONE],
    ] as const) {
      await stage.pair(id, number);
      await stage.send(id, CUSTOMER);
      await stage.receive(number, CUSTOMER);
    }
    await stage.stopService();
    // A folder where the file should be: nobody can read it, whatever his rights.
    for (const id of [ID, ITSELF, BY_HAND]) {
      renameSync(database(id), `${stage.directory}/${id}.kept`);
      mkdirSync(database(id));
      trees[id] = treeOf(path.join(stage.authDirectory, id));
    }
    await stage.startService();
  });

  const repair = (id: string): void => {
    rmdirSync(database(id));
    renameSync(`${stage.directory}/${id}.kept`, database(id));
  };

  async function expectRefusedAndUntouched(id: string): Promise<void> {
    const { body } = await stage.api.status(id);
    expect(body).toMatchObject({
      status: 'disconnected',
      connected: false,
      has_qr: false,
      attention: { code: 'auth_folder_unreadable', until: expect.any(String) as string },
      next_reconnect_at: expect.any(String) as string,
      backups: 0,
    });
    expect(body.attention.hint).toMatch(/permission|permiso/i);
    expect(treeOf(path.join(stage.authDirectory, id))).toEqual(trees[id]);
  }

  it('stops that session with a clear status and touches nothing, while the others go on', async () => {
    for (const id of [ID, ITSELF]) {
      const line = await stage.log.until('auth_folder_unreadable', { org: id });
      expect(line).toMatchObject({ level: 'error', fault: 'EISDIR' });
      await expectRefusedAndUntouched(id);
    }
    expect((await stage.api.ready(OTHER)).body.status).toBe('connected');
    await stage.send(OTHER, CUSTOMER);
    await stage.receive(OTHER_PHONE, CUSTOMER);
    expect(await stage.api.get('/health/ready')).toMatchObject({ status: 200, body: { ready: true } });
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(1);
    // From here on the second one has a database again, and nobody tells the service.
    repair(ITSELF);
  });

  it('makes no new identity, whatever is asked of it', async () => {
    const asked = [
      await stage.api.start(ID, { wait_ms: 5000 }),
      await stage.api.restart(ID),
      await stage.api.qr(ID),
      await stage.api.status(ID),
    ];
    for (const { body } of asked) expect(body).toMatchObject({ status: 'disconnected' });
    expect(await stage.api.send(ID, CUSTOMER, queued, { wait_ms: 0 })).toMatchObject({
      status: 202,
      body: {
        success: true,
        status: 'queued',
        session_status: 'disconnected',
        hint: expect.stringMatching(/folder cannot be read/) as string,
      },
    });
    await expectRefusedAndUntouched(ID);
    // One line for a person, not one per try.
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(1);
  });

  it('is set aside as it is when a person cleans by hand, and can be put back when it is whole again', async () => {
    const cleaned = await stage.api.forceClean(BY_HAND);
    expect(cleaned).toMatchObject({ status: 200, body: { success: true, status: 'qr_ready', has_qr: true } });
    const backup = path.join(stage.authDirectory, cleaned.body.backup as string);
    const kept = treeOf(backup);
    delete kept['backup.json'];
    expect(kept).toEqual(trees[BY_HAND]);
    rmdirSync(path.join(backup, 'auth.sqlite'));
    renameSync(`${stage.directory}/${BY_HAND}.kept`, path.join(backup, 'auth.sqlite'));
    expect((await stage.api.restore(BY_HAND)).body).toMatchObject({ success: true, status: 'connected' });
    await stage.receive(BY_HAND_PHONE, CUSTOMER);
    await stage.send(BY_HAND, CUSTOMER);
  });

  it('comes back by restart-session as soon as it can be read', async () => {
    repair(ID);
    expect((await stage.api.restart(ID)).status).toBe(200);
    expect((await stage.api.ready(ID)).body.status).toBe('connected');
    expect((await stage.api.status(ID)).body).toMatchObject({ phone_number: PHONE, attention: null, backups: 0 });
    await stage.whatsapp.customer(CUSTOMER).receivedText(queued);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send(ID, CUSTOMER);
  });
});

describe('a database that is damaged', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage.end());

  const folder = (id: string): string => path.join(stage.authDirectory, id);
  const file = (id: string): string => path.join(folder(id), 'auth.sqlite');

  const damages: [string, (file: string) => void][] = [
    ['cut to nothing', (file) => truncateSync(file, 0)],
    ['cut to 100 bytes', (file) => truncateSync(file, 100)],
    ['cut in the middle', (file) => truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096)],
    ['cut in the middle of a page', (file) => truncateSync(file, statSync(file).size - 1000)],
    ['overwritten with rubbish', (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, 'rubbish '))],
    ['another file', (file) => writeFileSync(file, '{"this is": "no database"}')],
    ['gone, while its journal is still there', (file) => renameSync(file, `${file}-wal`)],
  ];

  it.each(damages)('is set aside and a new QR is shown when somebody asks: %s', async (name, damage) => {
    const id = `damaged-${damages.findIndex(([one]) => one === name)}`;
    const number = `57300117000${id.slice(-1)}`;
    await stage.pair(id, number);
    await stage.send(id, CUSTOMER);
    await stage.api.stop(id);
    damage(file(id));
    const damaged = treeOf(folder(id));

    const started = await stage.api.ready(id);
    expect(started.body.status).toBe('qr_ready');
    const [line] = stage.log.events('session_cleaned', id);
    expect(line).toMatchObject({ level: 'error', reason: 'corrupt_folder' });
    const { body } = await stage.api.backups(id);
    expect(body).toMatchObject({ total: 1, backups: [{ reason: 'corrupt_folder' }] });
    // Set aside as it was: somebody may yet get something out of it.
    const kept = treeOf(path.join(stage.authDirectory, (body.backups as { name: string }[])[0]?.name ?? ''));
    delete kept['backup.json'];
    expect(kept).toEqual(damaged);
    await stage.scan(id, number);
    await stage.send(id, CUSTOMER);
    await stage.receive(number, CUSTOMER);
  });

  it('is set aside at the start of the service too; the QR comes on request, and the others go on', async () => {
    const [id, number] = ['at-boot', '573001170010'];
    await stage.pair(id, number);
    await stage.stopService();
    truncateSync(file(id), 4096);
    await stage.startService();
    await stage.log.until('session_cleaned', { org: id });
    expect((await stage.api.status(id)).body).toMatchObject({ status: 'qr_required', phone_number: null, backups: 1 });
    expect((await stage.api.qr(id)).body).toMatchObject({ status: 'qr_ready', has_qr: true });
    await stage.scan(id, number);
    expect((await stage.api.ready('damaged-0')).body.status).toBe('connected');
  });

  it('of an empty or missing folder nothing is set aside: there is only then a new identity', async () => {
    mkdirSync(folder('empty'));
    expect((await stage.api.ready('empty')).body.status).toBe('qr_ready');
    expect((await stage.api.backups('empty')).body.total).toBe(0);

    const [id, number] = ['missing', '573001170011'];
    await stage.pair(id, number);
    await stage.api.stop(id);
    rmSync(folder(id), { recursive: true });
    expect((await stage.api.ready(id)).body.status).toBe('qr_ready');
    expect((await stage.api.backups(id)).body.total).toBe(0);
    expect(stage.log.events('session_cleaned', id)).toEqual([]);
  });
});

/** The service as a process of another user, over the folders of a stage that has stopped its own. */
class ServiceOfNobody {
  private constructor(
    private readonly child: ChildProcess,
    readonly api: Api,
  ) {}

  static async start(stage: Stage, uid: number): Promise<ServiceOfNobody> {
    const started = stage.log.until('service_started', { count: stage.log.events('service_started').length + 1 });
    const child = spawn(process.execPath, [path.resolve('dist/main.js')], {
      cwd: stage.directory,
      uid,
      gid: uid,
      // The stage's own configuration, which it keeps to itself.
      env: { PATH: process.env.PATH ?? '', ...stage['environment'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (chunk: string) => stage.log.write(chunk));
    }
    const { url } = await started;
    return new ServiceOfNobody(child, new Api(url as string, stage.key));
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}

describe.runIf(isRoot)('a database of somebody else', () => {
  const NOBODY = 65534;
  let stage: Stage;
  let service: ServiceOfNobody | undefined;
  afterEach(async () => {
    await service?.stop();
    await stage.end();
  });

  it('is unreadable, not corrupt: the session waits, and comes back when its owner is right again', async () => {
    stage = await Stage.set();
    const [folderOf, fileOf, fine] = ['owned-folder', 'owned-file', 'fine'];
    const numbers: Record<string, string> = {
      [folderOf]: '573001180001',
      [fileOf]: '573001180002',
      [fine]: '573001180003',
    };
    for (const [id, number] of Object.entries(numbers)) {
      await stage.pair(id, number);
      await stage.send(id, CUSTOMER);
    }
    await stage.stopService();
    // As after somebody once ran the service with sudo: root's own, and nobody else may look.
    execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, stage.directory]);
    const folder = path.join(stage.authDirectory, folderOf);
    const file = path.join(stage.authDirectory, fileOf, 'auth.sqlite');
    chownSync(folder, 0, 0);
    chmodSync(folder, 0o700);
    chownSync(file, 0, 0);
    chmodSync(file, 0o600);
    const before = [treeOf(folder), treeOf(path.dirname(file))];

    service = await ServiceOfNobody.start(stage, NOBODY);
    for (const id of [folderOf, fileOf]) {
      await stage.log.until('auth_folder_unreadable', { org: id });
      const { body } = await service.api.status(id);
      expect(body).toMatchObject({ status: 'disconnected', attention: { code: 'auth_folder_unreadable' } });
      expect((await service.api.ready(id)).body.status).toBe('disconnected');
    }
    expect((await service.api.ready(fine)).body.status).toBe('connected');
    const text = stage.text();
    expect((await service.api.send(fine, CUSTOMER, text)).status).toBe(200);
    expect([treeOf(folder), treeOf(path.dirname(file))]).toEqual(before);
    const folders = readdirSync(stage.authDirectory).filter((name) => !name.startsWith('.'));
    expect(folders.sort()).toEqual(Object.keys(numbers).sort());

    chownSync(folder, NOBODY, NOBODY);
    chownSync(file, NOBODY, NOBODY);
    for (const id of [folderOf, fileOf]) {
      await service.api.restart(id);
      expect((await service.api.ready(id)).body.status).toBe('connected');
      const again = stage.text();
      expect((await service.api.send(id, CUSTOMER, again)).status).toBe(200);
      await stage.whatsapp.customer(CUSTOMER).receivedText(again);
      const { id: written } = await stage.whatsapp.customer(CUSTOMER).write(numbers[id] ?? '', stage.text());
      await stage.whatsapp.customer(CUSTOMER).delivered(written);
    }
    expect(stage.whatsapp.record.registrations).toHaveLength(3);
    expect(stage.log.events('session_cleaned')).toEqual([]);
  });
});

describe('the database that could not be read, and can be now', () => {
  it('comes back by itself', async () => {
    await waiting?.log.until('session_connected', { org: ITSELF, count: 2 });
    await waiting?.receive(ITSELF_PHONE, CUSTOMER);
    await waiting?.send(ITSELF, CUSTOMER);
    expect(waiting?.log.events('fault_counted')).toEqual([]);
    expect(waiting?.whatsapp.record.registrations.filter(({ org }) => org === ITSELF_PHONE)).toHaveLength(1);
  });
});
