import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { receiverLookup } from '../../../src/webhooks/receiver-lookup.js';
import { SafeRequests } from '../../../src/webhooks/safe-request.js';

const servers: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A receiver on loopback; counts who came. */
async function receiver(answer: RequestListener): Promise<{ port: number; visits: () => number }> {
  let visits = 0;
  const server: Server = createServer((request, response) => {
    visits += 1;
    answer(request, response);
  });
  servers.push({ close: () => (server.closeAllConnections(), server.close()) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, visits: () => visits };
}

/** A name server of one name, which answers these addresses one after another, the last one for ever. */
function names(...answers: string[]): LookupFunction {
  return (_hostname, options, callback) => {
    const address = (answers.length > 1 ? answers.shift() : answers[0]) as string;
    const family = address.includes(':') ? 6 : 4;
    if (options.all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

const quick = (timeoutMs = 5000, signal = new AbortController().signal) => ({ timeoutMs, signal });
const guarded = (lookup: LookupFunction = receiverLookup()) => new SafeRequests({ allowPrivate: false, lookup });
const open = () => new SafeRequests({ allowPrivate: true, lookup: receiverLookup() });

describe('a request to a chosen address', () => {
  it('arrives with its headers and body where private addresses are allowed', async () => {
    let seen = {};
    const { port } = await receiver((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { 'webhook-id': id, 'content-type': type } = request.headers;
        seen = { method: request.method, url: request.url, id, type, body };
        response.writeHead(201).end('thanks');
      });
    });
    const outcome = await open().post(`http://127.0.0.1:${port}/in?a=1`, { 'webhook-id': 'msg_1' }, '{"é":1}', quick());
    expect(outcome).toEqual({ kind: 'answered', status: 201, retryAfter: undefined });
    expect(seen).toEqual({ method: 'POST', url: '/in?a=1', id: 'msg_1', type: 'application/json', body: '{"é":1}' });
  });

  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0.0.0.0'])(
    'never reaches a server at %s otherwise',
    async (host) => {
      const { port, visits } = await receiver((_request, response) => response.end());
      const outcome = await guarded().post(`http://${host}:${port}/`, {}, '{}', quick());
      expect(outcome).toMatchObject({ kind: 'failed', code: 'private_address' });
      expect(visits()).toBe(0);
    },
  );

  it('does not follow a name that stands for a private address now, and for a public one before', async () => {
    const { port, visits } = await receiver((_request, response) => response.end());
    // Whoever looks it up first, and connects by the name later, is led inside. Here one lookup serves both.
    const lookup = names('192.0.9.9', '127.0.0.1');
    await new Promise<void>((resolve) => lookup('rebind.example', { all: true }, () => resolve()));
    const outcome = await guarded(lookup).post(`http://rebind.example:${port}/`, {}, '{}', quick());
    expect(outcome).toEqual({ kind: 'failed', code: 'private_address', detail: 'rebind.example is 127.0.0.1' });
    expect(visits()).toBe(0);
  });

  it.each([
    ['127.0.0.1', 4],
    ['::1', 6],
    ['::ffff:169.254.169.254', 6],
    ['10.0.0.1', 4],
  ] as const)('does not follow a name with %s among its addresses', async (inside, family) => {
    const lookup: LookupFunction = (_hostname, options, callback) => {
      expect(options.all).toBe(true);
      callback(null, [
        { address: '9.9.9.9', family: 4 },
        { address: inside, family },
      ]);
    };
    const outcome = await guarded(lookup).post('https://both.example/', {}, '{}', quick());
    expect(outcome).toMatchObject({ kind: 'failed', code: 'private_address' });
  });

  it('takes a redirect for an answer: nobody comes to where it leads', async () => {
    const inside = await receiver((_request, response) => response.end());
    const { port } = await receiver((_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${inside.port}/` }).end(),
    );
    const outcome = await open().post(`http://127.0.0.1:${port}/`, {}, '{}', quick());
    expect(outcome).toMatchObject({ kind: 'answered', status: 307 });
    expect(inside.visits()).toBe(0);
  });

  it('gives up in time: when nothing is answered, and when nothing is even accepted', async () => {
    const { port } = await receiver(() => {});
    const begun = Date.now();
    expect(await open().post(`http://127.0.0.1:${port}/`, {}, '{}', quick(150))).toMatchObject({ code: 'timeout' });
    const silent: LookupFunction = () => {};
    const waits = new SafeRequests({ allowPrivate: true, lookup: silent });
    expect(await waits.post('http://slow.example/', {}, '{}', quick(150))).toMatchObject({ code: 'timeout' });
    expect(Date.now() - begun).toBeLessThan(3000);
  });

  it('reads a little of an answer that does not end, and hangs up; the status stands', async () => {
    let sent = 0;
    const { port } = await receiver((_request, response) => {
      const chunk = Buffer.alloc(8192, 'x');
      const flood = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      };
      response.on('drain', flood);
      flood();
    });
    const outcome = await open().post(`http://127.0.0.1:${port}/`, {}, '{}', quick());
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    // What the kernel buffers on both sides, and not the flood.
    expect(sent).toBeLessThan(16_000_000);
    const { port: trickle } = await receiver((_request, response) => response.writeHead(202).write('.'));
    const slow = await open().post(`http://127.0.0.1:${trickle}/`, {}, '{}', quick(150));
    expect(slow).toMatchObject({ kind: 'answered', status: 202 });
  });

  it('refuses headers without end', async () => {
    const { port } = await receiver((_request, response) => {
      response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end();
    });
    expect(await open().post(`http://127.0.0.1:${port}/`, {}, '{}', quick())).toMatchObject({ code: 'unreachable' });
  });

  it('says what went wrong with a connection', async () => {
    const server = createTcpServer((socket) => socket.destroy());
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await open().post(`http://127.0.0.1:${port}/`, {}, '{}', quick())).toMatchObject({ code: 'unreachable' });
    expect(await open().post(`https://127.0.0.1:${port}/`, {}, '{}', quick())).toMatchObject({ code: 'unreachable' });
    server.close();
    const refused = await open().post(`http://127.0.0.1:${port}/`, {}, '{}', quick());
    expect(refused).toEqual({ kind: 'failed', code: 'unreachable', detail: 'ECONNREFUSED' });
  });

  it('ends when it is called off, and is no failure of the receiver', async () => {
    const stop = new AbortController();
    const { port } = await receiver(() => stop.abort());
    expect(await open().post(`http://127.0.0.1:${port}/`, {}, '{}', quick(5000, stop.signal))).toEqual({
      kind: 'aborted',
    });
    expect(await open().post(`http://127.0.0.1:${port}/`, {}, '{}', quick(5000, stop.signal))).toEqual({
      kind: 'aborted',
    });
  });
});
