import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { image } from '../../emulator/contents.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const ID = '2';
const MB = 1024 * 1024;

describe('what the service does not use', () => {
  let stage: Stage;
  /** Addresses outside of this machine that were asked for. */
  let elsewhere: string[];
  let asked: string[];

  beforeEach(async () => {
    stage = await Stage.set();
    elsewhere = [];
    asked = [];
    const { whatsapp } = stage;
    const fetch = whatsapp.media.toMediaHost(globalThis.fetch);
    vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
      const address = input instanceof Request ? input.url : String(input);
      if (!address.startsWith('http://127.0.0.1:')) elsewhere.push(address);
      return fetch(input, init);
    });
    whatsapp.tap(({ direction, stanza }) => {
      if (direction === 'in' && stanza.tag === 'iq') asked.push(stanza.attrs.xmlns ?? '');
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await stage.end();
  });

  /** All that WhatsApp has for the service is taken. */
  const allTaken = (): Promise<void> =>
    stage.whatsapp.record.until(() =>
      [...stage.whatsapp.phone(PHONE).companions.values()].every(({ unacknowledged }) => unacknowledged === 0),
    );
  const nothingWasFetched = (): void => {
    expect(stage.whatsapp.media.downloads).toBe(0);
    expect(elsewhere).toEqual([]);
    expect(asked).not.toContain('w:sync:app:state');
    expect(asked).not.toContain('w:m');
    // So that the two lines before say something.
    expect(asked).toContain('encrypt');
  };

  it('is not fetched: histories, settings and pictures that are offered after the pairing and at logins', async () => {
    const { whatsapp } = stage;
    const life = whatsapp.life(PHONE);
    const offer = async (): Promise<void> => {
      await life.shareAppStateKey();
      life.tellOfAppState();
      for (const [chunk, type] of (
        ['INITIAL_BOOTSTRAP', 'RECENT', 'PUSH_NAME', 'FULL', 'ON_DEMAND'] as const
      ).entries())
        await life.announceHistory({ bytes: MB, type, chunk });
      whatsapp.sendDirty(PHONE, 'account_sync');
      whatsapp.sendDirty(PHONE, 'groups');
      const content = image(await whatsapp.media.store(Buffer.from('a picture'), 'image'));
      const { id } = await whatsapp.customer(CUSTOMER).write(PHONE, '', { content });
      pictures.push(id);
    };
    const pictures: string[] = [];
    await stage.pair(ID, PHONE);
    await offer();
    for (let login = 0; login < 2; login++) {
      await allTaken();
      await stage.stopService();
      await offer();
      await stage.startService();
      await stage.api.ready(ID);
      await offer();
    }
    await allTaken();
    whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_disconnected');
    await offer();
    await stage.send(ID, CUSTOMER);
    await allTaken();
    await stage.log.until('message_received', { count: pictures.length });
    nothingWasFetched();
    // What was not fetched was told nonetheless: that a customer wrote.
    const { body } = await stage.api.get(`/api/events?organization_id=${ID}&limit=200`);
    const told = (body.events as { name: string; data: Record<string, unknown> }[])
      .filter(({ name }) => name === 'message.received')
      .map(({ data }) => data.message_id);
    expect(told.sort()).toEqual(pictures.sort());
    expect(whatsapp.record.receipts.filter(({ type }) => type === 'retry')).toEqual([]);
    expect(whatsapp.record.acks.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it('is not waited for: the first message of a customer is told at once when the phone sends no history', async () => {
    await stage.pair(ID, PHONE);
    const before = Date.now();
    await stage.receive(PHONE, CUSTOMER);
    await stage.log.until('message_received');
    // Baileys holds events back for 20 s when it waits for a history.
    expect(Date.now() - before).toBeLessThan(10_000);
    nothingWasFetched();
  });

  it('costs nothing: fifty megabytes that are announced neither hold up the process nor make it grow', async () => {
    await stage.pair(ID, PHONE);
    const life = stage.whatsapp.life(PHONE);
    const history = await life.makeHistory({ bytes: 50 * MB });
    expect(Number(history.fileLength)).toBeGreaterThan(30 * MB);
    await stage.receive(PHONE, CUSTOMER);
    const { rss } = process.memoryUsage();
    // The processor's time and no clock's: other work on the machine does not count.
    const before = process.cpuUsage();
    await life.announce(history);
    await allTaken();
    await stage.receive(PHONE, CUSTOMER);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(500);
    expect(process.memoryUsage().rss - rss).toBeLessThan(25 * MB);
    nothingWasFetched();
  });

  it('but what stands in the announcement itself is read: the LIDs of a first history', async () => {
    await stage.pair(ID, PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { hidesLid: true });
    await stage.whatsapp.life(PHONE).announceInlineHistory({ [CUSTOMER]: customer.lid });
    await allTaken();
    await stage.send(ID, CUSTOMER);
    expect(stage.whatsapp.record.messagesOf(PHONE).at(-1)?.to).toBe(customer.lid);
    nothingWasFetched();
  });
});
