import type { DispatcherHouse } from './desk.js';
import type { Entry } from './entry.js';

/** What was handed over, or is about to be, and has no answer. */
export class Tries {
  /** Handed to the live socket (or about to be), by message id. */
  readonly inFlight = new Map<string, Entry>();
  /** Tried at least once and not answered, wherever it stands now; by message id. */
  readonly tried = new Map<string, Entry>();
  /** Unanswered when the socket ended, by message id. */
  readonly unanswered = new Map<string, Entry>();

  constructor(private readonly house: Pick<DispatcherHouse, 'settings' | 'now'>) {}

  isTooOldToRepeat({ firstTryAt }: Entry): boolean {
    return firstTryAt !== null && this.house.now() - firstTryAt >= this.house.settings.resendWithinMs;
  }

  /** Its fate is known. */
  drop(messageId: string): void {
    this.inFlight.delete(messageId);
    this.tried.delete(messageId);
    this.unanswered.delete(messageId);
  }
}
