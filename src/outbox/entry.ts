import type { WaitReason } from '../session/message-carrier.js';
import type { PendingMessage } from './outbox-message.js';

/** Why a message waits, since when, and when it is tried again (epoch ms). */
export interface Waiting {
  readonly reason: WaitReason;
  readonly since: number;
  readonly nextTryAt: number | null;
}

/** A message in the dispatcher's hands, with what was tried. */
export interface Entry extends PendingMessage {
  forPhone: string | null;
  notBefore: number;
  failures: number;
  refreshed: boolean;
  /** Wakes it from a rest, or from waiting for its time or for a late ack. */
  timer: NodeJS.Timeout | null;
  /** Whether it holds its customer's place; one that waits for its time, or behind another, does not. */
  holdsPlace: boolean;
  /**
   * Resolves when it is on disk. Before that it may be claimed, in the same commit, but nobody is asked anything for
   * its sake.
   */
  stored: Promise<void> | undefined;
  streamEnds: number;
  /** Its customer's LID, once it was prepared and where that is known. */
  lid: string | null;
  /** Known to be no first contact. */
  isContact: boolean;
  /** What its last try met; null when it met nothing. */
  waiting: Waiting | null;
}

export function newEntry(message: PendingMessage, stored?: Promise<unknown>): Entry {
  const entry: Entry = {
    ...message,
    notBefore: message.sendAt,
    failures: 0,
    refreshed: false,
    timer: null,
    holdsPlace: false,
    stored: stored?.then(() => {}),
    lid: null,
    isContact: false,
    waiting: null,
  };
  // Whoever stores it hears of a failure.
  entry.stored?.catch(() => {});
  return entry;
}

/** Notes what a message met. Its `since` stays while the reason does. */
export function note(entry: Entry, reason: WaitReason, times: { now: number; nextTryAt: number | null }): void {
  const since = entry.waiting?.reason === reason ? entry.waiting.since : times.now;
  entry.waiting = { reason, since, nextTryAt: times.nextTryAt };
}
