/**
 * An organization's phone: the account that scans QR codes, links devices, sends them their history and unlinks them.
 */
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  Curve,
  derivePairingCodeKey,
  encodeWAMessage,
  hkdf,
  proto,
  type KeyPair,
} from '@whiskeysockets/baileys';
import { Companion, type CompanionKeys } from './companion.js';
import { deviceJid, lidUserOf, type Account, type Delivery } from './directory.js';
import { KeyStates, type KeysState } from './key-states.js';
import { readQrPicture } from './qr-picture.js';
import type { Registration } from './registration.js';
import { SignalDevice } from './signal-device.js';
import { isGroup, node, parseJid, seconds, type Attributes, type BinaryNode } from './wire.js';
import type { World } from './world.js';

export interface Paired {
  deviceJid: string;
}

export interface LinkedDevice {
  jid: string;
  connected: boolean;
  registeredAt: number;
}

/** Device 99 means a hosted device to Baileys, so numbers start again before it. */
const HIGHEST_DEVICE = 98;
/**
 * Types of receipts that the sender of a message is told of; '' is a delivery. `inactive` is the delivery to a device
 * that is not in use, and the phone tells of its own; the others are for one's own devices.
 */
const PASSED_ON = new Set(['', 'read', 'played', 'retry']);
const QR_PREFIX = /^https:\/\/wa\.me\/settings\/linked_devices#/;

export class Phone implements Account {
  readonly lidUser: string;
  readonly onWhatsApp = true;
  readonly companions = new Map<number, Companion>();
  readonly keyStates = new KeyStates();
  /** What its devices last said that their owner is called; shown with its messages. */
  name: string | undefined;
  private readonly self = new SignalDevice();
  /** The phone itself, and what else its owner has linked: WhatsApp Web in a browser, say. */
  private readonly owners = new Map([[0, this.self]]);
  private lastDevice = 0;
  private lastKeyIndex = 0;
  private serial = 0;

  constructor(
    private readonly world: World,
    readonly number: string,
  ) {
    this.lidUser = lidUserOf(number);
  }

  get lid(): string {
    return `${this.lidUser}@lid`;
  }

  get signalDevices(): ReadonlyMap<number, SignalDevice> {
    return this.owners;
  }

  /**
   * The owner links a device that lives in the emulator, and this service is told at its next question for the list.
   * Returns its number.
   */
  linkOwnersDevice(): number {
    const device = ++this.lastDevice;
    this.owners.set(device, new SignalDevice());
    return device;
  }

  /** The account's signing key; it is the Signal identity of the phone itself, as on WhatsApp. */
  get accountKey(): KeyPair {
    return this.self.identity;
  }

  devices(): LinkedDevice[] {
    return [...this.companions.values()].map(({ jid, connection, registeredAt }) => ({
      jid,
      connected: connection !== undefined,
      registeredAt,
    }));
  }

  /** What becomes of the next questions for the keys of one of its devices; 0 is the phone itself. */
  keysOf(device: number, state: KeysState): void {
    if (device !== 0 && !this.companions.has(device)) throw new Error(`${this.number} has no device ${device}`);
    this.keyStates.set(device, state);
  }

  /**
   * Reads `ref,noiseKey,identityKey,advSecret[,platform]`, with or without the linked-devices prefix. Resolves when the
   * device has signed and was sent away with 515; rejects with the reason when the code is no good.
   */
  async scanQr(qrText: string): Promise<Paired> {
    const [ref, noiseKey, identity, advSecret] = qrText.trim().replace(QR_PREFIX, '').split(',');
    if (!ref || !noiseKey || !identity || !advSecret) {
      throw new Error('this is not a QR code of WhatsApp Web: ref,noiseKey,identityKey,advSecret expected');
    }
    const registration = [...this.world.registrations].find((open) => open.refs.some((offered) => offered.ref === ref));
    if (!registration?.isOpen) throw new Error('no open registration offers this QR code');
    const offered = registration.refs.find((candidate) => candidate.ref === ref);
    if (!offered || offered.validUntil < Date.now()) throw new Error('this QR code has expired');
    if (!Buffer.from(noiseKey, 'base64').equals(registration.keys.noiseKey)) {
      throw new Error("the QR code's noise key is not the registration's");
    }
    if (!Buffer.from(identity, 'base64').equals(registration.keys.identity)) {
      throw new Error("the QR code's identity key is not the registration's");
    }
    return registration.pair(this, Buffer.from(advSecret, 'base64'), 'qr');
  }

