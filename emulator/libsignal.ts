/**
 * libsignal as the emulator uses it: silent, and with errors that tell their cause.
 *
 * The original prints sessions, private keys included, whenever one is closed or dropped, and hides the true cause of a
 * failed `msg` behind "No matching sessions found for message". It also queues jobs globally by address; the
 * addresses here belong to one emulated device only (see `SignalDevice`), so nothing of the service waits in them.
 */
import { createRequire } from 'node:module';

export interface SignalKeyPair {
  pubKey: Buffer;
  privKey: Buffer;
}

/**
 * What a sender needs for a session with a device: its identity, a signed pre-key, and a one-time pre-key if any is
 * left. Keys are 33 bytes.
 */
export interface PreKeyBundle {
  registrationId: number;
  identityKey: Buffer;
  signedPreKey: { keyId: number; publicKey: Buffer; signature: Buffer };
  preKey?: { keyId: number; publicKey: Buffer };
}

export interface SessionEntry {
  pendingPreKey?: unknown;
  registrationId?: number;
  indexInfo: { closed: number; used: number; baseKey: Buffer };
  _chains: Record<string, { chainType: number }>;
}

export interface SessionRecord {
  sessions: Record<string, SessionEntry>;
  serialize(): object;
  getSessions(): SessionEntry[];
  getSession(baseKey: Buffer): SessionEntry | undefined;
  getOpenSession(): SessionEntry | undefined;
  haveOpenSession(): boolean;
}

export interface SignalStorage {
  loadSession(address: string): Promise<SessionRecord | undefined>;
  storeSession(address: string, record: SessionRecord): Promise<void>;
  isTrustedIdentity(): boolean;
  loadPreKey(id: number): SignalKeyPair | undefined;
  removePreKey(id: number): void;
  loadSignedPreKey(id: number): SignalKeyPair | undefined;
  getOurRegistrationId(): number;
  getOurIdentity(): SignalKeyPair;
}

interface Address {
  toString(): string;
}

interface OriginalCipher {
  addr: Address;
  storage: SignalStorage;
  encrypt(plaintext: Buffer): Promise<{ type: number; body: Buffer }>;
  decryptWhisperMessage(ciphertext: Buffer): Promise<Buffer>;
  decryptPreKeyWhisperMessage(ciphertext: Buffer): Promise<Buffer>;
  doDecryptWhisperMessage(ciphertext: Buffer, session: SessionEntry): Promise<Buffer>;
  getRecord(): Promise<SessionRecord | undefined>;
  storeRecord(record: SessionRecord): Promise<void>;
  queueJob<T>(job: () => Promise<T>): Promise<T>;
}

interface PreKeyMessage {
  baseKey: Buffer;
  message: Buffer;
}

const require = createRequire(import.meta.url);
const original = require('libsignal') as {
  SessionCipher: new (storage: SignalStorage, address: Address) => OriginalCipher;
  SessionBuilder: new (
    storage: SignalStorage,
    address: Address,
  ) => { initOutgoing(bundle: PreKeyBundle): Promise<void> };
  SessionRecord: { deserialize(data: object): SessionRecord };
  ProtocolAddress: new (name: string, device: number) => Address;
};
const { PreKeyWhisperMessage } = require('libsignal/src/protobufs.js') as {
  PreKeyWhisperMessage: {
    decode(bytes: Buffer): PreKeyMessage;
    encode(message: PreKeyMessage): { finish(): Uint8Array };
  };
};

/**
 * Closed sessions and receiving chains kept per contact, as Signal's own libraries keep five chains; libsignal keeps
 * all.
 */
const CLOSED_SESSIONS_KEPT = 10;
const RECEIVING_CHAINS_KEPT = 5;
const RECEIVING = 2;

export function deserializeSession(data: object): SessionRecord {
  return original.SessionRecord.deserialize(data);
}

/** Closes what is open, without the print of `closeSession`. */
export function closeOpenSessions(record: SessionRecord): void {
  for (const session of Object.values(record.sessions)) {
    if (session.indexInfo.closed === -1) session.indexInfo.closed = Date.now();
  }
}

