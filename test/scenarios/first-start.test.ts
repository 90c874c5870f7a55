import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'dotenv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../emulator/emulator.js';
import { readConfig } from '../../src/config.js';
import { LogLines } from '../stage/log-lines.js';
import { photograph } from '../stage/terminal-qr.js';

const PHONE = '573001112233';
const KEY_LINE = /^API_KEY=[\w-]{32}$/m;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'whatsapp-first-start-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('npm start on a fresh machine', () => {
  let whatsapp: Emulator;
  let npm: ChildProcess | undefined;
  const log = new LogLines();

  beforeEach(async () => {
    whatsapp = await startEmulator();
  });

  afterEach(async () => {
    // The whole group, as Ctrl+C in a terminal; whatever has ended already does not mind.
    if (npm?.pid && npm.exitCode === null && npm.signalCode === null) process.kill(-npm.pid, 'SIGKILL');
    await whatsapp.stop();
  });

  /** As a person types it, in another terminal. */
  async function type(lines: string): Promise<string> {
    const { stdout } = await promisify(execFile)('bash', ['-c', `set -eu\n${lines}`], { cwd: tmpdir() });
    return stdout;
  }

  it('makes a key, builds, and prints the very lines that lead to the first scan', async () => {
    for (const file of ['package.json', 'tsconfig.json', 'tsconfig.build.json', '.env.example', 'src', 'scripts']) {
      cpSync(file, path.join(directory, file), { recursive: true });
    }
    symlinkSync(path.resolve('node_modules'), path.join(directory, 'node_modules'));
    const port = await freePort();
    npm = spawn('npm', ['start'], {
      cwd: directory,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        NPM_CONFIG_UPDATE_NOTIFIER: 'false',
        PORT: String(port),
        WA_WEBSOCKET_URL: whatsapp.url,
      },
    });
    npm.stdout?.setEncoding('utf8').on('data', (chunk: string) => log.write(chunk));
    npm.stderr?.setEncoding('utf8').on('data', (chunk: string) => log.write(chunk));
    await Promise.race([
      log.until('service_started', { timeoutMs: 200_000 }),
      once(npm, 'close').then(() => Promise.reject(new Error(`npm start ended: ${log.text}`))),
    ]);

    const file = path.join(directory, '.env');
    expect(log.text).toContain(`No API_KEY was set. A random one was made; it is in ${file}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [, key] = /^API_KEY=(.*)$/m.exec(readFileSync(file, 'utf8')) ?? [];

    const lines = [...log.text.matchAll(/^ {2}((?:KEY=|curl ).*)$/gm)].map(([, line]) => line);
    expect(lines).toHaveLength(4);
    const [setKey, startSession, showQr, status] = lines as [string, string, string, string];
    const blocks = await type(`${setKey}\n${startSession} >&2\n${showQr}`);
    await whatsapp.phone(PHONE).scanQrPicture(photograph(blocks));
    await log.until('session_connected', { org: '1' });
    expect(JSON.parse(await type(`${setKey}\n${status}`))).toMatchObject({ status: 'connected', phone_number: PHONE });

    const ended = once(npm, 'close');
    const begun = Date.now();
    process.kill(-(npm.pid as number), 'SIGINT');
    await ended;
    expect(Date.now() - begun).toBeLessThan(5000);
    expect(log.events('service_stopped')).toHaveLength(1);
    expect(log.text).not.toContain(key);
    expect(whatsapp.record.unlinked).toEqual([]);
  });
});

describe('scripts/first-start.js', () => {
  const script = path.resolve('scripts/first-start.js');

  function run(environment: Record<string, string> = {}) {
    const { stdout, stderr, status } = spawnSync(process.execPath, [script], {
      cwd: directory,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...environment },
    });
    return { stdout, stderr, status };
  }

  const envFile = () => readFileSync(path.join(directory, '.env'), 'utf8');
  const write = (name: string, text: string) => writeFileSync(path.join(directory, name), text, { mode: 0o644 });

  it.each([
    ['nothing', null, /^API_KEY=[\w-]{32}\n$/],
    ['other settings', 'PORT=3001', /^PORT=3001\nAPI_KEY=[\w-]{32}\n$/],
    ['an empty key', 'PORT=3001\nAPI_KEY=\n# mine\n', /^PORT=3001\nAPI_KEY=[\w-]{32}\n# mine\n$/],
    ['a quoted empty key', 'API_KEY=""  # later\nHOST=::1\n', /^API_KEY=[\w-]{32}\nHOST=::1\n$/],
    ['a note about the key', '# API_KEY=see the safe\n', /^# API_KEY=see the safe\nAPI_KEY=[\w-]{32}\n$/],
  ])('adds a good key to a .env with %s, for its owner alone', (_what, before, after) => {
    if (before !== null) write('.env', before);
    const { stdout, status } = run();
    expect(status).toBe(0);
    expect(envFile()).toMatch(after);
    expect(statSync(path.join(directory, '.env')).mode & 0o777).toBe(0o600);
    expect(() => readConfig(parse(envFile()))).not.toThrow();
    expect(stdout).toContain(path.join(directory, '.env'));
    expect(stdout).not.toContain(parse(envFile()).API_KEY);
    // Nothing is left beside it, and the second start finds the key.
    expect(readdirSync(directory)).toEqual(['.env']);
    const made = envFile();
    expect(run().stdout).not.toContain('A random one');
    expect(envFile()).toBe(made);
  });

  it('takes the structure of .env.example, with all its comments', () => {
    const example = readFileSync('.env.example', 'utf8');
    write('.env.example', example);
    run();
    const others = (text: string) => text.split('\n').filter((line) => !/^#? ?API_KEY=/.test(line));
    expect(others(envFile())).toEqual(others(example));
    expect(envFile()).toMatch(KEY_LINE);
  });

  it('leaves a key alone that stands in .env or in the environment, whatever it is worth', () => {
    write('.env', 'API_KEY=short\n');
    expect(run().status).toBe(0);
    expect(envFile()).toBe('API_KEY=short\n');
    rmSync(path.join(directory, '.env'));
    const { stdout } = run({ API_KEY: 'from-the-environment', PORT: '3100', HOST: '0.0.0.0' });
    expect(readdirSync(directory)).toEqual([]);
    expect(stdout).toContain('KEY="$API_KEY"');
    expect(stdout).toContain("curl 'http://127.0.0.1:3100/api/qr/1?format=text'");
    expect(stdout).not.toContain('from-the-environment');
  });

  it('says nothing when there are organizations already', () => {
    write('.env', 'API_KEY=short\n');
    mkdirSync(path.join(directory, 'auth_sessions', '7'), { recursive: true });
    expect(run()).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  it('fails with a sentence when .env cannot be read', () => {
    mkdirSync(path.join(directory, '.env'));
    const { stderr, status } = run();
    expect(status).toBe(1);
    expect(stderr).toMatch(/\.env could not be read or written \(EISDIR\)\. Set API_KEY in the environment/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
