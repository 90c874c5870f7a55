import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../emulator/emulator.js';
import { Api } from '../stage/api.js';
import { assertNothingSecret } from '../stage/secrets.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const KEY = 'Vq3k9ZtB7xLw2RmN8sYc4HdF6gJp1QaE';
const PM2 = path.resolve('node_modules/pm2/bin/pm2');

/** Of pm2's `jlist`, what these tests look at. */
interface Listed {
  pid: number;
  pm2_env: { status: string; restart_time: number; exit_code?: number; exec_mode: string };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that has ended and waits for a parent to look is not alive; where there is no /proc, an init takes care of
  // those.
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
}

/** The project as ops install it, in a folder of its own, under a pm2 daemon of its own. */
class Installation {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'whatsapp-pm2-'));
  private readonly home = path.join(this.directory, 'pm2');
  private readonly pids = new Set<number>();

  constructor() {
    for (const file of ['ecosystem.config.js', 'package.json']) copyFileSync(file, path.join(this.directory, file));
    symlinkSync(path.resolve('dist'), path.join(this.directory, 'dist'));
  }

  configure(lines: Record<string, string | number>): void {
    const text = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(path.join(this.directory, '.env'), text.join(''), { mode: 0o600 });
  }

  /** A command line in the installation's folder, as a person types it. */
  async shell(command: string): Promise<string> {
    const { stdout } = await promisify(execFile)('bash', ['-c', command], {
      cwd: this.directory,
      env: this.environment(),
      timeout: 120_000,
    });
    this.notePids();
    return stdout;
  }

  pm2(command: string): Promise<string> {
    return this.shell(`pm2 ${command}`);
  }

  async listed(): Promise<Listed> {
    const output = await this.pm2('jlist');
    const [app] = JSON.parse(output.slice(output.indexOf('[{'))) as Listed[];
    if (!app) throw new Error('pm2 knows of no process');
    if (app.pid > 0) this.pids.add(app.pid);
    return app;
  }

  /** Everything that pm2 and the service have written. */
  logs(): string {
    return ['pm2.log', 'logs/whatsapp-server-out.log', 'logs/whatsapp-server-error.log']
      .map((file) => path.join(this.home, file))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
  }

  /** Whatever a test has left: no daemon and no service of it outlives this. */
  async end(): Promise<void> {
    this.notePids();
    try {
      await this.killDaemon();
    } finally {
      // The socket closes a moment before the process ends, and of a process that is not ours nothing else can be
      // heard.
      for (const until = Date.now() + 5000; Date.now() < until && [...this.pids].some(isAlive);) await pause(20);
      const left = [...this.pids].filter((pid) => isAlive(pid));
      for (const pid of left) process.kill(pid, 'SIGKILL');
      rmSync(this.directory, { recursive: true, force: true });
      expect(left, 'processes that outlived pm2 kill').toEqual([]);
    }
  }

  /** `pm2 kill` returns when the daemon has promised to end; it has ended when its socket closes. */
  private async killDaemon(): Promise<void> {
    const address = path.join(this.home, 'rpc.sock');
    if (!existsSync(address)) return;
    const socket = connect(address);
    const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
    socket.resume();
    await this.pm2('kill');
    await closed;
  }

  private notePids(): void {
    const file = path.join(this.home, 'pm2.pid');
    if (existsSync(file)) this.pids.add(Number(readFileSync(file, 'utf8')));
  }

  private environment(): Record<string, string> {
    return {
      PATH: `${path.dirname(PM2)}:${path.dirname(process.execPath)}:${process.env.PATH ?? ''}`,
      HOME: this.directory,
      PM2_HOME: this.home,
      // pm2 asks for its newest version over the network otherwise.
      PM2_DISCRETE_MODE: 'true',
      PM2_DISABLE_VERSION_CHECK: 'true',
    };
  }
}

