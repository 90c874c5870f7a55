import { createHash } from 'node:crypto';
import {
  areJidsSameUser,
  DEFAULT_CONNECTION_CONFIG,
  jidDecode,
  proto,
  type SocketConfig,
} from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import { ProtocolAddress, SessionBuilder } from 'libsignal';
import { PreKeyWhisperMessage } from 'libsignal/src/protobufs.js';
import SessionRecord from 'libsignal/src/session_record.js';
import { LRUCache } from 'lru-cache';
import type { SessionFault } from '../health/session-fault.js';
import { maskPhone } from '../logger.js';
import type { AuthKeys } from '../session/whatsapp-socket.js';
import { decryptionFault } from './decryption-fault.js';
import { PreparedNoMore } from './device-lists.js';
import { SignalCipher } from './signal-cipher.js';

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

/**
 * Sessions as they stand in the store, the latest ones of one socket: Baileys asks for each before each message, and each message writes it,
 * so it would be read and parsed twice a message. Whoever writes sessions past the repository clears it. Put here before the commit: when
 * that fails, the socket ends, and with it this.
 */
export type LatestSessions = LRUCache<string, SessionRecord>;

export function latestSessions(): LatestSessions {
  // Some 10 KB each.
  return new LRUCache({ max: 50 });
}

interface RepositoryOptions {
  readonly keys: AuthKeys;
  readonly onFault: (fault: SessionFault) => void;
  readonly decryptedBefore: DecryptedBefore;
  /** The id of the message that this ciphertext came with. */
  readonly messageIdOf: (ciphertext: Uint8Array) => string | undefined;
  /** Whether a message of this customer that cannot be read is asked for again. `jids`: the device that sent it, under its known names. */
  readonly isAskedAgain: (customer: string, jids: readonly string[]) => boolean;
  readonly latestSessions: LatestSessions;
  /** The send that asks for an encryption, if it is one of ours. */
  readonly sendUnderWay: () => SendUnderWay | undefined;
}

export interface SendUnderWay {
  /** Where it goes on the wire. */
  readonly chatId: string;
  /** Nothing of it may leave before. */
  readonly after: Promise<void>;
  /** A copy for the chat was encrypted: from here on what is sent may be the message. */
  encrypted: boolean;
  /** A frame was given to the connection after that. */
  left: boolean;
}

/** The record that libsignal's storage interface speaks of, kept back until the operation's one commit. */
class SignalTransaction {
  private readonly session = new Map<string, unknown>();
  private readonly preKey = new Map<string, null>();
  private readonly identity = new Map<string, Uint8Array>();
  private readonly stored = new Map<string, SessionRecord>();

  constructor(
    private readonly keys: AuthKeys,
    private readonly creds: Creds,
    private readonly latest: LatestSessions,
  ) {}

  // --- libsignal's storage interface (index.d.ts, SignalStorage) ---

  readonly loadSession = async (address: string): Promise<SessionRecord | null> => {
    if (this.session.has(address)) return deserialized(this.session.get(address));
    const latest = this.latest.get(address);
    if (!latest) return deserialized(this.keys.get('session', [address])[address]);
    // Taken out: libsignal changes it, and what an operation that fails has changed is not what is stored.
    this.latest.delete(address);
    return latest;
  };

  readonly storeSession = async (address: string, record: SessionRecord): Promise<void> => {
    this.session.set(address, record.serialize());
    this.stored.set(address, record);
  };

  /** Trust on first use and on change, as WhatsApp's own clients do. */
  readonly isTrustedIdentity = (): boolean => true;

  readonly loadPreKey = async (id: number | string): Promise<{ privKey: Buffer; pubKey: Buffer } | undefined> => {
    const pair = this.keys.get('pre-key', [String(id)])[String(id)] as KeyPair | undefined;
    return pair && { privKey: Buffer.from(pair.private), pubKey: Buffer.from(pair.public) };
  };

  readonly removePreKey = (id: number | string): void => {
    this.preKey.set(String(id), null);
  };

  readonly loadSignedPreKey = (): { privKey: Buffer; pubKey: Buffer } => {
    const pair = this.creds.signedPreKey.keyPair;
    return { privKey: Buffer.from(pair.private), pubKey: Buffer.from(pair.public) };
  };

  readonly getOurRegistrationId = (): number => this.creds.registrationId;

  readonly getOurIdentity = (): { privKey: Buffer; pubKey: Buffer } => ({
    privKey: Buffer.from(this.creds.signedIdentityKey.private),
    pubKey: withKeyType(this.creds.signedIdentityKey.public),
  });

  // --- what else belongs to the same commit ---

  /** A contact's identity that differs from the stored one ends the old session: the contact has a new phone. */
  saveIdentity(address: string, identityKey: Uint8Array): void {
    const stored = this.keys.get('identity-key', [address])[address] as Uint8Array | undefined;
    if (stored && Buffer.from(stored).equals(identityKey)) return;
    this.identity.set(address, identityKey);
    if (!stored) return;
    this.session.set(address, null);
    this.stored.delete(address);
    this.latest.delete(address);
  }

