import { expect, test } from 'vitest';
import { child } from './wire.js';
import { CUSTOMER, ORG, useStage } from './test-stage.js';

const stage = useStage();

test('a customer reinstalls: the client is told of the new identity, its next message is read at once', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER, { devices: 2 });
  await customer.write(ORG, 'hello');
  await client.reads('hello');
  await client.send(CUSTOMER, 'before');
  await customer.receivedText('before');
  customer.reinstall();
  let isAnswered = false;
  stage.whatsapp.tap(({ direction, stanza }) => {
    if (direction === 'out' && stanza.tag === 'iq' && child(child(stanza, 'list') ?? stanza, 'user')) isAnswered = true;
  });
  const id = customer.tellOfNewIdentity(ORG);
  await stage.whatsapp.record.until(({ acks }) => isAnswered && acks.some((ack) => ack.id === id));
  await client.send(CUSTOMER, 'after');
  expect((await customer.receivedText('after')).type).toBe('pkmsg');
  expect(customer.unreadable).toEqual([]);
});

test('a customer who reinstalls, and nobody tells: the client learns it from what the customer writes', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  await client.send(CUSTOMER, 'before');
  await customer.receivedText('before');
  customer.reinstall();
  await customer.write(ORG, 'it is me again');
  await client.reads('it is me again');
  await client.send(CUSTOMER, 'after');
  await customer.receivedText('after');
  expect(customer.unreadable).toEqual([]);
  expect(client.stubs()).toEqual([]);
});

test('a customer of whom nobody knows a number is read and answered by LID', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER, { addressing: 'lid', hidesOtherName: true, name: 'Ana' });
  await customer.write(ORG, 'no number');
  await client.reads('no number');
  const { key, pushName } = client.messages[0] ?? {};
  expect([key?.remoteJid, key?.remoteJidAlt, pushName]).toEqual([customer.lid, undefined, 'Ana']);
  const id = await client.send(customer.lid, 'answer');
  await customer.receivedText('answer');
  await client.untilStatus(id, 3);
  expect(await client.socket.signalRepository.lidMapping.getPNForLID(customer.lid)).toBeNull();
});

test('three companions of one phone: each has what the others send', async () => {
  const clients = [await stage.paired(), await stage.paired(), await stage.paired()];
  const customer = stage.whatsapp.customer(CUSTOMER);
  await customer.write(ORG, 'to all three');
  for (const [index, client] of clients.entries()) {
    await client.reads('to all three');
    await client.send(CUSTOMER, `from ${index}`);
  }
  for (const [index, client] of clients.entries())
    for (const other of [0, 1, 2].filter((each) => each !== index)) await client.reads(`from ${other}`);
  expect((await customer.received(3)).map(({ text }) => text).sort()).toEqual(['from 0', 'from 1', 'from 2']);
});