describe('under pm2', () => {
  let whatsapp: Emulator;
  let installation: Installation;
  let api: Api;

  beforeEach(async () => {
    whatsapp = await startEmulator();
    installation = new Installation();
    const port = await freePort();
    api = new Api(`http://127.0.0.1:${port}`, KEY);
    installation.configure({ API_KEY: KEY, PORT: port, WA_WEBSOCKET_URL: whatsapp.url, RECONNECT_BASE_DELAY: 50 });
  });

  afterEach(async () => {
    try {
      await installation.end();
    } finally {
      await whatsapp.stop();
    }
  });

  async function bothWays(text: string): Promise<void> {
    const customer = whatsapp.customer(CUSTOMER);
    expect(await api.send('2', CUSTOMER, text)).toMatchObject({ status: 200 });
    await customer.receivedText(text);
    const { id } = await customer.write(PHONE, text);
    await customer.delivered(id);
  }

  it('starts, logs what grep finds, and brings the session back over reload, restart and a crash', async () => {
    await installation.pm2('start ecosystem.config.js');
    const first = await installation.listed();
    expect(first.pm2_env).toMatchObject({ status: 'online', restart_time: 0, exec_mode: 'fork_mode' });

    // pm2 has waited for the ready signal: the first request is answered.
    expect((await api.ready('2')).body).toMatchObject({ status: 'qr_ready' });
    const { deviceJid } = await whatsapp.phone(PHONE).scanQrPicture(await api.qrPicture('2'));
    expect((await api.ready('2')).body).toMatchObject({ status: 'connected' });
    await bothWays('before');

    const grep = 'pm2 logs whatsapp-server --nostream --lines 50 | grep org_id_2';
    expect((await installation.shell(grep)).split('\n')).toEqual(
      expect.arrayContaining([expect.stringContaining('"event":"session_connected"')]),
    );

    let { pid } = first;
    const { record } = whatsapp;
    for (const command of [
      'reload whatsapp-server',
      'restart whatsapp-server',
      'reload ecosystem.config.js',
      'crash',
    ]) {
      const logins = record.loginsOf(PHONE).length;
      const text = `accepted before ${command}`;
      expect((await api.send('2', CUSTOMER, text, { wait_ms: 0 })).body).toMatchObject({ success: true });
      if (command === 'crash') process.kill(pid, 'SIGKILL');
      else await installation.pm2(command);
      await record.untilLogins(PHONE, logins + 1);
      const { body } = await api.ready('2');
      expect(body, command).toMatchObject({ status: 'connected' });
      await whatsapp.customer(CUSTOMER).receivedText(text);
      await bothWays(command);
      const now = await installation.listed();
      expect(now.pm2_env.status).toBe('online');
      expect(now.pid, command).not.toBe(pid);
      pid = now.pid;
      expect(record.loginsOf(PHONE), command).toHaveLength(logins + 1);
    }

    expect(record.registrations).toHaveLength(1);
    expect(record.maxConcurrentConnections(deviceJid)).toBe(1);
    expect(record.replaced).toEqual([]);
    expect(record.unlinked).toEqual([]);
    expect([...record.unreadable, ...whatsapp.customer(CUSTOMER).unreadable]).toEqual([]);

    await installation.pm2('delete whatsapp-server');
    expect(isAlive(pid)).toBe(false);
    const output = installation.logs();
    // By its own stop each time, never by pm2's SIGKILL after kill_timeout.
    expect(output).not.toContain('sending SIGKILL');
    expect(output.match(/"event":"service_stopped"/g)).toHaveLength(4);
    assertNothingSecret(output, {
      authDirectory: path.join(installation.directory, 'auth_sessions'),
      texts: [],
      numbers: [PHONE, CUSTOMER],
      key: KEY,
    });
  });

  it('does not start again and again without a key, and starts as soon as there is one', async () => {
    const settings = { PORT: new URL(api.url).port, WA_WEBSOCKET_URL: whatsapp.url };
    installation.configure(settings);
    await installation.pm2('start ecosystem.config.js');
    expect(await installation.pm2('logs whatsapp-server --nostream')).toContain('API_KEY is missing');
    // Each command takes longer than the first delay of a restart.
    for (let look = 0; look < 2; look++) {
      const { pid, pm2_env } = await installation.listed();
      expect({ pid, ...pm2_env }).toMatchObject({ pid: 0, restart_time: 0, exit_code: 78 });
    }
    expect(installation.logs().match(/starting in -fork mode-/g)).toHaveLength(1);

    installation.configure({ ...settings, API_KEY: KEY });
    await installation.pm2('restart whatsapp-server');
    expect((await installation.listed()).pm2_env.status).toBe('online');
    expect((await api.get('/health')).body).toMatchObject({ status: 'ok', sessions: 0 });
  });
});
