import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001112244';
const CUSTOMER = '573109998877';
const ANOTHER = '573109998866';
const ID = '2';

describe('another phone scans, and messages wait that were accepted for the one before', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  /** Accepted, and not waited for. */
  const accept = async (customer: string, more: object = {}): Promise<{ id: string; text: string }> => {
    const text = stage.text();
    const { status, body } = await stage.api.send(ID, customer, text, { wait_ms: 0, ...more });
    expect(status).toBe(202);
    return { id: body.message_id as string, text };
  };
  const message = async (id: string) => (await stage.api.message(id)).body as Record<string, unknown>;
  const attention = async () => (await stage.api.status(ID)).body.attention as Record<string, string> | null;
  const decide = (action: string) => stage.api.post('/api/other-phone-messages', { organization_id: ID, action });
  const sentFrom = (phone: string) => stage.whatsapp.record.messagesOf(phone).map(({ id }) => id);
  /** A message of this moment leaves from the phone of this moment. */
  const newOnesLeave = async (phone: string): Promise<void> => {
    await stage.send(ID, CUSTOMER);
    expect(stage.whatsapp.customer(CUSTOMER).messages.at(-1)?.from).toBe(phone);
  };
  /**
   * The first phone is linked; before the cleaning, after it, and for later a message is accepted. Then the other phone
   * scans.
   */
  const otherPhoneScans = async (options: Parameters<typeof Stage.set>[0] = {}) => {
    stage = await Stage.set(options);
    await stage.pair(ID, PHONE);
    await stage.send(ID, CUSTOMER);
    await stage.api.stop(ID);
    const before = await accept(CUSTOMER);
    expect((await stage.api.forceClean(ID)).body).toMatchObject({ cleaned: true, status: 'qr_ready' });
    const after = await accept(ANOTHER);
    const later = await accept(ANOTHER, { send_at: new Date(Date.now() + 3_600_000).toISOString() });
    expect(await attention()).toBeNull();
    await stage.scan(ID, OTHER_PHONE);
    await stage.log.until('other_phone', { org: ID });
    return { before, after, later };
  };

  it('they wait for a person, told of both phones; what is accepted later leaves, to them too', async () => {
    const { before, after, later } = await otherPhoneScans();
    await newOnesLeave(OTHER_PHONE);
    expect(sentFrom(OTHER_PHONE)).toHaveLength(1);
    for (const { id } of [before, after, later]) {
      expect(await message(id)).toMatchObject({
        status: 'queued',
        waiting: { reason: 'other_phone', next_try_at: null },
      });
    }
    const told = await attention();
    expect(told).toMatchObject({ code: 'other_phone', until: null });
    expect(told?.sentence).toMatch(/…2244.*…2233.*\b3\b/);
    expect(told?.hint).toContain('/api/other-phone-messages');
    const [listed] = (await stage.api.get('/api/sessions?group=attention')).body.sessions as Record<string, string>[];
    expect(listed).toMatchObject({ organization_id: ID, status: 'connected', attention: 'other_phone' });
    expect(listed?.sentence).toBe(told?.sentence);
    const events = (await stage.api.get(`/api/events?organization_id=${ID}`)).body.events as { data: object }[];
    expect(events.filter(({ data }) => 'code' in data && data.code === 'other_phone')).toHaveLength(1);

    // Neither a reconnect nor a kill of the service changes that, nor tells it again.
    stage.whatsapp.mishaps.cut(OTHER_PHONE);
    await stage.log.until('session_connected', { org: ID, count: 3 });
    await stage.restartService();
    await stage.api.ready(ID);
    await newOnesLeave(OTHER_PHONE);
    expect(sentFrom(OTHER_PHONE)).toHaveLength(2);
    expect(await attention()).toEqual(told);
    expect(stage.log.events('other_phone')).toHaveLength(1);
  });

  it('killed in between: they wait all the same', async () => {
    const { before, after } = await otherPhoneScans({ asProcess: true });
    await stage.process.end('SIGKILL');
    await stage.startService();
    await stage.api.ready(ID);
    await newOnesLeave(OTHER_PHONE);
    expect(sentFrom(OTHER_PHONE)).toHaveLength(1);
    expect((await attention())?.code).toBe('other_phone');
    expect((await decide('send')).body).toMatchObject({ success: true, messages: 3 });
    await stage.whatsapp.customer(CUSTOMER).receivedText(before.text);
    await stage.whatsapp.customer(ANOTHER).receivedText(after.text);
  });

  it('a person sends them all the same: from this phone, under their ids, in time; a repeat is theirs', async () => {
    const { before, after, later } = await otherPhoneScans();
    const same = await accept(ANOTHER, { idempotency_key: 'booking-1' });
    const decided = await decide('send');
    expect(decided.status).toBe(200);
    expect(decided.body).toMatchObject({ success: true, organization_id: ID, action: 'send', messages: 3 });
    await stage.whatsapp.customer(CUSTOMER).receivedText(before.text);
    await stage.whatsapp.customer(ANOTHER).receivedText(after.text);
    await stage.whatsapp.customer(ANOTHER).receivedText(same.text);
    expect(new Set(sentFrom(OTHER_PHONE))).toEqual(new Set([before.id, after.id, same.id]));
    expect(await attention()).toBeNull();
    expect(await message(later.id)).toMatchObject({ status: 'queued', waiting: null });
    const again = await stage.api.send(ID, ANOTHER, same.text, { idempotency_key: 'booking-1' });
    expect(again.body.message_id).toBe(same.id);
    expect((await decide('send')).body).toMatchObject({ success: true, messages: 0, unconfirmed: 0 });
    await stage.restartService();
    await stage.api.ready(ID);
    expect(await attention()).toBeNull();
  });

  it('a person cancels them, in the terminal: none leaves, and the others go on', async () => {
    const { before, after, later } = await otherPhoneScans();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.resolve('dist/cli/main.js'), 'other-phone', ID, 'cancel', '--yes', '--url', stage.api.url],
      { env: { PATH: process.env.PATH, LANG: 'en_US.UTF-8', API_KEY: stage.key }, cwd: stage.directory },
    );
    expect(stdout).toMatch(/taken back.*\n.*3/);
    for (const { id } of [before, after, later]) {
      expect(await message(id)).toMatchObject({ status: 'cancelled', error: { code: 'cancelled_by_request' } });
    }
    expect(await attention()).toBeNull();
    await newOnesLeave(OTHER_PHONE);
    expect(sentFrom(OTHER_PHONE)).toHaveLength(1);
  });

  it('stopped, and restarted so: they are told, and can be decided about, all the same', async () => {
    const { before, later } = await otherPhoneScans();
    const told = await attention();
    const theyAreTold = async (status: string): Promise<void> => {
      expect((await stage.api.status(ID)).body.status).toBe(status);
      expect(await attention()).toEqual(told);
      for (const { id } of [before, later]) {
        expect(await message(id)).toMatchObject({ status: 'queued', waiting: { reason: 'other_phone' } });
      }
    };
    await stage.api.stop(ID);
    await theyAreTold('stopped');
    await stage.restartService();
    await theyAreTold('stopped');
    // What is accepted now is this phone's, and waits for the connection alone.
    const mine = await accept(CUSTOMER);
    expect(await message(mine.id)).toMatchObject({ waiting: { reason: 'not_connected' } });
    expect((await decide('send')).body).toMatchObject({ messages: 3, unconfirmed: 0 });
    expect(await message(before.id)).toMatchObject({ waiting: { reason: 'not_connected' } });
    expect(await message(later.id)).toMatchObject({ waiting: null });
    expect(await attention()).toBeNull();
    await stage.api.start(ID);
    await stage.whatsapp.customer(CUSTOMER).receivedText(before.text);
    await stage.whatsapp.customer(CUSTOMER).receivedText(mine.text);
  });

  it('no phone is linked: sending them is refused, cancelling them is not', async () => {
    const { before } = await otherPhoneScans();
    await stage.api.logout(ID);
    expect((await attention())?.code).toBe('other_phone');
    const refused = await decide('send');
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'state_conflict', status: 'logged_out' });
    expect(JSON.stringify(refused.body)).toMatch(/No phone is linked|no hay un teléfono vinculado/);
    await stage.api.start(ID, { wait_ms: 20_000 });
    expect((await decide('send')).body).toMatchObject({ code: 'state_conflict', status: 'qr_ready' });
    expect(await message(before.id)).toMatchObject({ status: 'queued', waiting: { reason: 'other_phone' } });
    expect((await decide('cancel')).body).toMatchObject({ success: true, messages: 3, unconfirmed: 0 });
    expect((await decide('send')).body).toMatchObject({ success: true, messages: 0 });
  });

  it.each([
    ['cancel', /1 (are taken back|se cancelaron); 1 /],
    ['send', /1 (leave from the phone|salen del teléfono).*; 1 /],
  ] as const)(
    '%s tells what was handed over before and may have gone out; that is never repeated',
    async (action, told) => {
      stage = await Stage.set();
      const maybeOut = async (customer: string): Promise<string> => {
        const { id } = await accept(customer);
        await stage.whatsapp.record.until(() => sentFrom(PHONE).includes(id));
        return id;
      };
      await stage.pair(ID, PHONE);
      for (const customer of [CUSTOMER, ANOTHER]) {
        await stage.send(ID, customer);
        stage.whatsapp.customer(customer, { autoReceipts: false });
      }
      stage.whatsapp.mishaps.withholdAcks(PHONE, true);
      const out = await maybeOut(CUSTOMER);
      await stage.api.stop(ID);
      const queued = await accept(ANOTHER);
      await stage.api.forceClean(ID);
      await stage.scan(ID, OTHER_PHONE);
      await stage.log.until('other_phone', { org: ID });
      const both = await decide(action);
      expect(both.body).toMatchObject({ success: true, messages: 1, unconfirmed: 1 });
      expect(both.body.message).toMatch(told);
      expect(await message(out)).toMatchObject({ status: 'unconfirmed' });
      expect(stage.log.events('other_phone_decided')).toMatchObject([{ messages: 1, unconfirmed: 1 }]);
      if (action === 'cancel') expect(await message(queued.id)).toMatchObject({ status: 'cancelled' });
      else await stage.whatsapp.customer(ANOTHER).receivedText(queued.text);
      await newOnesLeave(OTHER_PHONE);
      expect(sentFrom(OTHER_PHONE)).not.toContain(out);
      expect(sentFrom(OTHER_PHONE)).toHaveLength(action === 'cancel' ? 1 : 2);
    },
  );

  it('released for a phone, and the one before comes back: it is said whose they are now', async () => {
    const { later } = await otherPhoneScans();
    expect((await decide('send')).body).toMatchObject({ messages: 3 });
    await stage.log.until('message_delivered', { org: ID, count: 3 });
    await stage.api.logout(ID);
    await stage.pair(ID, PHONE);
    const sentence = (await attention())?.sentence;
    expect(sentence).toMatch(/…2233.*…2244.*\b1\b/);
    expect(sentence).not.toMatch(/accepted for|aceptaron para/);
    expect(await message(later.id)).toMatchObject({ waiting: { reason: 'other_phone' } });
  });

  it('their phone is linked again: they leave from it by themselves, and those of the other phone wait', async () => {
    const { before, after } = await otherPhoneScans();
    await stage.api.stop(ID);
    const others = await accept(CUSTOMER);
    await stage.api.logout(ID);
    await stage.pair(ID, PHONE);
    await stage.whatsapp.customer(CUSTOMER).receivedText(before.text);
    await stage.whatsapp.customer(ANOTHER).receivedText(after.text);
    expect(stage.whatsapp.customer(ANOTHER).messages.at(-1)?.from).toBe(PHONE);
    expect((await attention())?.sentence).toMatch(/…2233.*…2244.*\b1\b/);
    expect(await message(others.id)).toMatchObject({ status: 'queued', waiting: { reason: 'other_phone' } });
    expect((await decide('cancel')).body).toMatchObject({ messages: 1 });
    expect(await message(others.id)).toMatchObject({ status: 'cancelled' });
  });

  it('the same phone scans: everything leaves by itself, and nothing is said', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    await stage.api.stop(ID);
    const { text } = await accept(CUSTOMER);
    await stage.api.forceClean(ID);
    await stage.scan(ID, PHONE);
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(await attention()).toBeNull();
    expect(stage.log.events('other_phone')).toEqual([]);
  });

  it('nothing waits: another phone scans, and nothing is said', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    await stage.send(ID, CUSTOMER);
    await stage.api.logout(ID);
    await stage.pair(ID, OTHER_PHONE);
    await newOnesLeave(OTHER_PHONE);
    expect(await attention()).toBeNull();
    expect(stage.log.events('other_phone')).toEqual([]);
  });

  it('one that was tried and never answered is not repeated from the other phone', async () => {
    stage = await Stage.set({ env: { RESEND_WITHIN: '4000' } });
    await stage.pair(ID, PHONE);
    await stage.send(ID, CUSTOMER);
    stage.whatsapp.customer(CUSTOMER, { autoReceipts: false });
    stage.whatsapp.mishaps.withholdAcks(PHONE, true);
    const { id } = await accept(CUSTOMER);
    await stage.whatsapp.record.until(() => sentFrom(PHONE).includes(id));
    await stage.api.forceClean(ID);
    await stage.scan(ID, OTHER_PHONE);
    await stage.log.until('message_unconfirmed', { org: ID });
    expect(sentFrom(OTHER_PHONE)).toEqual([]);
    expect(await attention()).toBeNull();
  });

  it('they expire at their time', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    await stage.api.stop(ID);
    const { id } = await accept(CUSTOMER, { ttl_seconds: 5 });
    await stage.api.forceClean(ID);
    await stage.scan(ID, OTHER_PHONE);
    await stage.log.until('message_expired', { org: ID });
    expect((await message(id)).status).toBe('expired');
    expect(await attention()).toBeNull();
    expect(sentFrom(OTHER_PHONE)).toEqual([]);
  });

  it('what is asked for must be known', async () => {
    stage = await Stage.set();
    expect((await decide('send')).body.code).toBe('unknown_organization');
    await stage.pair(ID, PHONE);
    const wrong = await decide('keep');
    expect(wrong.status).toBe(400);
    expect(wrong.body.fields).toHaveProperty('action');
  });
});
