/**
 * Counts what happened within the last `lengthMs`; time is an argument, so there are no timers. An event counts while
 * `now - at < lengthMs`. Bounded: it never holds more than `capacity` times (the newest ones), which is all a limit needs to be judged.
 */
export class SlidingWindow {
  private times: number[] = [];

  constructor(
    readonly lengthMs: number,
    private readonly capacity = 1000,
  ) {}

  /** Adds an event at `now` (epoch ms) and returns how many are in the window, this one included. */
  add(now: number): number {
    this.times.push(now);
    if (this.times.length > this.capacity) this.times.shift();
    return this.count(now);
  }

  count(now: number): number {
    // A clock that was set back would keep old events alive for ever; events of the future are dropped as well.
    this.times = this.times.filter((at) => now - at < this.lengthMs && at <= now);
    return this.times.length;
  }

  /** When the oldest event leaves the window (epoch ms), or null when it is empty. */
  nextExpiry(now: number): number | null {
    this.count(now);
    const oldest = this.times[0];
    return oldest === undefined ? null : oldest + this.lengthMs;
  }

  clear(): void {
    this.times = [];
  }
}
