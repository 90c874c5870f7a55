import type { Content } from '../../content/content.js';
import type { OrganizationId } from '../../organization-id.js';
import type {
  MessageErrorCode,
  MessageQuery,
  MessageState,
  NewMessage,
  OutboxMessage,
  PendingMessage,
} from '../../outbox/outbox-message.js';
import type { QuietHours } from '../../outbox/quiet-hours.js';

/** A message that is to be stored; times are epoch ms. */
export interface MessageToStore extends Omit<NewMessage, 'fingerprint'> {
  /** The id that it will carry at WhatsApp. */
  readonly messageId: string;
  readonly acceptedAt: number;
  /** Two requests with one idempotency key mean the same message when this is the same; null without a key. */
  readonly requestHash: Buffer | null;
  /** A key of a message that was accepted at this moment or before stands for nothing any more. */
  readonly keysSince: number;
  /** So many messages of the organization may wait. */
  readonly maxWaiting: number;
}

export type Accepted =
  | {
      readonly outcome: 'stored';
      readonly message: OutboxMessage;
      readonly pending: PendingMessage;
      /** Those whose place it took; cancelled in the same commit. */
      readonly replaced: readonly OutboxMessage[];
    }
  /** The key stands for this message; nothing was stored. */
  | { readonly outcome: 'known'; readonly message: OutboxMessage }
  /** Nothing was stored. */
  | { readonly outcome: 'key_reused' | 'full' };

export interface Claim {
  readonly messageId: string;
  /** Where it goes. */
  readonly chatId: string;
  readonly at: number;
}

export interface Claimed {
  readonly content: Content;
  readonly message: OutboxMessage;
  /** False for a repeat. */
  readonly isFirst: boolean;
}

/** A change of a message's state. */
export interface Move {
  readonly messageId: string;
  /** The states from which it may be made. */
  readonly from: readonly MessageState[];
  readonly to: MessageState;
  readonly at: number;
  /** Whether its fate is known in the new state. */
  readonly settles: boolean;
  /** Its customer is no first contact from now on, under the number given and under that of the chat. */
  readonly makesContact: boolean;
  /** A receipt: nobody waits for it to be on disk when the message's fate was known before. */
  readonly isReceipt: boolean;
  readonly chatId?: string;
  readonly errorCode?: MessageErrorCode;
  readonly ackCode?: number;
}

/** What holds for all messages of an organization. */
export interface OutboxSettings {
  readonly quietHours: QuietHours | null;
  /** Epoch ms; 0: not paused. */
  readonly firstContactsPausedUntil: number;
  /** The phone that was linked last (digits), and since when; null and 0 from before this was noted. */
  readonly linkedPhone: string | null;
  readonly linkedSince: number;
}

/** A message with its place in the order of acceptance. */
export interface AcceptedMessage {
  readonly seq: number;
  readonly message: OutboxMessage;
}

/**
 * Every accepted message until its fate is known, and after; and what must be known to send.
 *
 * - **Order.** Calls take effect in the order in which they are made: each sees what those before it wrote, on disk or
 *   not.
 * - **Commits.** Each call is one commit: all of it or nothing. Calls of one moment may share a commit and a sync.
 * - **Durability.** A write is on disk when its promise resolves; of those that give two promises, when `stored` does.
 *   What `get` and `list` show is on disk.
 * - **Failure.** A write that rejects has changed nothing. `stored` of an unheard failure is no unhandled rejection.
 * - After `close` everything rejects with the ServiceError `shutting_down`.
 */
export interface OutboxStore {
  /**
   * Stores a message that is queued, for the phone that is linked now. First, a known idempotency key is answered; then
   * queued messages with its replace key are cancelled (`replaced`); a message that took no other's place is refused
   * when `maxWaiting` wait. From `written` on it may be claimed; when `stored` rejects there is no such message.
   */
  accept(message: MessageToStore): { readonly written: Promise<Accepted>; readonly stored: Promise<void> };

  /**
   * Makes a queued message whose time is not over one that is being sent; one that is being sent counts one more try,
   * and keeps the time of its first. Null when it is neither, or its content is erased. `claimed` resolves without
   * waiting for the disk, so that the content can be encrypted meanwhile; when `stored` rejects the message is what it
   * was.
   */
  claim(claim: Claim): { readonly claimed: Promise<Claimed | null>; readonly stored: Promise<void> };
  /** Makes a message that was tried once, and not answered, queued as before. Null when it is something else. */
  unclaim(messageId: string): Promise<OutboxMessage | null>;
  /**
   * `moved` without waiting for the disk: the message as it is afterwards; null when it is in none of the states of
   * `from`. The first time of settling stays.
   */
  move(move: Move): { readonly moved: Promise<OutboxMessage | null>; readonly stored: Promise<void> };
  /** Counts an end of the connection for each of these messages. */
  noteStreamEnd(messageIds: readonly string[]): Promise<void>;

