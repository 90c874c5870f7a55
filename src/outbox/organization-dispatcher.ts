import { maskPhone, redact, type Logger } from '../logger.js';
import { organizationLabel, type OrganizationId } from '../organization-id.js';
import {
  NotAnsweredError,
  NothingLeftError,
  type MessageCarrier,
  type WaitReason,
} from '../session/message-carrier.js';
import type { ChangeDetails, MessageState, PendingMessage } from './outbox-message.js';
import type { Outbox } from './outbox.js';
import { Pacing } from './pacing.js';
import { afterQuietHours } from './quiet-hours.js';
import { rateLimitPause, retryDelay, SPREAD_MS } from './retry-delay.js';

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

interface DispatcherHouse {
  readonly outbox: Outbox;
  readonly carrier: MessageCarrier;
  readonly settings: DispatcherSettings;
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/** Why a message waits, since when, and when it is tried again (epoch ms). */
export interface Waiting {
  readonly reason: WaitReason;
  readonly since: number;
  readonly nextTryAt: number | null;
}

/** A message in this room, with what was tried. */
interface Entry extends PendingMessage {
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

/** Whoever sleeps looks at the clock at least this often, ms: clocks are set, and settings change. */
const LONGEST_SLEEP_MS = 60_000;
/** A hand-over that was rejected on a living socket gets this long for an ack that came all the same, ms. */
const REJECTED_WAIT_MS = 5000;

/**
 * So many messages in a row may be to blame for stream errors before one that WhatsApp took proves that the keys are
 * good.
 */
const BLAMED_IN_ROW = 3;

const REFUSED_RECIPIENT = 463;
const STALE_DEVICES = 479;

/**
 * Sends one organization's messages: first in, first out for each customer, customers side by side, at the
 * organization's pace. A message holds its customer's place from its first try until its fate is known, so later ones
 * can not overtake it, and no other customer waits for it.
 */
export class OrganizationDispatcher {
  /** At most one per customer; may go now. */
  private ready: Entry[] = [];
  /** All that is held here, by message id. */
  private readonly entries = new Map<string, Entry>();
  /** Behind a message of the same customer. */
  private readonly parked = new Map<string, Entry[]>();
  /** Customers that have a message in `ready`, resting or on its way. */
  private readonly busy = new Set<string>();
  /** Handed to the live socket (or about to be), by message id. */
  private readonly inFlight = new Map<string, Entry>();
  /** Tried at least once and not answered, wherever it stands now; by message id. */
  private readonly tried = new Map<string, Entry>();
  /** Unanswered when the socket ended, by message id. */
  private readonly unanswered = new Map<string, Entry>();
  /** Resting first contacts, by phone. */
  private readonly resting = new Map<string, Entry>();
  /** Accepted for another phone than the one that is linked; they hold no place, by message id. */
  private readonly held = new Map<string, Entry>();
  /** The phone with which this process saw it connected last; null before the first time. */
  private phone: string | null = null;
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly pacing: Pacing;
  private readonly logger: Logger;
  private pumpTimer: NodeJS.Timeout | null = null;
  private lateAnswers: NodeJS.Timeout | null = null;
  private closed = false;
  /** Messages that were blamed for a stream error since WhatsApp took one. */
  private blamed = 0;
  /** Until when WhatsApp is asked nothing, because it said "too much" (epoch ms), and how often in a row it said so. */
  private askAgainAt = 0;
  private rateLimited = 0;

  constructor(
    private readonly id: OrganizationId,
    private readonly house: DispatcherHouse,
  ) {
    this.pacing = new Pacing(house.settings, house.now());
    this.logger = house.logger.child({ org: organizationLabel(id) });
  }

  /**
   * Takes a stored message in. One that was tried before the process ended is unanswered, like after the end of a
   * socket.
   */
  add(message: PendingMessage, stored?: Promise<unknown>): void {
    // It may be accepted while those from before are taken up.
    if (this.entries.has(message.messageId)) return;
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
    this.entries.set(entry.messageId, entry);
    if (entry.state === 'sending') {
      this.takePlace(entry);
      this.tried.set(entry.messageId, entry);
      this.unanswered.set(entry.messageId, entry);
      return;
    }
    this.enqueue(entry);
  }

