import { expect, test } from 'vitest';
import { CUSTOMER, ORG, OTHER_ORG, useStage } from './test-stage.js';

const stage = useStage();

test('many messages both ways at once, all readable', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  const numbers = Array.from({ length: 40 }, (_, index) => index);
  const writing = numbers.map((n) => customer.write(ORG, `from the customer ${n}`));
  for (const n of numbers) await client.send(CUSTOMER, `to the customer ${n}`);
  const received = await customer.received(40);
  expect(received.map(({ text }) => text)).toEqual(numbers.map((n) => `to the customer ${n}`));
  expect(received.every(({ from }) => from === ORG)).toBe(true);
  await client.until(() => client.texts().length === 40, 'all texts');
  await Promise.all((await Promise.all(writing)).map(({ id }) => customer.delivered(id)));
  // pkmsg until the other side has been heard, then msg.
  expect(received.at(-1)?.type).toBe('msg');
  expect(stage.whatsapp.record.unreadable).toEqual([]);
  expect(stage.whatsapp.record.messagesOf(ORG).every(({ acked }) => acked === 'yes')).toBe(true);
  await client.until(() => client.updates.filter(({ status }) => status === 3).length >= 40, 'delivery receipts');
});

test('read receipts, by themselves and on demand', async () => {
  const client = await stage.paired();
  const id = await client.send(CUSTOMER, 'one');
  const customer = stage.whatsapp.customer(CUSTOMER);
  await customer.received(1);
  customer.read(id);
  await client.until(() => client.updates.some((update) => update.id === id && update.status === 4), 'read');
  stage.whatsapp.customer(CUSTOMER, { autoRead: true });
  const second = await client.send(CUSTOMER, 'two');
  await client.until(() => client.updates.some((update) => update.id === second && update.status === 4), 'read');
});

test('messages for a device that is away arrive at its next login; what it acknowledged does not come again', async () => {
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
  await client.socket.sendMessage(customer.lid, { text: 'answer by lid' });
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
  const id = await client.send('573009998877', 'nobody home');
  await client.until(() => client.updates.some((update) => update.id === id && update.status === 0), 'a refusal');
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
  const stored = () => [...client.auth.stored.keys()].filter((key) => key.startsWith('pre-key:')).length;
  // One was used for the history that the phone sent after the pairing.
  await client.until(() => stored() === 811, 'the first pre-key used');
  const uploads = client.auth.creds.nextPreKeyId;
  const customers = Array.from({ length: 812 - 1 - 4 }, (_, index) =>
    stage.whatsapp.customer(`5730${10000000 + index}`),
  );
  for (const customer of customers) await customer.write(ORG, `first words of ${customer.number}`);
  await client.until(() => client.texts().length === customers.length, 'all first words');
  await client.until(() => client.auth.creds.nextPreKeyId > uploads, 'an upload of further pre-keys');
  expect(client.stubs()).toEqual([]);
});
