/**
 * A device that lives in the emulator: a customer's phone or linked device, or an organization's phone itself.
 * It has its own Signal identity, hands out pre-key bundles and holds its sessions in memory.
 */
import {
  Curve,
  generateRegistrationId,
  generateSignalPubKey,
  proto,
  signedKeyPair,
  unpadRandomMax16,
} from '@whiskeysockets/baileys';
import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js';
import { bytesOf, type BinaryNode } from './wire.js';
import {
  closeOpenSessions,
  decrypt,
  deserializeSession,
  encrypt,
  openSession,
  prune,
  sessionKey,
  type PreKeyBundle,
  type SessionRecord,
  type SignalKeyPair,
  type SignalStorage,
} from './libsignal.js';

/** One-time pre-keys that were handed out and never used are forgotten beyond this many. */
const UNUSED_PRE_KEYS_KEPT = 2000;

let serial = 0;

function asSignalPair(pair: { public: Uint8Array; private: Uint8Array }): SignalKeyPair {
  return { pubKey: Buffer.from(generateSignalPubKey(pair.public)), privKey: Buffer.from(pair.private) };
}

export class SignalDevice {
  readonly identity = Curve.generateKeyPair();
  readonly registrationId = generateRegistrationId() || 1;
  private readonly signedPreKey = signedKeyPair(this.identity, 1);
  private readonly preKeys = new Map<number, SignalKeyPair>();
  private readonly sessions = new Map<string, object>();
  /** Sender keys of others, by chat and peer. */
  private readonly senderKeys = new Map<string, SenderKeyRecord>();
  private nextPreKeyId = 1;
  private queue: Promise<unknown> = Promise.resolve();
  /** Makes this device's libsignal addresses its own; libsignal queues jobs by address for the whole process. */
  private readonly prefix = `emulator_${++serial}_`;
  private readonly storage: SignalStorage = this.makeStorage();

  /** A fresh bundle; its one-time pre-key is handed out this once. */
  takeBundle(): PreKeyBundle {
    const keyId = this.nextPreKeyId++;
    const pair = asSignalPair(Curve.generateKeyPair());
    this.preKeys.set(keyId, pair);
    if (this.preKeys.size > UNUSED_PRE_KEYS_KEPT) {
      for (const oldest of this.preKeys.keys()) {
        this.preKeys.delete(oldest);
        break;
      }
    }
    return {
      registrationId: this.registrationId,
      identityKey: Buffer.from(generateSignalPubKey(this.identity.public)),
      signedPreKey: {
        keyId: this.signedPreKey.keyId,
        publicKey: Buffer.from(generateSignalPubKey(this.signedPreKey.keyPair.public)),
        signature: Buffer.from(this.signedPreKey.signature),
      },
      preKey: { keyId, publicKey: pair.pubKey },
    };
  }

  /** `none`; `pending` when the peer has not answered yet, so that the next message goes as pkmsg; or `established`. */
  sessionState(peer: string): 'none' | 'pending' | 'established' {
    const session = this.load(sessionKey(this.prefix + peer))?.getOpenSession();
    if (!session) return 'none';
    return session.pendingPreKey ? 'pending' : 'established';
  }

  hasSession(peer: string): boolean {
    return this.sessions.has(sessionKey(this.prefix + peer));
  }

  openSession(peer: string, bundle: PreKeyBundle): Promise<void> {
    return this.inTurn(() => {
      this.closeSession(peer);
      return openSession(this.storage, this.prefix + peer, bundle);
    });
  }

  forgetSession(peer: string): void {
    this.sessions.delete(sessionKey(this.prefix + peer));
  }

  encrypt(peer: string, plaintext: Uint8Array): Promise<{ type: 'pkmsg' | 'msg'; ciphertext: Buffer }> {
    return this.inTurn(() => encrypt(this.storage, this.prefix + peer, Buffer.from(plaintext)));
  }

