import { expect, onTestFinished, test } from 'vitest';
import { Dispatcher } from '../../../src/outbox/dispatcher.js';
import type { Outbox } from '../../../src/outbox/outbox.js';
import {
  Clock,
  commitFailer,
  FakeCarrier,
  folder,
  ID,
  message,
  openOutbox,
  OTHER_SHOP,
  QUIET_LOGGER,
  SETTINGS,
  SHOP,
  type Wanted,
} from './fixtures.js';

/** Everything of a service that sends, over a fake WhatsApp. */
function sending(outbox: Outbox) {
  const carrier = new FakeCarrier();
  carrier.connected = false;
  const otherPhones: string[] = [];
  const dispatcher = new Dispatcher({
    outbox,
    carrier,
    settings: { ...SETTINGS, lateAnswerWaitMs: 0, retentionMs: 1e9 },
    logger: QUIET_LOGGER,
    now: Date.now,
    random: () => 0.5,
    onOtherPhone: (id) => otherPhones.push(id),
  });
  onTestFinished(() => dispatcher.stop());
  const connect = (phoneNumber: string): void => {
    carrier.connected = true;
    carrier.tell(ID, { type: 'connected', phoneNumber });
  };
  const disconnect = (): void => {
    carrier.connected = false;
    carrier.tell(ID, { type: 'disconnected' });
  };
  const accept = async (more: Wanted = {}): Promise<string> => {
    const { message: stored } = await dispatcher.accept(message(Date.now(), more));
    return stored.messageId;
  };
  const ack = (messageId: string): void => carrier.tell(ID, { type: 'ack', messageId, errorCode: null });
  return { dispatcher, carrier, otherPhones, connect, disconnect, accept, ack };
}

test('what is accepted before the start is over leaves behind what waits since before', async () => {
  const clock = new Clock(Date.now());
  const directory = folder();
  const before = await openOutbox({ directory, clock });
  await before.outbox.accept(message(Date.now(), { text: 'from before' }));
  await before.store.close();

  const { outbox } = await openOutbox({ directory, clock });
  const { dispatcher, carrier, accept, connect, ack } = sending(outbox);
  await accept({ text: 'new' });
  dispatcher.start();
  connect(SHOP);
  await expect.poll(() => carrier.texts).toEqual(['from before']);
  ack(carrier.handed[0]?.messageId as string);
  await expect.poll(() => carrier.texts).toEqual(['from before', 'new']);
});

test('a decision about another phone’s messages that cannot be written lets none go', async () => {
  const { outbox, database } = await openOutbox({ clock: new Clock(Date.now()) });
  const failCommit = commitFailer(database);
  const { dispatcher, carrier, otherPhones, accept, connect, disconnect } = sending(outbox);
  dispatcher.start();
  await outbox.noteLinkedPhone(ID, SHOP);
  const id = await accept({ text: 'the first phone’s' });
  connect(OTHER_SHOP);
  await expect.poll(() => otherPhones).toEqual([ID]);
  const deciding = dispatcher.decideOtherPhone(ID, 'send');
  failCommit();
  await expect(deciding).rejects.toThrow('FOREIGN KEY');
  expect(dispatcher.waitingOf({ organizationId: ID, messageId: id })).toMatchObject({ reason: 'other_phone' });
  disconnect();
  connect(OTHER_SHOP);
  await accept({ phone: '573109998800', text: 'its own' });
  await expect.poll(() => carrier.texts).toEqual(['its own']);
  expect(await dispatcher.decideOtherPhone(ID, 'send')).toEqual({ messages: 1, unconfirmed: 0 });
  await expect.poll(() => carrier.texts).toEqual(['its own', 'the first phone’s']);
});
