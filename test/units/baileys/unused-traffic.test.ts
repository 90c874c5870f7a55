import { proto } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { isChatOfMany, isCustomersMessage, isHistoryInline } from '../../../src/baileys/unused-traffic.js';

const CHAT = '573109998877@s.whatsapp.net';

function message(content: proto.IMessage, { fromMe = false, chat = CHAT } = {}) {
  // As Baileys has it: decoded, so that what was not sent stands on the prototype.
  const decoded = proto.Message.decode(proto.Message.encode(content).finish());
  return { key: { remoteJid: chat, fromMe, id: 'A' }, message: decoded };
}

describe('what is a message of a customer', () => {
  const key = { remoteJid: CHAT, id: 'B', fromMe: true };
  const text = { conversation: 'Buenas' };
  const { Type } = proto.Message.ProtocolMessage;

  it.each<[string, proto.IMessage]>([
    ['a text', text],
    ['a text beside a sender key', { ...text, senderKeyDistributionMessage: { groupId: 'x@g.us' } }],
    ['a longer text', { extendedTextMessage: { text: 'Buenas' } }],
    ['a disappearing text', { ephemeralMessage: { message: text } }],
    ['a picture', { imageMessage: { url: 'https://example.com' } }],
    ['a picture to be seen once', { viewOnceMessageV2: { message: { imageMessage: {} } } }],
    ['a place', { locationMessage: { degreesLatitude: 1 } }],
    ['a button', { buttonsResponseMessage: { selectedButtonId: '1' } }],
  ])('%s', (_name, content) => {
    expect(isCustomersMessage(message(content))).toBe(true);
    expect(isCustomersMessage(message(content, { fromMe: true }))).toBe(false);
    expect(isCustomersMessage(message(content, { chat: '1203630@g.us' }))).toBe(false);
  });

  it.each<[string, proto.IMessage]>([
    ['nothing', {}],
    ['a revoke', { protocolMessage: { type: Type.REVOKE, key } }],
    ['an edit', { protocolMessage: { type: Type.MESSAGE_EDIT, key, editedMessage: text } }],
    [
      'an edit in its wrapper',
      { editedMessage: { message: { protocolMessage: { type: Type.MESSAGE_EDIT, editedMessage: text } } } },
    ],
    ['a revoke that disappears', { ephemeralMessage: { message: { protocolMessage: { type: Type.REVOKE, key } } } }],
    ['a reaction', { reactionMessage: { key, text: '👍' }, messageContextInfo: {} }],
    ['a vote', { pollUpdateMessage: { pollCreationMessageKey: key } }],
    ['a sender key alone', { senderKeyDistributionMessage: { groupId: 'x@g.us' } }],
  ])('not %s', (_name, content) => {
    expect(isCustomersMessage(message(content))).toBe(false);
  });

  it('not what could not be read', () => {
    expect(isCustomersMessage({ key: { remoteJid: CHAT, fromMe: false, id: 'A' }, message: null })).toBe(false);
  });
});

it('groups, statuses, lists and channels are chats of many; customers are not, whatever their name', () => {
  for (const jid of ['1203630@g.us', 'status@broadcast', '1700000000@broadcast', '1203630@newsletter'])
    expect(isChatOfMany(jid)).toBe(true);
  for (const jid of [CHAT, '100000000000001@lid', '573109998877:3@s.whatsapp.net', '@s.whatsapp.net', undefined])
    expect(isChatOfMany(jid)).toBe(false);
});

it('only a history that stands in its announcement is read', () => {
  const inline = (length: number) => ({ initialHistBootstrapInlinePayload: new Uint8Array(length) });
  expect(isHistoryInline(inline(2000))).toBe(true);
  expect(isHistoryInline(inline(0))).toBe(false);
  expect(isHistoryInline(inline(2_000_000))).toBe(false);
  expect(isHistoryInline({ directPath: '/v/1', syncType: proto.HistorySync.HistorySyncType.RECENT })).toBe(false);
});
