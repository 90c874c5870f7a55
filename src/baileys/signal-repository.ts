import { createHash } from 'node:crypto';
import { areJidsSameUser, DEFAULT_CONNECTION_CONFIG, jidDecode, type SocketConfig } from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import { LRUCache } from 'lru-cache';
import type { SessionFault } from '../health/session-fault.js';
import { maskPhone } from '../logger.js';
import type { SendUnderWay } from './calls.js';
import { decryptionFault } from './decryption-fault.js';
import { PreparedNoMore } from './device-lists.js';
import type { LatestSessions } from './latest-sessions.js';
import { SignalOperations, type MessageType } from './signal-operations.js';
import type { Creds } from './signal-transaction.js';
import { directKeyStore, type SocketKeys } from './socket-keys.js';
import { isPhoneNumber, TwoNames } from './two-names.js';

type MakeSignalRepository = NonNullable<SocketConfig['makeSignalRepository']>;
type Repository = ReturnType<MakeSignalRepository>;

/**
 * What this process decrypted lately, by digest of the ciphertext. A ciphertext can be decrypted once only; when the
 * connection breaks before the receipt is out, WhatsApp delivers it again, and Baileys, too, has dropped it by then. In
 * memory only, and bounded.
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
  /**
   * Whether a message of this customer that cannot be read is asked for again. `jids`: the device that sent it, under
   * its known names.
   */
  readonly isAskedAgain: (customer: string, jids: readonly string[]) => boolean;
  readonly latestSessions: LatestSessions;
  /** The send that asks for an encryption, if it is one of ours. */
  readonly sendUnderWay: () => SendUnderWay | undefined;
}

/**
 * Baileys' socket option `makeSignalRepository`: Signal state goes straight to this project's own store and is durable
 * before a stanza leaves (docs/whatsapp.md, section 4), for the socket holds every frame until then. One lock per
 * organization. Groups and the mapping of phone numbers to LIDs are Baileys' own code over the same keys.
 */
export function makeSignalRepository(options: RepositoryOptions): MakeSignalRepository {
  return (auth, logger) => {
    const { keys, latestSessions } = options;
    const creds = auth.creds as Creds;
    const lock = new Mutex();
    // Without Baileys' question for unknown LIDs: looking up a name must not wait for WhatsApp. The preparation asks,
    // and messages tell.
    const base = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
      { creds: auth.creds, keys: directKeyStore(keys, lock) },
      logger,
    );
    const names = new TwoNames(base);
    const operations = new SignalOperations({ keys, creds, latestSessions, names, lock });
    return repositoryOver(base, operations, new Messages(options, creds, names, operations), options);
  };
}

/** Baileys' interface. What it has besides stays Baileys' own. */
function repositoryOver(
  base: Repository,
  operations: SignalOperations,
  messages: Messages,
  { sendUnderWay, onFault }: RepositoryOptions,
): Repository {
  /**
   * While a message is sent Baileys looks for sessions to ask for those that are missing; then nothing is asked for any
   * more.
   */
  const missing = (reason: string): { exists: false; reason: string } => {
    if (sendUnderWay()) throw new PreparedNoMore('A session');
    return { exists: false, reason };
  };
  return {
    ...base,
    lidMapping: base.lidMapping,
    decryptMessage: ({ jid, type, ciphertext }) => messages.decrypt(jid, type, ciphertext),
    encryptMessage: ({ jid, data }) => messages.encrypt(jid, data),

    async validateSession(jid) {
      const record = await operations.recordOf(jid);
      if (!record) return missing('no session');
      return record.haveOpenSession() ? { exists: true } : missing('no open session');
    },

    injectE2ESession: ({ jid, session }) => operations.beginSession(jid, session),

    async getSessionInfo(jid) {
      const open = (await operations.recordOf(jid))?.getOpenSession();
      if (!open || typeof open.registrationId !== 'number') return null;
      return { baseKey: new Uint8Array(open.indexInfo.baseKey), registrationId: open.registrationId };
    },

    /** Under every name, or the one under the other would come back. */
    async deleteSession(jids) {
      await base.deleteSession((await Promise.all(jids.map((jid) => messages.names.all(jid)))).flat());
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
}

/**
 * Messages of one organization, both ways. Every failed decryption is told to `onFault`, so a fault always belongs to
 * the organization whose repository this is.
 */
class Messages {
  constructor(
    private readonly options: RepositoryOptions,
    private readonly creds: Creds,
    readonly names: TwoNames,
    private readonly operations: SignalOperations,
  ) {}

  async decrypt(jid: string, type: MessageType, ciphertext: Uint8Array): Promise<Uint8Array> {
    const { decryptedBefore, onDecrypted, onFault } = this.options;
    const digest = createHash('sha256').update(ciphertext).digest('base64');
    const before = decryptedBefore.get(digest);
    if (before) {
      onFault({ kind: 'duplicate_message', text: `${type}: delivered again` });
      await onDecrypted(ciphertext, before, this.isOwn(jid));
      return before;
    }
    let plaintext: Buffer;
    try {
      plaintext = await this.operations.decrypt(jid, type, Buffer.from(ciphertext));
    } catch (error) {
      throw await this.unreadable(jid, type, ciphertext, error);
    }
    decryptedBefore.set(digest, plaintext);
    await onDecrypted(ciphertext, plaintext, this.isOwn(jid));
    return plaintext;
  }

  /** Tells the fault. @returns the error whose text says to Baileys what to do */
  private async unreadable(jid: string, type: MessageType, ciphertext: Uint8Array, error: unknown): Promise<unknown> {
    const { onFault, messageIdOf, isAskedAgain } = this.options;
    const fault = decryptionFault(error, type);
    const jids = await this.names.all(jid);
    const customer = (await this.names.addressOf(jid)).id;
    const number = jids.find((one) => isPhoneNumber(one)) ?? jid;
    const maskedCustomer = maskPhone(jidDecode(number)?.user ?? '');
    onFault({ ...fault, messageId: messageIdOf(ciphertext), customer, maskedCustomer });
    // With this text Baileys refuses the message, and does not ask for it (lib/Socket/messages-recv.js,
    // handleMessage).
    if (!this.isOwn(jid) && !isAskedAgain(customer, jids))
      return new Error('Key used already or never filled', { cause: error });
    // Seen before, but not by this process: one died between decrypting and telling anybody. With this text Baileys
    // asks the customer's phone to send it afresh; with libsignal's own it would refuse the message, and it would be
    // lost.
    if (fault.kind === 'duplicate_message')
      return new Error('No matching sessions found for message', { cause: error });
    return error;
  }

  async encrypt(jid: string, data: Uint8Array): Promise<{ type: MessageType; ciphertext: Uint8Array }> {
    const encrypted = await this.operations.encrypt(jid, data);
    // After it was written, so that both wait for the disk at one time. Only the chat's own copies wait: without one of
    // them Baileys makes no stanza, and those for the organization's phone are encrypted one after the other, for all
    // sends.
    const send = this.options.sendUnderWay();
    if (send && this.isOwn(jid) === this.isOwn(send.chatId)) {
      await send.after;
      send.encrypted = true;
    }
    return encrypted;
  }

  private isOwn(jid: string): boolean {
    const { me } = this.creds;
    return [me?.id, me?.lid].some((mine) => areJidsSameUser(mine, jid));
  }
}
