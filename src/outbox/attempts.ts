import { maskPhone } from '../logger.js';
import { NotAnsweredError, NothingLeftError } from '../session/message-carrier.js';
import { errorText, type Desk } from './desk.js';
import { note, type Entry } from './entry.js';
import type { ChangeDetails, MessageState } from './outbox-message.js';
import { rateLimitPause, retryDelay, SPREAD_MS } from './retry-delay.js';

/** A hand-over that was rejected on a living socket gets this long for an ack that came all the same, ms. */
const REJECTED_WAIT_MS = 5000;

/** What a try may make of its message. */
interface Outcomes {
  /** Moves it on. */
  settle(messageId: string, to: MessageState, details?: ChangeDetails): Promise<void>;
  /** Its fate was known before. */
  dropped(messageId: string): void;
  /** Ends the try and lets it wait. */
  rest(entry: Entry, ms: number): void;
  /** Lets it wait with its customer's place kept. */
  sleep(entry: Entry, ms: number): void;
}

/** What one try of a message is. */
export class Attempts {
  /** Until when WhatsApp is asked nothing, because it said "too much" (epoch ms), and how often in a row it said so. */
  private askAgainAt = 0;
  private rateLimited = 0;

  constructor(
    private readonly desk: Desk,
    private readonly outcomes: Outcomes,
  ) {}

  /**
   * One try. Rejects only when nothing has left for sure; after the claim only an answer, or the socket's end, decides.
   */
  async attempt(entry: Entry): Promise<void> {
    const { id, house, tries, firstContacts } = this.desk;
    const { outbox, carrier } = house;
    if (tries.isTooOldToRepeat(entry) || (entry.firstTryAt !== null && entry.expiresAt <= house.now())) {
      return this.outcomes.settle(entry.messageId, 'unconfirmed');
    }
    const chatId = await this.chatOf(entry);
    if (chatId === null) {
      return this.outcomes.settle(entry.messageId, 'failed', { errorCode: 'not_on_whatsapp' });
    }
    if (firstContacts.mayHaveToRest(entry) && (await firstContacts.isNew(entry))) {
      if (!tries.inFlight.has(entry.messageId)) return;
      firstContacts.resting.set(entry.phone, entry);
      return this.outcomes.rest(entry, firstContacts.pause());
    }
    entry.lid = await carrier.prepare(id, chatId, { fresh: entry.refreshed, after: entry.stored });
    if (!tries.inFlight.has(entry.messageId)) return;
    const { messageId, state, firstTryAt } = entry;
    const { content: reading, stored } = outbox.claim(messageId, chatId);
    const content = await reading;
    if (content === null) {
      // Cancelled, replaced or expired while it waited.
      await stored;
      this.outcomes.dropped(messageId);
      return;
    }
    if (!tries.inFlight.has(messageId)) {
      // The socket ended, or its fate is known by now: nothing has left.
      await stored;
      if (firstTryAt === null) await outbox.unclaim(messageId);
      return;
    }
    Object.assign(entry, { state: 'sending', firstTryAt: firstTryAt ?? house.now() });
    tries.tried.set(messageId, entry);
    // Encrypted while the claim goes to the disk; it leaves when that is there.
    const handing = carrier.hand(id, { messageId, chatId, content, after: stored });
    handing.catch(() => {});
    try {
      await stored;
    } catch (error) {
      // Not claimed after all: nothing has left, and it is no repeat.
      Object.assign(entry, { state, firstTryAt });
      if (firstTryAt === null) tries.tried.delete(messageId);
      throw error;
    }
    try {
      await handing;
    } catch (error) {
      if (error instanceof NothingLeftError && firstTryAt === null) return this.unclaim(entry, error);
      this.mayHaveLeft(entry, error);
    }
  }

  /** A try was rejected: nothing has left. */
  failed(entry: Entry, error: unknown): void {
    const { house, timers, tries, firstContacts, logger } = this.desk;
    if (timers.isClosed) return;
    logger.info(
      { event: 'message_waits', message_id: entry.messageId },
      `Not sent yet to ${maskPhone(entry.phone)}, nothing has left: ${errorText(error)}`,
    );
    const wait = this.waitAfter(entry, error);
    const reason = error instanceof NotAnsweredError ? error.reason : 'no_answer';
    note(entry, reason, { now: house.now(), nextTryAt: house.now() + wait });
    // When the socket ended meanwhile it stands among the unanswered and comes back after the reconnect.
    if (tries.inFlight.get(entry.messageId) === entry) this.outcomes.rest(entry, wait);
    else if (firstContacts.isResting(entry)) this.outcomes.sleep(entry, wait);
  }

  /** The hand-over was rejected, which does not say that nothing left. */
  private mayHaveLeft(entry: Entry, error: unknown): void {
    const { timers, tries, logger } = this.desk;
    logger.warn(
      { event: 'message_hand_over_failed', message_id: entry.messageId },
      `The message may not have left: ${errorText(error)}`,
    );
    if (tries.inFlight.get(entry.messageId) !== entry) return;
    entry.timer = timers.after(REJECTED_WAIT_MS, () => {
      // No ack and the same socket: it did not leave.
      if (tries.inFlight.get(entry.messageId) !== entry) return;
      this.outcomes.rest(entry, this.backoff(entry));
    });
  }

  /** The hand-over failed before anything left: the message is what it was before the claim, and waits. */
  private async unclaim(entry: Entry, error: NothingLeftError): Promise<void> {
    const { house, tries, logger } = this.desk;
    if (!(await house.outbox.unclaim(entry.messageId))) return;
    Object.assign(entry, { state: 'queued', firstTryAt: null });
    tries.tried.delete(entry.messageId);
    tries.unanswered.delete(entry.messageId);
    logger.info({ event: 'message_waits', message_id: entry.messageId }, errorText(error));
    const wait = this.backoff(entry);
    note(entry, 'no_answer', { now: house.now(), nextTryAt: house.now() + wait });
    this.outcomes.rest(entry, wait);
  }

  private async chatOf(entry: Entry): Promise<string | null> {
    const { id, house } = this.desk;
    const { outbox, carrier } = house;
    const known = await outbox.customers.chatOf(entry.phone);
    if (known !== undefined) return known;
    await entry.stored;
    const pause = this.askAgainAt - house.now();
    if (pause > 0) throw new NotAnsweredError('nothing is asked for a while', { reason: 'rate_limited' });
    const chatId = await carrier.resolveChat(id, entry.phone);
    this.rateLimited = 0;
    await outbox.customers.rememberChat(entry.phone, chatId);
    return chatId;
  }

  private waitAfter(entry: Entry, error: unknown): number {
    const { now, random } = this.desk.house;
    const own = this.backoff(entry);
    if (!(error instanceof NotAnsweredError) || error.reason !== 'rate_limited') return own;
    if (this.askAgainAt <= now()) {
      this.askAgainAt = now() + rateLimitPause(this.rateLimited++, error.retryAfterMs, random());
    }
    return Math.max(own, this.askAgainAt - now() + Math.round(SPREAD_MS * random()));
  }

  private backoff(entry: Entry): number {
    return retryDelay(entry.failures++, this.desk.house.random());
  }
}
