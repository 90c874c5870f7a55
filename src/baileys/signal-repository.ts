import { createHash } from 'node:crypto';
import {
  areJidsSameUser,
  DEFAULT_CONNECTION_CONFIG,
  jidDecode,
  proto,
  type SocketConfig,
} from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import { SessionBuilder, type ProtocolAddress } from 'libsignal';
import { PreKeyWhisperMessage } from 'libsignal/src/protobufs.js';
import type SessionRecord from 'libsignal/src/session_record.js';
import { LRUCache } from 'lru-cache';
import type { SessionFault } from '../health/session-fault.js';
import { maskPhone } from '../logger.js';
import type { SendUnderWay } from './calls.js';
import type { KeyData } from '../store/ports.js';
import { decryptionFault } from './decryption-fault.js';
import { PreparedNoMore } from './device-lists.js';
import { SignalCipher } from './signal-cipher.js';
import type { LatestSessions } from './latest-sessions.js';
import { SignalTransaction, type Creds } from './signal-transaction.js';
import type { SocketKeys } from './socket-keys.js';
import { isPhoneNumber, TwoNames } from './two-names.js';

type MakeSignalRepository = NonNullable<SocketConfig['makeSignalRepository']>;
type Repository = ReturnType<MakeSignalRepository>;

/**
 * What this process decrypted lately, by digest of the ciphertext. A ciphertext can be decrypted once only; when the connection breaks
 * before the receipt is out, WhatsApp delivers it again, and Baileys, too, has dropped it by then. In memory only, and bounded.
 */
export type DecryptedBefore = LRUCache<string, Uint8Array>;

export function decryptedBefore(): DecryptedBefore {
  return new LRUCache({ max: 500, maxSize: 2_000_000, sizeCalculation: (plaintext) => plaintext.length + 1 });
}

interface RepositoryOptions {
  readonly keys: SocketKeys;
  readonly onFault: (fault: SessionFault) => void;
  readonly decryptedBefore: DecryptedBefore;
  /**
   * A message can be read, and its Signal state is on disk. Called before Baileys hears of it, and so before its
   * receipt, after which WhatsApp delivers it no more: both wait until this resolves. Also for one that comes again.
   */
  readonly onDecrypted: (ciphertext: Uint8Array, plaintext: Uint8Array, isOwn: boolean) => Promise<void>;
  /** The id of the message that this ciphertext came with. */
  readonly messageIdOf: (ciphertext: Uint8Array) => string | undefined;
  /** Whether a message of this customer that cannot be read is asked for again. `jids`: the device that sent it, under its known names. */
  readonly isAskedAgain: (customer: string, jids: readonly string[]) => boolean;
  readonly latestSessions: LatestSessions;
  /** The send that asks for an encryption, if it is one of ours. */
  readonly sendUnderWay: () => SendUnderWay | undefined;
}

/**
 * Baileys' socket option `makeSignalRepository`: Signal state goes straight to this project's own store and is durable before a
 * stanza leaves (docs/whatsapp.md, section 4): the socket holds every frame until what was written before it is on disk. One lock per organization; each operation is one commit: a session together with the
 * used pre-key and the contact's identity. Groups and the mapping of phone numbers to LIDs are Baileys' own code over the same keys.
 * Every failed decryption is told to `onFault`, so a fault always belongs to the organization whose repository this is.
 */
