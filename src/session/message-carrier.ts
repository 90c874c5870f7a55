import type { Content } from '../content/content.js';
import type { OrganizationId } from '../organization-id.js';

/** Why a message waits; stable codes, shown in its answer. */
export const WAIT_REASONS = [
  /** WhatsApp did not answer a question that must be answered first. */
  'no_answer',
  /** WhatsApp said that it was asked too much (429). */
  'rate_limited',
  /** WhatsApp has neither said that the number is there nor that it is not. */
  'number_not_known_yet',
  /** The customer's devices are known, and the keys of none of them can be had now. */
  'no_reachable_device',
  'not_connected',
  'first_contacts_paused',
  'quiet_hours',
  /** It was accepted under another phone of the organization: a person decides. */
  'other_phone',
  /** A connection ended when it was handed over; it goes alone. */
  'message_suspected',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

/** WhatsApp did not answer, not in time, or not about what was asked. Nothing is concluded from it. */
export class NotAnsweredError extends Error {
  readonly reason: WaitReason;
  /** When WhatsApp said how long to wait, ms. */
  readonly retryAfterMs: number | null;

  constructor(what: string, options: { reason?: WaitReason; retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(`WhatsApp did not answer: ${what}`, { cause: options.cause });
    this.name = 'NotAnsweredError';
    this.reason = options.reason ?? 'no_answer';
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** A hand-over that failed before the message was given to the connection: nobody has it. */
export class NothingLeftError extends Error {
  constructor(cause: unknown) {
    super(`Nothing has left: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'NothingLeftError';
  }
}

/** What the outbox hears of the sessions. */
export type CarrierNews =
  /** `phoneNumber`: of the phone that is linked, digits. */
  | { readonly type: 'connected'; readonly phoneNumber: string }
  /** The socket ended; what was handed over and not answered is unanswered. */
  | { readonly type: 'disconnected' }
  /** WhatsApp's ack of a message, with the code of a refusal. Told before anything else can happen to the socket. */
  | { readonly type: 'ack'; readonly messageId: string; readonly errorCode: number | null }
  | { readonly type: 'receipt'; readonly messageIds: readonly string[]; readonly status: 'delivered' | 'read' }
  /**
   * Somebody has written, or was written to by hand on the organization's phone: he is no first contact. His names as
   * far as they are known: digits, and his LID (`<digits>@lid`).
   */
  | { readonly type: 'acquainted'; readonly names: readonly string[] };

export interface MessageToHand {
  readonly messageId: string;
  readonly chatId: string;
  readonly content: Content;
  readonly after: Promise<void>;
}

/**
 * The port through which the outbox sends; implemented by the session directory. Methods reject when the session is not
 * connected, when WhatsApp does not answer, or when the socket ends meanwhile.
 */
export interface MessageCarrier {
  isConnected(id: OrganizationId): boolean;
  /** The chat id of a number (digits), null when it is not on WhatsApp. Asks WhatsApp each time. */
  resolveChat(id: OrganizationId, phone: string): Promise<string | null>;
  /**
   * Completes what a message to this chat needs: its devices, their keys, its LID. Nothing leaves. `fresh`: forget what
   * was known. When WhatsApp must be asked, it is not before `after`. A device whose keys cannot be had is skipped;
   * when that is so of all of the customer's, it rejects. Resolves with the customer's LID (`<digits>@lid`), null when
   * it is not known.
   */
  prepare(
    id: OrganizationId,
    chatId: string,
    options?: { fresh?: boolean; after?: Promise<void> },
  ): Promise<string | null>;
  /**
   * Hands a message to the socket that is alive now. It is encrypted at once and leaves when `after` has resolved; when
   * that rejects, nothing leaves. That it resolves says that the bytes were handed over, that it rejects does not say
   * that they were not: only `ack` and `receipt` tell the truth. Only a NothingLeftError says so for certain.
   */
  hand(id: OrganizationId, message: MessageToHand): Promise<void>;
  onNews(listener: (id: OrganizationId, news: CarrierNews) => void): void;
}
