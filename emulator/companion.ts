/**
 * A device that an organization linked to its phone: the service's side of one pairing. The emulator knows of it what
 * WhatsApp would: its public keys, the pre-keys it uploaded, and what waits to be delivered to it.
 */
import { Curve, generateSignalPubKey, MIN_PREKEY_COUNT } from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import type { PreKeyBundle } from './libsignal.js';
import { bareKey, childBytes, childNumber, children, node, seconds, SERVER, type BinaryNode } from './wire.js';

/** What a device says of itself when it registers. Keys are bare (32 bytes). */
export interface CompanionKeys {
  noiseKey: Buffer;
  identity: Buffer;
  registrationId: number;
  signedPreKey: { keyId: number; publicKey: Buffer; signature: Buffer };
}

let notificationSerial = 0;

export class Companion {
  readonly registeredAt = Date.now();
  connection: Connection | undefined;
  /** True from the moment that the client said `active` until its connection ends: stanzas go out at once. */
  receiving = false;
  unlinked = false;
  /** Whether the phone has already sent this device its history. */
  historySent = false;
  /**
   * Messages in the inbox, by id, to which every answer but a plain ack ends the stream; `named`: with their id in the
   * stream error.
   */
  readonly poison = new Map<string, { named: boolean }>();
  private readonly preKeys = new Map<number, Buffer>();
  /** Warned of the shortage since the last upload. */
  private warned = false;
  /**
   * Stanzas that the device has not acknowledged, by `tag:id`, in order. Offered again at each login, as WhatsApp does.
   */
  private readonly inbox = new Map<string, BinaryNode[]>();

  constructor(
    readonly org: string,
    readonly id: number,
    readonly keyIndex: number,
    readonly jid: string,
    readonly lidJid: string,
    readonly keys: CompanionKeys,
    /** Distinguishes this pairing from every other in customers' session stores, whatever its number. */
    readonly peer: string,
    private readonly latencyMs: number,
  ) {}

  get preKeyCount(): number {
    return this.preKeys.size;
  }

  /** Takes `encrypt` uploads (`list`, `skey`) and rotations (`skey`); returns what is wrong with them. */
  storePreKeys(upload: BinaryNode): string | undefined {
    const identity = childBytes(upload, 'identity');
    if (identity && !bareKey(identity).equals(this.keys.identity)) return 'identity differs from the registered one';
    const skey = children(upload, 'skey')[0];
    if (skey) {
      const keyId = childNumber(skey, 'id');
      const publicKey = childBytes(skey, 'value');
      const signature = childBytes(skey, 'signature');
      if (keyId === undefined || !publicKey || !signature) return 'signed pre-key incomplete';
      const changed = keyId !== this.keys.signedPreKey.keyId || !publicKey.equals(this.keys.signedPreKey.publicKey);
      if (changed && !Curve.verify(this.keys.identity, generateSignalPubKey(publicKey), signature)) {
        return 'signed pre-key not signed by the identity';
      }
      this.keys.signedPreKey = { keyId, publicKey: bareKey(publicKey), signature };
    }
    const list = children(upload, 'list')[0];
    for (const key of children(list, 'key')) {
      const keyId = childNumber(key, 'id');
      const publicKey = childBytes(key, 'value');
      if (keyId === undefined || !publicKey) return 'pre-key incomplete';
      this.preKeys.set(keyId, bareKey(publicKey));
    }
    if (list) this.warned = false;
    return undefined;
  }

  /** A bundle with a one-time pre-key as long as there is one; when few remain, the device is told. */
  takeBundle(): PreKeyBundle {
    const [next] = this.preKeys;
    if (next) this.preKeys.delete(next[0]);
    if (this.preKeys.size < MIN_PREKEY_COUNT && !this.warned) {
      this.warned = true;
      this.deliver(
        node('notification', { from: SERVER, id: `prekeys-${++notificationSerial}`, type: 'encrypt', t: seconds() }, [
          node('count', { value: String(this.preKeys.size) }),
        ]),
      );
    }
    const key33 = (key: Buffer) => Buffer.from(generateSignalPubKey(key));
    const { signedPreKey } = this.keys;
    return {
      registrationId: this.keys.registrationId,
      identityKey: key33(this.keys.identity),
      signedPreKey: { ...signedPreKey, publicKey: key33(signedPreKey.publicKey) },
      ...(next && { preKey: { keyId: next[0], publicKey: key33(next[1]) } }),
    };
  }

  /** Sends now if the device listens, and keeps the stanza until it is acknowledged. */
  deliver(stanza: BinaryNode): void {
    if (this.unlinked) return;
    const key = `${stanza.tag}:${stanza.attrs['id']}`;
    const waiting = this.inbox.get(key);
    if (waiting) waiting.push(stanza);
    else this.inbox.set(key, [stanza]);
    const { connection, latencyMs } = this;
    if (!this.receiving) return;
    if (latencyMs === 0) connection?.send(stanza);
    // A connection that has ended by then sends nothing: the stanza is still in the inbox for the next.
    else setTimeout(() => connection?.send(stanza), latencyMs).unref();
  }

  /** The device answered a message that is poison: its stream ends, and the message stays in the inbox. */
  endsStream(id: string): boolean {
    const poison = this.poison.get(id);
    if (!poison) return false;
    const name = { class: 'message', type: 'text', id };
    if (poison.named) this.connection?.streamError('ack', { attrs: name });
    else this.connection?.streamError(undefined, { code: 500 });
    return true;
  }

  acknowledged(tag: string, id: string): void {
    const key = `${tag}:${id}`;
    const waiting = this.inbox.get(key);
    waiting?.shift();
    if (waiting?.length === 0) this.inbox.delete(key);
  }

  /** How many stanzas wait for an acknowledgement. */
  get unacknowledged(): number {
    let sum = 0;
    for (const stanzas of this.inbox.values()) sum += stanzas.length;
    return sum;
  }

  /**
   * The client said `active`: everything that waits goes out, marked `offline`, and then the count, unless it is not
   * announced.
   */
  startReceiving(connection: Connection, announced = true): void {
    if (this.receiving || this.connection !== connection) return;
    this.receiving = true;
    const waiting = [...this.inbox.values()].flat();
    if (announced && waiting.length > 0) {
      const count = (tag: string) => String(waiting.filter((stanza) => stanza.tag === tag).length);
      connection.send(
        node('ib', { from: SERVER }, [
          node('offline_preview', {
            count: String(waiting.length),
            message: count('message'),
            receipt: count('receipt'),
            notification: count('notification'),
          }),
        ]),
      );
    }
    waiting.forEach((stanza, index) => {
      connection.send({ ...stanza, attrs: { ...stanza.attrs, offline: String(index) } });
    });
    if (announced) connection.send(node('ib', { from: SERVER }, [node('offline', { count: String(waiting.length) })]));
  }
}
