import type { Entry } from './entry.js';

/** Who is next of each customer. A place is held by at most one message per customer; the others stand behind it. */
export class CustomerLines {
  /** At most one per customer; may go now. */
  readonly ready: Entry[] = [];
  /** Behind a message of the same customer. */
  private readonly parked = new Map<string, Entry[]>();
  /** Customers that have a message in `ready`, resting or on its way. */
  private readonly busy = new Set<string>();

  /** Makes it ready, or parks it behind the message that holds its customer's place. Returns whether it is ready. */
  join(entry: Entry): boolean {
    if (this.busy.has(entry.phone)) {
      const line = this.parked.get(entry.phone) ?? [];
      line.push(entry);
      this.parked.set(entry.phone, line);
      return false;
    }
    this.takePlace(entry);
    this.ready.push(entry);
    return true;
  }

  takePlace(entry: Entry): void {
    this.busy.add(entry.phone);
    entry.holdsPlace = true;
  }

  /** Returns the customer's next message, which has no place yet. */
  leavePlace(entry: Entry): Entry | undefined {
    entry.holdsPlace = false;
    this.busy.delete(entry.phone);
    const line = this.parked.get(entry.phone) ?? [];
    const next = line.shift();
    if (line.length === 0) this.parked.delete(entry.phone);
    return next;
  }

  /** Has no turn any more; its place is kept. */
  withdraw(entry: Entry): void {
    remove(this.ready, entry);
  }

  /** One that held no place stands behind nobody any more. */
  leaveLine(entry: Entry): void {
    const line = this.parked.get(entry.phone) ?? [];
    remove(line, entry);
    if (line.length === 0) this.parked.delete(entry.phone);
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