  /** @param phone the one that is linked, digits */
  connected(phone: string): void {
    if (phone !== this.phone) {
      this.phone = phone;
      // What was accepted before any phone was noted is this one's.
      for (const entry of this.entries.values()) entry.forPhone ??= phone;
      this.letGo();
      // The pause of first contacts was the former phone's.
      for (const entry of [...this.resting.values()]) this.wakeEarly(entry);
    }
    if (this.unanswered.size > 0 && !this.lateAnswers) {
      this.lateAnswers = this.after(this.house.settings.lateAnswerWaitMs, () => {
        this.lateAnswers = null;
        this.repeatUnanswered();
      });
    }
    this.pump();
  }

  /**
   * A person decided that all messages may leave from the phone that is linked (digits); what was tried from another is
   * not repeated.
   */
  released(phone: string | null): void {
    for (const entry of this.entries.values()) if (entry.firstTryAt === null) entry.forPhone &&= phone;
    this.letGo();
  }

  /** Quiet hours were changed: whoever waits for their end looks again. */
  settingsChanged(): void {
    if (this.pumpTimer) this.cancel(this.pumpTimer);
    this.pumpTimer = null;
    this.pump();
  }

  disconnected(): void {
    // What was tried before and rests, or has its turn, may still be answered as well: it waits like what was under
    // way.
    for (const entry of [...this.inFlight.values(), ...this.tried.values()]) {
      if (this.held.has(entry.messageId)) continue;
      this.stopTimer(entry);
      remove(this.ready, entry);
      this.unanswered.set(entry.messageId, entry);
    }
    this.inFlight.clear();
    if (this.lateAnswers) this.cancel(this.lateAnswers);
    this.lateAnswers = null;
  }

  async acked(messageId: string, errorCode: number | null): Promise<void> {
    const entry = this.inFlight.get(messageId) ?? this.unanswered.get(messageId);
    if (errorCode === null && entry) this.blamed = 0;
    if (errorCode === null) return this.settle(messageId, 'sent');
    if (errorCode === STALE_DEVICES && entry && !entry.refreshed) {
      // Refused, so nobody has it: the device list was stale. Once more with a fresh one, under the same id.
      entry.refreshed = true;
      this.inFlight.delete(messageId);
      this.unanswered.delete(messageId);
      this.stopTimer(entry);
      this.logger.info(
        { event: 'message_retried', message_id: messageId, ack_code: errorCode },
        'Stale device list: once more with a fresh one.',
      );
      this.ready.unshift(entry);
      return this.pump();
    }
    this.logger.warn(
      { event: 'message_refused', message_id: messageId, ack_code: errorCode },
      `WhatsApp refused the message (${errorCode}).`,
    );
    if (errorCode === REFUSED_RECIPIENT && (await this.isFirstContact(messageId))) {
      const until = this.house.now() + this.house.settings.firstContactPauseMs;
      await this.house.outbox.pauseFirstContacts(this.id, until);
      this.logger.error(
        { event: 'first_contacts_paused', until: new Date(until).toISOString() },
        'WhatsApp refuses first contacts of this organization: messages to customers it never wrote to rest for a while.',
      );
    }
    const code = errorCode === REFUSED_RECIPIENT ? 'recipient_refused' : 'message_refused';
    return this.settle(messageId, 'failed', { errorCode: code, ackCode: errorCode });
  }

