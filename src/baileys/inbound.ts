import { getBinaryNodeChildren, type BinaryNode, type WAMessage, type WAMessageKey } from '@whiskeysockets/baileys';
import type { WASocket } from '@whiskeysockets/baileys';
import type { Logger } from '../logger.js';
import { MessagesUnderWay } from './messages-under-way.js';
import type { MissedDevices } from './missed-devices.js';
import type { OrganizationMemory } from './organization-memory.js';
import { safeText, type SocketLife } from './socket-life.js';
import { stanzaOf } from './suspected-stanzas.js';
import { personalName, TwoNames } from './two-names.js';
import { isChatOfMany, isCustomersMessage, isMessageOfAChat, keepFromBaileys } from './unused-traffic.js';

interface Parts {
  readonly life: SocketLife;
  readonly memory: OrganizationMemory;
  readonly logger: Logger;
}

/** What comes in: messages of customers, and WhatsApp's acks and receipts of ours. */
export class Inbound {
  private readonly messagesUnderWay = new MessagesUnderWay();

  constructor(private readonly parts: Parts) {}

  /** The message that this ciphertext came with can be read. Also for one that comes again. */
  async decrypted(ciphertext: Uint8Array, plaintext: Uint8Array, isOwn: boolean): Promise<void> {
    const message = this.messagesUnderWay.read(ciphertext, plaintext, isOwn);
    if (message) await this.hear(message);
  }

  messageIdOf(ciphertext: Uint8Array): string | undefined {
    return this.messagesUnderWay.idOf(ciphertext);
  }

  listen(sock: WASocket, missedDevices: MissedDevices): void {
    sock.ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) {
        if (message.key.id && isMessageOfAChat(message)) void this.tellAcquainted(sock, message.key);
        // Those that the phone passes on, because they came without content.
        void this.hear(message);
      }
    });
    sock.ws.prependListener('CB:message', (node: BinaryNode) => this.messagesUnderWay.note(node));
    this.listenToAnswers(sock, missedDevices);
  }

  /** Straight from the wire: Baileys raises no event for a good ack, and buffers and merges receipts. */
  private listenToAnswers({ ws }: WASocket, missedDevices: MissedDevices): void {
    const { life, logger } = this.parts;
    ws.on('CB:ack,class:message', ({ attrs: { id, error, phash } }: BinaryNode) => {
      if (!id || (error && missedDevices.wasSentAgain(id))) return;
      life.tell({ type: 'ack', messageId: id, errorCode: error ? Number(error) : null });
      if (error || !phash) return;
      missedDevices.acked(id, phash).catch((failure: unknown) => {
        if (life.isOver) return;
        const text = safeText(failure);
        logger.info({ event: 'devices_not_known', message_id: id }, `The list of devices stays as it is: ${text}`);
      });
    });
    ws.on('CB:receipt', (node: BinaryNode) => {
      const status = isChatOfMany(node.attrs.from) ? null : receiptStatus(node.attrs.type);
      if (status) life.tell({ type: 'receipt', messageIds: receiptIds(node), status });
    });
  }

  /**
   * What ends the stream again and again gets a plain ack, which takes it off WhatsApp's list, and Baileys does not see
   * it.
   */
  setSuspectsAside(sock: WASocket): void {
    const { life, memory } = this.parts;
    const { stanzas } = memory;
    stanzas.begin();
    for (const tag of ['message', 'receipt', 'notification', 'call'])
      keepFromBaileys(sock, `CB:${tag}`, (node) => {
        if (life.isOver) return undefined;
        const what = stanzas.delivered(node);
        if (what === 'pass') return undefined;
        if (what === 'set_aside_and_say') life.tell({ type: 'stanza_set_aside', stanza: stanzaOf(node) });
        return sock.sendMessageAck(node);
      });
    sock.ws.on('CB:ib,,offline', () => {
      if (!life.isOver && stanzas.allHaveCome()) life.tell({ type: 'suspects_stayed_away' });
    });
  }

  /**
   * Tells a new message of a customer, once; it is stored when this resolves. Not at this socket's end: then its
   * receipt does not leave, and WhatsApp delivers it again.
   */
  private async hear(message: WAMessage): Promise<void> {
    const { life, memory } = this.parts;
    const { id } = message.key;
    if (life.isOver || !id || !isCustomersMessage(message)) return;
    let told = memory.received.get(id);
    if (!told) {
      told = life.told({ type: 'message_received', messageId: id });
      memory.received.set(id, told);
    }
    // Also of one that is delivered again before it is stored: its receipt would do for both.
    await told;
  }

  /** Whose chat it is, under both of his names when the other is known. */
  private async tellAcquainted(sock: WASocket, { remoteJid, remoteJidAlt }: WAMessageKey): Promise<void> {
    if (!remoteJid) return;
    const others = remoteJidAlt
      ? [remoteJidAlt]
      : await new TwoNames(sock.signalRepository).all(remoteJid).catch(() => []);
    this.parts.life.tell({ type: 'acquainted', names: [...new Set([remoteJid, ...others].map(personalName))] });
  }
}

/**
 * A receipt without a type says "delivered"; `retry`, `sender` and the like say other things (lib/Utils/generics.js).
 */
function receiptStatus(type: string | undefined): 'delivered' | 'read' | null {
  if (type === undefined || type === 'delivery') return 'delivered';
  return type === 'read' || type === 'played' ? 'read' : null;
}

/** One receipt may speak of many messages: the first in its attributes, the others in a list. */
function receiptIds(node: BinaryNode): string[] {
  const [list] = getBinaryNodeChildren(node, 'list');
  const more = list ? getBinaryNodeChildren(list, 'item').map(({ attrs }) => attrs.id) : [];
  return [node.attrs.id, ...more].filter((id) => id !== undefined);
}
