import type { DisconnectKind, DisconnectReason } from './disconnect-reason.js';
import { reactionTo, type Reaction } from './reconnect-policy.js';

/**
 * What came before the end of a connection, as far as it changes what follows from that end. Outlives sockets; a restart of the process
 * forgets it, and then the service only asks once more.
 */
export class RecentEnds {
  private readonly inRow = new Map<DisconnectKind, number>();

  /** Notes this end and decides about it. `attempt`: how many logins have failed in a row. */
  reactionTo(reason: DisconnectReason, { paired, attempt }: { paired: boolean; attempt: number }): Reaction {
    const before = (kind: DisconnectKind): number => this.inRow.get(kind) ?? 0;
    const reaction = reactionTo(reason, {
      paired,
      attempt,
      rejectedBefore: before('login_rejected'),
      restartsBefore: before('restart_required'),
      unlinkedBefore: before('unlinked'),
    });
    this.inRow.set(reason.kind, before(reason.kind) + 1);
    return reaction;
  }

  /** A login was complete: no end before it is in a row with one that follows. */
  loggedIn(): void {
    this.inRow.clear();
  }

  /** A person acted: nothing of before matters any more. */
  forget(): void {
    this.inRow.clear();
  }
}