  get(messageId: string): Promise<OutboxMessage | null>;
  /**
   * One page. It looks at a bounded number of messages, so it may be short, or empty, and have a `next` all the same.
   */
  list(query: MessageQuery): Promise<{ messages: OutboxMessage[]; next: number | null }>;
  /** Undefined when there is no such message of this organization, or its content is erased. */
  contentOf(organizationId: OrganizationId, messageId: string): Promise<Content | undefined>;
  /** Whether a message that was accepted after `keysSince` has this idempotency key. */
  isKeyKnown(organizationId: OrganizationId, key: string, keysSince: number): Promise<boolean>;
  /** All that wait, of all organizations, in the order of acceptance. */
  waiting(): Promise<PendingMessage[]>;
  /** Queued messages whose time is over, by id, those that have been so for longest first. */
  overdue(now: number, limit: number): Promise<string[]>;
  /** Of all organizations, the newest first. */
  newest(limit: number): Promise<OutboxMessage[]>;
  /** Of all organizations, in their order, those after `seq` up to the first that was accepted later than `until`. */
  acceptedAfter(seq: number, until: number, limit: number): Promise<AcceptedMessage[]>;
  /** Of the newest message; 0 when there is none. A message never gets a `seq` that was given before. */
  lastSeq(): Promise<number>;
  /** Messages before `seq` (null: all), the newest first; of all organizations, or one. */
  acceptedBefore(
    seq: number | null,
    limit: number,
    organizationId?: OrganizationId,
  ): Promise<(AcceptedTimes & { readonly seq: number })[]>;

  /**
   * Erases the contents of messages that were settled before `settledBefore`, and forgets the idempotency keys of those
   * that were accepted before `acceptedBefore`; at most `limit` of each. What is erased is overwritten when this
   * resolves. True when there may be more.
   */
  erase(what: { settledBefore: number; acceptedBefore: number; limit: number }): Promise<boolean>;

  /** The chat id of a number (digits) as WhatsApp said it, null: none; and when. Null when it was never asked. */
  chat(phone: string): Promise<{ readonly chatId: string | null; readonly at: number } | null>;
  rememberChat(phone: string, chatId: string | null, at: number): Promise<void>;
  /**
   * Whether one of these names (digits, or a LID `<digits>@lid`) got a message of the organization, or is acquainted.
   */
  isContact(organizationId: OrganizationId, names: readonly string[]): Promise<boolean>;
  /** Notes these names; the organization's latest `keep` are kept. Nobody waits for it to be on disk. */
  noteAcquaintance(organizationId: OrganizationId, names: readonly string[], keep: number): Promise<void>;

  /** Of every organization that has any. */
  settings(): Promise<ReadonlyMap<OrganizationId, OutboxSettings>>;
  setQuietHours(organizationId: OrganizationId, quiet: QuietHours | null): Promise<void>;
  pauseFirstContacts(organizationId: OrganizationId, until: number): Promise<void>;
  /**
   * Notes the phone that is linked. The first one takes the messages that wait for none; another one ends the pause of
   * first contacts.
   */
  linkPhone(organizationId: OrganizationId, phone: string, at: number): Promise<void>;
  /**
   * Messages that wait for another phone than the linked one become its own, but for those that were tried: they are
   * `unconfirmed`.
   */
  releaseOtherPhones(
    organizationId: OrganizationId,
    at: number,
  ): Promise<{ released: number; unconfirmed: OutboxMessage[] }>;
  /**
   * Of the messages that wait for another phone than the linked one the first `limit` are cancelled
   * (`cancelled_by_request`), or `unconfirmed` when they were tried.
   */
  cancelOtherPhones(organizationId: OrganizationId, at: number, limit: number): Promise<OutboxMessage[]>;

  /** Makes all durable that was written. */
  close(): Promise<void>;
}

/** When a message was accepted, and when it entered each state. */
export interface AcceptedTimes {
  readonly createdAt: number;
  readonly times: OutboxMessage['times'];
}
