/** Somebody who gets messages from organizations and writes to them. */
import { randomBytes } from 'node:crypto';
import { encodeWAMessage, extractE2ESessionFromRetryReceipt, type proto } from '@whiskeysockets/baileys';
import type { WaitOptions } from './changes.js';
import type { Companion } from './companion.js';
import { deviceJid, isNumber, lidUserOf, type Account, type Delivery } from './directory.js';
import { KeyStates, type KeysState } from './key-states.js';
import { breakMac, type PreKeyBundle } from './libsignal.js';
import { SignalDevice } from './signal-device.js';
import { bigEndian, child, isGroup, node, parseJid, seconds, type Attributes, type BinaryNode } from './wire.js';
import { bareKey } from './wire.js';
import type { World } from './world.js';

export interface CustomerOptions {
  /** How many devices, the phone included; default 1. */
  devices?: number;
  /** Default true. */
  onWhatsApp?: boolean;
  /** Delivery receipts for what was read; default true. */
  autoReceipts?: boolean;
  /** A read receipt after each delivery receipt; default false. */
  autoRead?: boolean;
  /** Other spellings of the number that WhatsApp resolves to it (Brazil, Mexico, Argentina). */
  aliases?: string[];
  /** How the customer's own messages are addressed; default 'pn', with the LID beside it. */
  addressing?: 'pn' | 'lid';
  /** The customer's messages carry the one name only that they are addressed by; default false. */
  hidesOtherName?: boolean;
  /** WhatsApp tells nobody this customer's LID; default false. */
  hidesLid?: boolean;
  /** The name shown with the customer's messages. */
  name?: string;
}

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

interface SentMessage {
  message: proto.IMessage;
  to: string;
  device: number;
  delivered: boolean;
  read: boolean;
}

/** Of each list and map; a benchmark's customer gets very many messages. */
const KEPT = 5000;
/** A device gives up asking for the same message after this many retry receipts, as WhatsApp's do. */
const MOST_RETRIES = 5;

