/** What a customer writes, and writes again when it could not be read. */
import { randomBytes } from 'node:crypto';
import { encodeWAMessage, type proto } from '@whiskeysockets/baileys';
import type { WaitOptions } from './changes.js';
import type { Companion } from './companion.js';
import type { Customer } from './customer.js';
import { deviceJid, isNumber } from './directory.js';
import { keep } from './kept.js';
import { bundleOf } from './key-bundles.js';
import { breakMac } from './libsignal.js';
import type { SignalDevice } from './signal-device.js';
import { child, node, seconds, type Attributes, type BinaryNode } from './wire.js';
import type { World } from './world.js';

interface SentMessage {
  message: proto.IMessage;
  to: string;
  device: number;
  delivered: boolean;
  read: boolean;
}

export class CustomerLetters {
  private readonly sent = new Map<string, SentMessage>();
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly world: World,
    private readonly customer: Customer,
  ) {}

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
      if (!this.customer.signalDevices.has(device)) throw new Error(`${this.customer.number} has no device ${device}`);
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
    if (!this.sent.has(id)) throw new Error(`${this.customer.number} has not written a message ${id}`);
    await this.world.changes.until(() => this.sent.get(id)?.delivered === true, {
      what: `the delivery receipt for ${id}`,
      ...options,
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

  private async encryptAndDeliver(to: string, id: string, message: proto.IMessage, deviceId: number): Promise<void> {
    const device = this.customer.signalDevices.get(deviceId);
    const companions = this.customer.companionsOf(to);
    const first = companions[0];
    if (!device || !first) return;
    const { badMac, duplicate, poisonFrom } = this.world.mishaps.pending;
    const mishap = badMac.take(to, ({ type, from, id: only }) => {
      if ((from && from !== this.customer.number) || (only && only !== id)) return false;
      return !type || type === 'pkmsg' || device.sessionState(first.peer) === 'established';
    });
    const twice = duplicate.take(to);
    const poison = poisonFrom.take(to, ({ from }) => from === this.customer.number);
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
    const device = this.customer.signalDevices.get(asked);
    if (!device) return;
    const bundle = bundleOf(receipt);
    if (bundle) await device.openSession(to.peer, bundle);
    const count = child(receipt, 'retry')?.attrs['count'] ?? '1';
    const mishap = this.world.mishaps.pending.badMac.take(to.org, ({ retriesToo, type, from, id: only }) => {
      if (!retriesToo || (from && from !== this.customer.number) || (only && only !== id)) return false;
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
    const byLid = this.customer.settings.addressing === 'lid';
    const attrs: Attributes = {
      from: deviceJid(byLid ? this.customer.lidUser : this.customer.number, deviceId, byLid ? 'lid' : 's.whatsapp.net'),
      id,
      type: 'text',
      t: seconds(),
      notify: this.customer.settings.name ?? 'Customer',
      addressing_mode: byLid ? 'lid' : 'pn',
    };
    const isAlone = this.customer.settings.hidesOtherName ?? false;
    if (byLid && !isAlone) attrs['sender_pn'] = this.customer.jid;
    else if (!byLid && !isAlone && !this.customer.hidesLid) attrs['sender_lid'] = this.customer.lid;
    return node('message', attrs, [node('enc', enc, broken ? breakMac(type, ciphertext) : ciphertext)]);
  }
}
