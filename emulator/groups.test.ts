import type { proto } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import { edit, reaction, revoke } from './contents.js';
import { STATUS } from './groups.js';
import { CUSTOMER, ORG, useStage } from './test-stage.js';

const stage = useStage();
const GROUP = '120363000000000001@g.us';
const MEMBERS = ['573005550001', '573005550002', '573005550003'];

test('an unmodified client reads a group, before and after a login, with sender keys given once', async () => {
  const client = await stage.paired();
  const group = stage.whatsapp.group(GROUP, { phones: [ORG], members: MEMBERS });
  await group.chatter(9, (n) => `group ${n}`);
  await client.reads('group 8');
  expect(client.messages.find(({ message }) => message?.conversation === 'group 4')?.key).toMatchObject({
    remoteJid: GROUP,
    participant: `${MEMBERS[1]}@s.whatsapp.net`,
    fromMe: false,
  });
  expect([...client.auth.stored.keys()].filter((key) => key.startsWith('sender-key:'))).toHaveLength(3);
  client.close();
  await client.ended(2);
  await group.chatter(3, (n) => `while away ${n}`);
  client.connect();
  await client.reads('while away 2');
  expect(client.stubs()).toEqual([]);
});

test('a member who writes directly as well goes on in one session', async () => {
  const client = await stage.paired();
  const group = stage.whatsapp.group(GROUP, { phones: [ORG], members: [CUSTOMER] });
  await stage.whatsapp.customer(CUSTOMER).write(ORG, 'directly');
  await group.write(CUSTOMER, 'to all');
  await client.reads('to all');
  await client.send(CUSTOMER, 'answer');
  await stage.whatsapp.customer(CUSTOMER).receivedText('answer');
  expect(client.stubs()).toEqual([]);
});

test('statuses, lists and channels are read; a change of a group and dirty groups are understood', async () => {
  const client = await stage.paired();
  const [member = ''] = MEMBERS;
  await stage.whatsapp.group(STATUS, { phones: [ORG], members: [member] }).write(member, 'my day');
  await stage.whatsapp.group('1700000000@broadcast', { phones: [ORG], members: [member] }).write(member, 'to my list');
  const channel = stage.whatsapp.channel('120363000000000009@newsletter', [ORG]);
  channel.post('news');
  channel.tellOfReactions();
  for (const text of ['my day', 'to my list', 'news']) await client.reads(text);
  stage.whatsapp.group(GROUP, { phones: [ORG], members: MEMBERS }).tellOfChange('subject', member, 'Neighbours');
  let fetched = false;
  stage.whatsapp.tap(({ direction, stanza }) => {
    if (direction === 'in' && stanza.attrs['xmlns'] === 'w:g2') fetched = true;
  });
  stage.whatsapp.sendDirty(ORG, 'groups');
  await stage.whatsapp.record.until(() => fetched);
  // The change itself, as Baileys tells it.
  expect(client.stubs()).toEqual(['Neighbours']);
});

test('the owner answers by hand and from a second device; customers edit, react and take back', async () => {
  const client = await stage.paired();
  const life = stage.whatsapp.life(ORG);
  const second = stage.whatsapp.phone(ORG).linkOwnersDevice();
  await life.write(CUSTOMER, 'by hand');
  await life.write(CUSTOMER, 'from the browser', second);
  await client.reads('from the browser');
  expect(client.messages.map(({ key }) => [key.fromMe, key.remoteJid])).toEqual(
    Array(2).fill([true, `${CUSTOMER}@s.whatsapp.net`]),
  );
  const customer = stage.whatsapp.customer(CUSTOMER);
  const told: proto.IMessage[] = [];
  client.socket.ev.on('messages.upsert', ({ messages }) => told.push(...messages.map(({ message }) => message ?? {})));
  const { id } = await customer.write(ORG, 'at three');
  await customer.write(ORG, '', { content: edit(customer.jid, id, 'at four') });
  await customer.write(ORG, '', { content: reaction(customer.jid, id, '👍') });
  const last = await customer.write(ORG, '', { content: revoke(customer.jid, id) });
  await customer.delivered(last.id);
  await client.until(() => told.length === 4, 'four messages');
  expect(told.map((message) => Object.keys(message)[0])).toEqual([
    'conversation',
    'editedMessage',
    'reactionMessage',
    'protocolMessage',
  ]);
  expect(client.stubs()).toEqual([]);
});
