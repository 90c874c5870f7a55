import type { ServiceEvent } from '../../events/catalogue.js';
import type { OrganizationId } from '../../organization-id.js';

/** What happened, as yet without its number. */
export type Fact = Omit<ServiceEvent, 'id'>;

export interface NewEvent {
  readonly fact: Fact;
  /** The webhooks that get a delivery of it. */
  readonly webhookIds: readonly string[];
}

export interface EventQuery {
  /** All organizations when absent. */
  readonly organizationId?: OrganizationId;
  /** The id after which to begin; with `newestFirst` the one before which. */
  readonly after?: number;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

/**
 * What happened, in its order.
 *
 * - Ids grow in the order of the calls of `append`, also when nobody waits for one before the next. A number is never
 *   used again.
 * - Promises of `append` settle in the order of their calls.
 * - A read sees every `append` that was called before it, whether or not it has resolved.
 * - Not synced one by one: after a power cut the last moments may be missing, never the order or the rest.
 * - A method that cannot do its work rejects, and has changed nothing.
 */
export interface LedgerStore {
  /**
   * Stores these events and all their deliveries in one commit: all are there, or nothing is. They resolve with their
   * ids when they are stored. A `message.undelivered` among them is noted as told in the same commit; that is
   * possible once for each message, and rejects after.
   */
  append(events: readonly NewEvent[]): Promise<ServiceEvent[]>;
  /** Oldest first, unless the query says otherwise. */
  list(query: EventQuery): Promise<ServiceEvent[]>;
  /** Whether a `message.received` of this message is among the events that are kept. */
  hasReceived(organizationId: OrganizationId, messageId: string): Promise<boolean>;
  /**
   * Forgets all events of an organization but the newest `keep`, and notes from when on they are complete, in one
   * commit.
   */
  prune(organizationId: OrganizationId, keep: number): Promise<void>;
  /**
   * From when on (epoch ms) every event of this organization, or of all, is kept; null when none was ever forgotten.
   */
  completeFrom(organizationId?: OrganizationId): Promise<number | null>;
}
