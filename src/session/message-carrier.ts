import type { OrganizationId } from '../organization-id.js';

/** What the outbox hears of the sessions. */
export type CarrierNews =
  | { readonly type: 'connected' }
  /** The socket ended; what was handed over and not answered is unanswered. */
  | { readonly type: 'disconnected' }
  /** WhatsApp's ack of a message, with the code of a refusal. Told before anything else can happen to the socket. */
  | { readonly type: 'ack'; readonly messageId: string; readonly errorCode: number | null }
  | { readonly type: 'receipt'; readonly messageIds: readonly string[]; readonly status: 'delivered' | 'read' };

export interface MessageToHand {
  readonly messageId: string;
  readonly chatId: string;
  readonly text: string;
  readonly after: Promise<void>;
}

/**
 * The port through which the outbox sends; implemented by the session directory. Methods reject when the session is not connected, when
 * WhatsApp does not answer, or when the socket ends meanwhile.
 */
export interface MessageCarrier {
  isConnected(id: OrganizationId): boolean;
  /** The chat id of a number (digits), null when it is not on WhatsApp. Asks WhatsApp each time. */
  resolveChat(id: OrganizationId, phone: string): Promise<string | null>;
  /**
   * Learns the devices of the chat, so that the message cannot leave empty. Nothing leaves. `fresh`: forget what was known. When WhatsApp
   * must be asked, it is not before `after`.
   */
  prepare(id: OrganizationId, chatId: string, options?: { fresh?: boolean; after?: Promise<void> }): Promise<void>;
  /**
   * Hands a message to the socket that is alive now. It is encrypted at once and leaves when `after` has resolved; when that rejects, nothing
   * leaves. That it resolves says that the bytes were handed over, that it rejects does not say that they were not: only `ack` and
   * `receipt` tell the truth.
   */
  hand(id: OrganizationId, message: MessageToHand): Promise<void>;
  onNews(listener: (id: OrganizationId, news: CarrierNews) => void): void;
}
