import { getBinaryNodeChild, getBinaryNodeChildren, S_WHATSAPP_NET, type BinaryNode } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import { childNumber } from './wire.js';
import { CUSTOMER, ORG, OTHER_ORG, useStage } from './test-stage.js';

const stage = useStage();

test('many messages one way, then the other, then in turn: all readable', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const written = await Promise.all(numbers.map((n) => customer.write(ORG, `from the customer ${n}`)));
  await Promise.all(written.map(({ id }) => customer.delivered(id)));
  expect(client.texts()).toEqual(numbers.map((n) => `from the customer ${n}`));
  const sent = [];
  for (const n of numbers) sent.push(await client.send(CUSTOMER, `to the customer ${n}`));
  const received = await customer.received(20);
  expect(received.map(({ text }) => text)).toEqual(numbers.map((n) => `to the customer ${n}`));
  expect(received.every(({ from, type }) => from === ORG && type === 'pkmsg')).toBe(true);
  for (const id of sent) await client.untilStatus(id, 3);
  for (const n of numbers) {
    await customer.delivered((await customer.write(ORG, `question ${n}`)).id);
    await client.send(CUSTOMER, `answer ${n}`);
    // Once the customer has been heard, the session is established.
    expect((await customer.receivedText(`answer ${n}`)).type).toBe('msg');
  }
  expect(client.stubs()).toEqual([]);
  expect(stage.whatsapp.record.unreadable).toEqual([]);
  expect(stage.whatsapp.record.messagesOf(ORG).every(({ acked }) => acked === 'yes')).toBe(true);
});

test('read receipts, by themselves and on demand', async () => {
  const client = await stage.paired();
  const id = await client.send(CUSTOMER, 'one');
  const customer = stage.whatsapp.customer(CUSTOMER);
  await customer.received(1);
  customer.read(id);
  await client.untilStatus(id, 4);
  stage.whatsapp.customer(CUSTOMER, { autoRead: true });
  await client.untilStatus(await client.send(CUSTOMER, 'two'), 4);
});

test('messages for a device that is away arrive at its next login; what it acknowledged never again', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  await customer.write(ORG, 'while here');
  await client.reads('while here');
  client.close();
  await client.ended(2);
  const ids = [];
  for (const text of ['away one', 'away two']) ids.push((await customer.write(ORG, text)).id);
  client.connect();
  await client.reads('away two');
  for (const id of ids) await customer.delivered(id);
  expect(client.texts()).toEqual(['while here', 'away one', 'away two']);
  expect(client.stubs()).toEqual([]);
});

test('a customer of several devices reads on each, and writes from each', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER, { devices: 3 });
  await client.send(CUSTOMER, 'to all three');
  await stage.whatsapp.record.until(() => customer.messages.length === 3);
  expect(customer.messages.map(({ device }) => device).sort()).toEqual([0, 1, 2]);
  expect(await customer.received(1)).toHaveLength(3);
  await customer.write(ORG, 'from the tablet', { device: 2 });
  await client.reads('from the tablet');
});

test('chats by LID work in both directions', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER, { addressing: 'lid' });
  await customer.write(ORG, 'by lid');
  await client.reads('by lid');
  expect(client.messages[0]?.key).toMatchObject({ remoteJid: customer.lid, remoteJidAlt: customer.jid });
  await client.send(customer.lid, 'answer by lid');
  await customer.receivedText('answer by lid');
  await client.send(CUSTOMER, 'answer by number');
  await customer.receivedText('answer by number');
});

test('who is on WhatsApp, who is not, and other spellings of a number', async () => {
  const client = await stage.paired();
  stage.whatsapp.customer('573009998877', { onWhatsApp: false });
  stage.whatsapp.customer('551187654321', { aliases: ['5511987654321'] });
  expect(await client.socket.onWhatsApp(CUSTOMER)).toEqual([{ jid: `${CUSTOMER}@s.whatsapp.net`, exists: true }]);
  expect(await client.socket.onWhatsApp('573009998877')).toEqual([]);
  expect(await client.socket.onWhatsApp('5511987654321')).toEqual([
    { jid: '551187654321@s.whatsapp.net', exists: true },
  ]);
  // Only the ack itself is certain to tell: Baileys' event buffer may merge the refusal away.
  const refusals: string[] = [];
  client.socket.ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
    if (attrs['error']) refusals.push(attrs['id'] ?? '');
    client.changes.notify();
  });
  const id = await client.send('573009998877', 'nobody home');
  await client.until(() => refusals.includes(id), 'a refusal');
});

test('two organizations write to each other, and to one customer', async () => {
  const [one, two] = [await stage.paired(ORG), await stage.paired(OTHER_ORG)];
  const customer = stage.whatsapp.customer(CUSTOMER);
  await one.send(OTHER_ORG, 'hello neighbour');
  await two.reads('hello neighbour');
  await two.send(ORG, 'hello back');
  await one.reads('hello back');
  await Promise.all([one.send(CUSTOMER, 'from one'), two.send(CUSTOMER, 'from two')]);
  expect((await customer.received(2)).map(({ from, text }) => [from, text]).sort()).toEqual([
    [ORG, 'from one'],
    [OTHER_ORG, 'from two'],
  ]);
});

test('two devices of one phone see each other’s messages', async () => {
  const [first, second] = [await stage.paired(), await stage.paired()];
  expect(second.jid).toBe(`${ORG}:2@s.whatsapp.net`);
  await first.send(CUSTOMER, 'from the first device');
  await second.reads('from the first device');
  await stage.whatsapp.customer(CUSTOMER).write(ORG, 'to both');
  await Promise.all([first.reads('to both'), second.reads('to both')]);
});

test('each pre-key of the service is served once, and the service is told when they run low', async () => {
  const client = await stage.paired();
  const asking = await stage.paired(OTHER_ORG);
  const before = client.auth.creds.nextPreKeyId;
  const jid = stage.whatsapp.phone(ORG).devices()[0]?.jid ?? '';
  const ask = async (times: number) => {
    const answer = await asking.socket.query({
      tag: 'iq',
      attrs: { xmlns: 'encrypt', type: 'get', to: S_WHATSAPP_NET },
      content: [
        { tag: 'key', attrs: {}, content: Array.from({ length: times }, () => ({ tag: 'user', attrs: { jid } })) },
      ],
    });
    const users = getBinaryNodeChildren(getBinaryNodeChild(answer as BinaryNode, 'list'), 'user');
    return users.map((user) => childNumber(getBinaryNodeChild(user, 'key'), 'id'));
  };
  // 812 were uploaded and one was used for the history that the phone sent after the pairing; five are left.
  const served = await ask(806);
  expect(new Set(served).size).toBe(806);
  expect(client.auth.creds.nextPreKeyId).toBe(before);
  served.push(...(await ask(1)));
  await client.until(() => client.auth.creds.nextPreKeyId > before, 'an upload of further pre-keys');
  stage.whatsapp.mishaps.cut(ORG);
  await client.ended(2);
  // They run out, and then a bundle holds the signed pre-key alone.
  served.push(...(await ask(20)));
  const numbers = served.filter((id) => id !== undefined);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(served.at(-1)).toBeUndefined();
  await stage.whatsapp.customer(CUSTOMER).write(ORG, 'without a one-time key');
  client.connect();
  await client.reads('without a one-time key');
  expect(client.stubs()).toEqual([]);
});
