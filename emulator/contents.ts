/** Messages that are no new text: as the apps build them (proto.Message). */
import { proto } from '@whiskeysockets/baileys';
import type { StoredMedia } from './media-host.js';

const { Type } = proto.Message.ProtocolMessage;

/** Takes a message of the writer's own back. `chat` is the writer's chat as the reader sees it. */
export function revoke(chat: string, id: string): proto.IMessage {
  return { protocolMessage: { type: Type.REVOKE, key: { remoteJid: chat, fromMe: true, id } } };
}

export function edit(chat: string, id: string, text: string): proto.IMessage {
  const key = { remoteJid: chat, fromMe: true, id };
  const protocolMessage = { type: Type.MESSAGE_EDIT, key, editedMessage: { conversation: text } };
  return { editedMessage: { message: { protocolMessage } } };
}

export function reaction(chat: string, id: string, emoji: string): proto.IMessage {
  return {
    reactionMessage: { key: { remoteJid: chat, fromMe: false, id }, text: emoji, senderTimestampMs: Date.now() },
  };
}

/** A picture by its address alone, so that any client would fetch it from the emulator's own host. */
export function image({ url, mediaKey, fileSha256, fileEncSha256, fileLength }: StoredMedia): proto.IMessage {
  return { imageMessage: { mimetype: 'image/jpeg', url, mediaKey, fileSha256, fileEncSha256, fileLength } };
}
