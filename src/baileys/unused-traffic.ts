import { getBinaryNodeChild, normalizeMessageContent, type proto, type WAMessage } from '@whiskeysockets/baileys';
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';

/**
 * Whether a chat is one of many people: a group, a status or broadcast list, a channel. This service talks with
 * customers one by one.
 */
export function isChatOfMany(jid: string | undefined): boolean {
  return jid !== undefined && /@(?:g\.us|broadcast|newsletter)$/.test(jid);
}

/** What Baileys answers or fetches, and this service has no use for. */
function isUnused({ tag, attrs }: BinaryNode): boolean {
  // "Your phone changed settings": Baileys would fetch the account's app state (lib/Socket/messages-recv.js,
  // server_sync).
  if (tag === 'notification' && attrs.type === 'server_sync') return true;
  // The recipient of what the owner's own devices have sent.
  return isChatOfMany(attrs.from) || isChatOfMany(attrs.recipient);
}

/**
 * Keeps from Baileys what `takes` takes, which answers it. An answer that meets a closed connection: WhatsApp offers
 * the stanza again after the next login. To be called when Baileys has all its listeners, and this service none.
 */
export function keepFromBaileys(
  { ws }: WASocket,
  event: string,
  takes: (node: BinaryNode) => Promise<unknown> | undefined,
): void {
  const unanswered = (): void => {};
  const listeners = ws.listeners(event) as ((node: BinaryNode) => unknown)[];
  ws.removeAllListeners(event);
  ws.on(event, (node: BinaryNode) => {
    const taken = takes(node);
    if (taken) taken.catch(unanswered);
    else for (const listener of listeners) listener(node);
  });
}

/**
 * Keeps from Baileys what this service does not use, before anything is decrypted, queued or fetched for it. WhatsApp
 * gets the plain ack that takes a stanza off its list. Baileys' own `shouldIgnoreJid` refuses a message with an error
 * instead, hundreds a minute.
 */
export function ignoreUnusedTraffic(sock: WASocket): void {
  for (const tag of ['message', 'receipt', 'notification'])
    keepFromBaileys(sock, `CB:${tag}`, (node) => (isUnused(node) ? sock.sendMessageAck(node) : undefined));
  // "Your groups have changed": Baileys would fetch them all, with their members (lib/Socket/groups.js).
  keepFromBaileys(sock, 'CB:ib,,dirty', (node) =>
    getBinaryNodeChild(node, 'dirty')?.attrs.type === 'groups' ? sock.cleanDirtyBits('groups') : undefined,
  );
}

/** A larger first history is not inline in its announcement anyway, bytes. */
const LARGEST_INLINE_HISTORY = 256 * 1024;

/**
 * Whether Baileys may read a history. Only what stands in the announcement itself: a few first chats, with their LIDs.
 * All else would be downloaded, up to tens of MB, only for the LIDs in it, and WhatsApp is asked for a customer's LID
 * before the first send to it anyway. With `false` for a history without content Baileys also never waits for one, nor
 * fetches the app state after it (lib/Socket/chats.js).
 */
export function isHistoryInline({
  initialHistBootstrapInlinePayload,
}: proto.Message.IHistorySyncNotification): boolean {
  const length = initialHistBootstrapInlinePayload?.length ?? 0;
  return length > 0 && length <= LARGEST_INLINE_HISTORY;
}

/**
 * What a message may consist of without saying anything: it changes another message, or is for the apps.
 * proto.Message's field names.
 */
const SAYS_NOTHING: ReadonlySet<string> = new Set<keyof proto.IMessage>([
  'protocolMessage',
  'editedMessage',
  'reactionMessage',
  'encReactionMessage',
  'secretEncryptedMessage',
  'pollUpdateMessage',
  'encEventResponseMessage',
  'pinInChatMessage',
  'keepInChatMessage',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'messageContextInfo',
  'messageHistoryBundle',
  'call',
]);

/**
 * Whether this is a new message between the organization and a customer: no edit, deletion or reaction, and not of a
 * chat of many.
 */
export function isMessageOfAChat({ key, message }: WAMessage): boolean {
  if (!message || isChatOfMany(key.remoteJid ?? undefined)) return false;
  // An edit also travels in a wrapper of its own.
  if (message.editedMessage) return false;
  const content = normalizeMessageContent(message) ?? {};
  return Object.entries(content).some(
    ([field, value]) => value !== null && value !== undefined && !SAYS_NOTHING.has(field),
  );
}

/** The same, written by the customer and not on the organization's phone or another of its devices. */
export function isCustomersMessage(message: WAMessage): boolean {
  return !message.key.fromMe && isMessageOfAChat(message);
}
