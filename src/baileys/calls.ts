import { AsyncLocalStorage } from 'node:async_hooks';
import type { WASocket } from '@whiskeysockets/baileys';

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

/**
 * What a chain of asynchronous calls through Baileys is: a send of ours, or work inside one of Baileys' transactions.
 */
interface Call {
  readonly socket: WASocket;
  readonly send?: SendUnderWay;
}

/**
 * One for the whole process. In Node 20 every promise costs time for each AsyncLocalStorage that was ever used
 * (lib/async_hooks.js, storageList). Baileys' own transactions would use one for each socket there ever was
 * (lib/Utils/auth-utils.js).
 */
export const calls = new AsyncLocalStorage<Call>();

/** The send of ours that this code runs for, if it does. */
export function sendUnderWay(): SendUnderWay | undefined {
  return calls.getStore()?.send;
}
