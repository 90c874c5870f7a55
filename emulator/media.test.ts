import { downloadMediaMessage, type WAMessage } from '@whiskeysockets/baileys';
import { expect, test, vi } from 'vitest';
import { image } from './contents.js';
import { CUSTOMER, ORG, useStage } from './test-stage.js';

const stage = useStage();

test('an unmodified client fetches an announced history and learns its LIDs, and asks for settings that changed', async () => {
  const fetch = stage.whatsapp.media.toMediaHost(globalThis.fetch);
  vi.spyOn(globalThis, 'fetch').mockImplementation(fetch);
  const asked: string[] = [];
  stage.whatsapp.tap(({ direction, stanza }) => {
    if (direction === 'in' && stanza.tag === 'iq') asked.push(stanza.attrs['xmlns'] ?? '');
  });
  const client = await stage.paired();
  let chats = 0;
  let texts = 0;
  client.socket.ev.on('messaging-history.set', (history) => {
    chats += history.chats.length;
    texts += history.messages.length;
    client.changes.notify();
  });
  const life = stage.whatsapp.life(ORG);
  await life.announceHistory({ bytes: 1024 * 1024, lids: { '573005550001': '100000000000001@lid' } });
  await client.until(() => chats > 0, 'the chats of the history');
  expect([chats, texts]).toEqual([22, 22]);
  expect(stage.whatsapp.media.downloads).toBe(1);
  expect(await client.socket.signalRepository.lidMapping.getLIDForPN('573005550001@s.whatsapp.net')).toBe(
    '100000000000001@lid',
  );
  const before = asked.length;
  await life.shareAppStateKey();
  life.tellOfAppState(['regular']);
  await stage.whatsapp.record.until(() => asked.slice(before).includes('w:sync:app:state'));
});

test('a picture of a customer is fetched and decrypted', async () => {
  const client = await stage.paired();
  const picture = Buffer.from('not really a picture, but long enough for more than one block of a cipher');
  const content = image(await stage.whatsapp.media.store(picture, 'image'));
  await stage.whatsapp.customer(CUSTOMER).write(ORG, '', { content });
  await client.until(() => client.messages.some(({ message }) => message?.imageMessage), 'a picture');
  const message = client.messages.find((one) => one.message?.imageMessage) as WAMessage;
  expect(await downloadMediaMessage(message, 'buffer', {})).toEqual(picture);
  expect(stage.whatsapp.media.downloads).toBe(1);
});

test('a client is told where media lies', async () => {
  const client = await stage.paired();
  const { hosts } = await client.socket.refreshMediaConn();
  expect(hosts).toEqual([{ hostname: stage.whatsapp.media.name, maxContentLengthBytes: 104857600 }]);
});
