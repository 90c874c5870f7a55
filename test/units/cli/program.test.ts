import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { judgeDisk, isNewEnough } from '../../../src/cli/doctor/machine.js';
import { clockOffset, judgeClock, judgeReach, reach } from '../../../src/cli/doctor/network.js';
import { EventStreamReader } from '../../../src/cli/event-stream.js';
import { EXIT } from '../../../src/cli/exit-codes.js';
import { run } from '../../../src/cli/program.js';
import { exitCodeOf } from '../../../src/cli/service-client.js';
import { Terminal } from '../../../src/cli/terminal.js';
import { ERROR_CODES } from '../../../src/errors.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function streams() {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const text = { stdout: '', stderr: '' };
  stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  return { streams: { stdin, stdout, stderr }, text };
}

async function cli(url: string, ...words: string[]) {
  const { streams: io, text } = streams();
  const environment = { API_KEY: 'clé', LANG: 'en' };
  const exitCode = await run([...words, '--url', url], { streams: io, environment, directory: tmpdir() });
  return { exitCode, ...text };
}

describe('exit codes', () => {
  it('are 4 for the key, 2 for what was written wrong, 1 for every other refusal', () => {
    const byCode = (exitCode: number) => Object.keys(ERROR_CODES).filter((code) => exitCodeOf(code) === exitCode);
    expect(byCode(EXIT.wrongKey).sort()).toEqual(['missing_api_key', 'too_many_requests', 'wrong_api_key']);
    expect(byCode(EXIT.usage).sort()).toEqual(['invalid_organization_id', 'invalid_phone', 'invalid_request']);
  });

  it.each([
    ['a page', 200, 'text/html', '<p>hello'],
    ['a proxy without the service', 502, 'text/html', 'Bad Gateway'],
    ['JSON that is cut off', 200, 'application/json', '{"total":'],
    ['somebody else with JSON', 500, 'application/json', '{"message":"x"}'],
    ['a redirect, which the key does not follow', 302, 'text/plain', ''],
  ])('are 3 for %s', async (_what, status, type, body) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { 'content-type': type, location: 'http://127.0.0.1:2/' }).end(body);
    });
    const { exitCode, stdout, stderr } = await cli(url, 'status');
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toContain('what answered is not this service');
  });

  it('are 3 when the connection is cut, and then a send says how to repeat it', async () => {
    const url = await serve((request) => void request.socket.destroy());
    const { exitCode, stderr } = await cli(url, 'send', '2', '3001112233', 'x');
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/Repeat the command with --idempotency-key cli-[\w-]{36}: so it arrives only once/);
  });
});

describe('the client', () => {
  it('sends key and language as the service reads them, and ids of any kind whole', async () => {
    const asked: unknown[] = [];
    const url = await serve(({ url, headers }, response) => {
      asked.push([
        url,
        Buffer.from(String(headers['x-api-key']), 'latin1').toString('utf8'),
        headers['accept-language'],
      ]);
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"No.","code":"unknown_message"}');
    });
    expect((await cli(url, 'message', 'a/b?c')).exitCode).toBe(1);
    expect(asked).toEqual([['/api/messages/a%2Fb%3Fc', 'clé', 'en']]);
  });

  it('shows nothing that steers the terminal', async () => {
    const url = await serve((_request, response) => {
      const error = { error: 'a\u001b[2Jb', code: 'unknown_message', hint: '\u001b]0;x\u0007c' };
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify(error));
    });
    const { stderr } = await cli(url, 'message', 'x');
    expect(stderr).not.toContain('\u001b');
  });
});

describe('events --follow', () => {
  it('goes on where it was when the stream ends', async () => {
    const asked: string[] = [];
    const event = (id: number) => ({
      id: String(id),
      name: 'n',
      organization_id: '2',
      at: '2026-01-01T00:00:00Z',
      data: {},
      sentence: `s${id}`,
    });
    const url = await serve((request, response) => {
      asked.push(`${request.url} ${String(request.headers['last-event-id'] ?? '')}`);
      if (!request.url?.startsWith('/api/events/stream')) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ events: [event(1), event(2)], next: null }));
        return;
      }
      if (asked.length === 4) {
        // What cannot pass by itself ends it.
        response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"No.","code":"wrong_api_key"}');
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      const id = asked.length + 1;
      response.write(`: hello\n\nid: ${id}\nevent: n\ndata: ${JSON.stringify(event(id)).slice(0, 20)}`);
      setTimeout(() => response.end(`${JSON.stringify(event(id)).slice(20)}\n\n`), 20);
    });
    const { exitCode, stdout } = await cli(url, 'events', '2', '--follow', '--json');
    expect(exitCode).toBe(4);
    expect(asked).toEqual([
      '/api/events?organization_id=2&limit=200 ',
      '/api/events/stream?organization_id=2&after=2 2',
      '/api/events/stream?organization_id=2&after=3 3',
      '/api/events/stream?organization_id=2&after=4 4',
    ]);
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id?: string }).id);
    expect(ids).toEqual(['1', '2', '3', '4', undefined]);
  });

  it('reads events in whatever pieces they come', () => {
    const text = ': c\n\nid: 1\r\ndata: a\r\ndata:b\r\n\r\nevent: x\ndata\n\nid: 2\ndata: c\n\n';
    const expected = [
      { id: '1', data: 'a\nb' },
      { id: '1', data: '' },
      { id: '2', data: 'c' },
    ];
    expect(new EventStreamReader().read(text)).toEqual(expected);
    const reader = new EventStreamReader();
    expect([...text].flatMap((letter) => reader.read(letter))).toEqual(expected);
  });
});

