import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SessionDirectory } from '../../src/session/session-directory.js';
import { noteQuestions } from '../stage/questions.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const OTHER = '573109998866';

/** Waits until the service has tried so often to prepare a message, and shows that nothing of it has left. */
async function untilItWaits(stage: Stage, id: string, count = 1): Promise<void> {
  await stage.log.until('message_waits', { org: '2', count });
  expect((await stage.api.message(id)).body).toMatchObject({ status: 'queued', attempts: 0 });
  expect(stage.whatsapp.record.messagesOf(PHONE)).toEqual([]);
}

/** Does something between the claim of the next message and its hand-over. */
function beforeNextHandOver(work: () => Promise<void>): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const hand = SessionDirectory.prototype.hand;
  const spy = vi.spyOn(SessionDirectory.prototype, 'hand').mockImplementationOnce(async function (
    this: SessionDirectory,
    id,
    message,
  ) {
    await work();
    return hand.call(this, id, message);
  });
  onTestFinished(() => spy.mockRestore());
}

describe('a message whose preparation fails', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it.each([
    ['devices', 'silence'],
    ['devices', 'error'],
    ['devices', 'result_error'],
    ['devices', 'row_error'],
    ['devices', 'empty'],
    ['devices', 'first_only'],
    ['devices', 'last_only'],
    ['keys', 'silence'],
    ['keys', 'error'],
    ['keys', 'row_error'],
  ] as const)(
    'stays queued when the question for %s meets %s, and leaves once it is answered',
    async (question, oddity) => {
      stage = await Stage.set({ env: { QUERY_TIMEOUT: '300' } });
      await stage.pair('2', PHONE);
      // 429 asks for a longer pause; but any other error in the row of a device speaks of that device.
      const code = question === 'keys' && oddity === 'row_error' ? 429 : 500;
      stage.whatsapp.mishaps.oddAnswer(PHONE, question, oddity, { times: 1000, code, backoff: 1 });
      const text = stage.text();
      const { body } = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
      const id = body.message_id as string;
      await untilItWaits(stage, id, 2);
      await stage.whatsapp.mishaps.clear();
      expect((await stage.whatsapp.customer(CUSTOMER).receivedText(text)).id).toBe(id);
      await stage.log.until('message_delivered', { org: '2' });
      expect((await stage.api.message(id)).body).toMatchObject({ attempts: 1 });
      expect(stage.log.events('message_unconfirmed', '2')).toEqual([]);
      expect(stage.whatsapp.record.messagesOf(PHONE)).toHaveLength(1);
    },
  );

  it('expires as queued, with nothing left, when the answer never comes', async () => {
    stage = await Stage.set({ env: { QUERY_TIMEOUT: '300' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'devices', 'empty', { times: 1000 });
    const { body } = await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0, ttl_seconds: 1 });
    await stage.log.until('message_expired', { org: '2' });
    const message = (await stage.api.message(body.message_id as string)).body;
    expect(message).toMatchObject({ status: 'expired', attempts: 0 });
    expect(stage.whatsapp.record.messagesOf(PHONE)).toEqual([]);
  });
});

describe('between the claim and the stanza', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('nothing is asked: with every question unanswered from the claim on, the message leaves', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const questions = noteQuestions(stage.whatsapp, PHONE);
    let asked = 0;
    beforeNextHandOver(async () => {
      asked = questions.length;
      stage.whatsapp.mishaps.muteQueries(PHONE);
    });
    const first = stage.text();
    expect((await stage.api.send('2', CUSTOMER, first)).body).toMatchObject({ status: 'sent' });
    await stage.whatsapp.customer(CUSTOMER).receivedText(first);
    expect(asked).toBe(2);
    // Known by now: the next ones need no answer at all.
    for (let n = 0; n < 3; n++) await stage.send('2', CUSTOMER);
    expect(questions).toHaveLength(asked);
  });

  it('a session that goes away takes nothing with it: the message is prepared again, and leaves once', async () => {
    stage = await Stage.set({ env: { RESEND_WITHIN: '2000' } });
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    const { record } = stage.whatsapp;
    const questions = noteQuestions(stage.whatsapp, PHONE);
    beforeNextHandOver(async () => {
      // Baileys deletes the sessions of devices that were taken off an account.
      const told = stage.whatsapp.customer(CUSTOMER).tellOfDevice(PHONE, 'remove', 0, 'lid');
      await record.until(({ acks }) => acks.some(({ id }) => id === told));
    });
    const text = stage.text();
    const { body } = await stage.api.send('2', CUSTOMER, text);
    expect(body).toMatchObject({ status: 'sent' });
    const waits = await stage.log.until('message_waits', { org: '2' });
    expect(waits.msg).toMatch(/^Nothing has left/);
    expect((await stage.whatsapp.customer(CUSTOMER).receivedText(text)).id).toBe(body.message_id);
    expect((await stage.api.message(body.message_id as string)).body).toMatchObject({ attempts: 1 });
    expect(record.messagesOf(PHONE).filter(({ id }) => id === body.message_id)).toHaveLength(1);
    expect(questions.map(({ what }) => what)).toEqual(['devices', 'keys']);
    expect(stage.log.events('message_hand_over_failed', '2')).toEqual([]);
  });

  it('a cut connection took nothing with it either: queued again, sent after it, never unconfirmed', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    const ends = stage.log.events('session_disconnected', '2').length;
    beforeNextHandOver(async () => {
      await stage.whatsapp.mishaps.refuseConnections();
      stage.whatsapp.mishaps.cut(PHONE);
      await stage.log.until('session_disconnected', { org: '2', count: ends + 1 });
    });
    const text = stage.text();
    const { body } = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
    await stage.log.until('message_waits', { org: '2' });
    const waiting = (await stage.api.message(body.message_id as string)).body;
    expect(waiting).toMatchObject({ status: 'queued', attempts: 0 });
    expect(Object.keys(waiting.times as object)).toEqual(['queued']);
    await stage.whatsapp.mishaps.refuseConnections(false);
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(stage.whatsapp.record.messagesOf(PHONE).filter(({ id }) => id === body.message_id)).toHaveLength(1);
    expect(stage.log.events('messages_repeated', '2')).toEqual([]);
  });
});

describe('one customer who cannot be prepared', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('holds up nobody else', async () => {
    stage = await Stage.set({ env: { QUERY_TIMEOUT: '8000' } });
    await stage.pair('2', PHONE);
    await stage.send('2', OTHER);
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'devices', 'silence', { times: 1 });
    const text = stage.text();
    await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
    for (let n = 0; n < 5; n++) await stage.send('2', OTHER);
    expect(stage.log.events('message_waits', '2')).toEqual([]);
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
  });
});
