/**
 * Tells all sockets of this process how much time has passed, with one timer: hundreds of idle sessions would otherwise
 * wake the process hundreds of times a second. Time in which the process itself was busy or suspended is no silence of
 * WhatsApp, for what was said meanwhile has not been read yet; so a look that comes late counts no more than two.
 */
export class SilenceWatch {
  private readonly sockets = new Set<(elapsedMs: number) => void>();
  private timer: NodeJS.Timeout | null = null;
  private lastLook = 0;

  constructor(private readonly lookEveryMs: number) {}

  /** Calls back at every look until the function that is returned is called. */
  add(passed: (elapsedMs: number) => void): () => void {
    this.sockets.add(passed);
    if (!this.timer) {
      this.lastLook = Date.now();
      this.timer = setInterval(() => this.look(), this.lookEveryMs);
    }
    return () => {
      this.sockets.delete(passed);
      if (this.sockets.size > 0 || !this.timer) return;
      clearInterval(this.timer);
      this.timer = null;
    };
  }

  private look(): void {
    const now = Date.now();
    const elapsed = Math.min(Math.max(0, now - this.lastLook), 2 * this.lookEveryMs);
    this.lastLook = now;
    for (const passed of [...this.sockets]) passed(elapsed);
  }
}
