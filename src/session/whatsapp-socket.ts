import type { Content } from '../content/content.js';
import type { SessionFault } from '../health/session-fault.js';
import type { Logger } from '../logger.js';
import type { Creds, OrganizationKeys } from '../store/ports.js';
import type { DisconnectReason } from './disconnect-reason.js';
import type { MessageToHand } from './message-carrier.js';

export { NotAnsweredError, NothingLeftError } from './message-carrier.js';
export type { MessageToHand, WaitReason } from './message-carrier.js';

/** Something that WhatsApp delivers. `kind` is its tag: `message`, `receipt`, `notification`, `call`. */
export interface InboundStanza {
  readonly kind: string;
  readonly id: string;
  /** Whose it is, for people: the last digits of a number or LID; empty when it is nobody's. */
  readonly maskedCustomer: string;
}

/**
 * A stanza that was under way at two stream errors. Whether it is to blame is known when WhatsApp delivers it again, or
 * does not.
 */
export interface InboundSuspect {
  readonly key: string;
  /** WhatsApp itself named it in the stream error. */
  readonly isNamed: boolean;
}

/** Why WhatsApp gave no pairing code. */
export type PairingRefusal = 'rate_limited' | 'refused' | 'no_answer';

export class PairingCodeRefusedError extends Error {
  /** WhatsApp's error code. */
  readonly errorCode: number | null;
  /** When WhatsApp said how long to wait, ms. */
  readonly retryAfterMs: number | null;

  constructor(
    readonly reason: PairingRefusal,
    { errorCode, retryAfterMs, cause }: { errorCode?: number; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(`WhatsApp gave no pairing code: ${reason}${errorCode === undefined ? '' : ` (error ${errorCode})`}`, {
      cause,
    });
    this.name = 'PairingCodeRefusedError';
    this.errorCode = errorCode ?? null;
    this.retryAfterMs = retryAfterMs ?? null;
  }
}

/**
 * What a socket tells its session. Delivered synchronously, in order; `paired` and `open` when the credentials are
 * stored, and never when they are refused.
 */
export type SocketEvent =
  /** A QR to show for so long; replaces the one before. */
  | { readonly type: 'qr'; readonly text: string; readonly lastsMs: number }
  /** The phone linked this device; WhatsApp closes with `restart_required` next. */
  | { readonly type: 'paired'; readonly phoneNumber: string }
  /** Logged in; sends are possible. */
  | { readonly type: 'open'; readonly phoneNumber: string }
  | { readonly type: 'fault'; readonly fault: SessionFault }
  /**
   * A message of a customer was decrypted and stored in the Signal state. Its receipt waits for what the listener
   * returns.
   */
  | { readonly type: 'message_received'; readonly messageId: string }
  /** WhatsApp's ack of a message of ours; `errorCode` when it refused it. Told before Baileys hears of it. */
  | { readonly type: 'ack'; readonly messageId: string; readonly errorCode: number | null }
  /** A customer's device has (or the customer has read) messages of ours. */
  | { readonly type: 'receipt'; readonly messageIds: readonly string[]; readonly status: 'delivered' | 'read' }
  /** See CarrierNews. */
  | { readonly type: 'acquainted'; readonly names: readonly string[] }
  /**
   * The accused stanza has come again: it is to blame for two stream errors. It is acknowledged, and nothing else is
   * done with it.
   */
  | { readonly type: 'stanza_set_aside'; readonly stanza: InboundStanza }
  /**
   * All that had waited has come, and nothing of it was under way at the last stream error: nothing inbound explains
   * that one.
   */
  | { readonly type: 'suspects_stayed_away' }
  /** The end, exactly once, unless the session closed the socket itself: then nothing is told after `close`. */
  | { readonly type: 'closed'; readonly reason: DisconnectReason; readonly suspect?: InboundSuspect | null };

/** Of `message_received` it returns when the message is told and stored; never rejects. */
export type SocketListener = (event: SocketEvent) => void | Promise<void>;

/** One connection to WhatsApp. Does not reconnect; its session opens another one. */
export interface WhatsAppSocket {
  /**
   * The chat id of a phone number (digits), or null when it is not on WhatsApp.
   * @throws NotAnsweredError
   */
  resolveChat(phoneNumber: string): Promise<string | null>;
  /**
   * Completes what a message to this chat needs: the devices of the customer and of the organization, a Signal session
   * with each, the customer's LID. A device whose keys cannot be had now is skipped. `fresh` forgets what was known;
   * when WhatsApp must be asked, it is not before `after`. Resolves with the customer's LID (`<digits>@lid`), null when
   * it is not known.
   * @throws NotAnsweredError, with `no_reachable_device` when none of the customer's devices can be reached; nothing
   *   has left
   */
  prepare(chatId: string, options?: { fresh?: boolean; after?: Promise<void> }): Promise<string | null>;
  /**
   * Encrypts a text at once and hands it to the connection when `after` has resolved; when that rejects, so does this,
   * and nothing has left. Otherwise neither that it resolves nor that it rejects says whether WhatsApp has it: the
   * `ack` event does.
   * @throws NothingLeftError when it is certain that nothing has left
   */
  hand(message: MessageToHand): Promise<void>;
  /**
   * Drops the Signal sessions with those devices of a customer (SessionFault) whose messages could not be read. They
   * are begun anew.
   */
  resetCustomer(customer: string): Promise<void>;
  /**
   * Asks for an 8-character code to type on the phone with this number (digits) instead of scanning. Resolves when
   * WhatsApp accepted it.
   * @throws PairingCodeRefusedError
   */
  requestPairingCode(phoneNumber: string): Promise<string>;
  /**
   * Removes this device from the phone's list; true only when WhatsApp confirmed it within `deadlineMs`, by its answer
   * or by an end that says so. What it refuses, does not answer, or cuts off is not confirmed. The socket ends in any
   * case.
   */
  unlink(deadlineMs: number): Promise<boolean>;
  /**
   * Ends the connection now, without a farewell that a dead peer could delay. Idempotent; no event follows, no key is
   * written after.
   */
  close(): void;
}

export interface OpenSocketOptions {
  readonly organizationId: string;
  /** Open as long as the socket is. */
  readonly keys: OrganizationKeys;
  /** As `keys.load()` has just told; the socket changes them, and stores what it changed. */
  readonly creds: Creds;
  readonly listener: SocketListener;
  readonly logger: Logger;
  /**
   * Something begins for which the rest of this organization's work waits; to be ended by the function that is
   * returned.
   */
  readonly hold: (by: 'keys' | 'disk') => () => void;
  /**
   * The content of a message of ours that a customer's device could not read and asks for again; undefined when it is
   * not kept.
   */
  readonly sentContent: (messageId: string) => Promise<Content | undefined>;
}

/** Opens sockets; implemented by `baileys/baileys-socket.ts`. */
export interface WhatsAppSockets {
  /** Credentials of a new device, not linked to any phone. */
  newCredentials(): Record<string, unknown>;
  open(options: OpenSocketOptions): WhatsAppSocket;
  /** When WhatsApp delivers this stanza again, before anything else that was under way with it, it is set aside. */
  accuse(organizationId: string, suspect: InboundSuspect): void;
  /** Forgets what was remembered for an organization across sockets (after its keys were replaced). */
  forget(organizationId: string): void;
}
