import type { EventName } from '../events/catalogue.js';
import type { OrganizationId } from '../organization-id.js';

/**
 * Webhooks of one organization, and of all together: each of them opens connections of this process and stores events
 * on its disk. Ten receivers of one event are more than a backend and its tools need.
 */
export const WEBHOOKS_PER_ORGANIZATION = 10;
export const GLOBAL_WEBHOOKS = 50;
export const ALL_WEBHOOKS = 2000;

/**
 * How many deliveries are changed or removed at a time, so that nothing holds up the process for longer than some ten
 * ms.
 */
export const AT_ONCE = 2000;

/** For how long the secret before still signs beside the new one, ms: a day to roll it out. */
export const OLD_SECRET_SIGNS_MS = 86_400_000;

/** Why a webhook gets nothing: a person said so, or its receiver did (410). */
export type DisabledReason = 'by_request' | 'gone';

/** What became of a try, stable codes. */
export const DELIVERY_ERRORS = [
  /** No answer in time. */
  'timeout',
  /** No connection, no TLS, no such name, or cut off. */
  'unreachable',
  /** The address, or what its name stands for, is loopback, link-local or private; nothing was sent. */
  'private_address',
  /** 3xx: redirects are not followed. */
  'redirected',
  /** Any other status but 2xx. */
  'refused',
  /** 410: the receiver wants nothing any more. */
  'gone',
] as const;
export type DeliveryError = (typeof DELIVERY_ERRORS)[number];

/** A try that was no success. */
export interface Failure {
  readonly code: DeliveryError;
  /** The receiver's, when it answered. */
  readonly httpStatus: number | null;
  /** What the system says when it did not, like `ECONNREFUSED` or `CERT_HAS_EXPIRED`; short. */
  readonly reason: string | null;
  /** Epoch ms. */
  readonly at: number;
}

/** Where events go. Times are epoch ms. */
export interface Webhook {
  readonly webhookId: string;
  /** Null: the events of all organizations. */
  readonly organizationId: OrganizationId | null;
  readonly url: string;
  /** Null: all, also those that come later. */
  readonly eventTypes: readonly EventName[] | null;
  readonly description: string | null;
  /** Null while it is enabled. */
  readonly disabledReason: DisabledReason | null;
  /** `whsec_…` */
  readonly secret: string;
  readonly oldSecret: { readonly secret: string; readonly until: number } | null;
  readonly createdAt: number;
  readonly lastDeliveredAt: number | null;
  readonly lastFailure: Failure | null;
}

/** What a person may change. */
export type WebhookChange = Partial<Pick<Webhook, 'url' | 'eventTypes' | 'description' | 'disabledReason'>>;

export const DELIVERY_STATES = ['waiting', 'delivered', 'parked'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One event for one webhook. Times are epoch ms. */
export interface Delivery {
  /** Its place in the line; the cursor of lists. */
  readonly seq: number;
  /** `msg_…`; the header `webhook-id`, the same at every try, so that a receiver can tell a repeat. */
  readonly deliveryId: string;
  readonly webhookId: string;
  readonly organizationId: OrganizationId;
  readonly eventId: number;
  readonly name: EventName;
  /** When it happened. */
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Since when it waits: since it happened, or since a person asked for it again. */
  readonly waitsSince: number;
  readonly lastTryAt: number | null;
  readonly lastError: Omit<Failure, 'at'> | null;
  /** When it was delivered or parked. */
  readonly finishedAt: number | null;
}

/**
 * One webhook's deliveries of one organization that are failing now; they go out one after another, so they wait
 * together.
 */
export interface Trouble {
  /** Tries that failed in a row. */
  readonly failures: number;
  /** The first of them, epoch ms. */
  readonly since: number;
  readonly nextTryAt: number;
}

/** How many deliveries stand where, of one webhook. */
export interface Backlog {
  readonly waiting: number;
  readonly parked: number;
  readonly nextTryAt: number | null;
}

/** A webhook's deliveries of one organization: they go out one after another. */
export interface Line {
  readonly webhookId: string;
  readonly organizationId: OrganizationId;
}

export interface DeliveryQuery {
  readonly state?: DeliveryState;
  /** `seq` of the last one of the page before. */
  readonly after?: number;
  readonly limit: number;
}

/** What waits, in numbers, of all webhooks together. */
export interface WebhookDepth {
  readonly waiting: number;
  readonly parked: number;
  /** For how long the oldest waits, ms; 0 when none does. */
  readonly oldestWaitingAgeMs: number;
}
