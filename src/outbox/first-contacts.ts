import type { Logger } from '../logger.js';
import type { OrganizationId } from '../organization-id.js';
import type { DispatcherHouse } from './desk.js';
import type { Entry } from './entry.js';

interface Surroundings {
  readonly id: OrganizationId;
  readonly house: DispatcherHouse;
  readonly logger: Logger;
}

/** Messages to customers to whom an organization never wrote: they rest for a while when WhatsApp refuses one. */
export class FirstContacts {
  /** Resting first contacts, by phone. */
  readonly resting = new Map<string, Entry>();

  constructor(private readonly surroundings: Surroundings) {}

  /** For how long first contacts rest, ms; not above 0 when they do not. */
  pause(): number {
    const { id, house } = this.surroundings;
    return house.outbox.firstContactsPausedUntil(id) - house.now();
  }

  /** Whether first contacts rest and this may be one; what was tried before, or goes to a known customer, is none. */
  mayHaveToRest({ firstTryAt, isContact }: Entry): boolean {
    return firstTryAt === null && !isContact && this.pause() > 0;
  }

  /** Whether its customer is a first contact. */
  async isNew(entry: Entry): Promise<boolean> {
    const { id, house } = this.surroundings;
    // Somebody may write meanwhile.
    if (await house.outbox.customers.isContact(id, entry.phone, entry.lid)) entry.isContact = true;
    return !entry.isContact;
  }

  isResting(entry: Entry): boolean {
    return this.resting.get(entry.phone) === entry;
  }

  /** WhatsApp refused a recipient. The entry of the message, when it is held here. */
  async refused(messageId: string, entry: Entry | undefined): Promise<void> {
    if (!(await this.wentToSomebodyNew(messageId, entry))) return;
    const { id, house, logger } = this.surroundings;
    const until = house.now() + house.settings.firstContactPauseMs;
    await house.outbox.pauseFirstContacts(id, until);
    logger.error(
      { event: 'first_contacts_paused', until: new Date(until).toISOString() },
      'WhatsApp refuses first contacts of this organization: messages to customers it never wrote to rest for a while.',
    );
  }

  /** Whether this message goes (went) to somebody new; false for one that nobody knows. */
  private async wentToSomebodyNew(messageId: string, entry: Entry | undefined): Promise<boolean> {
    const { id, house } = this.surroundings;
    const phone = entry?.phone ?? (await house.outbox.get(messageId))?.phone;
    return phone !== undefined && !(await house.outbox.customers.isContact(id, phone, entry?.lid));
  }
}