export function makeSignalRepository(options: RepositoryOptions): MakeSignalRepository {
  const { keys, onFault } = options;
  return (auth, logger): Repository => {
    const creds = auth.creds as Creds;
    const lock = new Mutex();
    const latest = options.latestSessions;
    const direct = directKeyStore(keys, lock);
    const isOwn = (jid: string): boolean => [creds.me?.id, creds.me?.lid].some((mine) => areJidsSameUser(mine, jid));
    // Without Baileys' question for unknown LIDs: looking up a name must not wait for WhatsApp. The preparation asks, and messages tell.
    const base = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds: auth.creds, keys: direct }, logger);

    const names = new TwoNames(base);

    /** The lock covers reading and writing; what is not on disk yet is waited for without it, so that many operations share an fsync. */
    const inTransaction = async <T>(work: (transaction: SignalTransaction) => Promise<T>): Promise<T> => {
      const { value, committed } = await begun(work);
      await committed;
      return value;
    };

    /** As `inTransaction`, but resolves when it is written and may not be durable yet. */
    const begun = <T>(
      work: (transaction: SignalTransaction) => Promise<T>,
    ): Promise<{ value: T; committed: Promise<void> }> =>
      lock.runExclusive(async () => {
        const transaction = new SignalTransaction(keys, creds, latest);
        const value = await work(transaction);
        // Not awaited here. Whoever awaits it hears of a failure, and so does the socket, which ends.
        const committed = transaction.commit();
        committed.catch(() => {});
        return { value, committed };
      });

    /** While a message is sent Baileys looks for sessions to ask for those that are missing; then nothing is asked for any more. */
    const missing = (reason: string): { exists: false; reason: string } => {
      if (options.sendUnderWay()) throw new PreparedNoMore('A session');
      return { exists: false, reason };
    };

    const read = async (
      transaction: SignalTransaction,
      address: ProtocolAddress,
      type: 'pkmsg' | 'msg',
      text: Buffer,
    ): Promise<Buffer> => {
      const cipher = new SignalCipher(transaction, address);
      if (type === 'msg') return cipher.decryptWhisperMessage(text);
      const identityKey = identityKeyOf(text);
      if (identityKey) await transaction.saveIdentity(address.toString(), identityKey);
      return cipher.decryptPreKeyWhisperMessage(text);
    };

    const decrypted = (jid: string, type: 'pkmsg' | 'msg', text: Buffer): Promise<Buffer> =>
      inTransaction(async (transaction) => read(transaction, await names.settle(transaction, jid), type, text));

    /**
     * Both names may have a session, and the one under the number be the right one: a MAC that fits is the proof. Then it moves, and nothing
     * was wrong. Otherwise the first error stands; but one that knows the message as read before tells more.
     */
    const decryptedUnderOtherName = async (
      jid: string,
      type: 'pkmsg' | 'msg',
      text: Buffer,
      error: unknown,
    ): Promise<Buffer> => {
      const other = await names.otherAddressOf(jid);
      if (!other || decryptionFault(error, type).kind === 'duplicate_message') throw error;
      try {
        return await inTransaction(async (transaction) => {
          if (!(await transaction.hasSession(other.toString()))) throw error;
          const plaintext = await read(transaction, other, type, text);
          await transaction.mergeSession(other.toString(), (await names.addressOf(jid)).toString());
          return plaintext;
        });
      } catch (second) {
        throw decryptionFault(second, type).kind === 'duplicate_message' ? second : error;
      }
    };

    /** A device's sessions as they stand in the store, by whatever name; null when there are none. */
    const recordOf = async (jid: string): Promise<SessionRecord | null> => {
      const known = latest.get((await names.addressOf(jid)).toString());
      if (known) return known;
      // With the lock held: what is read beside an operation would be kept instead of what that one stores.
      const { value } = await begun(async (transaction) =>
        transaction.look((await names.settle(transaction, jid)).toString()),
      );
      return value;
    };

    return {
      ...base,
      lidMapping: base.lidMapping,

      async decryptMessage({ jid, type, ciphertext }) {
        const digest = createHash('sha256').update(ciphertext).digest('base64');
        const before = options.decryptedBefore.get(digest);
        if (before) {
          onFault({ kind: 'duplicate_message', text: `${type}: delivered again` });
          await options.onDecrypted(ciphertext, before, isOwn(jid));
          return before;
        }
        let plaintext: Buffer;
        try {
          plaintext = await decrypted(jid, type, Buffer.from(ciphertext)).catch((error: unknown) =>
            decryptedUnderOtherName(jid, type, Buffer.from(ciphertext), error),
          );
        } catch (error) {
          const fault = decryptionFault(error, type);
          const jids = await names.all(jid);
          const customer = (await names.addressOf(jid)).id;
          const number = jids.find((one) => isPhoneNumber(one)) ?? jid;
          const maskedCustomer = maskPhone(jidDecode(number)?.user ?? '');
          onFault({ ...fault, messageId: options.messageIdOf(ciphertext), customer, maskedCustomer });
          // With this text Baileys refuses the message, and does not ask for it (lib/Socket/messages-recv.js, handleMessage).
          if (!isOwn(jid) && !options.isAskedAgain(customer, jids))
            throw new Error('Key used already or never filled', { cause: error });
          // Seen before, but not by this process: one died between decrypting and telling anybody. With this text Baileys asks the
          // customer's phone to send it afresh; with libsignal's own it would refuse the message, and it would be lost.
          if (fault.kind === 'duplicate_message')
            throw new Error('No matching sessions found for message', { cause: error });
          throw error;
        }
        options.decryptedBefore.set(digest, plaintext);
        await options.onDecrypted(ciphertext, plaintext, isOwn(jid));
        return plaintext;
      },

      async encryptMessage({ jid, data }) {
        // Baileys encrypts for one device after the other: were each commit awaited here, the copies for the organization's own phone would
        // go one by one. The stanza is what waits, on the socket.
        const { value } = await begun(async (transaction) => {
          const address = await names.settle(transaction, jid);
          const { type, body } = await new SignalCipher(transaction, address).encrypt(Buffer.from(data));
          return { type: type === 3 ? ('pkmsg' as const) : ('msg' as const), ciphertext: body };
        });
        // After it was written, so that both wait for the disk at one time. Only the chat's own copies wait: without one of them Baileys makes
        // no stanza, and those for the organization's phone are encrypted one after the other, for all sends.
        const send = options.sendUnderWay();
        if (send && isOwn(jid) === isOwn(send.chatId)) {
          await send.after;
          send.encrypted = true;
        }
        return value;
      },

      async validateSession(jid) {
        const record = await recordOf(jid);
        if (!record) return missing('no session');
        return record.haveOpenSession() ? { exists: true } : missing('no open session');
      },

      async injectE2ESession({ jid, session }) {
        await inTransaction(async (transaction) => {
          const address = await names.settle(transaction, jid);
          const record = await transaction.loadSession(address.toString());
          const open = record?.getOpenSession();
          if (record && open) {
            // Closing it here, not in libsignal, which would print the whole session with its keys.
            open.indexInfo.closed = Date.now();
            await transaction.storeSession(address.toString(), record);
          }
          await new SessionBuilder(transaction as never, address).initOutgoing(session as never);
        });
      },

      async getSessionInfo(jid) {
        const open = (await recordOf(jid))?.getOpenSession();
        if (!open || typeof open.registrationId !== 'number') return null;
        return { baseKey: new Uint8Array(open.indexInfo.baseKey), registrationId: open.registrationId };
      },

      /** Under every name, or the one under the other would come back. */
      async deleteSession(jids) {
        await base.deleteSession((await Promise.all(jids.map((jid) => names.all(jid)))).flat());
      },

      /** Each moves when its device is next spoken of. */
      async migrateSession() {
        return { migrated: 0, skipped: 0, total: 0 };
      },

      async decryptGroupMessage(group) {
        try {
          return await base.decryptGroupMessage(group);
        } catch (error) {
          onFault(decryptionFault(error, 'skmsg'));
          throw error;
        }
      },
    };
  };
}

