import { Boom } from '@hapi/boom';
import { connectionEnd } from '../../../src/baileys/translate-events.js';
import type { ConnectionEnd } from '../../../src/session/disconnect-reason.js';
import { REJECTED_RETRY_MS, type Reaction, type ReconnectContext } from '../../../src/session/reconnect-policy.js';

/** Ends of connections as Baileys tells them, and what is done about them. */
export const NOW = 1_700_000_000_000;
export const PAIRED: ReconnectContext = {
  paired: true,
  attempt: 0,
  rejectedBefore: 0,
  restartsBefore: 0,
  unlinkedBefore: 0,
  replacedLately: false,
  replacedRetryMs: 60_000,
};

/** Reactions that touch keys. All others leave the folder where it is. */
export const CONDEMNING: readonly Reaction['do'][] = ['set_aside'];

export const boom = (text: string, statusCode?: number, data?: unknown): Boom =>
  new Boom(text, statusCode === undefined ? { data } : { statusCode, data });
export const streamError = (tag: string, statusCode: number, attrs: Record<string, string> = {}): Boom =>
  boom(`Stream Errored (${tag})`, statusCode, { tag, attrs });
export const failure = (reason: number, attrs: Record<string, string> = {}): Boom =>
  boom('Connection Failure', reason, { reason: String(reason), location: 'atn', ...attrs });

export const slowly: Reaction = { do: 'sleep', until: NOW + REJECTED_RETRY_MS, attention: 'login_rejected' };
export const backoff: Reaction = { do: 'reconnect_with_backoff' };
export const atOnce: Reaction = { do: 'reconnect_at_once' };
export const unlinked: Reaction = { do: 'set_aside', attention: 'unlinked' };
export const replaced: Reaction = { do: 'sleep', until: NOW + 60_000, attention: 'replaced_once' };
export const fought: Reaction = { do: 'stop', status: 'disconnected', attention: 'replaced' };

export function endOf(given: Error | undefined | ConnectionEnd): ConnectionEnd {
  return given === undefined || given instanceof Error ? connectionEnd(given) : given;
}