  /**
   * The connection ends in a stream error. True when a message is to blame: it was handed over alone, after the same
   * had happened to it before. It is set aside, and neither of the two ends says anything about the keys. Otherwise
   * whatever was handed over and not answered is suspected from now on, and goes alone. To be called before the
   * socket's end is told.
   */
  explainsStreamError(): boolean {
    const handed = [...this.inFlight.values()].filter(({ state }) => state === 'sending');
    const [only] = handed;
    if (!only) return false;
    if (handed.length === 1 && only.streamEnds > 0 && this.blamed < BLAMED_IN_ROW) {
      this.blamed += 1;
      this.logger.error(
        { event: 'message_poisoned', message_id: only.messageId },
        'The connection ended again when this message was handed over: it is set aside, and the others go on.',
      );
      this.inBackground(this.settle(only.messageId, 'failed', { errorCode: 'message_poisoned' }));
      return true;
    }
    for (const entry of handed) {
      entry.streamEnds += 1;
      this.note(entry, 'message_suspected', null);
    }
    this.inBackground(this.house.outbox.noteStreamEnd(handed.map(({ messageId }) => messageId)));
    return false;
  }

  /**
   * What a message met at its last try, or that a person must decide about it; null when it met nothing, or is not held
   * here.
   */
  waitingOf(messageId: string): Waiting | null {
    const entry = this.entries.get(messageId);
    if (!entry) return null;
    if (this.isForOtherPhone(entry)) {
      return { reason: 'other_phone', since: this.house.outbox.linkedSince(this.id), nextTryAt: null };
    }
    return entry.waiting;
  }

  async received(messageId: string, status: 'delivered' | 'read'): Promise<void> {
    await this.settle(messageId, status);
  }

  /** Somebody has written: what rested because he was a first contact may go. */
  async acquainted(names: readonly string[]): Promise<void> {
    const noted = this.house.outbox.customers.noteAcquaintance(this.id, names);
    for (const name of names) {
      const entry = this.resting.get(name);
      if (!entry) continue;
      entry.isContact = true;
      this.wakeEarly(entry);
    }
    await noted;
  }