describe('the terminal', () => {
  const tty = (environment: Record<string, string>) => {
    const { streams: io, text } = streams();
    return {
      terminal: new Terminal(
        { ...io, stdout: Object.assign(io.stdout, { isTTY: true, columns: 10, rows: 9 }) },
        environment,
      ),
      text,
    };
  };

  it('has colours only on a screen, and none with NO_COLOR', () => {
    expect(tty({}).terminal.color('red', 'x')).toBe('\u001b[31mx\u001b[0m');
    expect(tty({ NO_COLOR: '1' }).terminal.color('red', 'x')).toBe('x');
    expect(tty({ TERM: 'dumb' }).terminal.qr('█')).toBe('█');
    expect(new Terminal(streams().streams, {}).color('red', 'x')).toBe('x');
  });

  it('draws over what it drew, wrapped lines included, and clears a screen that was too small', () => {
    const { terminal, text } = tty({});
    terminal.redraw('a\n0123456789abc');
    terminal.redraw('b');
    expect(text.stdout.slice(16)).toBe('\u001b[3A\u001b[0Jb\n');
    terminal.redraw('1\n2\n3\n4\n5\n6\n7\n8\n9');
    text.stdout = '';
    terminal.redraw('c');
    expect(text.stdout).toBe('\u001b[H\u001b[2Jc\n');
  });
});

describe('the doctor', () => {
  it('knows which Node is new enough', () => {
    expect(['20.19.0', '20.20.2', '22.0.0', 'v21.1.0'].map((version) => isNewEnough(version, '>=20.19.0'))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['20.18.9', '18.20.0'].map((version) => isNewEnough(version, '>=20.19.0'))).toEqual([false, false]);
  });

  it('wants room on the disk', () => {
    const grade = (free: number, files: number | null = 5) => judgeDisk('x', '/x', free, files).grade;
    expect([grade(2 ** 31), grade(2 ** 29), grade(2 ** 20), grade(2 ** 31, 0), grade(2 ** 31, null)]).toEqual([
      'ok',
      'warning',
      'problem',
      'problem',
      'ok',
    ]);
  });

  it('compares clocks', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(clockOffset('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_500);
    expect([clockOffset('x', now), clockOffset(null, now)]).toEqual([null, null]);
    expect([0, -9000, 60_000, -300_000].map((offset) => judgeClock(offset, 'x').grade)).toEqual([
      'ok',
      'ok',
      'warning',
      'problem',
    ]);
    expect(judgeClock(60_000, 'x').text.en).toBe('The clock is 60 s behind that of x');
    expect(judgeClock(-60_000, 'x').text.es).toBe('El reloj está 60 s adelantado respecto al de x');
  });

  it('tells a name that is not there from a port, and a certificate from both', async () => {
    expect((await reach('ws://127.0.0.1:2')).error).toBe('ECONNREFUSED');
    const url = await serve((_request, response) => void response.writeHead(426).end());
    expect(await reach(url.replace('http', 'ws'))).toMatchObject({
      error: null,
      clockOffset: expect.any(Number) as number,
    });
    const isNotTls = await reach(url.replace('http', 'wss'));
    expect(isNotTls.error).toMatch(/SSL|EPROTO/);
    const hint = (error: string) => judgeReach('wss://x/ws', { error, ms: 1, clockOffset: null }).hint?.en;
    expect(hint(String(isNotTls.error))).toMatch(/certificate/);
    expect(hint('ENOTFOUND')).toMatch(/DNS/);
    expect(hint('ETIMEDOUT')).toMatch(/firewall/);
  });

  it('does not wait for ever', async () => {
    // Connected, and never answered.
    const url = await serve(() => {});
    expect(await reach(url.replace('http', 'ws'), { connect: 2000, answer: 50 })).toMatchObject({
      error: null,
      clockOffset: null,
    });
  });
});
