import type { Attempts } from './attempts.js';
import type { Desk } from './desk.js';
import type { Entry } from './entry.js';
import { Pacing } from './pacing.js';
import { afterQuietHours } from './quiet-hours.js';
import { LONGEST_SLEEP_MS } from './timers.js';

/**
 * Whose turn it is: first in, first out for each customer, customers side by side, at the organization's pace, outside
 * its quiet hours.
 */
export class Turns {
  private readonly pacing: Pacing;
  private pumpTimer: NodeJS.Timeout | null = null;
  /** It is being looked up whether the first that is ready has to rest; nobody overtakes it meanwhile. */
  private looking = false;

  constructor(
    private readonly desk: Desk,
    private readonly attempts: Attempts,
  ) {
    const { settings, now } = desk.house;
    this.pacing = new Pacing(settings, now());
  }

  /** Puts a message where it belongs: for later, behind its customer's other message, or ready. */
  enqueue(entry: Entry): void {
    const { house, timers, lines } = this.desk;
    const wait = entry.notBefore - house.now();
    if (wait > 0) {
      entry.timer = timers.after(Math.min(wait, LONGEST_SLEEP_MS), () => this.enqueue(entry));
      return;
    }
    if (lines.join(entry)) this.pump();
  }

  /** Starts the tries of those whose turn it is. */
  pump(): void {
    const { id, house, timers, lines, tries, firstContacts, phones } = this.desk;
    const { ready } = lines;
    if (timers.isClosed || this.looking || this.pumpTimer || !house.carrier.isConnected(id)) return;
    while (ready.length > 0 && tries.inFlight.size < house.settings.maxInFlight) {
      if (phones.isForOther(ready[0] as Entry)) {
        this.holdFirst();
        continue;
      }
      const now = house.now();
      // What is suspected goes alone, so that the next end of the connection blames one message.
      if (this.isAlone() || ((ready[0] as Entry).streamEnds > 0 && tries.inFlight.size > 0)) return;
      if (firstContacts.mayHaveToRest(ready[0] as Entry)) {
        // Before the pace is asked: what rests takes no other message's turn.
        void this.restIfFirstContact(ready[0] as Entry);
        return;
      }
      const quiet = afterQuietHours(house.outbox.quietHours(id), now) - now;
      const wait = quiet > 0 ? Math.min(quiet, LONGEST_SLEEP_MS) : this.pacing.take(now, house.random());
      if (wait > 0) {
        this.pumpTimer = timers.after(wait, () => {
          this.pumpTimer = null;
          this.pump();
        });
        return;
      }
      const entry = ready.shift() as Entry;
      tries.inFlight.set(entry.messageId, entry);
      this.attempts.attempt(entry).catch((error: unknown) => this.attempts.failed(entry, error));
    }
  }

  /** Whoever waits for a turn looks again now: quiet hours were changed. */
  lookAgain(): void {
    if (this.pumpTimer) this.desk.timers.cancel(this.pumpTimer);
    this.pumpTimer = null;
    this.pump();
  }

  /** Those that need no longer wait for another phone go on, in their order. */
  letGo(): void {
    for (const entry of this.desk.phones.letGo()) this.enqueue(entry);
  }

  /** Ends a try and lets the message wait. */
  rest(entry: Entry, ms: number): void {
    this.desk.tries.inFlight.delete(entry.messageId);
    this.sleep(entry, ms);
    this.pump();
  }

  /** Lets a message wait with its customer's place kept. */
  sleep(entry: Entry, ms: number): void {
    entry.timer = this.desk.timers.after(Math.min(ms, LONGEST_SLEEP_MS), () => this.wake(entry));
  }

  wakeEarly(entry: Entry): void {
    if (!entry.timer) return;
    this.desk.timers.stop(entry);
    this.wake(entry);
  }

  private wake(entry: Entry): void {
    entry.timer = null;
    this.desk.firstContacts.resting.delete(entry.phone);
    this.desk.lines.ready.push(entry);
    this.pump();
  }

  /** The first that is ready waits for another phone: it makes way, for what its customer gets from this one too. */
  private holdFirst(): void {
    const { lines, phones } = this.desk;
    const entry = lines.ready.shift() as Entry;
    phones.held.set(entry.messageId, entry);
    const next = lines.leavePlace(entry);
    if (!next) return;
    lines.takePlace(next);
    lines.ready.push(next);
  }

  private isAlone(): boolean {
    for (const { streamEnds } of this.desk.tries.inFlight.values()) if (streamEnds > 0) return true;
    return false;
  }

  /** The first that is ready rests when it is a first contact, and keeps its turn otherwise. */
  private async restIfFirstContact(entry: Entry): Promise<void> {
    const { firstContacts, lines, timers } = this.desk;
    this.looking = true;
    // Somebody may write during the look.
    firstContacts.resting.set(entry.phone, entry);
    try {
      const isNew = await firstContacts.isNew(entry);
      // Its fate may be known by now, or the pause over.
      if (timers.isClosed || !firstContacts.isResting(entry)) return;
      if (isNew && firstContacts.pause() > 0) {
        lines.withdraw(entry);
        this.sleep(entry, firstContacts.pause());
      } else firstContacts.resting.delete(entry.phone);
    } catch (error) {
      if (!firstContacts.isResting(entry)) return;
      lines.withdraw(entry);
      this.attempts.failed(entry, error);
    } finally {
      this.looking = false;
      this.pump();
    }
  }
}
