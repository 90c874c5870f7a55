import { createHash, randomBytes } from 'node:crypto';
import { downloadMediaMessage, type AnyMessageContent, type proto, type WAMessage } from '@whiskeysockets/baileys';
import { expect, test, vi } from 'vitest';
import { image } from './contents.js';
import { CUSTOMER, ORG, OTHER_ORG, useStage } from './test-stage.js';

const stage = useStage();

test('an unmodified client fetches an announced history, learns its LIDs, asks for changed settings', async () => {
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

const KINDS: [kind: string, path: string, content: (file: Buffer) => AnyMessageContent][] = [
  ['imageMessage', '/mms/image', (image) => ({ image, caption: 'a picture' })],
  ['videoMessage', '/mms/video', (video) => ({ video, caption: 'a film' })],
  ['audioMessage', '/mms/audio', (audio) => ({ audio, mimetype: 'audio/ogg; codecs=opus' })],
  ['documentMessage', '/mms/document', (document) => ({ document, mimetype: 'application/pdf', fileName: 'a.pdf' })],
  ['stickerMessage', '/mms/image', (sticker) => ({ sticker })],
];

function contentOf(message: proto.IMessage | null | undefined, kind: string): { url: string } | null | undefined {
  return (message as Record<string, { url: string } | null> | null | undefined)?.[kind];
}

test('media of every kind go from one client to another, byte for byte, and lie encrypted on the host', async () => {
  const [one, two] = [await stage.paired(ORG), await stage.paired(OTHER_ORG)];
  for (const [kind, path, content] of KINDS) {
    const file = randomBytes(10_000);
    const before = stage.whatsapp.media.uploadsTo.get(path) ?? 0;
    await one.socket.sendMessage(`${OTHER_ORG}@s.whatsapp.net`, content(file));
    expect(stage.whatsapp.media.uploadsTo.get(path)).toBe(before + 1);
    const found = () => two.messages.find(({ message }) => contentOf(message, kind));
    await two.until(() => found() !== undefined, kind);
    const message = found() as WAMessage;
    // Buffers of this size are compared by themselves: a printed difference would take minutes.
    expect((await two.download(message)).equals(file)).toBe(true);
    // On its way it is unreadable, and ten bytes of MAC longer than its whole blocks.
    const url = contentOf(message.message, kind)?.url ?? '';
    const kept = Buffer.from(await (await fetch(stage.whatsapp.media.url + new URL(url).pathname)).arrayBuffer());
    expect(kept).toHaveLength(10_000 + (16 - (10_000 % 16)) + 10);
    expect(kept.includes(file.subarray(0, 32))).toBe(false);
  }
});

test('the host takes only what shows the token of media_conn and is what its name says', async () => {
  const client = await stage.paired();
  const { auth } = await client.socket.refreshMediaConn();
  const upload = async (name: string, query: Record<string, string>) =>
    (
      await fetch(`${stage.whatsapp.media.url}${name}?${String(new URLSearchParams(query))}`, {
        method: 'POST',
        body: 'sealed',
      })
    ).status;
  const hash = createHash('sha256').update('sealed').digest('base64url');
  expect(await upload(`/mms/image/${hash}`, { auth, token: hash })).toBe(200);
  expect(await upload(`/mms/image/${hash}`, { auth: 'stale', token: hash })).toBe(401);
  expect(await upload('/mms/image/other', { auth, token: 'other' })).toBe(400);
  expect(await upload(`/elsewhere/${hash}`, { auth, token: hash })).toBe(404);
  expect(stage.whatsapp.media.uploads).toBe(1);
});