  /**
   * Fails with the true cause: `Bad MAC`, `Invalid PreKey ID`, `Key used already or never filled`, `No session
   * record`...
   */
  decrypt(peer: string, type: string, ciphertext: Buffer): Promise<Buffer> {
    return this.inTurn(() => decrypt(this.storage, this.prefix + peer, type, ciphertext));
  }

  /**
   * The message inside the ciphertexts of one stanza: for this device alone (`pkmsg`, `msg`), for all of a chat
   * (`skmsg`), or both, when the first gives the key for the second. Fails as `decrypt` does, and with `No
   * SenderKeyRecord` where a sender key is lacking.
   */
  async read(peer: string, encs: readonly BinaryNode[], chat: string): Promise<proto.IMessage> {
    let message: proto.IMessage = {};
    for (const enc of encs) {
      const [type = '', ciphertext] = [enc.attrs['type'], bytesOf(enc.content)];
      if (!ciphertext) continue;
      const padded =
        type === 'skmsg' ? await this.unseal(chat, peer, ciphertext) : await this.decrypt(peer, type, ciphertext);
      message = proto.Message.decode(unpadRandomMax16(padded));
      const key = message.senderKeyDistributionMessage;
      if (key?.groupId && key.axolotlSenderKeyDistributionMessage)
        await this.takeSenderKey(key.groupId, peer, key.axolotlSenderKeyDistributionMessage);
    }
    return message;
  }

  private takeSenderKey(chat: string, peer: string, serialized: Uint8Array): Promise<void> {
    return this.inTurn(() => {
      const { name, store } = this.senderKeyOf(chat, peer);
      const key = new SenderKeyDistributionMessage(null, null, null, null, serialized);
      return new GroupSessionBuilder(store).process(name, key);
    });
  }

  private unseal(chat: string, peer: string, ciphertext: Buffer): Promise<Uint8Array> {
    return this.inTurn(() => {
      const { name, store } = this.senderKeyOf(chat, peer);
      return new GroupCipher(store, name).decrypt(ciphertext);
    });
  }

  private senderKeyOf(chat: string, peer: string) {
    const key = `${chat} ${peer}`;
    return {
      // Its own name within this process: Baileys' group cipher queues by it.
      name: new SenderKeyName(chat, { id: this.prefix + peer, deviceId: 0, toString: () => `${this.prefix}${peer}.0` }),
      store: {
        loadSenderKey: async () => this.senderKeys.get(key) ?? new SenderKeyRecord(),
        storeSenderKey: async (_name: SenderKeyName, record: SenderKeyRecord) => void this.senderKeys.set(key, record),
      },
    };
  }

  /** One thing at a time per device: a ratchet must not be read twice before it is written. */
  private inTurn<T>(job: () => Promise<T>): Promise<T> {
    const result = this.queue.then(job);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private load(key: string): SessionRecord | undefined {
    const data = this.sessions.get(key);
    return data && deserializeSession(data);
  }

  private makeStorage(): SignalStorage {
    return {
      // A copy each time: libsignal changes a session before it knows whether the message is genuine.
      loadSession: async (key) => this.load(key),
      storeSession: async (key, record) => {
        const open = Object.values(record.sessions).filter((session) => session.indexInfo.closed === -1);
        if (open.length > 1) throw new Error('two open sessions with one peer');
        prune(record);
        this.sessions.set(key, record.serialize());
      },
      isTrustedIdentity: () => true,
      loadPreKey: (id) => this.preKeys.get(id),
      removePreKey: (id) => void this.preKeys.delete(id),
      loadSignedPreKey: (id) => (id === this.signedPreKey.keyId ? asSignalPair(this.signedPreKey.keyPair) : undefined),
      getOurRegistrationId: () => this.registrationId,
      getOurIdentity: () => asSignalPair(this.identity),
    };
  }

  /** Before a new session: libsignal would print the one that it closes. */
  private closeSession(peer: string): void {
    const key = sessionKey(this.prefix + peer);
    const record = this.load(key);
    if (!record) return;
    closeOpenSessions(record);
    this.sessions.set(key, record.serialize());
  }
}
