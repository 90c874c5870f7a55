/**
 * A device that lives in the emulator: a customer's phone or linked device, or an organization's phone itself.
 * It has its own Signal identity, hands out pre-key bundles and holds its sessions in memory.
 */
import { Curve, generateRegistrationId, generateSignalPubKey, signedKeyPair } from '@whiskeysockets/baileys';
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

  /** Fails with the true cause: `Bad MAC`, `Invalid PreKey ID`, `Key used already or never filled`, `No session record`... */
  decrypt(peer: string, type: string, ciphertext: Buffer): Promise<Buffer> {
    return this.inTurn(() => decrypt(this.storage, this.prefix + peer, type, ciphertext));
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