export class Customer implements Account {
  readonly messages: ReceivedMessage[] = [];
  readonly unreadable: UnreadableMessage[] = [];
  readonly companions: ReadonlyMap<number, Companion> = new Map<number, Companion>();
  readonly lidUser: string;
  readonly keyStates = new KeyStates();
  private readonly devices = new Map<number, SignalDevice>();
  private options: CustomerOptions;
  private readonly seen = new Map<string, Set<number>>();
  private readonly sent = new Map<string, SentMessage>();
  private readonly retries = new Map<string, number>();
  private distinct = 0;
  private notToRead = 0;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly world: World,
    readonly number: string,
    options: CustomerOptions = {},
  ) {
    this.lidUser = lidUserOf(number);
    this.options = {};
    this.configure(options);
    if (this.devices.size === 0) this.devices.set(0, new SignalDevice());
  }

  /** Later options change what they name and leave the rest. */
  configure(options: CustomerOptions): void {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    this.options = { ...this.options, ...given };
    for (const alias of options.aliases ?? []) this.world.directory.addAlias(alias, this.number);
    for (let id = this.devices.size; id < (options.devices ?? 0); id++) this.devices.set(id, new SignalDevice());
  }

  get signalDevices(): ReadonlyMap<number, SignalDevice> {
    return this.devices;
  }

  get onWhatsApp(): boolean {
    return this.options.onWhatsApp ?? true;
  }

  get lid(): string {
    return `${this.lidUser}@lid`;
  }

  get jid(): string {
    return `${this.number}@s.whatsapp.net`;
  }

  get hidesLid(): boolean {
    return this.options.hidesLid ?? false;
  }

  /** What becomes of the next questions for the keys of this device. */
  keysOf(device: number, state: KeysState): void {
    if (!this.devices.has(device)) throw new Error(`${this.number} has no device ${device}`);
    this.keyStates.set(device, state);
  }

  /** Links one more device, and tells nobody: what happens when the notification is lost. */
  addDeviceSilently(): number {
    const id = Math.max(...this.devices.keys()) + 1;
    this.devices.set(id, new SignalDevice());
    return id;
  }

  /**
   * Tells an organization that a device was linked or taken off, under this customer's number or LID. Returns the
   * notification's id.
   */
  tellOfDevice(orgNumber: string, change: 'add' | 'remove', device: number, name: 'pn' | 'lid' = 'pn'): string {
    const chat = name === 'lid' ? this.lid : this.jid;
    const id = `devices-${randomBytes(6).toString('hex')}`;
    const content = [node('device', { jid: this.jidOf(device, chat), 'key-index': String(device) })];
    for (const companion of this.companionsOf(orgNumber)) {
      companion.deliver(
        node('notification', { from: chat, id, type: 'devices', t: seconds() }, [
          node(change, { device_hash: '2:emulator' }, content),
        ]),
      );
    }
    return id;
  }

  /** How many distinct messages were read so far. */
  get distinctMessages(): number {
    return this.distinct;
  }

  /**
   * Encrypts to each linked device of the phone; those that are away get it at their next login. `content` instead of
   * the text.
   */
  write(
    toNumber: string,
    text: string,
    { id, device = 0, content }: { id?: string; device?: number; content?: proto.IMessage } = {},
  ): Promise<{ id: string }> {
    const messageId = id ?? `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
    const writing = this.writing.then(async () => {
      if (!isNumber(toNumber)) throw new Error(`${toNumber} is not a phone number`);
      if (!this.devices.has(device)) throw new Error(`${this.number} has no device ${device}`);
      const message = content ?? { conversation: text };
      keep(this.sent, messageId, { message, to: toNumber, device, delivered: false, read: false });
      await this.encryptAndDeliver(toNumber, messageId, message, device);
      return { id: messageId };
    });
    this.writing = writing.catch(() => undefined);
    return writing;
  }

  /** Until the service has sent a delivery receipt, of whatever type, for a message of this customer. */
  async delivered(id: string, options: WaitOptions = {}): Promise<void> {
    if (!this.sent.has(id)) throw new Error(`${this.number} has not written a message ${id}`);
    await this.world.changes.until(() => this.sent.get(id)?.delivered === true, {
      what: `the delivery receipt for ${id}`,
      ...options,
    });
  }

  /** Until at least `count` distinct messages were read since the emulator started; resolves with all of them. */
  async received(count: number, timeoutMs?: number): Promise<ReceivedMessage[]> {
    await this.world.changes.until(() => this.distinct >= count, {
      timeoutMs,
      what: `message ${count} for ${this.number}`,
    });
    return this.messages.filter(({ duplicate }) => !duplicate);
  }

  async receivedText(text: string, timeoutMs?: number): Promise<ReceivedMessage> {
    const find = () => this.messages.find((message) => message.text === text);
    await this.world.changes.until(() => find() !== undefined, {
      timeoutMs,
      what: `a certain text for ${this.number}`,
    });
    return find() as ReceivedMessage;
  }

  /** Sends a read receipt for a message that was received. */
  read(id: string): void {
    const message = this.messages.find((candidate) => candidate.id === id);
    if (!message) throw new Error(`${this.number} has not received a message ${id}`);
    const stanza = node('message', { id, to: message.chat ?? this.jid });
    for (const companion of this.companionsOf(message.from)) this.sendReceipt(companion, stanza, 'read');
  }

  /** The phone (device 0) treats the next `n` ciphertexts as unreadable and asks for them again. */
  cannotRead(n: number): void {
    this.notToRead = n;
  }

  /** Loses the sessions with an organization, as after a reinstall without backup. */
  forgetSessions(orgNumber: string): void {
    for (const device of this.devices.values()) {
      for (const companion of this.companionsOf(orgNumber)) device.forgetSession(companion.peer);
    }
  }

  /**
   * Installs WhatsApp anew: another Signal identity, no linked devices, no sessions. Nobody is told; see
   * `tellOfNewIdentity`.
   */
  reinstall(): void {
    this.devices.clear();
    this.devices.set(0, new SignalDevice());
  }

  /**
   * WhatsApp tells an organization that this customer's phone has another identity, under the number or the LID.
   * Returns the notification's id.
   */
  tellOfNewIdentity(orgNumber: string, name: 'pn' | 'lid' = 'pn'): string {
    const id = `identity-${randomBytes(6).toString('hex')}`;
    const attrs = { from: name === 'lid' ? this.lid : this.jid, id, type: 'encrypt', t: seconds() };
    for (const companion of this.companionsOf(orgNumber))
      companion.deliver(node('notification', attrs, [node('identity')]));
    return id;
  }

  receiveMessage(delivery: Delivery): void {
    this.readMessage(delivery).catch((error: Error) => {
      this.world.record.add('problems', { org: delivery.from.org, what: error.stack ?? error.message });
    });
  }

  receiveReceipt(receipt: BinaryNode, from: Companion, device: number): void {
    const { id = '', type = '' } = receipt.attrs;
    const sent = this.sent.get(id);
    if (!sent) return;
    if (type === 'retry') {
      this.writing = this.writing
        .then(() => this.writeAgain(receipt, id, sent, from, device))
        .catch((error: Error) => {
          this.world.record.add('problems', { org: from.org, what: error.stack ?? error.message });
        });
      return;
    }
    sent.delivered = true;
    if (type === 'read') sent.read = true;
    this.world.changes.notify();
  }

  private async readMessage({ stanza, encs, from, device }: Delivery): Promise<void> {
    const { id = '', to = '' } = stanza.attrs;
    const type = encs.at(-1)?.attrs['type'] ?? '';
    const reader = this.devices.get(device);
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
    if (this.options.autoReceipts ?? true) this.sendReceipt(from, stanza);
    if (this.options.autoRead ?? false) this.sendReceipt(from, stanza, 'read');
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
    this.world.record.add('unreadable', { org: from.org, number: this.number, device, id, type, why });
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
    if (!isGroup(to)) return { from: this.jidOf(device, to) };
    return { from: to, participant: this.jidOf(device, addressing_mode === 'lid' ? this.lid : this.jid) };
  }

  /** This customer's device, by LID if the chat goes by LID, or everything of this customer does. */
  private jidOf(device: number, chat: string): string {
    return parseJid(chat)?.isLid || this.options.addressing === 'lid'
      ? deviceJid(this.lidUser, device, 'lid')
      : deviceJid(this.number, device, 's.whatsapp.net');
  }

  private companionsOf(number: string): Companion[] {
    return [...(this.world.directory.number(number)?.companions.values() ?? [])];
  }

  private async encryptAndDeliver(to: string, id: string, message: proto.IMessage, deviceId: number): Promise<void> {
    const device = this.devices.get(deviceId);
    const companions = this.companionsOf(to);
    const first = companions[0];
    if (!device || !first) return;
    const { badMac, duplicate, poisonFrom } = this.world.mishaps.pending;
    const mishap = badMac.take(to, ({ type, from, id: only }) => {
      if ((from && from !== this.number) || (only && only !== id)) return false;
      return !type || type === 'pkmsg' || device.sessionState(first.peer) === 'established';
    });
    const twice = duplicate.take(to);
    const poison = poisonFrom.take(to, ({ from }) => from === this.number);
    for (const companion of companions) {
      if (mishap?.type === 'pkmsg' && device.sessionState(companion.peer) === 'established') {
        await device.openSession(companion.peer, companion.takeBundle());
      }
      const stanza = await this.encrypt(device, deviceId, companion, id, message, mishap !== undefined);
      if (poison) companion.poison.set(id, poison);
      companion.deliver(stanza);
      if (twice) companion.deliver(stanza);
    }
  }

  /** The service could not read a message: from the keys in its receipt, or else within the session that there is. */
  private async writeAgain(
    receipt: BinaryNode,
    id: string,
    sent: SentMessage,
    to: Companion,
    asked: number,
  ): Promise<void> {
    const device = this.devices.get(asked);
    if (!device) return;
    const bundle = bundleOf(receipt);
    if (bundle) await device.openSession(to.peer, bundle);
    const count = child(receipt, 'retry')?.attrs['count'] ?? '1';
    const mishap = this.world.mishaps.pending.badMac.take(to.org, ({ retriesToo, type, from, id: only }) => {
      if (!retriesToo || (from && from !== this.number) || (only && only !== id)) return false;
      const state = device.sessionState(to.peer);
      return !type || (type === 'msg') === (state === 'established');
    });
    to.deliver(await this.encrypt(device, asked, to, id, sent.message, mishap !== undefined, count));
  }

  private async encrypt(
    device: SignalDevice,
    deviceId: number,
    to: Companion,
    id: string,
    message: proto.IMessage,
    broken: boolean,
    retry?: string,
  ): Promise<BinaryNode> {
    if (!device.hasSession(to.peer)) await device.openSession(to.peer, to.takeBundle());
    const { type, ciphertext } = await device.encrypt(to.peer, encodeWAMessage(message));
    const enc: Attributes = { v: '2', type };
    if (retry) enc['count'] = retry;
    const byLid = this.options.addressing === 'lid';
    const attrs: Attributes = {
      from: deviceJid(byLid ? this.lidUser : this.number, deviceId, byLid ? 'lid' : 's.whatsapp.net'),
      id,
      type: 'text',
      t: seconds(),
      notify: this.options.name ?? 'Customer',
      addressing_mode: byLid ? 'lid' : 'pn',
    };
    const isAlone = this.options.hidesOtherName ?? false;
    if (byLid && !isAlone) attrs['sender_pn'] = this.jid;
    else if (!byLid && !isAlone && !this.hidesLid) attrs['sender_lid'] = this.lid;
    return node('message', attrs, [node('enc', enc, broken ? breakMac(type, ciphertext) : ciphertext)]);
  }
}

function keysNode({ identityKey, signedPreKey, preKey }: PreKeyBundle): BinaryNode {
  const content = [
    node('type', {}, Buffer.from([5])),
    node('identity', {}, bareKey(identityKey)),
    node('skey', {}, [
      node('id', {}, bigEndian(signedPreKey.keyId, 3)),
      node('value', {}, bareKey(signedPreKey.publicKey)),
      node('signature', {}, signedPreKey.signature),
    ]),
  ];
  if (preKey) {
    content.splice(
      2,
      0,
      node('key', {}, [node('id', {}, bigEndian(preKey.keyId, 3)), node('value', {}, bareKey(preKey.publicKey))]),
    );
  }
  return node('keys', {}, content);
}

/** The keys in a retry receipt, if there are any. */
export function bundleOf(receipt: BinaryNode): PreKeyBundle | undefined {
  const bundle = extractE2ESessionFromRetryReceipt(receipt);
  if (!bundle) return undefined;
  const { registrationId, identityKey, signedPreKey, preKey } = bundle;
  return {
    registrationId,
    identityKey: Buffer.from(identityKey),
    signedPreKey: {
      keyId: signedPreKey.keyId,
      publicKey: Buffer.from(signedPreKey.publicKey),
      signature: Buffer.from(signedPreKey.signature),
    },
    ...(preKey && { preKey: { keyId: preKey.keyId, publicKey: Buffer.from(preKey.publicKey) } }),
  };
}

function textOf(message: proto.IMessage): string {
  const inner = message.deviceSentMessage?.message ?? message.ephemeralMessage?.message ?? message;
  return inner.conversation || inner.extendedTextMessage?.text || '';
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= KEPT) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

function keepInList<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length >= KEPT + 500) list.splice(0, list.length - KEPT);
}
