import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LogLines } from '../stage/log-lines.js';
import { ServiceProcess } from '../stage/service-process.js';

/** Environment that runs this code inside the service's process before its own. */
function inject(code: string): Record<string, string> {
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
}

describe('a start', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'whatsapp-server-start-'));
  const log = new LogLines();
  const KEY = 'Vq3k9ZtB7xLw2RmN8sYc4HdF6gJp1QaE';
  /** Nobody listens there: these starts never get so far. */
  const GOOD = { API_KEY: KEY, PORT: '0', WA_WEBSOCKET_URL: 'ws://127.0.0.1:9/ws/chat' };
  let running: ServiceProcess[] = [];

  afterEach(async () => {
    for (const one of running) one.child.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    running = [];
    rmSync(directory, { recursive: true, force: true });
  });

  function spawn(environment: Record<string, string>, options: { ipc?: boolean; folder?: string } = {}) {
    const folder = path.join(directory, options.folder ?? 'empty');
    mkdirSync(folder, { recursive: true });
    const one = ServiceProcess.spawn({ environment, directory: folder, log, ipc: options.ipc });
    running.push(one);
    return one;
  }

  it('ends with code 78 and the name of each variable that is wrong, never with its value', async () => {
    mkdirSync(path.join(directory, 'bad-env-file', '.env'), { recursive: true });
    const ends = await Promise.all(
      [
        { run: spawn({ ...GOOD, API_KEY: '' }), says: [/^ {2}- API_KEY is missing/m] },
        { run: spawn({ ...GOOD, API_KEY: KEY.slice(0, 20) }), says: [/^ {2}- API_KEY is too short/m] },
        {
          run: spawn({ ...GOOD, API_KEY: 'change-me-change-me-change-me' }),
          says: [/^ {2}- API_KEY looks like an ex/m],
        },
        {
          run: spawn({ ...GOOD, PORT: 'http', WA_WEBSOCKET_URL: 'https://example.org', SILENCE_TIMEOUT: '-1' }),
          says: [/^ {2}- PORT /m, /^ {2}- WA_WEBSOCKET_URL must be a ws/m, /^ {2}- SILENCE_TIMEOUT /m],
        },
        {
          run: spawn({ ...GOOD, SILENCE_TIMEOUT: '1000' }),
          says: [/- SILENCE_TIMEOUT must be longer than KEEP_ALIVE/],
        },
        { run: spawn(GOOD, { folder: 'bad-env-file' }), says: [/^ {2}- \.env cannot be read \(EISDIR\)/m] },
      ].map(async ({ run, says }) => ({ run, says, end: await run.ended })),
    );
    for (const { run, says, end } of ends) {
      expect(end, run.errors).toEqual({ code: 78, signal: null });
      for (const sentence of says) expect(run.errors).toMatch(sentence);
      expect(run.errors).not.toMatch(/^\s+at /m);
    }
    expect(log.text).not.toContain(KEY.slice(0, 20));
    expect(log.text).not.toContain('change-me');
  });

  it('says which directory, port or host it cannot use, in one sentence and with code 1', async () => {
    mkdirSync(directory, { recursive: true });
    const file = path.join(directory, 'a-file');
    writeFileSync(file, '');
    const ends = await Promise.all(
      [
        { run: spawn({ ...GOOD, AUTH_DIR: file }), says: `AUTH_DIR (${file}) cannot be used: ` },
        { run: spawn({ ...GOOD, DATA_DIR: file }), says: `DATA_DIR (${file}) cannot be used: ` },
        { run: spawn({ ...GOOD, HOST: '192.0.2.1' }), says: 'HOST 192.0.2.1 is no address of this machine' },
      ].map(async ({ run, says }) => ({ run, says, end: await run.ended })),
    );
    for (const { run, says, end } of ends) {
      expect(end, run.errors).toEqual({ code: 1, signal: null });
      expect(run.errors.startsWith(says), run.errors).toBe(true);
      expect(run.errors.trimEnd()).not.toContain('\n');
    }
  });

  it('can be ended by a signal at any moment before it listens, and does not call itself ready', async () => {
    const newborn = spawn(GOOD);
    await once(newborn.child, 'spawn');
    newborn.child.kill('SIGTERM');

    const held = spawn(
      {
        ...GOOD,
        ...inject(`import net from 'node:net';
          net.Server.prototype.listen = function () {
            process.stderr.write('HELD');
            setInterval(() => {}, 1000);
            return this;
          };`),
      },
      { ipc: true },
    );
    const messages: unknown[] = [];
    held.child.on('message', (message) => messages.push(message));
    while (!held.errors.includes('HELD')) await once(held.child.stderr as NodeJS.ReadableStream, 'data');
    held.child.kill('SIGTERM');

    expect(await held.ended).toEqual({ code: 0, signal: null });
    expect(messages).toEqual([]);
    // Before Node has loaded the program, the signal itself ends it.
    expect([0, null]).toContain((await newborn.ended).code);
  });

  it('tells its parent that it is ready when it answers', async () => {
    const listening = new LogLines();
    const folder = path.join(directory, 'ready');
    mkdirSync(folder, { recursive: true });
    const one = ServiceProcess.spawn({ environment: GOOD, directory: folder, log: listening, ipc: true });
    running.push(one);
    expect(await once(one.child, 'message')).toEqual(['ready', undefined]);
    const { url } = await listening.until('service_started');
    expect((await fetch(`${url as string}/health/live`)).status).toBe(200);
    expect((await listening.until('no_organization_yet')).msg).toContain(`${url as string}/api/qr/1?format=text`);
    expect(await one.end('SIGTERM')).toBe(0);
  });
});
