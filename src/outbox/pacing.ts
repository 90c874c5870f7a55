/**
 * A token bucket: `burst` sends at once, then `perMinute`, each gap drawn between half and one and a half times the
 * even one, for a machine's even beat is what draws bans. Pure: `now` (epoch ms) and randomness are arguments.
 */
export class Pacing {
  private tokens: number;
  private refilledAt: number;
  private gap = 1;

  constructor(
    private readonly options: { perMinute: number; burst: number },
    now: number,
  ) {
    this.tokens = options.burst;
    this.refilledAt = now;
  }

  /** Takes one send. Returns 0 when it may go now, otherwise in how many ms to ask again (nothing was taken). */
  take(now: number, random: number): number {
    const { perMinute, burst } = this.options;
    const perMs = perMinute / 60_000;
    // A clock set back must not stop the sends.
    this.tokens += Math.max(0, now - this.refilledAt) * perMs;
    this.refilledAt = now;
    // Rested: as at the beginning. A gap longer than the burst is saved for all the same; else the mean of the gaps
    // would be too short.
    if (this.tokens >= Math.max(burst, this.gap)) {
      this.tokens = burst;
      this.gap = 1;
    }
    if (this.tokens >= this.gap) {
      this.tokens -= this.gap;
      // After a burst the next gap is jittered; while tokens are plenty there is nothing to wait for.
      this.gap = this.tokens >= 1 ? 1 : 0.5 + random;
      return 0;
    }
    return Math.max(1, Math.ceil((this.gap - this.tokens) / perMs));
  }
}