  /** What was first tried too long ago to be repeated is unconfirmed, wherever it stands; called every second or so. */
  async giveUpOld(): Promise<void> {
    for (const entry of [...this.tried.values()]) {
      if (this.isTooOldToRepeat(entry)) await this.settle(entry.messageId, 'unconfirmed');
    }
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  // --- inside ---

  /** Puts a message where it belongs: for later, behind its customer's other message, or ready. */
  private enqueue(entry: Entry): void {
    const wait = entry.notBefore - this.house.now();
    if (wait > 0) {
      entry.timer = this.after(Math.min(wait, LONGEST_SLEEP_MS), () => this.enqueue(entry));
      return;
    }
    if (this.busy.has(entry.phone)) {
      const line = this.parked.get(entry.phone) ?? [];
      line.push(entry);
      this.parked.set(entry.phone, line);
      return;
    }
    this.takePlace(entry);
    this.ready.push(entry);
    this.pump();
  }

  private takePlace(entry: Entry): void {
    this.busy.add(entry.phone);
    entry.holdsPlace = true;
  }

  private pump(): void {
    if (this.closed || this.pumpTimer || !this.house.carrier.isConnected(this.id)) return;
    while (this.ready.length > 0 && this.inFlight.size < this.house.settings.maxInFlight) {
      if (this.isForOtherPhone(this.ready[0] as Entry)) {
        this.holdFirst();
        continue;
      }
      const now = this.house.now();
      // What is suspected goes alone, so that the next end of the connection blames one message.
      if (this.isAlone() || ((this.ready[0] as Entry).streamEnds > 0 && this.inFlight.size > 0)) return;
      if (this.mayHaveToRest(this.ready[0] as Entry)) {
        // Before the pace is asked: what rests takes no other message's turn.
        this.restIfFirstContact(this.ready.shift() as Entry);
        continue;
      }
      const quiet = afterQuietHours(this.house.outbox.quietHours(this.id), now) - now;
      const wait = quiet > 0 ? Math.min(quiet, LONGEST_SLEEP_MS) : this.pacing.take(now, this.house.random());
      if (wait > 0) {
        this.pumpTimer = this.after(wait, () => {
          this.pumpTimer = null;
          this.pump();
        });
        return;
      }
      const entry = this.ready.shift() as Entry;
      this.inFlight.set(entry.messageId, entry);
      this.attempt(entry).catch((error: unknown) => this.attemptFailed(entry, error));
    }
  }

  private isForOtherPhone({ forPhone }: Entry): boolean {
    const phone = this.phone ?? this.house.outbox.linkedPhone(this.id);
    return phone !== null && forPhone !== null && forPhone !== phone;
  }

  /** The first that is ready waits for another phone: it makes way, for what its customer gets from this one too. */
  private holdFirst(): void {
    const entry = this.ready.shift() as Entry;
    this.held.set(entry.messageId, entry);
    const next = this.leavePlace(entry);
    if (!next) return;
    this.takePlace(next);
    this.ready.push(next);
  }

  /** Those that need no longer wait for another phone, in their order. */
  private letGo(): void {
    const free = [...this.held.values()].filter((entry) => !this.isForOtherPhone(entry));
    free.sort((one, other) => one.seq - other.seq);
    for (const { messageId } of free) this.held.delete(messageId);
    for (const entry of free) this.enqueue(entry);
  }

  private isAlone(): boolean {
    for (const { streamEnds } of this.inFlight.values()) if (streamEnds > 0) return true;
    return false;
  }

  /**
   * One try. Rejects only when nothing has left for sure; after the claim only an answer, or the socket's end, decides.
   */
  private async attempt(entry: Entry): Promise<void> {
    const { outbox, carrier } = this.house;
    if (this.isTooOldToRepeat(entry) || (entry.firstTryAt !== null && entry.expiresAt <= this.house.now())) {
      return this.settle(entry.messageId, 'unconfirmed');
    }
    const chatId = await this.chatOf(entry);
    if (chatId === null) {
      return this.settle(entry.messageId, 'failed', { errorCode: 'not_on_whatsapp' });
    }
    if (this.mayHaveToRest(entry) && (await this.isNew(entry))) {
      this.resting.set(entry.phone, entry);
      return this.rest(entry, this.firstContactPause());
    }
    entry.lid = await carrier.prepare(this.id, chatId, { fresh: entry.refreshed, after: entry.stored });
    if (!this.inFlight.has(entry.messageId)) return;
    const { messageId, state, firstTryAt } = entry;
    const { content: reading, stored } = outbox.claim(messageId, chatId);
    const content = await reading;
    if (content === null) {
      // Cancelled, replaced or expired while it waited.
      await stored;
      this.dropped(messageId);
      return;
    }
    Object.assign(entry, { state: 'sending', firstTryAt: firstTryAt ?? this.house.now() });
    this.tried.set(messageId, entry);
    // Encrypted while the claim goes to the disk; it leaves when that is there.
    const handing = carrier.hand(this.id, { messageId, chatId, content, after: stored });
    handing.catch(() => {});
    try {
      await stored;
    } catch (error) {
      // Not claimed after all: nothing has left, and it is no repeat.
      Object.assign(entry, { state, firstTryAt });
      if (firstTryAt === null) this.tried.delete(messageId);
      throw error;
    }
    try {
      await handing;
    } catch (error) {
      if (error instanceof NothingLeftError && firstTryAt === null) return this.unclaim(entry, error);
      this.logger.warn(
        { event: 'message_hand_over_failed', message_id: entry.messageId },
        `The message may not have left: ${errorText(error)}`,
      );
      if (this.inFlight.get(entry.messageId) !== entry) return;
      entry.timer = this.after(REJECTED_WAIT_MS, () => {
        // No ack and the same socket: it did not leave.
        if (this.inFlight.get(entry.messageId) !== entry) return;
        this.rest(entry, this.backoff(entry));
      });
    }
  }

  /** The hand-over failed before anything left: the message is what it was before the claim, and waits. */
  private async unclaim(entry: Entry, error: NothingLeftError): Promise<void> {
    if (!(await this.house.outbox.unclaim(entry.messageId))) return;
    Object.assign(entry, { state: 'queued', firstTryAt: null });
    this.tried.delete(entry.messageId);
    this.unanswered.delete(entry.messageId);
    this.logger.info({ event: 'message_waits', message_id: entry.messageId }, errorText(error));
    const wait = this.backoff(entry);
    this.note(entry, 'no_answer', this.house.now() + wait);
    this.rest(entry, wait);
  }

  private async chatOf(entry: Entry): Promise<string | null> {
    const { outbox, carrier } = this.house;
    const known = await outbox.customers.chatOf(entry.phone);
    if (known !== undefined) return known;
    await entry.stored;
    const pause = this.askAgainAt - this.house.now();
    if (pause > 0) throw new NotAnsweredError('nothing is asked for a while', { reason: 'rate_limited' });
    const chatId = await carrier.resolveChat(this.id, entry.phone);
    this.rateLimited = 0;
    await outbox.customers.rememberChat(entry.phone, chatId);
    return chatId;
  }

  private attemptFailed(entry: Entry, error: unknown): void {
    if (this.closed) return;
    this.logger.info(
      { event: 'message_waits', message_id: entry.messageId },
      `Not sent yet to ${maskPhone(entry.phone)}, nothing has left: ${errorText(error)}`,
    );
    const wait = this.waitAfter(entry, error);
    const reason = error instanceof NotAnsweredError ? error.reason : 'no_answer';
    this.note(entry, reason, this.house.now() + wait);
    // When the socket ended meanwhile it stands among the unanswered and comes back after the reconnect.
    if (this.inFlight.get(entry.messageId) === entry) this.rest(entry, wait);
    else if (this.resting.get(entry.phone) === entry) this.sleep(entry, wait);
  }

  private waitAfter(entry: Entry, error: unknown): number {
    const { now, random } = this.house;
    const own = this.backoff(entry);
    if (!(error instanceof NotAnsweredError) || error.reason !== 'rate_limited') return own;
    if (this.askAgainAt <= now()) {
      this.askAgainAt = now() + rateLimitPause(this.rateLimited++, error.retryAfterMs, random());
    }
    return Math.max(own, this.askAgainAt - now() + Math.round(SPREAD_MS * random()));
  }

  private note(entry: Entry, reason: WaitReason, nextTryAt: number | null): void {
    const since = entry.waiting?.reason === reason ? entry.waiting.since : this.house.now();
    entry.waiting = { reason, since, nextTryAt };
  }

  /** For how long first contacts rest, ms; not above 0 when they do not. */
  private firstContactPause(): number {
    return this.house.outbox.firstContactsPausedUntil(this.id) - this.house.now();
  }

  /** Whether first contacts rest and this may be one; what was tried before, or goes to a known customer, is none. */
  private mayHaveToRest({ firstTryAt, isContact }: Entry): boolean {
    return firstTryAt === null && !isContact && this.firstContactPause() > 0;
  }

  /** Whether its customer is a first contact. */
  private async isNew(entry: Entry): Promise<boolean> {
    // Somebody may write meanwhile.
    if (await this.house.outbox.customers.isContact(this.id, entry.phone, entry.lid)) entry.isContact = true;
    return !entry.isContact;
  }

  /** A message whose turn it is rests when it is a first contact, and keeps its turn otherwise. */
  private restIfFirstContact(entry: Entry): void {
    this.resting.set(entry.phone, entry);
    const looked = (isNew: boolean): void => {
      if (this.closed || this.entries.get(entry.messageId) !== entry) return;
      if (isNew) return this.sleep(entry, this.firstContactPause());
      this.resting.delete(entry.phone);
      this.ready.unshift(entry);
      this.pump();
    };
    this.isNew(entry)
      .then(looked)
      .catch((error: unknown) => this.attemptFailed(entry, error));
  }

  /** Whether this message goes (went) to somebody new; false for one that nobody knows. */
  private async isFirstContact(messageId: string): Promise<boolean> {
    const { outbox } = this.house;
    const entry = this.entries.get(messageId);
    const phone = entry?.phone ?? (await outbox.get(messageId))?.phone;
    return phone !== undefined && !(await outbox.customers.isContact(this.id, phone, entry?.lid));
  }

  private isTooOldToRepeat({ firstTryAt }: Entry): boolean {
    return firstTryAt !== null && this.house.now() - firstTryAt >= this.house.settings.resendWithinMs;
  }

  /**
   * Whether a new try of this message is a repeat: it was handed over before, and may leave from the phone that is
   * linked.
   */
  private isToBeRepeated(entry: Entry): boolean {
    return entry.firstTryAt !== null && !this.isTooOldToRepeat(entry) && !this.isForOtherPhone(entry);
  }

  /** Ends a try and lets the message wait. */
  private rest(entry: Entry, ms: number): void {
    this.inFlight.delete(entry.messageId);
    this.sleep(entry, ms);
    this.pump();
  }

  /** Lets a message wait with its customer's place kept. */
  private sleep(entry: Entry, ms: number): void {
    entry.timer = this.after(Math.min(ms, LONGEST_SLEEP_MS), () => this.wake(entry));
  }

  private wakeEarly(entry: Entry): void {
    if (!entry.timer) return;
    this.stopTimer(entry);
    this.wake(entry);
  }

  private wake(entry: Entry): void {
    entry.timer = null;
    this.resting.delete(entry.phone);
    this.ready.push(entry);
    this.pump();
  }

  private repeatUnanswered(): void {
    const entries = [...this.unanswered.values()].sort((one, other) => one.seq - other.seq);
    this.unanswered.clear();
    const count = entries.filter((entry) => this.isToBeRepeated(entry)).length;
    if (count > 0) {
      this.logger.info({ event: 'messages_repeated', count }, 'Unanswered messages go out again under their own ids.');
    }
    this.ready.unshift(...entries);
    this.pump();
  }

  /** Moves the message on. A move that changes nothing (a repeated answer) still ends what is held here. */
  private async settle(messageId: string, to: MessageState, details: ChangeDetails = {}): Promise<void> {
    const entry = this.entries.get(messageId);
    const moving = this.house.outbox.move(messageId, to, details);
    // Written, if not on disk yet: the customer's next message may be claimed in the same commit.
    this.dropped(messageId);
    try {
      await moving;
    } catch (error) {
      // Not moved after all, and so not let go either.
      if (entry && !this.closed && !this.entries.has(messageId)) this.add(entry);
      throw error;
    }
  }

  /**
   * The message's fate is known, whoever decided it: it is let go, and its customer's next one may go. Safe to call
   * again.
   */
  dropped(messageId: string): void {
    const entry = this.entries.get(messageId);
    if (!entry) return;
    this.entries.delete(messageId);
    this.stopTimer(entry);
    this.inFlight.delete(messageId);
    this.tried.delete(messageId);
    this.unanswered.delete(messageId);
    if (this.resting.get(entry.phone) === entry) this.resting.delete(entry.phone);
    this.held.delete(messageId);
    if (entry.holdsPlace) {
      remove(this.ready, entry);
      const next = this.leavePlace(entry);
      if (next) this.enqueue(next);
    } else {
      const line = this.parked.get(entry.phone) ?? [];
      remove(line, entry);
      if (line.length === 0) this.parked.delete(entry.phone);
    }
    this.pump();
  }

  /** Returns the customer's next message, which has no place yet. */
  private leavePlace(entry: Entry): Entry | undefined {
    entry.holdsPlace = false;
    this.busy.delete(entry.phone);
    const line = this.parked.get(entry.phone) ?? [];
    const next = line.shift();
    if (line.length === 0) this.parked.delete(entry.phone);
    return next;
  }

  private backoff(entry: Entry): number {
    return retryDelay(entry.failures++, this.house.random());
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.logger.error(
        { event: 'outbox_failed' },
        `The outbox could not be written (disk full?): ${errorText(error)}`,
      );
    });
  }

  private after(ms: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.closed) work();
    }, ms);
    this.timers.add(timer);
    return timer;
  }

  private stopTimer(entry: Entry): void {
    if (entry.timer) this.cancel(entry.timer);
    entry.timer = null;
  }

  private cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.timers.delete(timer);
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

function errorText(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}
