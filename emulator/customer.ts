/** Somebody who gets messages from organizations and writes to them. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { WaitOptions } from './changes.js';
import type { Companion } from './companion.js';
import { CustomerInbox, type ReceivedMessage, type UnreadableMessage } from './customer-inbox.js';
import { CustomerLetters } from './customer-letters.js';
import { deviceJid, lidUserOf, type Account, type Delivery } from './directory.js';
import { KeyStates, type KeysState } from './key-states.js';
import { SignalDevice } from './signal-device.js';
import { node, parseJid, seconds, type BinaryNode } from './wire.js';
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

export class Customer implements Account {
  readonly companions: ReadonlyMap<number, Companion> = new Map<number, Companion>();
  readonly lidUser: string;
  readonly keyStates = new KeyStates();
  private readonly devices = new Map<number, SignalDevice>();
  private options: CustomerOptions;
  private readonly inbox: CustomerInbox;
  private readonly letters: CustomerLetters;

  constructor(
    private readonly world: World,
    readonly number: string,
    options: CustomerOptions = {},
  ) {
    this.lidUser = lidUserOf(number);
    this.inbox = new CustomerInbox(world, this);
    this.letters = new CustomerLetters(world, this);
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

  get settings(): Readonly<CustomerOptions> {
    return this.options;
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

  // --- messages ---

  /** What was read. */
  get messages(): readonly ReceivedMessage[] {
    return this.inbox.messages;
  }

  get unreadable(): readonly UnreadableMessage[] {
    return this.inbox.unreadable;
  }

  /** How many distinct messages were read so far. */
  get distinctMessages(): number {
    return this.inbox.distinct;
  }

  /** Until at least `count` distinct messages were read since the emulator started; resolves with all of them. */
  received(count: number, timeoutMs?: number): Promise<ReceivedMessage[]> {
    return this.inbox.received(count, timeoutMs);
  }

  receivedText(text: string, timeoutMs?: number): Promise<ReceivedMessage> {
    return this.inbox.receivedText(text, timeoutMs);
  }

  /** Sends a read receipt for a message that was received. */
  read(id: string): void {
    this.inbox.read(id);
  }

  /** The phone (device 0) treats the next `n` ciphertexts as unreadable and asks for them again. */
  cannotRead(n: number): void {
    this.inbox.cannotRead(n);
  }

  receiveMessage(delivery: Delivery): void {
    this.inbox.receive(delivery);
  }

  /**
   * Encrypts to each linked device of the phone; those that are away get it at their next login. `content` instead of
   * the text.
   */
  write(
    toNumber: string,
    text: string,
    options: { id?: string; device?: number; content?: proto.IMessage } = {},
  ): Promise<{ id: string }> {
    return this.letters.write(toNumber, text, options);
  }

  /** Until the service has sent a delivery receipt, of whatever type, for a message of this customer. */
  delivered(id: string, options: WaitOptions = {}): Promise<void> {
    return this.letters.delivered(id, options);
  }

  receiveReceipt(receipt: BinaryNode, from: Companion, device: number): void {
    this.letters.receiveReceipt(receipt, from, device);
  }

  // --- the installation ---

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

  /** This customer's device, by LID if the chat goes by LID, or everything of this customer does. */
  jidOf(device: number, chat: string): string {
    return parseJid(chat)?.isLid || this.options.addressing === 'lid'
      ? deviceJid(this.lidUser, device, 'lid')
      : deviceJid(this.number, device, 's.whatsapp.net');
  }

  /** The linked devices of an organization's phone. */
  companionsOf(number: string): Companion[] {
    return [...(this.world.directory.number(number)?.companions.values() ?? [])];
  }
}
