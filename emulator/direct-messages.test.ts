import { proto, type AnyMessageContent, type PresenceData, type WAMessage } from '@whiskeysockets/baileys';
import { beforeEach, expect, test } from 'vitest';
import type { TestClient } from './test-client.js';
import { ORG, OTHER_ORG, useStage } from './test-stage.js';

const stage = useStage();
const ONE = `${ORG}@s.whatsapp.net`;
const TWO = `${OTHER_ORG}@s.whatsapp.net`;

let one: TestClient;
let two: TestClient;
/** What the second client is told of, protocol messages too. */
let told: WAMessage[];

beforeEach(async () => {
  one = await stage.paired(ORG, {
    pushName: 'One',
    // For the device that asks again: Baileys' own memory of sent messages is by chat, and the asking device's jid is
    // none.
    getMessage: async ({ id }) => one.messages.find(({ key }) => key.id === id)?.message ?? undefined,
  });
  two = await stage.paired(OTHER_ORG, { pushName: 'Two' });
  told = [];
  two.socket.ev.on('messages.upsert', ({ messages }) => {
    told.push(...messages);
    two.changes.notify();
  });
});

async function say(content: AnyMessageContent, quoted?: WAMessage): Promise<WAMessage> {
  const sent = (await one.socket.sendMessage(TWO, content, quoted && { quoted })) as WAMessage;
  await two.until(() => told.some(({ key }) => key.id === sent.key.id), 'the message');
  return sent;
}

const hears = async (content: AnyMessageContent, quoted?: WAMessage): Promise<WAMessage> => {
  const { key } = await say(content, quoted);
  return told.find((message) => message.key.id === key.id) as WAMessage;
};

test('a text comes with the name of who wrote it; a reply quotes it', async () => {
  const text = await hears({ text: 'at three?' });
  expect(text).toMatchObject({ pushName: 'One', key: { remoteJid: ONE, fromMe: false } });
  const { message } = (await two.socket.sendMessage(ONE, { text: 'yes' }, { quoted: text })) as WAMessage;
  expect(message?.extendedTextMessage?.contextInfo?.stanzaId).toBe(text.key.id);
  await one.reads('yes');
  const reply = one.messages.find((each) => each.message?.extendedTextMessage?.text === 'yes');
  expect(reply?.pushName).toBe('Two');
  expect(reply?.message?.extendedTextMessage?.contextInfo).toMatchObject({
    stanzaId: text.key.id,
    quotedMessage: { extendedTextMessage: { text: 'at three?' } },
  });
});

test('it is reacted to, changed, forwarded, and taken back', async () => {
  const sent = await say({ text: 'at three' });
  const id = sent.key.id;
  const { REVOKE } = proto.Message.ProtocolMessage.Type;
  expect((await hears({ react: { text: '👍', key: sent.key } })).message?.reactionMessage).toMatchObject({
    text: '👍',
    key: { id },
  });
  let changed: string | null | undefined;
  two.socket.ev.on('messages.update', (updates) => {
    changed = updates.find(({ key, update }) => key.id === id && update.message)?.update.message?.editedMessage?.message
      ?.extendedTextMessage?.text;
    two.changes.notify();
  });
  await say({ text: 'at four', edit: sent.key });
  await two.until(() => changed === 'at four', 'the change');
  expect((await hears({ forward: sent, force: true })).message?.extendedTextMessage).toMatchObject({
    text: 'at three',
    contextInfo: { isForwarded: true },
  });
  expect((await hears({ delete: sent.key })).message?.protocolMessage).toMatchObject({ type: REVOKE, key: { id } });
});

test('places, contacts and polls', async () => {
  const place = { degreesLatitude: 4.6, degreesLongitude: -74.1 };
  expect((await hears({ location: place })).message?.locationMessage).toMatchObject(place);
  const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Ana\nEND:VCARD';
  expect(
    (await hears({ contacts: { displayName: 'Ana', contacts: [{ vcard }] } })).message?.contactMessage?.vcard,
  ).toBe(vcard);
  const poll = await hears({ poll: { name: 'When?', values: ['at three', 'at four'], selectableCount: 1 } });
  expect(poll.message?.pollCreationMessageV3?.options?.map(({ optionName }) => optionName)).toEqual([
    'at three',
    'at four',
  ]);
});

test('a message is delivered by the other’s phone, and read where its client says so', async () => {
  const id = await one.send(OTHER_ORG, 'read this');
  await one.untilStatus(id, 3);
  await two.reads('read this');
  await two.socket.readMessages(told.filter(({ key }) => key.id === id).map(({ key }) => key));
  await one.untilStatus(id, 4);
});

test('a client that cannot read asks the other client, and reads it then', async () => {
  await one.send(OTHER_ORG, 'first');
  await two.reads('first');
  for (const key of two.auth.stored.keys()) if (key.startsWith('session:')) two.auth.stored.delete(key);
  await two.socket.sendPresenceUpdate('available');
  await one.send(OTHER_ORG, 'second');
  await two.reads('second');
  const retries = stage.whatsapp.record.receipts.filter(({ type }) => type === 'retry');
  expect(retries).toMatchObject([{ org: OTHER_ORG, to: one.jid }]);
});

test('who is online and typing is told to who asks for it', async () => {
  const seen: PresenceData['lastKnownPresence'][] = [];
  one.socket.ev.on('presence.update', ({ id, presences }) => {
    if (id === TWO) seen.push(...Object.values(presences).map(({ lastKnownPresence }) => lastKnownPresence));
    one.changes.notify();
  });
  // Baileys tells nobody that it is online before it knows its own name.
  for (const client of [one, two]) client.socket.ev.emit('creds.update', { me: { id: client.jid, name: 'Somebody' } });
  const until = (count: number) => one.until(() => seen.length === count, `presence ${count}`);
  await one.socket.sendPresenceUpdate('available');
  await one.socket.presenceSubscribe(TWO);
  await until(1);
  await two.socket.sendPresenceUpdate('available');
  await until(2);
  await two.socket.sendPresenceUpdate('composing', ONE);
  await until(3);
  await two.socket.sendPresenceUpdate('paused', ONE);
  await until(4);
  two.close();
  await until(5);
  expect(seen).toEqual(['unavailable', 'available', 'composing', 'available', 'unavailable']);
});

test('a message takes as long as the emulator is told', async () => {
  await stage.restart({ latencyMs: 150 });
  one = await stage.paired(ORG);
  two = await stage.paired(OTHER_ORG);
  const started = performance.now();
  await one.send(OTHER_ORG, 'slowly');
  await two.reads('slowly');
  expect(performance.now() - started).toBeGreaterThan(145);
});
