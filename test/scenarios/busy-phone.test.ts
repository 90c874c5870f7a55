import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { edit, reaction, revoke } from '../../emulator/contents.js';
import { STATUS } from '../../emulator/groups.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMERS = ['573109998877', '573109998866', '573109998855'];
const GROUP = '120363000000000001@g.us';
const LIST = '1700000000@broadcast';
const CHANNEL = '120363000000000009@newsletter';
const ID = '2';

interface Told {
  name: string;
  data: Record<string, unknown>;
}

describe('the phone of a shop is in busy groups', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const told = async (name: string): Promise<Told[]> => {
    const answer = await stage.api.get(`/api/events?organization_id=${ID}&limit=200`);
    return (answer.body.events as Told[]).filter((event) => event.name === name);
  };

  it('which cost nothing: customers are heard and answered; nothing else is told, kept, fetched, counted', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    const { whatsapp } = stage;
    const [customer = ''] = CUSTOMERS;
    const asked: string[] = [];
    whatsapp.tap(({ direction, stanza }) => {
      if (direction === 'in' && stanza.tag === 'iq') asked.push(stanza.attrs.xmlns ?? '');
    });
    // A customer is a member as well: what he says in the group is ignored, and what he says to the shop is not.
    const members = [...Array.from({ length: 30 }, (_, n) => `5730055500${10 + n}`), customer];
    const group = whatsapp.group(GROUP, { phones: [PHONE], members });
    const statuses = whatsapp.group(STATUS, { phones: [PHONE], members });
    const list = whatsapp.group(LIST, { phones: [PHONE], members: members.slice(0, 2) });
    const channel = whatsapp.channel(CHANNEL, [PHONE]);
    const bustle = async (): Promise<void> => {
      whatsapp.sendDirty(PHONE, 'groups');
      for (let n = 0; n < 10; n++) {
        await group.chatter(31);
        await statuses.chatter(5);
        await list.chatter(2);
        channel.post('news');
        channel.tellOfReactions();
        group.tellOfChange('subject', members[n] ?? '', `Subject ${n}`);
        await group.write(customer, reaction(GROUP, 'ABC', '👍'));
      }
    };
    const business = async (): Promise<void> => {
      for (const number of CUSTOMERS) {
        await stage.receive(PHONE, number);
        await stage.send(ID, number);
      }
    };
    await Promise.all([bustle(), business(), whatsapp.life(PHONE).write(GROUP, 'from the owner, to the group')]);
    const allTaken = (): Promise<void> =>
      whatsapp.record.until(() =>
        [...whatsapp.phone(PHONE).companions.values()].every(({ unacknowledged }) => unacknowledged === 0),
      );
    await allTaken();

    // What comes while the service is away is handed over at its login.
    await stage.stopService();
    await bustle();
    await stage.startService();
    await stage.api.ready(ID);
    await business();
    await allTaken();

    expect(await told('message.received')).toHaveLength(2 * CUSTOMERS.length);
    expect(await told('session.fault')).toEqual([]);
    expect((await stage.api.status(ID)).body).toMatchObject({ status: 'connected', health: { verdict: 'healthy' } });
    const { record } = whatsapp;
    expect(record.unreadable).toEqual([]);
    expect(record.receipts.filter(({ to }) => /@(g\.us|broadcast|newsletter)$/.test(to))).toEqual([]);
    expect(record.receipts.filter(({ type }) => type === 'retry')).toEqual([]);
    // Taken, and not refused.
    expect(record.acks.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(record.acks.filter(({ class: kind }) => kind === 'message').length).toBeGreaterThan(700);
    expect(asked).not.toContain('w:g2');

    await stage.stopService();
    const kept = readdirSync(path.join(stage.authDirectory, ID), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name)).toString('latin1'))
      .join('\n');
    expect(kept).toContain(whatsapp.customer(CUSTOMERS[1] ?? '').lidUser);
    expect(kept).not.toContain('sender-key');
    for (const member of members.slice(0, -1)) {
      expect(kept).not.toContain(member);
      expect(kept).not.toContain(whatsapp.customer(member).lidUser);
    }
  });

  it('and its owner answers by hand, customers edit, react, take back: only new messages are told', async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    const { whatsapp } = stage;
    const [number = ''] = CUSTOMERS;
    const customer = whatsapp.customer(number);
    const life = whatsapp.life(PHONE);
    const browser = whatsapp.phone(PHONE).linkOwnersDevice();
    const { id } = await customer.write(PHONE, stage.text());
    await life.write(number, stage.text());
    await life.write(number, stage.text(), browser);
    await customer.write(PHONE, '', { content: edit(customer.jid, id, stage.text()) });
    await customer.write(PHONE, '', { content: reaction(customer.jid, id, '👍') });
    await life.write(number, reaction(customer.jid, id, '❤'), browser);
    const last = await customer.write(PHONE, '', { content: revoke(customer.jid, id) });
    await customer.delivered(last.id);
    const disappearing = { ephemeralMessage: { message: { extendedTextMessage: { text: stage.text() } } } };
    const second = await customer.write(PHONE, '', { content: disappearing });
    await customer.delivered(second.id);
    await stage.send(ID, number);
    expect((await told('message.received')).map(({ data }) => data.message_id)).toEqual([id, second.id]);
    expect(await told('session.fault')).toEqual([]);
    expect(whatsapp.record.unreadable).toEqual([]);
    expect(whatsapp.record.receipts.filter(({ type }) => type === 'retry')).toEqual([]);
  });
});
