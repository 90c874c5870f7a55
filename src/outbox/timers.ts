import type { Entry } from './entry.js';

/** Whoever sleeps looks at the clock at least this often, ms: clocks are set, and settings change. */
export const LONGEST_SLEEP_MS = 60_000;

/** All timers of one dispatcher: when it is closed none of them does anything any more. */
export class Timers {
  private readonly running = new Set<NodeJS.Timeout>();
  private closed = false;

  get isClosed(): boolean {
    return this.closed;
  }

  after(ms: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.running.delete(timer);
      if (!this.closed) work();
    }, ms);
    this.running.add(timer);
    return timer;
  }

  /** A message's own one. */
  stop(entry: Entry): void {
    if (entry.timer) this.cancel(entry.timer);
    entry.timer = null;
  }

  cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.running.delete(timer);
  }

  close(): void {
    this.closed = true;
    for (const timer of this.running) clearTimeout(timer);
    this.running.clear();
  }
}
