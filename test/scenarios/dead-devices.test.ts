import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { KEYS_STATES } from '../../emulator/key-states.js';
import { noteQuestions } from '../stage/questions.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const OTHER = '573109998866';
/** Longer than a dead device is ever left alone (DEAD_DEVICE_LONGEST_MS in src/baileys/dead-devices.ts), ms. */
const LONG = 16 * 60_000;

/** A jump of the clock is no silence of WhatsApp; but Baileys' own keep-alive would take it for one. */
const NO_KEEP_ALIVE = { env: { KEEP_ALIVE_INTERVAL: '300000', SILENCE_TIMEOUT: '600000' } };

/** From now on the clock of this process is ahead. */
function later(ms: number): void {
  const real = Date.now.bind(Date);
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() + ms);
  onTestFinished(() => spy.mockRestore());
}

describe('a customer with a device whose keys cannot be had', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  /** Which of the customer's devices read a text. */
  const readers = async (customer: string, text: string): Promise<number[]> => {
    const { messages } = stage.whatsapp.customer(customer);
    return messages.filter((message) => message.text === text).map(({ device }) => device);
  };
  const sent = async (customer: string): Promise<string> => {
    const text = stage.text();
    expect((await stage.api.send('2', customer, text)).body).toMatchObject({ status: 'sent' });
    return text;
  };
  const readBy = (customer: string, text: string, devices: number[]): Promise<void> =>
    stage.whatsapp.record.until(() => {
      const { messages } = stage.whatsapp.customer(customer);
      return devices.every((device) => messages.some((one) => one.text === text && one.device === device));
    });

  it.each(KEYS_STATES.filter((state) => state !== 'well'))(
    '%s: the others get the message and those that follow, and it gets the next one when it is well',
    async (state) => {
      stage = await Stage.set(NO_KEEP_ALIVE);
      await stage.pair('2', PHONE);
      const customer = stage.whatsapp.customer(CUSTOMER, { devices: 3 });
      customer.keysOf(1, state);
      const questions = noteQuestions(stage.whatsapp, PHONE);
      const first = await sent(CUSTOMER);
      await readBy(CUSTOMER, first, [0, 2]);
      for (let n = 0; n < 3; n++) await readBy(CUSTOMER, await sent(CUSTOMER), [0, 2]);
      await stage.send('2', OTHER);
      // Skipped without a question; once for each customer.
      expect(questions.filter(({ what }) => what === 'keys')).toHaveLength(2);
      customer.keysOf(1, 'well');
      later(LONG);
      const text = await sent(CUSTOMER);
      await readBy(CUSTOMER, text, [0, 1, 2]);
      expect(await readers(CUSTOMER, first)).not.toContain(1);
      expect(stage.log.events('message_waits')).toEqual([]);
      expect(stage.log.events('message_unconfirmed')).toEqual([]);
      expect(stage.whatsapp.record.unreadable).toEqual([]);
    },
  );

  it('refused for the whole question: each device is asked for alone, and only the dead one is skipped', async () => {
    stage = await Stage.set(NO_KEEP_ALIVE);
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { devices: 3 });
    customer.keysOf(1, 'refused');
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'keys', 'error', { code: 406 });
    await readBy(CUSTOMER, await sent(CUSTOMER), [0, 2]);
    customer.keysOf(1, 'well');
    await stage.restartService();
    await stage.api.ready('2');
    // Asked again at once, for nothing of it is remembered beyond the process.
    await readBy(CUSTOMER, await sent(CUSTOMER), [0, 1, 2]);
  });

  it('that writes by itself is well: the next message goes to it, without a question', async () => {
    stage = await Stage.set(NO_KEEP_ALIVE);
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { devices: 2 });
    customer.keysOf(1, 'refused');
    await readBy(CUSTOMER, await sent(CUSTOMER), [0]);
    const questions = noteQuestions(stage.whatsapp, PHONE);
    const { id } = await customer.write(PHONE, stage.text('Hola'), { device: 1 });
    await customer.delivered(id);
    await readBy(CUSTOMER, await sent(CUSTOMER), [0, 1]);
    expect(questions.filter(({ what }) => what === 'keys')).toEqual([]);
    expect(stage.whatsapp.record.unreadable).toEqual([]);
  });

  it('and no other: the message is queued until its time is over; the next ones go when a device is well', async () => {
    stage = await Stage.set(NO_KEEP_ALIVE);
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { devices: 2 });
    for (const device of [0, 1]) customer.keysOf(device, 'refused');
    const questions = noteQuestions(stage.whatsapp, PHONE);
    const doomed = await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0, ttl_seconds: 2 });
    const second = stage.text();
    await stage.api.send('2', CUSTOMER, second, { wait_ms: 0 });
    const waits = await stage.log.until('message_waits', { org: '2', count: 2 });
    expect(waits.msg).toContain('keys of any device');
    expect((await stage.api.message(doomed.body.message_id as string)).body).toMatchObject({ status: 'queued' });
    await stage.send('2', OTHER);
    await stage.log.until('message_expired', { org: '2' });
    expect((await stage.api.message(doomed.body.message_id as string)).body).toMatchObject({
      status: 'expired',
      attempts: 0,
    });
    // However often the message was tried: the dead are not asked for at each try.
    const ofCustomer = questions.filter(({ what, jids }) => what === 'keys' && jids.includes(customer.lid));
    expect(ofCustomer).toHaveLength(1);
    customer.keysOf(1, 'well');
    later(LONG);
    await readBy(CUSTOMER, second, [1]);
    expect(await readers(CUSTOMER, second)).toEqual([1]);
    expect(stage.log.events('message_unconfirmed')).toEqual([]);
  });

  it('or, as WhatsApp says, with no device at all: the message waits, and goes when there is one', async () => {
    stage = await Stage.set(NO_KEEP_ALIVE);
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'devices', 'no_devices');
    const questions = noteQuestions(stage.whatsapp, PHONE);
    const text = stage.text();
    const { body } = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
    await stage.log.until('message_waits', { org: '2', count: 2 });
    expect((await stage.api.message(body.message_id as string)).body).toMatchObject({ status: 'queued', attempts: 0 });
    expect(questions).toHaveLength(1);
    later(LONG);
    expect((await stage.whatsapp.customer(CUSTOMER).receivedText(text)).id).toBe(body.message_id);
  });

  it('is one of ten: the other nine get all of theirs, over a restart in between', async () => {
    stage = await Stage.set(NO_KEEP_ALIVE);
    await stage.pair('2', PHONE);
    const customers = Array.from({ length: 10 }, (_, n) => `5731099900${10 + n}`);
    const broken = customers[3] as string;
    stage.whatsapp.customer(broken).keysOf(0, 'refused');
    for (const round of [1, 2]) {
      const texts = await Promise.all(
        customers.map(async (customer) => {
          const text = stage.text();
          await stage.api.send('2', customer, text, { wait_ms: 0 });
          return { customer, text };
        }),
      );
      for (const { customer, text } of texts) if (customer !== broken) await readBy(customer, text, [0]);
      if (round === 1) await stage.restartService();
    }
    const waiting = await stage.api.get('/api/messages?organization_id=2&status=queued');
    expect(waiting.body.messages).toHaveLength(2);
    stage.whatsapp.customer(broken).keysOf(0, 'well');
    later(LONG);
    await stage.whatsapp.customer(broken).received(2);
    expect(stage.log.events('message_unconfirmed')).toEqual([]);
    expect(stage.whatsapp.record.unreadable).toEqual([]);
    // One each: nobody was written to twice.
    expect(stage.whatsapp.record.messagesOf(PHONE)).toHaveLength(20);
  });
});

it("the organization's own devices never stop a message, dead or not", async () => {
  const stage = await Stage.set(NO_KEEP_ALIVE);
  onTestFinished(() => stage.end());
  await stage.pair('2', PHONE);
  await stage.pair('3', PHONE);
  const phone = stage.whatsapp.phone(PHONE);
  for (const device of [0, ...phone.companions.keys()]) phone.keysOf(device, 'refused');
  await stage.send('2', CUSTOMER);
  await stage.send('3', CUSTOMER);
  expect(stage.log.events('message_waits')).toEqual([]);
});
