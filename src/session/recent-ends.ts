import type { DisconnectKind, DisconnectReason } from './disconnect-reason.js';
import { reactionTo, REPLACED_REMEMBERED_MS, type Reaction } from './reconnect-policy.js';

/**
 * What came before the end of a connection, as far as it changes what follows from that end. Outlives sockets; a
 * restart of the process forgets it, and then the service only asks once more.
 */
export class RecentEnds {
  private inRow = new Map<DisconnectKind, number>();
  private replacedAt: number | null = null;

  /** @param replacedRetryMs how long the one slow try after `replaced` waits */
  constructor(private readonly replacedRetryMs: number) {}

  /** Notes this end and decides about it. `attempt`: how many logins have failed in a row. */
  reactionTo(reason: DisconnectReason, { paired, attempt }: { paired: boolean; attempt: number }): Reaction {
    const before = (kind: DisconnectKind): number => this.inRow.get(kind) ?? 0;
    const reaction = reactionTo(reason, {
      paired,
      attempt,
      rejectedBefore: before('login_rejected'),
      restartsBefore: before('restart_required'),
      unlinkedBefore: before('unlinked'),
      replacedLately: this.wasReplacedLately(reason.at),
      replacedRetryMs: this.replacedRetryMs,
    });
    this.inRow.set(reason.kind, before(reason.kind) + 1);
    if (reason.kind === 'replaced') this.replacedAt = reason.at;
    return reaction;
  }

  /** A login was complete: no end before it is in a row with one that follows. */
  loggedIn(): void {
    this.inRow.clear();
  }

  /** A person acted: nothing of before matters any more. */
  forget(): void {
    this.inRow.clear();
    this.replacedAt = null;
  }

  /** As it is now; what is done to one of the two does not change the other. */
  copy(): RecentEnds {
    const copy = new RecentEnds(this.replacedRetryMs);
    copy.inRow = new Map(this.inRow);
    copy.replacedAt = this.replacedAt;
    return copy;
  }

  private wasReplacedLately(now: number): boolean {
    const remembered = Math.max(REPLACED_REMEMBERED_MS, 2 * this.replacedRetryMs);
    return this.replacedAt !== null && now - this.replacedAt < remembered;
  }
}