export function prune(record: SessionRecord): void {
  const closed = Object.entries(record.sessions)
    .filter(([, session]) => session.indexInfo.closed !== -1)
    .sort(([, a], [, b]) => b.indexInfo.closed - a.indexInfo.closed);
  for (const [key] of closed.slice(CLOSED_SESSIONS_KEPT)) delete record.sessions[key];
  for (const session of Object.values(record.sessions)) {
    const receiving = Object.keys(session._chains).filter((key) => session._chains[key]?.chainType === RECEIVING);
    for (const key of receiving.slice(0, -RECEIVING_CHAINS_KEPT)) delete session._chains[key];
  }
}

class Cipher extends original.SessionCipher {
  /** While a pre-key message is read: its base key. A new one supersedes the open session. */
  private incoming: Buffer | undefined;

  override async queueJob<T>(job: () => Promise<T>): Promise<T> {
    return job();
  }

  override async getRecord(): Promise<SessionRecord | undefined> {
    const record = await super.getRecord();
    if (record && this.incoming && !(this.incoming.toString('base64') in record.sessions)) closeOpenSessions(record);
    return record;
  }

  override async storeRecord(record: SessionRecord): Promise<void> {
    prune(record);
    await this.storage.storeSession(this.addr.toString(), record);
  }

  override async decryptPreKeyWhisperMessage(ciphertext: Buffer): Promise<Buffer> {
    this.incoming = Buffer.from(PreKeyWhisperMessage.decode(ciphertext.subarray(1)).baseKey);
    return super.decryptPreKeyWhisperMessage(ciphertext);
  }

  /**
   * Each session is tried on a fresh copy. libsignal tries them all on one record and stores that: a message for an
   * older session then leaves the open one with a ratchet stepped by a foreign key, and every later message is a Bad
   * MAC.
   */
  override async decryptWhisperMessage(ciphertext: Buffer): Promise<Buffer> {
    const causes: string[] = [];
    for (let index = 0; ; index++) {
      const record = await this.getRecord();
      if (!record) throw new Error('No session record');
      const session = record.getSessions()[index];
      if (!session) break;
      try {
        const plaintext = await this.doDecryptWhisperMessage(ciphertext, session);
        session.indexInfo.used = Date.now();
        await this.storeRecord(record);
        return plaintext;
      } catch (error) {
        causes.push((error as Error).message);
      }
    }
    throw new Error(causes.find((cause) => cause !== 'Bad MAC') ?? causes[0] ?? 'No sessions available');
  }
}

function address(name: string): Address {
  return new original.ProtocolAddress(name, 0);
}

export async function encrypt(storage: SignalStorage, peer: string, plaintext: Buffer) {
  const { type, body } = await new Cipher(storage, address(peer)).encrypt(plaintext);
  return { type: type === 3 ? ('pkmsg' as const) : ('msg' as const), ciphertext: Buffer.from(body) };
}

export async function decrypt(storage: SignalStorage, peer: string, type: string, ciphertext: Buffer): Promise<Buffer> {
  const cipher = new Cipher(storage, address(peer));
  return type === 'pkmsg' ? cipher.decryptPreKeyWhisperMessage(ciphertext) : cipher.decryptWhisperMessage(ciphertext);
}

export async function openSession(storage: SignalStorage, peer: string, bundle: PreKeyBundle): Promise<void> {
  await new original.SessionBuilder(storage, address(peer)).initOutgoing(bundle);
}

/** The key under which a peer's session is stored. */
export function sessionKey(peer: string): string {
  return `${peer}.0`;
}

/**
 * The same ciphertext with a wrong MAC. Its protobuf stays valid, so the reader gets as far as `Bad MAC`:
 * version byte, message, 8 bytes of MAC; in a `pkmsg` that sits inside the outer message.
 */
export function breakMac(type: 'pkmsg' | 'msg', ciphertext: Buffer): Buffer {
  if (type === 'msg') return flipLastByte(ciphertext);
  const message = PreKeyWhisperMessage.decode(ciphertext.subarray(1));
  message.message = flipLastByte(Buffer.from(message.message));
  return Buffer.concat([ciphertext.subarray(0, 1), PreKeyWhisperMessage.encode(message).finish()]);
}

function flipLastByte(bytes: Buffer): Buffer {
  const broken = Buffer.from(bytes);
  const last = broken.length - 1;
  broken[last] = (broken[last] ?? 0) ^ 0xff;
  return broken;
}
