/** What an event is about: the same `message` counts once, `customer` tells whose it is. Opaque keys, never logged. */
export interface About {
  readonly message?: string | undefined;
  readonly customer?: string | undefined;
}

/**
 * Counts what happened within the last `lengthMs`; time is an argument, so there are no timers. An event counts while
 * `now - at < lengthMs`. Bounded: it never holds more than `capacity` times (the newest ones), which is all a limit
 * needs to be judged.
 */
export class SlidingWindow {
  private events: (About & { readonly at: number })[] = [];

  constructor(
    readonly lengthMs: number,
    private readonly capacity = 1000,
  ) {}

  /**
   * Adds an event at `now` (epoch ms) and returns how many are in the window. A message that is there already is not
   * added again.
   */
  add(now: number, about: About = {}): number {
    const { message } = about;
    this.count(now);
    if (message !== undefined && this.events.some((event) => event.message === message)) return this.events.length;
    this.events.push({ ...about, at: now });
    if (this.events.length > this.capacity) this.events.shift();
    return this.events.length;
  }

  count(now: number): number {
    // A clock that was set back would keep old events alive for ever; events of the future are dropped as well.
    this.events = this.events.filter(({ at }) => now - at < this.lengthMs && at <= now);
    return this.events.length;
  }

  /** Takes back one event that was added at this very time. False when there is none. */
  forgive(at: number): boolean {
    const index = this.events.findIndex((event) => event.at === at);
    if (index >= 0) this.events.splice(index, 1);
    return index >= 0;
  }

  /** Whose events are in the window, and of how many nobody knows whose they are. */
  customers(now: number): { readonly known: ReadonlySet<string>; readonly unknown: number } {
    this.count(now);
    const known = new Set<string>();
    let unknown = 0;
    for (const { customer } of this.events) {
      if (customer === undefined) unknown += 1;
      else known.add(customer);
    }
    return { known, unknown };
  }

  /** When the oldest event leaves the window (epoch ms), or null when it is empty. */
  nextExpiry(now: number): number | null {
    this.count(now);
    const oldest = this.events[0];
    return oldest === undefined ? null : oldest.at + this.lengthMs;
  }

  clear(): void {
    this.events = [];
  }

  /** The same events; what is done to one of the two does not change the other. */
  copy(): SlidingWindow {
    const copy = new SlidingWindow(this.lengthMs, this.capacity);
    copy.events = [...this.events];
    return copy;
  }
}
