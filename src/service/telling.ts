import { redact } from '../logger.js';
import { Metrics } from '../metrics/metrics.js';
import { OutboxDepth } from '../metrics/outbox-depth.js';
import { organizationLabel, type OrganizationId } from '../organization-id.js';
import type { Part } from '../parts.js';
import { missedChanges, tellMissedChanges } from '../webhooks/missed-changes.js';
import { receiverLookup } from '../webhooks/receiver-lookup.js';
import { SafeRequests } from '../webhooks/safe-request.js';
import { UndeliveredWatch } from '../webhooks/undelivered-watch.js';
import { Webhooks } from '../webhooks/webhooks.js';
import { orStartError, type Rooms } from './rooms.js';
import { logLost } from './stores.js';

/** The webhooks; nothing is delivered before `delivering`. */
export const webhooks: Part<Rooms> = {
  name: 'webhooks',
  start: async (rooms) => {
    const { config } = rooms;
    rooms.webhooks = await orStartError(rooms, 'DATA_DIR', () =>
      Webhooks.open({
        stores: rooms.eventStores,
        ledger: rooms.ledger,
        requests: new SafeRequests({ allowPrivate: config.WEBHOOK_ALLOW_PRIVATE, lookup: receiverLookup() }),
        settings: {
          baseMs: config.WEBHOOK_RETRY_BASE_DELAY,
          maxMs: config.WEBHOOK_RETRY_MAX_DELAY,
          retryForMs: config.WEBHOOK_RETRY_FOR,
          timeoutMs: config.WEBHOOK_TIMEOUT,
          maxWaiting: config.WEBHOOK_BACKLOG,
          retentionMs: config.WEBHOOK_RETENTION_DAYS * 86_400_000,
          language: config.DEFAULT_LANGUAGE,
        },
        logger: rooms.logger,
        now: Date.now,
        random: Math.random,
        counts: {
          tried: (outcome) => rooms.metrics.tried(outcome),
          parked: (deliveries) => rooms.metrics.parked(deliveries),
        },
      }),
    );
  },
};

/**
 * Tells of messages that do not arrive; nothing is looked at before `undeliveredWatch`. Looks until the sessions have
 * ended, which may give messages up at the last moment.
 */
export const undelivered: Part<Rooms> = {
  name: 'undelivered',
  start: async (rooms) => {
    rooms.undelivered = await orStartError(rooms, 'DATA_DIR', () =>
      UndeliveredWatch.open({
        ledger: rooms.ledger,
        store: rooms.eventStores.undelivered,
        outboxStore: rooms.outboxStore,
        outbox: rooms.outbox,
        defaultAfterMs: rooms.config.UNDELIVERED_AFTER,
        logger: rooms.logger,
        now: Date.now,
      }),
    );
  },
  stop: ({ undelivered }) => undelivered.stop(),
};

export const metrics: Part<Rooms> = {
  name: 'metrics',
  start: (rooms) => {
    rooms.metrics = new Metrics({
      sessions: rooms.sessions,
      outbox: new OutboxDepth(rooms.outbox),
      webhooks: rooms.webhooks,
      now: Date.now,
    });
  },
};

/** Who hears of what. They listen until their rooms are gone. */
export const listeners: Part<Rooms> = {
  name: 'listeners',
  start: (rooms) => {
    const { outbox, ledger, undelivered, metrics } = rooms;
    outbox.onChange((message) => {
      const { messageId: message_id, organizationId, state, errorCode: error_code, ackCode: ack_code } = message;
      try {
        ledger.tellSoon('message.status', organizationId, { message_id, status: state, error_code, ack_code });
      } catch (error) {
        logLost(rooms, { name: 'message.status', organizationId }, error);
      }
      void undelivered.onChange(message);
    });
    outbox.onChange((message) => metrics.onMessage(message));
    // A link for the shop has done its work then, whoever scanned, and whether or not somebody looks at its page.
    ledger.onEvent(({ name, organizationId }) => {
      if (name === 'session.connected') noteLinked(rooms, organizationId);
    });
    ledger.onEvent((event) => metrics.onEvent(event));
  },
};

function noteLinked({ access, sessions, logger }: Rooms, organizationId: OrganizationId): void {
  const phoneNumber = sessions.snapshot(organizationId)?.phoneNumber ?? null;
  access.shopLinks.phoneLinked(organizationId, phoneNumber).catch((error: unknown) => {
    // The page notes it by itself as soon as it is looked at.
    logger.error({ event: 'shop_links_stale', org: organizationLabel(organizationId) }, redact(String(error)));
  });
}

/**
 * Changes of messages that a kill kept from being told. Looked for before the port answers, for what a request tells
 * would look as if nothing was missed.
 */
export const lookingForMissed: Part<Rooms> = {
  name: 'looking_for_missed',
  start: async (rooms) => {
    const { ledger, outboxStore, logger } = rooms;
    try {
      rooms.missed = await missedChanges({ ledger, outboxStore });
    } catch (error) {
      rooms.missed = [];
      logger.error({ event: 'event_lost' }, `Changes of messages could not be looked for: ${redact(String(error))}`);
    }
  },
};

/** Comes after the port is ours: a second service, started by mistake, tells nothing. */
export const tellingMissed: Part<Rooms> = {
  name: 'telling_missed',
  start: async ({ ledger, missed, logger }) => {
    if (missed.length === 0) return;
    try {
      await tellMissedChanges(ledger, missed);
      logger.warn(
        { event: 'events_told_late', events: missed.length },
        `${missed.length} changes of messages are told only now.`,
      );
    } catch (error) {
      logger.error({ event: 'event_lost' }, `Changes of messages could not be told: ${redact(String(error))}`);
    }
  },
};

export const delivering: Part<Rooms> = {
  name: 'delivering',
  start: ({ webhooks }) => webhooks.start(),
  stop: ({ webhooks }) => webhooks.stop(),
};

export const undeliveredWatch: Part<Rooms> = {
  name: 'undelivered_watch',
  start: ({ undelivered }) => undelivered.start(),
};
