import { afterEach, describe, expect, it } from 'vitest';
import { noteQuestions } from '../stage/questions.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('a customer who links a device of which nobody is told', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const sendQuietly = async (): Promise<{ text: string; id: string }> => {
    const text = stage.text();
    const { body } = await stage.api.send('2', CUSTOMER, text);
    expect(body).toMatchObject({ status: 'sent' });
    return { text, id: body.message_id as string };
  };
  const readBy = (text: string, device: number): Promise<void> =>
    stage.whatsapp.record.until(() =>
      stage.whatsapp.customer(CUSTOMER).messages.some((one) => one.text === text && one.device === device),
    );
  const readings = (device: number): string[] =>
    stage.whatsapp
      .customer(CUSTOMER)
      .messages.filter((one) => one.device === device)
      .map(({ text }) => text);

  it('gets the message there, too, under its own id and once; the next one goes to both at once', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    const device = stage.whatsapp.customer(CUSTOMER).addDeviceSilently();
    const questions = noteQuestions(stage.whatsapp, PHONE);
    const missed = await sendQuietly();
    const told = await stage.log.until('devices_were_stale', { org: '2' });
    expect(told).toMatchObject({ message_id: missed.id, sent: 1 });
    await readBy(missed.text, device);
    const next = await sendQuietly();
    await readBy(next.text, device);
    expect(readings(device)).toEqual([missed.text, next.text]);
    expect(stage.whatsapp.customer(CUSTOMER).messages.filter(({ duplicate }) => duplicate)).toEqual([]);
    expect(stage.whatsapp.record.messagesOf(PHONE).filter(({ id }) => id === missed.id)).toHaveLength(2);
    expect(stage.whatsapp.record.messagesOf(PHONE).filter(({ id }) => id === next.id)).toHaveLength(1);
    expect(questions.map(({ what }) => what)).toEqual(['devices', 'keys']);
    expect(stage.whatsapp.record.unreadable).toEqual([]);
  });

  it('gets each of many messages on each device once, in whatever moment the device came', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    const texts = Array.from({ length: 12 }, () => stage.text());
    const device = stage.whatsapp.customer(CUSTOMER).addDeviceSilently();
    await Promise.all(texts.map((text) => stage.api.send('2', CUSTOMER, text, { wait_ms: 0 })));
    for (const text of texts) await readBy(text, device);
    expect(readings(device)).toHaveLength(texts.length);
    expect(readings(0).slice(1)).toEqual(texts);
    expect(stage.whatsapp.record.unreadable).toEqual([]);
  });

  it('whose new keys cannot be had yet is skipped; the message keeps its fate', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    const customer = stage.whatsapp.customer(CUSTOMER);
    const device = customer.addDeviceSilently();
    customer.keysOf(device, 'refused');
    const questions = noteQuestions(stage.whatsapp, PHONE);
    for (let n = 0; n < 4; n++) await readBy((await sendQuietly()).text, 0);
    // A hash over all devices is that of our list, dead ones included: one question, not one for each message.
    expect(questions.filter(({ what }) => what === 'devices')).toHaveLength(1);
    expect(readings(device)).toEqual([]);
    expect(stage.log.events('message_waits')).toEqual([]);
  });

  it('is learned at the next message when the question after the ack is not answered', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    const device = stage.whatsapp.customer(CUSTOMER).addDeviceSilently();
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'devices', 'result_error');
    const missed = await sendQuietly();
    await stage.log.until('devices_not_known', { org: '2' });
    const next = await sendQuietly();
    await readBy(next.text, device);
    await readBy(next.text, 0);
    expect(readings(device)).not.toContain(missed.text);
    expect((await stage.api.message(missed.id)).body.status).not.toBe('unconfirmed');
  });

  it('a refusal of the copy for one device is no refusal of the message', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    stage.whatsapp.customer(CUSTOMER).addDeviceSilently();
    stage.whatsapp.tap(({ direction, stanza }) => {
      // The second stanza of the same id.
      if (direction !== 'in' || stanza.tag !== 'message' || stanza.attrs.device_fanout !== 'false') return;
      stage.whatsapp.mishaps.refuseAcks(PHONE, 463);
    });
    const { id } = await sendQuietly();
    await stage.whatsapp.record.until(({ messages }) => messages.some((one) => one.id === id && one.acked === 463));
    await stage.send('2', '573109998866');
    expect(stage.log.events('message_refused')).toEqual([]);
    expect(stage.log.events('first_contacts_paused')).toEqual([]);
  });
});
