import type { OrganizationId } from '../../organization-id.js';
import type {
  Backlog,
  Delivery,
  DeliveryQuery,
  Failure,
  Line,
  Trouble,
  Webhook,
  WebhookDepth,
} from '../../webhooks/webhook.js';
import type { LedgerStore } from './ledger.js';

/** Where events go. What a person made or changed is on disk when the promise resolves. */
export interface WebhookStore {
  /** All of them, in the order of their making. */
  all(): Promise<Webhook[]>;
  /** Stores a new one, or what was changed of one. How its deliveries went last is only noted by the DeliveryStore. */
  save(webhook: Webhook): Promise<void>;
  /** Removes one, with its troubles. Its deliveries, which may be many, stay for `DeliveryStore.eraseOrphans`. */
  remove(webhookId: string): Promise<void>;
}

/**
 * Every delivery until it is done, and for a while after. `LedgerStore.append` adds them.
 *
 * - The place of a delivery in its line is the order of the events, for good.
 * - Each method is one commit, not synced: what a power cut takes is sent again.
 * - A read sees every write that was called before it, also those of the ledger.
 * - `most` bounds what one call changes or removes, so that none holds up others; whoever gets `most` back asks again.
 */
export interface DeliveryStore {
  /** Those in which something waits. */
  lines(): Promise<Line[]>;
  /** What goes next; null when nothing waits. */
  head(line: Line): Promise<Delivery | null>;
  trouble(line: Line): Promise<Trouble | null>;
  /** A receiver took it: its line's trouble is over, and its webhook has the time. */
  noteDelivered(delivery: Delivery, at: number): Promise<void>;
  /** A try failed: the delivery has one more, its line this trouble, and its webhook the failure. */
  noteFailed(delivery: Delivery, failure: Failure, trouble: Trouble): Promise<void>;
  /** The next try of this line, or of all of this webhook's, is now. */
  endTrouble(of: Line | { readonly webhookId: string; readonly organizationId?: undefined }): Promise<void>;

  /** Parks one, if it waits. Returns how many that were. */
  parkOne(delivery: Delivery, now: number): Promise<number>;
  /** Parks what has waited in a line since `upTo` or longer, oldest first. Returns how many. */
  parkLine(line: Line, upTo: number, failure: Failure, most: number): Promise<number>;
  /** Parks the oldest of what waits of a webhook, all but `keep`. Returns how many. */
  parkOldest(webhookId: string, keep: number, now: number, most: number): Promise<number>;
  /** Puts one back into its line, in its old place and with all of its time before it. */
  putBack(delivery: Delivery, now: number): Promise<void>;
  /** The same for the oldest of what is parked. Returns how many, and in which lines. */
  putBackParked(webhookId: string, now: number, most: number): Promise<{ count: number; lines: Line[] }>;

  get(webhookId: string, deliveryId: string): Promise<Delivery | null>;
  /** Oldest first; `next` is the cursor of the following page, null at the end. */
  list(webhookId: string, query: DeliveryQuery): Promise<{ deliveries: Delivery[]; next: number | null }>;
  backlog(webhookId: string): Promise<Backlog>;
  depth(now: number): Promise<WebhookDepth>;

  /** Removes what was delivered or parked before this time. Returns how many. */
  erase(before: number, most: number): Promise<number>;
  /** Removes deliveries whose webhook was removed. Returns how many. */
  eraseOrphans(most: number): Promise<number>;
}

/** What the watch for undelivered messages remembers. That a message was told is noted by `LedgerStore.append`. */
export interface UndeliveredStore {
  /** What organizations chose, ms. */
  delays(): Promise<ReadonlyMap<OrganizationId, number>>;
  /** On disk when it resolves, and all that is noted of the organization is due. Null: it chooses nothing any more. */
  saveDelay(organizationId: OrganizationId, afterMs: number | null): Promise<void>;

  /** Up to which message, by its place in the outbox, all were looked at; null before the first. */
  place(): Promise<number | null>;
  savePlace(place: number): Promise<void>;

  /** Notes that a message is to be looked at again; replaces an earlier time. */
  lookLater(messageId: string, organizationId: OrganizationId, at: number): Promise<void>;
  /** Messages whose time has come, the earliest first. */
  due(now: number, most: number): Promise<string[]>;
  /** It is not to be looked at again. */
  forget(messageId: string): Promise<void>;

  wasTold(messageId: string): Promise<boolean>;
  /** Forgets what was told before this time. */
  forgetTold(before: number): Promise<void>;
}

/** One storage, so that an event and its deliveries are one commit. */
export interface EventStores {
  readonly ledger: LedgerStore;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly undelivered: UndeliveredStore;
  /** Nothing may be asked afterwards. */
  close(): Promise<void>;
}
