/**
 * "Until something is true", without polling: whoever changes the emulator's state calls `notify`, and each waiter's
 * question is asked again, at most once per turn of the event loop however many changes there were.
 */
export interface WaitOptions {
  /** After this the wait fails; default 20,000 ms. */
  timeoutMs?: number;
  /** What is being waited for, for the failure's message. */
  what?: string;
}

interface Waiter {
  isTrue: () => boolean;
  resolve: () => void;
  reject: (error: Error) => void;
}

const DEFAULT_TIMEOUT_MS = 60_000;

export class Changes {
  private readonly waiters = new Set<Waiter>();
  private scheduled = false;
  private stopped = false;

  notify(): void {
    if (this.scheduled || this.waiters.size === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      for (const waiter of [...this.waiters]) this.ask(waiter);
    });
  }

  async until(isTrue: () => boolean, { timeoutMs = DEFAULT_TIMEOUT_MS, what }: WaitOptions = {}): Promise<void> {
    if (isTrue()) return;
    if (this.stopped) throw new Error('the emulator has been stopped');
    const sentence = `${what ?? 'the awaited state'} did not come about within ${timeoutMs} ms`;
    // Made here, so that the stack leads to the one who waits.
    const late = new Error(sentence);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(late)), timeoutMs);
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        act();
      };
      const waiter: Waiter = {
        isTrue,
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      };
      this.waiters.add(waiter);
    });
  }

  /** Fails everybody who still waits. */
  stop(): void {
    this.stopped = true;
    for (const waiter of [...this.waiters]) waiter.reject(new Error('the emulator has been stopped'));
  }

  private ask(waiter: Waiter): void {
    try {
      if (waiter.isTrue()) waiter.resolve();
    } catch (error) {
      waiter.reject(error as Error);
    }
  }
}
