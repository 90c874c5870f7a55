import { organizationLabel, type OrganizationId } from '../organization-id.js';
import { Attempts } from './attempts.js';
import { CustomerLines } from './customer-lines.js';
import { errorText, type Desk, type DispatcherHouse } from './desk.js';
import { newEntry, note, type Entry, type Waiting } from './entry.js';
import { FirstContacts } from './first-contacts.js';
import { ForPhones } from './for-phones.js';
import type { ChangeDetails, MessageState, PendingMessage } from './outbox-message.js';
import { Timers } from './timers.js';
import { Tries } from './tries.js';
import { Turns } from './turns.js';

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
  private readonly desk: Desk;
  private readonly turns: Turns;
  private lateAnswers: NodeJS.Timeout | null = null;
  /** Messages that were blamed for a stream error since WhatsApp took one. */
  private blamed = 0;

  constructor(id: OrganizationId, house: DispatcherHouse) {
    const logger = house.logger.child({ org: organizationLabel(id) });
    this.desk = {
      id,
      house,
      logger,
      entries: new Map(),
      timers: new Timers(),
      lines: new CustomerLines(),
      tries: new Tries(house),
      firstContacts: new FirstContacts({ id, house, logger }),
      phones: new ForPhones(id, house.outbox),
    };
    const attempts = new Attempts(this.desk, {
      settle: (messageId, to, details) => this.settle(messageId, to, details),
      dropped: (messageId) => this.dropped(messageId),
      rest: (entry, ms) => this.turns.rest(entry, ms),
      sleep: (entry, ms) => this.turns.sleep(entry, ms),
    });
    this.turns = new Turns(this.desk, attempts);
  }

  /**
   * Takes a stored message in. One that was tried before the process ended is unanswered, like after the end of a
   * socket.
   */
  add(message: PendingMessage, stored?: Promise<unknown>): void {
    const { entries, lines, tries } = this.desk;
    const entry = newEntry(message, stored);
    entries.set(entry.messageId, entry);
    if (entry.state === 'sending') {
      lines.takePlace(entry);
      tries.tried.set(entry.messageId, entry);
      tries.unanswered.set(entry.messageId, entry);
      return;
    }
    this.turns.enqueue(entry);
  }

  /** @param phone the one that is linked, digits */
  connected(phone: string): void {
    const { house, entries, timers, tries, firstContacts, phones } = this.desk;
    if (phones.connected(phone)) {
      // What was accepted before any phone was noted is this one's.
      for (const entry of entries.values()) entry.forPhone ??= phone;
      this.turns.letGo();
      // The pause of first contacts was the former phone's.
      for (const entry of [...firstContacts.resting.values()]) this.turns.wakeEarly(entry);
    }
    if (tries.unanswered.size > 0 && !this.lateAnswers) {
      this.lateAnswers = timers.after(house.settings.lateAnswerWaitMs, () => {
        this.lateAnswers = null;
        this.repeatUnanswered();
      });
    }
    this.turns.pump();
  }

  /**
   * A person decides that what waits now may leave from the phone that is linked (digits); what was tried from another
   * is not repeated. Returns what lets it go, to be called when that is on disk.
   */
  releasing(phone: string | null): () => void {
    const untried = [...this.desk.entries.values()].filter(({ firstTryAt }) => firstTryAt === null);
    return () => {
      for (const entry of untried) entry.forPhone &&= phone;
      this.turns.letGo();
    };
  }

  /** Quiet hours were changed: whoever waits for their end looks again. */
  settingsChanged(): void {
    this.turns.lookAgain();
  }

  disconnected(): void {
    const { timers, lines, tries, phones } = this.desk;
    // What was tried before and rests, or has its turn, may still be answered as well: it waits like what was under
    // way.
    for (const entry of [...tries.inFlight.values(), ...tries.tried.values()]) {
      if (phones.held.has(entry.messageId)) continue;
      timers.stop(entry);
      lines.withdraw(entry);
      tries.unanswered.set(entry.messageId, entry);
    }
    tries.inFlight.clear();
    if (this.lateAnswers) timers.cancel(this.lateAnswers);
    this.lateAnswers = null;
  }

  async acked(messageId: string, errorCode: number | null): Promise<void> {
    const { logger, entries, timers, lines, tries, firstContacts } = this.desk;
    const entry = tries.inFlight.get(messageId) ?? tries.unanswered.get(messageId);
    if (errorCode === null && entry) this.blamed = 0;
    if (errorCode === null) return this.settle(messageId, 'sent');
    if (errorCode === STALE_DEVICES && entry && !entry.refreshed) {
      // Refused, so nobody has it: the device list was stale. Once more with a fresh one, under the same id.
      entry.refreshed = true;
      tries.inFlight.delete(messageId);
      tries.unanswered.delete(messageId);
      timers.stop(entry);
      logger.info(
        { event: 'message_retried', message_id: messageId, ack_code: errorCode },
        'Stale device list: once more with a fresh one.',
      );
      lines.ready.unshift(entry);
      return this.turns.pump();
    }
    logger.warn(
      { event: 'message_refused', message_id: messageId, ack_code: errorCode },
      `WhatsApp refused the message (${errorCode}).`,
    );
    if (errorCode === REFUSED_RECIPIENT) await firstContacts.refused(messageId, entries.get(messageId));
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
    const { house, logger, tries } = this.desk;
    const handed = [...tries.inFlight.values()].filter(({ state }) => state === 'sending');
    const [only] = handed;
    if (!only) return false;
    if (handed.length === 1 && only.streamEnds > 0 && this.blamed < BLAMED_IN_ROW) {
      this.blamed += 1;
      logger.error(
        { event: 'message_poisoned', message_id: only.messageId },
        'The connection ended again when this message was handed over: it is set aside, and the others go on.',
      );
      this.inBackground(this.settle(only.messageId, 'failed', { errorCode: 'message_poisoned' }));
      return true;
    }
    for (const entry of handed) {
      entry.streamEnds += 1;
      note(entry, 'message_suspected', { now: house.now(), nextTryAt: null });
    }
    this.inBackground(house.outbox.noteStreamEnd(handed.map(({ messageId }) => messageId)));
    return false;
  }

  /**
   * What a message met at its last try, or that a person must decide about it; null when it met nothing, or is not held
   * here.
   */
  waitingOf(messageId: string): Waiting | null {
    const { id, house, entries, phones } = this.desk;
    const entry = entries.get(messageId);
    if (!entry) return null;
    if (phones.isForOther(entry)) {
      return { reason: 'other_phone', since: house.outbox.linkedSince(id), nextTryAt: null };
    }
    return entry.waiting;
  }

  async received(messageId: string, status: 'delivered' | 'read'): Promise<void> {
    await this.settle(messageId, status);
  }

  /** Somebody has written: what rested because he was a first contact may go. */
  async acquainted(names: readonly string[]): Promise<void> {
    const { id, house, firstContacts } = this.desk;
    const noted = house.outbox.customers.noteAcquaintance(id, names);
    for (const name of names) {
      const entry = firstContacts.resting.get(name);
      if (!entry) continue;
      entry.isContact = true;
      this.turns.wakeEarly(entry);
    }
    await noted;
  }

  /** What was first tried too long ago to be repeated is unconfirmed, wherever it stands; called every second or so. */
  async giveUpOld(): Promise<void> {
    const { tries } = this.desk;
    for (const entry of [...tries.tried.values()]) {
      if (tries.isTooOldToRepeat(entry)) await this.settle(entry.messageId, 'unconfirmed');
    }
  }

  close(): void {
    this.desk.timers.close();
  }

  // --- inside ---

  /**
   * Whether a new try of this message is a repeat: it was handed over before, and may leave from the phone that is
   * linked.
   */
  private isToBeRepeated(entry: Entry): boolean {
    const { tries, phones } = this.desk;
    return entry.firstTryAt !== null && !tries.isTooOldToRepeat(entry) && !phones.isForOther(entry);
  }

  private repeatUnanswered(): void {
    const { logger, lines, tries } = this.desk;
    const entries = [...tries.unanswered.values()].sort((one, other) => one.seq - other.seq);
    tries.unanswered.clear();
    const count = entries.filter((entry) => this.isToBeRepeated(entry)).length;
    if (count > 0) {
      logger.info({ event: 'messages_repeated', count }, 'Unanswered messages go out again under their own ids.');
    }
    lines.ready.unshift(...entries);
    this.turns.pump();
  }

  /** Moves the message on. A move that changes nothing (a repeated answer) still ends what is held here. */
  private async settle(messageId: string, to: MessageState, details: ChangeDetails = {}): Promise<void> {
    const { house, entries, timers } = this.desk;
    const entry = entries.get(messageId);
    const moving = house.outbox.move(messageId, to, details);
    // Written, if not on disk yet: the customer's next message may be claimed in the same commit.
    this.dropped(messageId);
    try {
      await moving;
    } catch (error) {
      // Not moved after all, and so not let go either.
      if (entry && !timers.isClosed && !entries.has(messageId)) this.add(entry);
      throw error;
    }
  }

  /**
   * The message's fate is known, whoever decided it: it is let go, and its customer's next one may go. Safe to call
   * again.
   */
  dropped(messageId: string): void {
    const { entries, timers, lines, tries, firstContacts, phones } = this.desk;
    const entry = entries.get(messageId);
    if (!entry) return;
    entries.delete(messageId);
    timers.stop(entry);
    tries.drop(messageId);
    if (firstContacts.isResting(entry)) firstContacts.resting.delete(entry.phone);
    phones.held.delete(messageId);
    if (entry.holdsPlace) {
      lines.withdraw(entry);
      const next = lines.leavePlace(entry);
      if (next) this.turns.enqueue(next);
    } else lines.leaveLine(entry);
    this.turns.pump();
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.desk.logger.error(
        { event: 'outbox_failed' },
        `The outbox could not be written (disk full?): ${errorText(error)}`,
      );
    });
  }
}
