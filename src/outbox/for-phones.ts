import type { OrganizationId } from '../organization-id.js';
import type { Entry } from './entry.js';
import type { Outbox } from './outbox.js';

/** Which phone is linked, and what waits for another one. */
export class ForPhones {
  /** Accepted for another phone than the one that is linked; they hold no place, by message id. */
  readonly held = new Map<string, Entry>();
  /** The phone with which this process saw it connected last; null before the first time. */
  private phone: string | null = null;

  constructor(
    private readonly id: OrganizationId,
    private readonly outbox: Outbox,
  ) {}

  /** Returns whether it is another one than before. */
  connected(phone: string): boolean {
    const isOther = phone !== this.phone;
    this.phone = phone;
    return isOther;
  }

  isForOther({ forPhone }: Entry): boolean {
    const phone = this.phone ?? this.outbox.linkedPhone(this.id);
    return phone !== null && forPhone !== null && forPhone !== phone;
  }

  /** Those that need no longer wait for another phone, in their order. */
  letGo(): Entry[] {
    const free = [...this.held.values()].filter((entry) => !this.isForOther(entry));
    free.sort((one, other) => one.seq - other.seq);
    for (const { messageId } of free) this.held.delete(messageId);
    return free;
  }
}