/** Baileys' key store interface over the organization's keys, without its copies in transactions that go stale. */
export function directKeyStore(keys: SocketKeys, lock: Mutex) {
  return {
    get: async (type: string, ids: string[]) => reviveKeys(type, await keys.get(type, ids)) as never,
    set: (data: KeyData) => keys.set(data),
    isInTransaction: () => false,
    transaction: <T>(work: () => Promise<T>): Promise<T> => lock.runExclusive(work),
  };
}

/** App-state keys are protobuf objects; all others are plain values. */
function reviveKeys(type: string, values: Record<string, unknown>): Record<string, unknown> {
  if (type !== 'app-state-sync-key') return values;
  return Object.fromEntries(
    Object.entries(values).map(([id, value]) => [
      id,
      proto.Message.AppStateSyncKeyData.fromObject(value as Record<string, unknown>),
    ]),
  );
}

/** The sender's identity key inside a PreKeyWhisperMessage; undefined when it cannot be read, which the decryption itself will complain about. */
function identityKeyOf(ciphertext: Uint8Array): Uint8Array | undefined {
  try {
    // The first byte is the version, the rest protobuf.
    const { identityKey } = PreKeyWhisperMessage.decode(ciphertext.subarray(1));
    return identityKey?.length === 33 ? new Uint8Array(identityKey) : undefined;
  } catch {
    return undefined;
  }
}
