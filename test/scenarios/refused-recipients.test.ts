import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const STRANGER = '573109998866';
const OTHER_STRANGER = '573109998855';
const ID = '2';

describe('WhatsApp refuses a message to a customer (463)', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const refused = async (customer: string): Promise<void> => {
    stage.whatsapp.mishaps.refuseAcks(PHONE, 463, 1, { to: customer });
    const { body } = await stage.api.send(ID, customer, stage.text());
    expect(body).toMatchObject({ code: 'message_refused', ack_code: 463, error_code: 'recipient_refused' });
  };
  const pausedUntil = async (): Promise<unknown> =>
    (await stage.api.status(ID)).body.first_contacts_paused_until as unknown;
  /** Nobody else rests for it. */
  const othersGoOn = async (): Promise<void> => {
    expect(await pausedUntil()).toBeNull();
    await stage.send(ID, STRANGER);
    expect(stage.log.events('first_contacts_paused')).toEqual([]);
  };

  it('who has received one before: others go on', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    expect(await pausedUntil()).toBeNull();
    await stage.send(ID, CUSTOMER);
    await refused(CUSTOMER);
    await othersGoOn();
  });

  it.each([
    ['the number', { addressing: 'pn', hidesOtherName: true, hidesLid: true }],
    ['the LID and the number', { addressing: 'lid' }],
    ['the LID alone', { addressing: 'lid', hidesOtherName: true }],
  ] as const)('who has written before, by %s: others go on, after a restart and a cleaning too', async (_, options) => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    stage.whatsapp.customer(CUSTOMER, options);
    await stage.receive(PHONE, CUSTOMER);
    await stage.api.forceClean(ID);
    await stage.restartService();
    await stage.pair(ID, PHONE);
    await refused(CUSTOMER);
    await othersGoOn();
  });

  it('whom the owner of the phone has written to by hand: others go on', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    stage.whatsapp.customer(CUSTOMER, { hidesLid: true });
    await stage.whatsapp.life(PHONE).write(CUSTOMER, stage.text());
    // What came before it was taken.
    await stage.receive(PHONE, STRANGER);
    await refused(CUSTOMER);
    await othersGoOn();
  });

  it('who is new: first contacts rest until a time that is shown; who is known, or writes, does not', async () => {
    stage = await Stage.set({ env: { FIRST_CONTACT_PAUSE: '3600000' } });
    await stage.pair(ID, PHONE);
    await stage.receive(PHONE, CUSTOMER);
    await refused(STRANGER);
    const until = await pausedUntil();
    expect(Date.parse(String(until)) - Date.now()).toBeGreaterThan(3_500_000);
    expect(stage.log.events('first_contacts_paused')).toMatchObject([{ until }]);
    const waiting = await stage.api.send(ID, OTHER_STRANGER, stage.text(), { wait_ms: 0 });
    const id = waiting.body.message_id as string;
    expect((await stage.api.message(id)).body.waiting).toMatchObject({
      reason: 'first_contacts_paused',
      next_try_at: until,
    });

    await stage.send(ID, CUSTOMER);
    await refused(CUSTOMER);
    expect(await pausedUntil()).toBe(until);
    await stage.restartService();
    await stage.api.ready(ID);
    expect(await pausedUntil()).toBe(until);
    expect((await stage.api.message(id)).body.status).toBe('queued');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.resolve('dist/cli/main.js'), 'status', ID, '--url', stage.api.url],
      { env: { PATH: process.env.PATH, LANG: 'en_US.UTF-8', API_KEY: stage.key }, cwd: stage.directory },
    );
    expect(stdout).toMatch(/New customers: +WhatsApp refused a first contact: no new customers are written to until /);

    await stage.receive(PHONE, OTHER_STRANGER);
    await stage.log.until('message_delivered', { org: ID, count: 2 });
    expect((await stage.api.message(id)).body.status).toBe('delivered');
  });

  it('the pause ends by itself, and with it what is shown', async () => {
    stage = await Stage.set({ env: { FIRST_CONTACT_PAUSE: '1500' } });
    await stage.pair(ID, PHONE);
    await refused(STRANGER);
    expect(await pausedUntil()).not.toBeNull();
    await stage.send(ID, OTHER_STRANGER);
    expect(await pausedUntil()).toBeNull();
  });
});
