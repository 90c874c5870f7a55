import { redact, type Logger } from '../logger.js';
import type { OrganizationId } from '../organization-id.js';
import type { MessageCarrier } from '../session/message-carrier.js';
import type { CustomerLines } from './customer-lines.js';
import type { Entry } from './entry.js';
import type { FirstContacts } from './first-contacts.js';
import type { ForPhones } from './for-phones.js';
import type { Outbox } from './outbox.js';
import type { Timers } from './timers.js';
import type { Tries } from './tries.js';

export interface DispatcherSettings {
  readonly perMinute: number;
  readonly burst: number;
  /** Messages of one organization that may wait for WhatsApp's ack at one time. */
  readonly maxInFlight: number;
  /** How long after its first try an unanswered message may be repeated, ms. */
  readonly resendWithinMs: number;
  /** How long after a reconnect late answers are waited for before a repeat, ms. */
  readonly lateAnswerWaitMs: number;
  /** How long first contacts rest after WhatsApp refused one, ms. */
  readonly firstContactPauseMs: number;
}

export interface DispatcherHouse {
  readonly outbox: Outbox;
  readonly carrier: MessageCarrier;
  readonly settings: DispatcherSettings;
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/** What the dispatcher of one organization shares with those that work for it. */
export interface Desk {
  readonly id: OrganizationId;
  readonly house: DispatcherHouse;
  readonly logger: Logger;
  /** All that is held here, by message id. */
  readonly entries: Map<string, Entry>;
  readonly timers: Timers;
  readonly lines: CustomerLines;
  readonly tries: Tries;
  readonly firstContacts: FirstContacts;
  readonly phones: ForPhones;
}

export function errorText(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}