  /** A PNG, as bytes or as a data URL. */
  async scanQrPicture(png: Buffer | string): Promise<Paired> {
    return this.scanQr(readQrPicture(png));
  }

  /** Until a client asks to be linked to this number by code. */
  waitForPairingCodeRequest({ timeoutMs }: { timeoutMs?: number } = {}): Promise<void> {
    return this.world.changes.until(() => this.codeRegistration() !== undefined, {
      timeoutMs,
      what: `a request for a pairing code for ${this.number}`,
    });
  }

  /**
   * Types the 8 characters that the client shows; a dash and small letters are welcome. Rejects when the code is wrong.
   */
  async enterPairingCode(code: string): Promise<Paired> {
    const typed = code.replace(/[\s-]/g, '').toUpperCase();
    if (typed.length !== 8) throw new Error('a pairing code has 8 characters');
    const registration = this.codeRegistration();
    const wrapped = registration?.codeRequest?.wrappedCompanionKey;
    if (!registration || !wrapped) throw new Error(`nobody asked for a pairing code for ${this.number}`);
    const companionKey = aesDecryptCTR(
      wrapped.subarray(48),
      await derivePairingCodeKey(typed, wrapped.subarray(0, 32)),
      wrapped.subarray(32, 48),
    );
    const ephemeral = Curve.generateKeyPair();
    const salt = randomBytes(32);
    const iv = randomBytes(16);
    const wrappedPrimary = aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(typed, salt), iv);
    const finished = this.companionFinish(registration);
    registration.sendPrimaryHello(this.accountKey.public, Buffer.concat([salt, iv, wrappedPrimary]));
    const { bundle, identity } = await finished;
    const advSecret = this.advSecret(bundle, identity, Curve.sharedKey(ephemeral.private, companionKey), registration);
    return registration.pair(this, advSecret, 'pairing-code');
  }

  /** From the phone's list of linked devices; all of them when no jid is given. */
  async unlink(jid?: string): Promise<void> {
    const companions = [...this.companions.values()].filter((companion) => !jid || companion.jid === jid);
    if (jid && companions.length === 0) throw new Error(`${this.number} has no linked device ${jid}`);
    for (const companion of companions) {
      this.remove(companion, 'phone');
      companion.connection?.streamError('conflict', { code: 401, attrs: { type: 'device_removed' } });
    }
  }

  /** Takes the device off the account: its next login fails with 401. */
  remove(companion: Companion, by: 'phone' | 'service'): void {
    companion.unlinked = true;
    this.companions.delete(companion.id);
    this.world.record.add('unlinked', { org: this.number, deviceJid: companion.jid, by });
  }

  prepareCompanion(keys: CompanionKeys): Companion {
    let id = this.lastDevice + 1;
    if (id > HIGHEST_DEVICE) id = 1;
    while (this.companions.has(id) || this.owners.has(id)) id++;
    if (id > HIGHEST_DEVICE) throw new Error('too many linked devices');
    this.lastDevice = id;
    return new Companion(
      this.number,
      id,
      ++this.lastKeyIndex,
      deviceJid(this.number, id, 's.whatsapp.net'),
      deviceJid(this.lidUser, id, 'lid'),
      keys,
      `${this.number}_${id}_${++this.serial}`,
      this.world.settings.latencyMs,
    );
  }

  addCompanion(companion: Companion): void {
    this.companions.set(companion.id, companion);
  }

  /**
   * What a phone sends a newly linked device: an app state key and an (empty) first history. Without it Baileys holds
   * back all messages for 20 s after its first login.
   */
  async sendHistory(companion: Companion): Promise<void> {
    if (companion.historySent) return;
    companion.historySent = true;
    const { Type } = proto.Message.ProtocolMessage;
    const { INITIAL_BOOTSTRAP } = proto.HistorySync.HistorySyncType;
    const history = proto.HistorySync.encode({
      syncType: INITIAL_BOOTSTRAP,
      conversations: [],
      progress: 100,
    }).finish();
    await this.sendToDevice(companion, {
      type: Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: {
        keys: [{ keyId: { keyId: randomBytes(6) }, keyData: { keyData: randomBytes(32), timestamp: Date.now() } }],
      },
    });
    await this.sendToDevice(companion, {
      type: Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: INITIAL_BOOTSTRAP,
        progress: 100,
        chunkOrder: 0,
        initialHistBootstrapInlinePayload: deflateSync(history),
      },
    });
  }

  /**
   * Copies of what its devices send, and what others write to it; nobody reads them here, but they must be readable.
   */
  receiveMessage(delivery: Delivery): void {
    this.readMessage(delivery).catch((error: Error) => {
      const { stanza, encs, from, device } = delivery;
      const [id = '', type = ''] = [stanza.attrs['id'], encs.at(-1)?.attrs['type']];
      const why = error.message;
      this.world.record.add('unreadable', { org: from.org, number: this.number, device, id, type, why });
    });
  }

  /**
   * A receipt goes to all linked devices of who wrote; the request to send a message again only to the one that sent
   * it.
   */
  receiveReceipt(receipt: BinaryNode, from: Companion, device: number): void {
    const { id = '', type = '', to = '', recipient, participant } = receipt.attrs;
    if (!PASSED_ON.has(type)) return;
    const reader = parseJid(participant ?? to)?.isLid ? from.lidJid : from.jid;
    const attrs: Attributes = {
      ...(isGroup(to) ? { from: to, participant: reader } : { from: reader }),
      id,
      t: seconds(),
    };
    if (type) attrs['type'] = type;
    if (recipient) attrs['recipient'] = recipient;
    const companions = type === 'retry' ? [this.companions.get(device)] : [...this.companions.values()];
    for (const companion of companions)
      if (companion !== from)
        companion?.deliver(node('receipt', attrs, type === 'retry' ? receipt.content : undefined));
  }

  private async readMessage({ stanza, encs, from, device }: Delivery): Promise<void> {
    const { id = '', to = '', addressing_mode } = stanza.attrs;
    if (this.world.settings.decryptMessages) await (this.owners.get(device) ?? this.self).read(from.peer, encs, to);
    if (from.org === this.number || device !== 0) return;
    const byLid = parseJid(to)?.isLid || addressing_mode === 'lid';
    const own = byLid ? this.lid : `${this.number}@s.whatsapp.net`;
    const attrs = { ...(isGroup(to) ? { from: to, participant: own } : { from: own }), id, t: seconds() };
    for (const companion of this.world.phone(from.org).companions.values()) companion.deliver(node('receipt', attrs));
  }

  private codeRegistration(): Registration | undefined {
    return [...this.world.registrations].find(
      (open) => open.isOpen && open.codeRequest?.number === this.number && !open.onCompanionFinish,
    );
  }

  private companionFinish(registration: Registration): Promise<{ bundle: Buffer; identity: Buffer }> {
    let answer: { bundle: Buffer; identity: Buffer } | undefined;
    registration.onCompanionFinish = (bundle, identity) => {
      answer = { bundle, identity };
      this.world.changes.notify();
    };
    return this.world.changes
      .until(() => answer !== undefined || !registration.isOpen, { what: 'the client’s answer to the pairing code' })
      .then(() => {
        if (!answer) throw new Error('the client closed the connection during the pairing');
        return answer;
      });
  }

  private advSecret(bundle: Buffer, identity: Buffer, shared: Buffer, registration: Registration): Buffer {
    try {
      const key = hkdf(shared, 32, {
        salt: bundle.subarray(0, 32),
        info: 'link_code_pairing_key_bundle_encryption_key',
      });
      const payload = aesDecryptGCM(bundle.subarray(44), key, bundle.subarray(32, 44), Buffer.alloc(0));
      const [companionIdentity, accountKey] = [payload.subarray(0, 32), payload.subarray(32, 64)];
      if (!companionIdentity.equals(identity) || !identity.equals(registration.keys.identity)) {
        throw new Error('identity');
      }
      if (!accountKey.equals(this.accountKey.public)) throw new Error('account');
      const secret = Buffer.concat([
        shared,
        Curve.sharedKey(this.accountKey.private, identity),
        payload.subarray(64, 96),
      ]);
      return Buffer.from(hkdf(secret, 32, { info: 'adv_secret' }));
    } catch {
      registration.connection.close();
      throw new Error('wrong pairing code');
    }
  }

  /** What the apps tell each other, from the phone to one linked device. */
  async sendToDevice(companion: Companion, protocolMessage: proto.Message.IProtocolMessage): Promise<void> {
    if (!this.self.hasSession(companion.peer)) await this.self.openSession(companion.peer, companion.takeBundle());
    const { type, ciphertext } = await this.self.encrypt(companion.peer, encodeWAMessage({ protocolMessage }));
    const id = `3A${randomBytes(9).toString('hex').toUpperCase()}`;
    companion.deliver(
      node(
        'message',
        {
          from: `${this.number}@s.whatsapp.net`,
          id,
          t: seconds(),
          type: 'text',
          category: 'peer',
          sender_lid: this.lid,
        },
        [node('enc', { v: '2', type }, ciphertext)],
      ),
    );
  }
}
