/** What a customer's devices read, and what they answer to it: receipts, and that they could not read. */
import type { proto } from '@whiskeysockets/baileys';
import type { Companion } from './companion.js';
import type { Customer } from './customer.js';
import type { Delivery } from './directory.js';
import { keep, keepInList } from './kept.js';
import { keysNode } from './key-bundles.js';
import type { SignalDevice } from './signal-device.js';
import { bigEndian, isGroup, node, seconds, type Attributes, type BinaryNode } from './wire.js';
import type { World } from './world.js';

export interface ReceivedMessage {
  at: number;
  id: string;
  /** Empty when the emulator does not decrypt, or when the message is no text. */
  text: string;
  /** The organization's number. */
  from: string;
  /** Which of the customer's devices read it. */
  device: number;
  type: string;
  /** The group, for a message of one. */
  chat?: string;
  /** What is no text: a reaction, a change, a picture... */
  content?: proto.IMessage;
  /** This device has read a message of this id before. */
  duplicate?: true;
}

export interface UnreadableMessage {
  at: number;
  id: string;
  from: string;
  device: number;
  type: string;
  /** libsignal's error, or 'told not to read'. */
  why: string;
}

/** A device gives up asking for the same message after this many retry receipts, as WhatsApp's do. */
const MOST_RETRIES = 5;

export class CustomerInbox {
  readonly messages: ReceivedMessage[] = [];
  readonly unreadable: UnreadableMessage[] = [];
  private readonly seen = new Map<string, Set<number>>();
  private readonly retries = new Map<string, number>();
  private notToRead = 0;
  /** How many distinct messages were read so far. */
  distinct = 0;

  constructor(
    private readonly world: World,
    private readonly customer: Customer,
  ) {}

  /** Until at least `count` distinct messages were read since the emulator started; resolves with all of them. */
  async received(count: number, timeoutMs?: number): Promise<ReceivedMessage[]> {
    await this.world.changes.until(() => this.distinct >= count, {
      timeoutMs,
      what: `message ${count} for ${this.customer.number}`,
    });
    return this.messages.filter(({ duplicate }) => !duplicate);
  }

  async receivedText(text: string, timeoutMs?: number): Promise<ReceivedMessage> {
    const find = () => this.messages.find((message) => message.text === text);
    await this.world.changes.until(() => find() !== undefined, {
      timeoutMs,
      what: `a certain text for ${this.customer.number}`,
    });
    return find() as ReceivedMessage;
  }

  /** Sends a read receipt for a message that was received. */
  read(id: string): void {
    const message = this.messages.find((candidate) => candidate.id === id);
    if (!message) throw new Error(`${this.customer.number} has not received a message ${id}`);
    const stanza = node('message', { id, to: message.chat ?? this.customer.jid });
    for (const companion of this.customer.companionsOf(message.from)) this.sendReceipt(companion, stanza, 'read');
  }

  /** The phone (device 0) treats the next `n` ciphertexts as unreadable and asks for them again. */
  cannotRead(n: number): void {
    this.notToRead = n;
  }

  receive(delivery: Delivery): void {
    this.readNow(delivery).catch((error: Error) => {
      this.world.record.add('problems', { org: delivery.from.org, what: error.stack ?? error.message });
    });
  }

  private async readNow({ stanza, encs, from, device }: Delivery): Promise<void> {
    const { id = '', to = '' } = stanza.attrs;
    const type = encs.at(-1)?.attrs['type'] ?? '';
    const reader = this.customer.signalDevices.get(device);
    if (!reader) return;
    let message: proto.IMessage = {};
    try {
      if (device === 0 && this.notToRead > 0) {
        this.notToRead--;
        throw new Error('told not to read');
      }
      if (this.world.settings.decryptMessages) message = await reader.read(from.peer, encs, to);
    } catch (error) {
      this.askAgain(from, stanza, device, reader, type, (error as Error).message);
      return;
    }
    const text = textOf(message);
    this.noteMessage({
      ...{ at: Date.now(), id, text, from: from.org, device, type },
      ...(isGroup(to) && { chat: to }),
      ...(!text && this.world.settings.decryptMessages && { content: message }),
    });
    if (device !== 0) return;
    if (this.customer.settings.autoReceipts ?? true) this.sendReceipt(from, stanza);
    if (this.customer.settings.autoRead ?? false) this.sendReceipt(from, stanza, 'read');
  }

  private noteMessage(message: ReceivedMessage): void {
    let readBy = this.seen.get(message.id);
    if (!readBy) {
      this.distinct++;
      readBy = new Set();
      keep(this.seen, message.id, readBy);
    }
    if (readBy.has(message.device)) message.duplicate = true;
    readBy.add(message.device);
    keepInList(this.messages, message);
    this.world.changes.notify();
  }

  private askAgain(
    from: Companion,
    stanza: BinaryNode,
    device: number,
    reader: SignalDevice,
    type: string,
    why: string,
  ): void {
    const { id = '' } = stanza.attrs;
    keepInList(this.unreadable, { at: Date.now(), id, from: from.org, device, type, why });
    this.world.record.add('unreadable', { org: from.org, number: this.customer.number, device, id, type, why });
    const key = `${id}:${device}`;
    const count = (this.retries.get(key) ?? 0) + 1;
    if (count > MOST_RETRIES) return;
    keep(this.retries, key, count);
    const content = [
      node('retry', { v: '1', count: String(count), id, t: seconds() }),
      node('registration', {}, bigEndian(reader.registrationId, 4)),
    ];
    if (count > 1) content.push(keysNode(reader.takeBundle()));
    from.deliver(node('receipt', { ...this.receiptFrom(stanza, device), id, type: 'retry', t: seconds() }, content));
  }

  private sendReceipt(to: Companion, stanza: BinaryNode, type?: string): void {
    const attrs: Attributes = { ...this.receiptFrom(stanza, 0), id: stanza.attrs['id'] ?? '', t: seconds() };
    if (type) attrs['type'] = type;
    to.deliver(node('receipt', attrs));
  }

  /** Who answers a message, and in which chat. */
  private receiptFrom({ attrs }: BinaryNode, device: number): Attributes {
    const { to = '', addressing_mode } = attrs;
    if (!isGroup(to)) return { from: this.customer.jidOf(device, to) };
    return {
      from: to,
      participant: this.customer.jidOf(device, addressing_mode === 'lid' ? this.customer.lid : this.customer.jid),
    };
  }
}

function textOf(message: proto.IMessage): string {
  const inner = message.deviceSentMessage?.message ?? message.ephemeralMessage?.message ?? message;
  return inner.conversation || inner.extendedTextMessage?.text || '';
}
