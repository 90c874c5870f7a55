import type { HeldUp, HoldCode } from './session-view.js';

/** Whatever takes longer holds up the organization, and its status says so, ms. */
export const HELD_UP_AFTER_MS = 10_000;

/** What is under way for an organization while the rest of its work waits. Pure; times are epoch ms. */
export class Holds {
  /** In the order in which they began. */
  private readonly underWay = new Set<HeldUp>();

  /** Something begins that others wait for. Returns the function that ends it; safe to call more than once. */
  begin(by: HoldCode, now: number): () => void {
    const hold: HeldUp = { by, since: now };
    this.underWay.add(hold);
    return () => this.underWay.delete(hold);
  }

  /** All of these are over: what they were about is gone. */
  end(...codes: readonly HoldCode[]): void {
    for (const hold of this.underWay) if (codes.includes(hold.by)) this.underWay.delete(hold);
  }

  /** What has been under way for longest, when that is too long; the same object as long as it is the same thing. */
  heldUp(now: number): HeldUp | null {
    for (const hold of this.underWay) return now - hold.since > HELD_UP_AFTER_MS ? hold : null;
    return null;
  }
}
