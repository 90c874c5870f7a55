import { expect, test } from 'vitest';
import { CUSTOMER, ORG, useStage } from './test-stage.js';

const stage = useStage();

test('Bad MAC of a pkmsg: named by libsignal itself, healed by the retry', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  await customer.write(ORG, 'hello');
  await client.reads('hello');
  await client.send(CUSTOMER, 'now the session is established');
  await customer.received(1);
  stage.whatsapp.mishaps.badMac(ORG, 1, { type: 'pkmsg' });
  const { id } = await customer.write(ORG, 'broken at first');
  await client.reads('broken at first');
  await customer.delivered(id);
  expect(client.stubs()).toEqual(['Bad MAC']);
  await customer.write(ORG, 'and on');
  await client.reads('and on');
});

test('Bad MAC of a msg: hidden behind "No matching sessions", told only on the console', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  stage.whatsapp.mishaps.badMac(ORG, 2, { type: 'msg' });
  await customer.write(ORG, 'hello');
  await client.reads('hello');
  await client.send(CUSTOMER, 'now the session is established');
  await customer.received(1);
  const before = stage.printed.length;
  for (const text of ['broken one', 'broken two']) {
    await customer.write(ORG, text);
    await client.reads(text);
  }
  expect(client.stubs()).toEqual(Array.from({ length: 2 }, () => 'No matching sessions found for message'));
  expect(stage.printed.slice(before).some((line) => line.startsWith('Session error:Error: Bad MAC'))).toBe(true);
});

test('Bad MAC only for one customer, and for the second try too', async () => {
  const client = await stage.paired();
  const [customer, other] = [stage.whatsapp.customer(CUSTOMER), stage.whatsapp.customer('573007778899')];
  stage.whatsapp.mishaps.badMac(ORG, 2, { from: CUSTOMER, retriesToo: true });
  await other.write(ORG, 'whole');
  await customer.write(ORG, 'broken twice');
  await client.reads('broken twice');
  expect(client.texts()).toEqual(['whole', 'broken twice']);
  expect(client.stubs()).toEqual(['Bad MAC', 'Bad MAC']);
  const retries = stage.whatsapp.record.receipts.filter(({ type }) => type === 'retry');
  expect(retries).toHaveLength(2);
});

test('a message delivered twice', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  stage.whatsapp.mishaps.duplicate(ORG, 1);
  await customer.write(ORG, 'twice');
  await stage.whatsapp.record.until(({ acks }) => acks.some(({ error }) => error !== undefined));
  expect(client.texts()).toEqual(['twice']);
  await client.send(CUSTOMER, 'established');
  await customer.received(1);
  await customer.write(ORG, 'once');
  stage.whatsapp.mishaps.duplicate(ORG, 1);
  await customer.write(ORG, 'twice as msg');
  await client.until(() => client.stubs().includes('No matching sessions found for message'), 'the hidden duplicate');
});

// Baileys counts each retry receipt twice against its `maxMsgRetryCount` of 5 and so sends a message again twice at
// most.
test.each([1, 2])('a customer that cannot read a message %i times asks again, and reads it', async (times) => {
  const sent = new Map<string, string>();
  const client = await stage.paired(ORG, {
    getMessage: async ({ id }) => ({ conversation: sent.get(id ?? '') ?? '' }),
  });
  const customer = stage.whatsapp.customer(CUSTOMER, { devices: 2 });
  customer.cannotRead(times);
  const id = await client.send(CUSTOMER, 'read at last');
  sent.set(id, 'read at last');
  await stage.whatsapp.record.until(() => customer.messages.some(({ device }) => device === 0));
  expect(customer.unreadable.filter(({ device }) => device === 0)).toHaveLength(times);
  expect(customer.unreadable[0]?.why).toBe('told not to read');
});

test('a customer that lost its sessions gets a readable message again', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  await customer.write(ORG, 'hello');
  await client.reads('hello');
  await client.send(CUSTOMER, 'one');
  await customer.received(1);
  await customer.write(ORG, 'established');
  await client.reads('established');
  customer.forgetSessions(ORG);
  await client.send(CUSTOMER, 'two');
  await customer.receivedText('two');
  expect(customer.unreadable).toMatchObject([{ why: 'No session record', type: 'msg' }]);
});

test('the service lost its sessions: it asks again, and the second time with keys', async () => {
  const client = await stage.paired();
  const customer = stage.whatsapp.customer(CUSTOMER);
  await customer.write(ORG, 'hello');
  await client.reads('hello');
  await client.send(CUSTOMER, 'established');
  await customer.received(1);
  for (const key of client.auth.stored.keys()) if (key.startsWith('session:')) client.auth.stored.delete(key);
  await customer.write(ORG, 'after the loss');
  await client.reads('after the loss');
  expect(client.stubs()).toContain('No session record');
});
