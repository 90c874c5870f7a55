import { afterEach, describe, expect, it } from 'vitest';
import { noteQuestions, type Question } from '../stage/questions.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('a customer', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  /** A conversation of so many turns; each text is read before the next is written. */
  const converse = async (turns: number): Promise<void> => {
    for (let n = 0; n < turns; n++) {
      await stage.send('2', CUSTOMER);
      await stage.receive(PHONE, CUSTOMER);
    }
  };
  const wire = (): string[] => stage.whatsapp.record.messagesOf(PHONE).map(({ to }) => to);
  const keysOf = (questions: Question[], jid: string): Question[] =>
    questions.filter(({ what, jids }) => what === 'keys' && jids.includes(jid));
  /** Everybody read everything, in its order, and nothing was counted against the keys. */
  const allIsWell = async (): Promise<void> => {
    const { messages } = stage.whatsapp.customer(CUSTOMER);
    const ids = (await stage.api.get('/api/messages?organization_id=2&limit=100')).body.messages as {
      message_id: string;
      times: { queued: string };
    }[];
    const inOrder = ids.sort((one, other) => one.times.queued.localeCompare(other.times.queued));
    expect(messages.map(({ id }) => id)).toEqual(inOrder.map(({ message_id: id }) => id));
    expect(stage.whatsapp.record.unreadable).toEqual([]);
    expect(stage.log.events('fault_counted', '2')).toEqual([]);
    expect((await stage.api.status('2')).body.health).toMatchObject({ verdict: 'healthy' });
  };

  it('who wrote by LID first gets everything at the LID, in one Signal session', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { addressing: 'lid' });
    const questions = noteQuestions(stage.whatsapp, PHONE);
    await stage.receive(PHONE, CUSTOMER);
    await converse(5);
    await stage.restartService();
    await stage.api.ready('2');
    await converse(5);
    expect(new Set(wire())).toEqual(new Set([customer.lid]));
    // The session is the one that the customer began.
    expect(keysOf(questions, customer.lid)).toEqual([]);
    expect(keysOf(questions, customer.jid)).toEqual([]);
    await allIsWell();
  });

  it('whose LID is told with the devices gets even the first message there; receipts from the LID count', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER);
    const { body } = await stage.api.send('2', CUSTOMER, stage.text());
    // The contract speaks of numbers, whatever the wire does.
    expect(body).toMatchObject({ status: 'sent', phone: `${CUSTOMER}@s.whatsapp.net` });
    expect(wire()).toEqual([customer.lid]);
    await stage.log.until('message_delivered', { org: '2' });
    customer.read(body.message_id as string);
    await stage.log.until('message_read', { org: '2' });
    await allIsWell();
  });

  it('whose LID is learned in the middle of a conversation goes on there, with the session that there is', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { hidesLid: true });
    const questions = noteQuestions(stage.whatsapp, PHONE);
    await converse(3);
    expect(new Set(wire())).toEqual(new Set([customer.jid]));
    stage.whatsapp.customer(CUSTOMER, { hidesLid: false });
    await converse(3);
    stage.whatsapp.customer(CUSTOMER, { addressing: 'lid' });
    await converse(3);
    // The first of the second three could not know it.
    expect(wire()).toEqual([...Array(4).fill(customer.jid), ...Array(5).fill(customer.lid)]);
    expect(keysOf(questions, customer.jid)).toHaveLength(1);
    expect(keysOf(questions, customer.lid)).toEqual([]);
    await allIsWell();
  });

  it('whose LID is told at the next question for devices goes on there, with the session that there is', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { hidesLid: true, devices: 2 });
    const questions = noteQuestions(stage.whatsapp, PHONE);
    await converse(3);
    await stage.stopService();
    stage.whatsapp.customer(CUSTOMER, { hidesLid: false });
    await stage.startService();
    await stage.api.ready('2');
    await stage.send('2', CUSTOMER);
    await converse(2);
    expect(wire()).toEqual([...Array(3).fill(customer.jid), ...Array(3).fill(customer.lid)]);
    expect(keysOf(questions, customer.jid)).toHaveLength(1);
    expect(keysOf(questions, customer.lid)).toEqual([]);
    expect(stage.whatsapp.record.unreadable).toEqual([]);
    expect(stage.log.events('fault_counted', '2')).toEqual([]);
  });

  it('without a LID is written to by number', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER, { hidesLid: true });
    await converse(5);
    expect(new Set(wire())).toEqual(new Set([customer.jid]));
    await allIsWell();
  });

  it('of whom the devices change under either name gets the next message on all of them', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    const customer = stage.whatsapp.customer(CUSTOMER);
    for (const name of ['pn', 'lid'] as const) {
      const device = customer.addDeviceSilently();
      const told = customer.tellOfDevice(PHONE, 'add', device, name);
      await stage.whatsapp.record.until(({ acks }) => acks.some(({ id }) => id === told));
      const text = stage.text();
      await stage.api.send('2', CUSTOMER, text);
      await stage.whatsapp.record.until(() =>
        customer.messages.some((one) => one.text === text && one.device === device),
      );
    }
    // Nobody had to be sent anything afterwards.
    expect(stage.log.events('devices_were_stale')).toEqual([]);
  });
});