  /** All or nothing; seen by the next operation at once, durable when it resolves. */
  async commit(): Promise<void> {
    const data: Record<string, Record<string, unknown>> = {};
    if (this.session.size > 0) data.session = Object.fromEntries(this.session);
    if (this.preKey.size > 0) data['pre-key'] = Object.fromEntries(this.preKey);
    if (this.identity.size > 0) data['identity-key'] = Object.fromEntries(this.identity);
    if (Object.keys(data).length === 0) return;
    const committed = this.keys.setSoon(data);
    for (const [address, record] of this.stored) this.latest.set(address, record);
    await committed;
  }
}

function deserialized(stored: unknown): SessionRecord | null {
  return stored ? SessionRecord.deserialize(stored) : null;
}

type KeyPair = { public: Uint8Array; private: Uint8Array };
interface Creds {
  readonly signedIdentityKey: KeyPair;
  readonly signedPreKey: { readonly keyPair: KeyPair };
  readonly registrationId: number;
  readonly me?: { readonly id: string; readonly lid?: string };
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

    /** Where a contact's session is stored: under the LID once it is known, for a contact has one session, not two. */
    const addressOf = async (jid: string): Promise<ProtocolAddress> => {
      const known = isPhoneNumber(jid) ? await base.lidMapping.getLIDForPN(jid) : null;
      const [user, device] = base.jidToSignalProtocolAddress(known ?? jid).split('.') as [string, string];
      return new ProtocolAddress(user, Number(device));
    };

    /** A device under each of its names that is known. */
    const namesOf = async (jid: string): Promise<string[]> => {
      const { lidMapping } = base;
      const other = await (isPhoneNumber(jid) ? lidMapping.getLIDForPN(jid) : lidMapping.getPNForLID(jid));
      return other ? [jid, other] : [jid];
    };

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

    return {
      ...base,
      lidMapping: base.lidMapping,

      async decryptMessage({ jid, type, ciphertext }) {
        const address = await addressOf(jid);
        const digest = createHash('sha256').update(ciphertext).digest('base64');
        const before = options.decryptedBefore.get(digest);
        if (before) {
          onFault({ kind: 'duplicate_message', text: `${type}: delivered again` });
          return before;
        }
        try {
          const plaintext = await inTransaction(async (transaction) => {
            const cipher = new SignalCipher(transaction, address);
            if (type === 'msg') return cipher.decryptWhisperMessage(Buffer.from(ciphertext));
            const identityKey = identityKeyOf(ciphertext);
            if (identityKey) transaction.saveIdentity(address.toString(), identityKey);
            return cipher.decryptPreKeyWhisperMessage(Buffer.from(ciphertext));
          });
          options.decryptedBefore.set(digest, plaintext);
          return plaintext;
        } catch (error) {
          const fault = decryptionFault(error, type);
          const jids = await namesOf(jid);
          const number = jids.find((one) => isPhoneNumber(one)) ?? jid;
          const maskedCustomer = maskPhone(jidDecode(number)?.user ?? '');
          onFault({ ...fault, messageId: options.messageIdOf(ciphertext), customer: address.id, maskedCustomer });
          // With this text Baileys refuses the message, and does not ask for it (lib/Socket/messages-recv.js, handleMessage).
          if (!isOwn(jid) && !options.isAskedAgain(address.id, jids))
            throw new Error('Key used already or never filled', { cause: error });
          // Seen before, but not by this process: one died between decrypting and telling anybody. With this text Baileys asks the
          // customer's phone to send it afresh; with libsignal's own it would refuse the message, and it would be lost.
          if (fault.kind === 'duplicate_message')
            throw new Error('No matching sessions found for message', { cause: error });
          throw error;
        }
      },

      async encryptMessage({ jid, data }) {
        const address = await addressOf(jid);
        // Baileys encrypts for one device after the other: were each commit awaited here, the copies for the organization's own phone would
        // go one by one. The stanza is what waits, on the socket.
        const { value } = await begun(async (transaction) => {
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
        const address = (await addressOf(jid)).toString();
        let record = latest.get(address);
        if (!record) {
          const stored = deserialized(keys.get('session', [address])[address]);
          if (!stored) return missing('no session');
          // The message that is asked for needs it next.
          latest.set(address, (record = stored));
        }
        return record.haveOpenSession() ? { exists: true } : missing('no open session');
      },

      async injectE2ESession({ jid, session }) {
        const address = await addressOf(jid);
        await inTransaction(async (transaction) => {
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

function isPhoneNumber(jid: string): boolean {
  return jid.endsWith('@s.whatsapp.net') || jid.endsWith('@hosted');
}

/** Baileys' key store interface over the organization's keys, without its copies in transactions that go stale. */
export function directKeyStore(keys: AuthKeys, lock: Mutex) {
  return {
    get: async (type: string, ids: string[]) => reviveKeys(type, keys.get(type, ids)) as never,
    set: async (data: Record<string, Record<string, unknown> | undefined>) => keys.set(data as never),
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

/** Signal writes public keys with a leading type byte, 5 (lib/Utils/crypto.js, generateSignalPubKey). */
function withKeyType(key: Uint8Array): Buffer {
  return key.length === 33 ? Buffer.from(key) : Buffer.concat([Buffer.from([5]), key]);
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
