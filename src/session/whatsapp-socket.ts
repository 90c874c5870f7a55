import type { SessionFault } from '../health/session-fault.js';
import type { Logger } from '../logger.js';
import type { DisconnectReason } from './disconnect-reason.js';

/**
 * Keys of one organization as a socket reads and writes them; `auth/auth-database.ts` implements it. Everything is synchronous and
 * durable when it returns: that is what lets a socket save before it sends. Reads give fresh copies.
 */
export interface AuthKeys {
  readCreds(): Record<string, unknown>;
  writeCreds(creds: Record<string, unknown>): void;
  /** Values by id; absent ids are absent. */
  get(type: string, ids: readonly string[]): Record<string, unknown>;
  /** One atomic commit; null deletes. */
  set(data: Record<string, Record<string, unknown>>): void;
}

/** What a socket tells its session. Delivered synchronously, in order. */
export type SocketEvent =
  /** A QR to show; replaces the one before. */
  | { readonly type: 'qr'; readonly text: string }
  /** The phone linked this device; WhatsApp closes with `restart_required` next. */
  | { readonly type: 'paired'; readonly phoneNumber: string }
  /** Logged in; sends are possible. */
  | { readonly type: 'open'; readonly phoneNumber: string }
  | { readonly type: 'fault'; readonly fault: SessionFault }
  /** A message of a customer was decrypted and stored in the Signal state. */
  | { readonly type: 'message_received'; readonly messageId: string }
  /** The end, exactly once, unless the session closed the socket itself: then nothing is told after `close`. */
  | { readonly type: 'closed'; readonly reason: DisconnectReason };

export type SocketListener = (event: SocketEvent) => void;

/** WhatsApp acknowledged the message with an error. */
export class SendRefusedError extends Error {
  constructor(
    /** 463: account restricted or first contact refused. 479: stale device list or session. */
    readonly ackCode: number,
  ) {
    super(`WhatsApp refused the message (${ackCode})`);
    this.name = 'SendRefusedError';
  }
}

/** No ack arrived in time, or the socket ended first: the message may or may not have left. */
export class SendUnconfirmedError extends Error {
  constructor(
    /** Whether it is certain that nothing left this machine. */
    readonly nothingLeft: boolean,
    options?: ErrorOptions,
  ) {
    super('WhatsApp did not confirm the message', options);
    this.name = 'SendUnconfirmedError';
  }
}

/** One connection to WhatsApp. Does not reconnect; its session opens another one. */
export interface WhatsAppSocket {
  /**
   * Sends a text and resolves when WhatsApp has acknowledged it.
   * @param chatId as `resolveChat` gave it
   * @param deadlineMs from now
   * @throws SendRefusedError, SendUnconfirmedError
   */
  send(chatId: string, text: string, deadlineMs: number): Promise<{ messageId: string }>;
  /**
   * The chat id of a phone number (digits), or null when it is not on WhatsApp.
   * @throws when WhatsApp does not answer within `deadlineMs`
   */
  resolveChat(phoneNumber: string, deadlineMs: number): Promise<string | null>;
  /** Asks for an 8-character code to type on the phone with this number (digits) instead of scanning. */
  requestPairingCode(phoneNumber: string): Promise<string>;
  /** Removes this device from the phone's list; true when WhatsApp confirmed it within `deadlineMs`. The socket ends in any case. */
  unlink(deadlineMs: number): Promise<boolean>;
  /** Ends the connection now, without a farewell that a dead peer could delay. Idempotent; no event follows, no key is written after. */
  close(): void;
}

export interface OpenSocketOptions {
  readonly organizationId: string;
  readonly keys: AuthKeys;
  readonly listener: SocketListener;
  readonly logger: Logger;
}

/** Opens sockets; implemented by `baileys/baileys-socket.ts`. */
export interface WhatsAppSockets {
  /** Credentials of a new device, not linked to any phone. */
  newCredentials(): Record<string, unknown>;
  open(options: OpenSocketOptions): WhatsAppSocket;
  /** Forgets what was remembered for an organization across sockets (after its keys were replaced). */
  forget(organizationId: string): void;
}
