import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Answer } from '../stage/api.js';
import { ServiceProcess } from '../stage/service-process.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMERS = ['573109990001', '573109990002', '573109990003'];
const [CUSTOMER] = CUSTOMERS as [string];

/** What the service promises for a stop, ms. */
const STOP_LIMIT = 5000;

/** Environment that runs this code inside the service's process before its own. */
function inject(code: string): Record<string, string> {
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** An HTTP client that never finishes its request. */
async function stuckClient(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write('POST /api/start-session HTTP/1.1\r\nHost: a\r\n', resolve));
  return socket;
}

describe('the process', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  async function connected(id: string): Promise<void> {
    expect((await stage.api.ready(id)).body).toMatchObject({ status: 'connected' });
  }

  /** Nobody scanned again, nobody was unlinked, nobody met a message that could not be read. */
  function expectUnharmed(registrations: number): void {
    const { record } = stage.whatsapp;
    expect(record.registrations).toHaveLength(registrations);
    expect(record.unlinked).toEqual([]);
    expect(record.replaced).toEqual([]);
    expect(record.unreadable).toEqual([]);
    expect(CUSTOMERS.flatMap((customer) => stage.whatsapp.customer(customer).unreadable)).toEqual([]);
    expect(stage.log.events('fault_counted').filter(({ kind }) => kind === 'bad_mac')).toEqual([]);
    expect(stage.log.events('session_cleaned')).toEqual([]);
  }

  it('comes back connected without a scan after a restart and after kill -9, and reads and writes', async () => {
    stage = await Stage.set({ asProcess: true });
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL'] as const) {
      expect(await stage.process.end(signal)).toBe(signal === 'SIGKILL' ? null : 0);
      // Written while the service is away: it arrives with the next login.
      const { id } = await stage.whatsapp.customer(CUSTOMER).write(PHONE, stage.text());
      await stage.startService();
      await connected('2');
      await stage.whatsapp.customer(CUSTOMER).delivered(id);
      await stage.send('2', CUSTOMER);
      await stage.receive(PHONE, CUSTOMER);
    }
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(4);
    expectUnharmed(1);
  });

  it('loses nothing to kill -9 while messages flow both ways', async () => {
    stage = await Stage.set({ asProcess: true });
    const { record } = stage.whatsapp;
    await stage.pair('2', PHONE);
    const written: { customer: string; id: string }[] = [];
    const asked: { customer: string; text: string; key: string; answer: Answer | null }[] = [];
    const ask = ({ customer, text, key }: (typeof asked)[number]): Promise<Answer> =>
      stage.api.send('2', customer, text, { idempotency_key: key });
    for (const round of [0, 1, 2, 3]) {
      const sentBefore = record.totals.messages;
      const readBefore = record.totals.receipts;
      const begun = asked.length;
      const sends = CUSTOMERS.flatMap((customer) =>
        times(5, async (n) => {
          const one = { customer, text: stage.text(), key: `${round}-${customer}-${n}`, answer: null as Answer | null };
          asked.push(one);
          one.answer = await ask(one).catch(() => null);
        }),
      );
      const writes = CUSTOMERS.flatMap((customer) =>
        times(5, async () => {
          const { id } = await stage.whatsapp.customer(customer).write(PHONE, stage.text());
          written.push({ customer, id });
        }),
      );
      // Somewhere in the middle, each time somewhere else.
      await record.until(
        ({ totals }) => totals.messages > sentBefore + round && totals.receipts > readBefore + 2 * round,
      );
      await stage.process.end('SIGKILL');
      await Promise.all([...sends, ...writes]);
      await stage.startService();
      await connected('2');
      // Whoever got no answer asks again under the same key, as a careful client does; it learns what became of the
      // first.
      for (const one of asked.slice(begun)) {
        if (one.answer) expect(one.answer.body).toMatchObject({ success: true });
        else one.answer = await ask(one);
      }
      for (const customer of CUSTOMERS) {
        await stage.send('2', customer);
        await stage.receive(PHONE, customer);
      }
    }
    // Every accepted message has reached its customer, under the one id that its caller was told.
    expect(asked).toHaveLength(60);
    for (const { customer, text, answer } of asked) {
      await stage.whatsapp.customer(customer).receivedText(text);
      const ids = stage.whatsapp.customer(customer).messages.filter((message) => message.text === text);
      expect(new Set(ids.map(({ id }) => id))).toEqual(new Set([answer?.body.message_id as string]));
    }
    // Also what was under way at a kill has arrived.
    await Promise.all(written.map(({ customer, id }) => stage.whatsapp.customer(customer).delivered(id)));
    expectUnharmed(1);
  });

  it('stops within 5 s with 50 sessions and a mute WhatsApp, and unlinks nobody', async () => {
    stage = await Stage.set({ asProcess: true, env: { MAX_CONCURRENT_LOGINS: '50' } });
    const { mishaps, record } = stage.whatsapp;
    const organizations = times(50, (index) => ({ id: String(index + 1), number: `5730022000${10 + index}` }));
    const queue = [...organizations];
    await Promise.all(
      times(8, async () => {
        for (let next = queue.pop(); next; next = queue.pop()) await stage.pair(next.id, next.number);
      }),
    );
    expect(record.connections).toBe(50);

    const accepted: string[] = [];
    async function stopInTime(signal: NodeJS.Signals): Promise<void> {
      const stuck = await stuckClient(stage.process.url);
      const sends = times(10, async (index) => {
        const text = stage.text();
        const answer = await stage.api.send(String(index + 1), CUSTOMER, text);
        // Whoever waits for WhatsApp is told at the stop that his message is safe.
        expect(answer).toMatchObject({ status: 202, body: { success: true } });
        accepted.push(text);
      });
      for (const id of times(10, (index) => String(index + 1))) {
        const before = accepted.length / 10;
        await until(async () => ((await stage.api.status(id)).body.queue as { pending: number }).pending > before);
      }
      const begun = Date.now();
      expect(await stage.process.end(signal)).toBe(0);
      expect(Date.now() - begun).toBeLessThan(STOP_LIMIT);
      stuck.destroy();
      await Promise.all(sends);
      expect(record.unlinked).toEqual([]);
    }

    // Everybody connected, then not a word any more, not even a closing handshake.
    mishaps.muteQueries('*');
    mishaps.silence('*');
    await stopInTime('SIGTERM');

    // Everybody in the middle of a login that will not be answered.
    mishaps.endSilence('*');
    const before = record.totals.logins;
    await stage.startService();
    await record.until(({ totals }) => totals.logins >= before + 50);
    await stopInTime('SIGINT');

    await mishaps.clear();
    await stage.startService();
    await Promise.all(organizations.map(({ id }) => connected(id)));
    expect(accepted).toHaveLength(20);
    for (const text of accepted) await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expectUnharmed(50);
  });

  it('ends in good order also when a second signal comes', async () => {
    stage = await Stage.set({ asProcess: true });
    await stage.pair('2', PHONE);
    const stuck = await stuckClient(stage.process.url);
    const { child, ended } = stage.process;
    child.kill('SIGINT');
    await stage.log.until('service_stopping');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(stage.log.events('service_stopping')).toHaveLength(1);
    expect(stage.log.events('service_stopped')).toHaveLength(1);
    stuck.destroy();
    expectUnharmed(1);
  });

  it('lives on after rejections that nobody handles, and logs them without what is secret in them', async () => {
    const secret = Buffer.alloc(32, 7).toString('base64');
    const reasons =
      `[new Error('of ${PHONE} with ${secret}'), 'a text with ${PHONE}', ` + `undefined, { key: '${secret}' }]`;
    stage = await Stage.set({
      asProcess: true,
      env: inject(`process.on('SIGUSR2', () => { for (const why of ${reasons}) Promise.reject(why); });`),
    });
    await stage.pair('2', PHONE);
    stage.process.child.kill('SIGUSR2');
    await stage.log.until('unhandled_rejection', { count: 4 });
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    expect(stage.log.text).not.toContain(secret);
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(1);
    expect(await stage.process.end('SIGTERM')).toBe(0);
  });

  it('lives on when nobody reads its output any more', async () => {
    stage = await Stage.set({ asProcess: true });
    await stage.pair('2', PHONE);
    const { child } = stage.process;
    child.stdout?.destroy();
    child.stderr?.destroy();
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send('2', CUSTOMER);
    expect(await stage.process.end('SIGTERM')).toBe(0);
  });

  it.each(['port', 'folder'])('touches no session of a service that runs already on the same %s', async (same) => {
    stage = await Stage.set({ asProcess: true });
    await stage.pair('2', PHONE);
    const { port } = new URL(stage.process.url);
    const second = ServiceProcess.spawn({
      environment: {
        API_KEY: stage.key,
        PORT: same === 'port' ? port : '0',
        AUTH_DIR: stage.authDirectory,
        DATA_DIR: path.join(stage.directory, same === 'port' ? 'data' : 'other-data'),
        WA_WEBSOCKET_URL: stage.whatsapp.url,
      },
      directory: stage.directory,
      log: stage.log,
    });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.errors).toMatch(
      same === 'port'
        ? new RegExp(`^PORT ${port} of HOST 127\\.0\\.0\\.1 is in use [^\\n]*\\n$`)
        : /^AUTH_DIR \([^\n]*\) cannot be used: another process of this service is using it\.\n$/,
    );
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(1);
    expectUnharmed(1);
  });
});
