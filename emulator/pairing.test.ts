import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startEmulator, type Emulator } from './emulator.js';
import { TestClient } from './test-client.js';

const ORG = '573001112233';
const CUSTOMER = '573004445566';

let whatsapp: Emulator;

beforeEach(async () => {
  for (const method of ['info', 'warn', 'error', 'log'] as const) vi.spyOn(console, method).mockReturnValue(undefined);
  whatsapp = await startEmulator();
});

afterEach(async () => {
  expect(whatsapp.record.problems).toEqual([]);
  await whatsapp.stop();
});

test('a client pairs by QR text, is restarted with 515, logs in, and messages go both ways', async () => {
  const client = new TestClient(whatsapp);
  await client.pair(ORG);
  expect(client.endings[0]).toMatchObject({ text: 'Stream Errored (restart required)', code: 515 });
  expect(client.jid).toBe(`${ORG}:1@s.whatsapp.net`);

  const customer = whatsapp.customer(CUSTOMER);
  await client.send(CUSTOMER, 'your appointment is confirmed');
  await customer.receivedText('your appointment is confirmed');
  const { id } = await customer.write(ORG, 'thank you');
  await client.reads('thank you');
  await customer.delivered(id);
  await client.send(CUSTOMER, 'see you');
  expect((await customer.receivedText('see you')).type).toBe('msg');
});
