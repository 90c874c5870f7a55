import type { Content } from '../content/content.js';
import type { OrganizationId } from '../organization-id.js';

/**
 * States of an outbox message, in the order in which they may follow each other; a message only ever moves forward.
 * `unconfirmed` stands before `sent`: a late ack or receipt still tells the truth about it.
 */
export const MESSAGE_STATES = [
  /** Stored; nothing was tried. */
  'queued',
  /** Handed to a socket at least once; WhatsApp has not answered. */
  'sending',
  /** Tried for as long as repeating is safe, and WhatsApp never answered: it may or may not have arrived. */
  'unconfirmed',
  /** WhatsApp has it. */
  'sent',
  /** On the customer's phone. */
  'delivered',
  'read',
  /** Refused for good; `error_code` says why. */
  'failed',
  /** Its time was over before it could be sent. */
  'expired',
  /** Taken back, or replaced by a newer message, before it was sent. */
  'cancelled',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

const MAY_FOLLOW: Readonly<Record<MessageState, readonly MessageState[]>> = {
  queued: ['sending', 'failed', 'expired', 'cancelled'],
  // A refusal by WhatsApp is final, and so is silence; a receipt may come before (or instead of) the ack.
  sending: ['unconfirmed', 'sent', 'delivered', 'read', 'failed'],
  unconfirmed: ['sent', 'delivered', 'read', 'failed'],
  sent: ['delivered', 'read'],
  delivered: ['read'],
  read: [],
  failed: [],
  expired: [],
  cancelled: [],
};

export function mayFollow(from: MessageState, to: MessageState): boolean {
  return MAY_FOLLOW[from].includes(to);
}

/** The states from which `to` may be reached; what an UPDATE asks for. */
export function statesBefore(to: MessageState): MessageState[] {
  return MESSAGE_STATES.filter((from) => mayFollow(from, to));
}

/** WhatsApp has the message, or nothing more will be tried. */
export function isSettled(state: MessageState): boolean {
  return state !== 'queued' && state !== 'sending';
}

/** Why a message failed or was cancelled; stable codes. */
export type MessageErrorCode =
  | 'not_on_whatsapp'
  /** WhatsApp refused the recipient (463): account restricted, or a first contact that may not be made. */
  | 'recipient_refused'
  /** WhatsApp refused the message with another code. */
  | 'message_refused'
  /** The connection ended twice when this very message was handed over. */
  | 'message_poisoned'
  | 'replaced'
  | 'cancelled_by_request';

/** What goes with a change of state. */
export interface ChangeDetails {
  readonly chatId?: string;
  readonly errorCode?: MessageErrorCode;
  readonly ackCode?: number;
}

/** What a person may decide about messages that were accepted for another phone. */
export const OTHER_PHONE_DECISIONS = ['send', 'cancel'] as const;
export type OtherPhoneDecision = (typeof OTHER_PHONE_DECISIONS)[number];

/** Everything about one accepted message. Times are epoch ms. */
export interface OutboxMessage {
  /** The id it carries at WhatsApp, from the first try to the last. */
  readonly messageId: string;
  readonly organizationId: OrganizationId;
  /** Digits. */
  readonly phone: string;
  /** Where it goes (went), once the number was resolved. */
  readonly chatId: string | null;
  readonly state: MessageState;
  readonly errorCode: MessageErrorCode | null;
  /** WhatsApp's code of a refusal. */
  readonly ackCode: number | null;
  readonly replaceKey: string | null;
  readonly attempts: number;
  readonly sendAt: number;
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly firstTryAt: number | null;
  /** When each state was entered. */
  readonly times: Readonly<Partial<Record<MessageState, number>>>;
}

/** A message that waits to be sent, as the dispatcher holds it in memory; its content stays on disk. */
export interface PendingMessage {
  readonly messageId: string;
  readonly organizationId: OrganizationId;
  /** Its place in the order of acceptance. */
  readonly seq: number;
  readonly phone: string;
  readonly state: 'queued' | 'sending';
  readonly sendAt: number;
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly firstTryAt: number | null;
  /**
   * The phone for which it was accepted (digits), and from which alone it leaves without a person's word; null when
   * that is not known.
   */
  readonly forPhone: string | null;
  /** How often the connection ended in a stream error while it was handed over and not answered. */
  readonly streamEnds: number;
}

/** Oldest first, unless the query says otherwise. */
export interface MessageQuery {
  readonly organizationId: OrganizationId;
  readonly states?: readonly MessageState[];
  readonly phone?: string;
  /** `seq` of the last message of the page before. */
  readonly after?: number;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

/** What a caller hands over. */
export interface NewMessage {
  readonly organizationId: OrganizationId;
  /** Digits. */
  readonly phone: string;
  readonly content: Content;
  /** Epoch ms; not before. Now when absent. */
  readonly sendAt?: number;
  /** Epoch ms; never sent after. */
  readonly expiresAt: number;
  readonly replaceKey?: string;
  readonly idempotencyKey?: string;
  /**
   * What else makes the request this one, in one text: two with one idempotency key are the same when phone, content,
   * replace key and this are.
   * The times as the caller gave them, not those computed from them: a repetition a minute later asks for the same.
   */
  readonly fingerprint?: string;
}
