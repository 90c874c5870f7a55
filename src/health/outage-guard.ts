/**
 * Tells an outage of WhatsApp or of the network from a fault of one organization: when a third of at least six sessions
 * in this process report stream errors within one window, nobody's keys are to blame. Pure; `now` (epoch ms) is an
 * argument.
 */
export class OutageGuard {
  private readonly lastStreamError = new Map<string, number>();

  constructor(private readonly options: { minSessions: number; share: number; windowMs: number }) {}

  /**
   * Notes that this organization reported a stream error at `now`. One entry per organization; forgotten with the
   * window.
   */
  streamError(organizationId: string, now: number): void {
    this.lastStreamError.set(organizationId, now);
  }

  /**
   * @param sessions how many sessions this process holds with a phone linked
   * @param including as if this organization reported one now
   */
  isOutage(sessions: number, now: number, including?: string): boolean {
    const affected = this.affected(now, including);
    return sessions >= this.options.minSessions && affected >= sessions * this.options.share;
  }

  /** How many organizations reported a stream error within the window; `including` counts as if it did. */
  affected(now: number, including?: string): number {
    for (const [id, at] of this.lastStreamError) {
      if (now - at >= this.options.windowMs || at > now) this.lastStreamError.delete(id);
    }
    const isNew = including !== undefined && !this.lastStreamError.has(including);
    return this.lastStreamError.size + (isNew ? 1 : 0);
  }
}
