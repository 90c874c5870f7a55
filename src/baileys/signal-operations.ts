import type { Mutex } from 'async-mutex';
import { SessionBuilder, type ProtocolAddress } from 'libsignal';
import { PreKeyWhisperMessage } from 'libsignal/src/protobufs.js';
import type SessionRecord from 'libsignal/src/session_record.js';
import { decryptionFault } from './decryption-fault.js';
import type { LatestSessions } from './latest-sessions.js';
import { SignalCipher } from './signal-cipher.js';
import { SignalTransaction, type Creds } from './signal-transaction.js';
import type { SocketKeys } from './socket-keys.js';
import type { TwoNames } from './two-names.js';

export type MessageType = 'pkmsg' | 'msg';
type Work<T> = (transaction: SignalTransaction) => Promise<T>;

interface Parts {
  readonly keys: SocketKeys;
  readonly creds: Creds;
  readonly latestSessions: LatestSessions;
  readonly names: TwoNames;
  /** The organization's: one operation at a time. */
  readonly lock: Mutex;
}

/**
 * What is done with one organization's Signal state. Each operation is one commit: a session together with the used
 * pre-key and the contact's identity.
 */
export class SignalOperations {
  constructor(private readonly parts: Parts) {}

  /** Reads a message under whichever name of its sender has the right session. @throws libsignal's errors */
  async decrypt(jid: string, type: MessageType, text: Buffer): Promise<Buffer> {
    try {
      return await this.done(async (transaction) =>
        read(transaction, await this.parts.names.settle(transaction, jid), type, text),
      );
    } catch (error) {
      return this.decryptUnderOtherName(jid, type, text, error);
    }
  }

  /**
   * Both names may have a session, and the one under the number be the right one: a MAC that fits is the proof. Then it
   * moves, and nothing was wrong. Otherwise the first error stands; but one that knows the message as read before tells
   * more.
   */
  private async decryptUnderOtherName(jid: string, type: MessageType, text: Buffer, error: unknown): Promise<Buffer> {
    const { names } = this.parts;
    const other = await names.otherAddressOf(jid);
    if (!other || decryptionFault(error, type).kind === 'duplicate_message') throw error;
    try {
      return await this.done(async (transaction) => {
        if (!(await transaction.hasSession(other.toString()))) throw error;
        const plaintext = await read(transaction, other, type, text);
        await transaction.mergeSession(other.toString(), (await names.addressOf(jid)).toString());
        return plaintext;
      });
    } catch (second) {
      throw decryptionFault(second, type).kind === 'duplicate_message' ? second : error;
    }
  }

  /**
   * Resolves when it is written, and may not be durable yet. Baileys encrypts for one device after the other: were each
   * commit awaited here, the copies for the organization's own phone would go one by one. The stanza is what waits, on
   * the socket.
   */
  async encrypt(jid: string, data: Uint8Array): Promise<{ type: MessageType; ciphertext: Uint8Array }> {
    const { value } = await this.begun(async (transaction) => {
      const address = await this.parts.names.settle(transaction, jid);
      const { type, body } = await new SignalCipher(transaction, address).encrypt(Buffer.from(data));
      return { type: type === 3 ? ('pkmsg' as const) : ('msg' as const), ciphertext: body };
    });
    return value;
  }

  /** Begins a session with a device, out of its keys as WhatsApp gave them. */
  async beginSession(jid: string, session: unknown): Promise<void> {
    await this.done(async (transaction) => {
      const address = await this.parts.names.settle(transaction, jid);
      const record = await transaction.loadSession(address.toString());
      const open = record?.getOpenSession();
      if (record && open) {
        // Closing it here, not in libsignal, which would print the whole session with its keys.
        open.indexInfo.closed = Date.now();
        await transaction.storeSession(address.toString(), record);
      }
      await new SessionBuilder(transaction as never, address).initOutgoing(session as never);
    });
  }

  /** A device's sessions as they stand in the store, by whatever name; null when there are none. */
  async recordOf(jid: string): Promise<SessionRecord | null> {
    const { names, latestSessions } = this.parts;
    const known = latestSessions.get((await names.addressOf(jid)).toString());
    if (known) return known;
    // With the lock held: what is read beside an operation would be kept instead of what that one stores.
    const { value } = await this.begun(async (transaction) =>
      transaction.look((await names.settle(transaction, jid)).toString()),
    );
    return value;
  }

  /**
   * The lock covers reading and writing; what is not on disk yet is waited for without it, so that many operations
   * share an fsync.
   */
  private async done<T>(work: Work<T>): Promise<T> {
    const { value, committed } = await this.begun(work);
    await committed;
    return value;
  }

  /** As `done`, but resolves when it is written and may not be durable yet. */
  private begun<T>(work: Work<T>): Promise<{ value: T; committed: Promise<void> }> {
    const { lock, keys, creds, latestSessions } = this.parts;
    return lock.runExclusive(async () => {
      const transaction = new SignalTransaction(keys, creds, latestSessions);
      const value = await work(transaction);
      // Not awaited here. Whoever awaits it hears of a failure, and so does the socket, which ends.
      const committed = transaction.commit();
      committed.catch(() => {});
      return { value, committed };
    });
  }
}

async function read(
  transaction: SignalTransaction,
  address: ProtocolAddress,
  type: MessageType,
  text: Buffer,
): Promise<Buffer> {
  const cipher = new SignalCipher(transaction, address);
  if (type === 'msg') return cipher.decryptWhisperMessage(text);
  const identityKey = identityKeyOf(text);
  if (identityKey) await transaction.saveIdentity(address.toString(), identityKey);
  return cipher.decryptPreKeyWhisperMessage(text);
}

/**
 * The sender's identity key inside a PreKeyWhisperMessage; undefined when it cannot be read, which the decryption
 * itself will complain about.
 */
function identityKeyOf(ciphertext: Uint8Array): Uint8Array | undefined {
  try {
    // The first byte is the version, the rest protobuf.
    const { identityKey } = PreKeyWhisperMessage.decode(ciphertext.subarray(1));
    return identityKey?.length === 33 ? new Uint8Array(identityKey) : undefined;
  } catch {
    return undefined;
  }
}
