import { setImmediate as nextTurn } from 'node:timers/promises';
import { Access } from '../access/access.js';
import type { ServiceEvent } from '../events/catalogue.js';
import { EventLedger } from '../events/event-ledger.js';
import { redact } from '../logger.js';
import { organizationLabel } from '../organization-id.js';
import { Outbox } from '../outbox/outbox.js';
import type { Part } from '../parts.js';
import type { SessionHouse } from '../session/session-house.js';
import { SqliteAccessStore } from '../store/sqlite/access-store.js';
import { SqliteEventStores } from '../store/sqlite/event-stores.js';
import { SqliteKeyStore } from '../store/sqlite/keys/key-store.js';
import { SqliteOutboxStore } from '../store/sqlite/outbox-store.js';
import { SqliteRegisterStore } from '../store/sqlite/register-store.js';
import { orStartError, type Rooms } from './rooms.js';

export const register: Part<Rooms> = {
  name: 'register',
  start: async (rooms) => {
    rooms.register = await orStartError(rooms, 'DATA_DIR', () => SqliteRegisterStore.open(rooms.config.DATA_DIR));
  },
  stop: (rooms) => rooms.register.close(),
};

export const outbox: Part<Rooms> = {
  name: 'outbox',
  start: async (rooms) => {
    const { config } = rooms;
    const store = await orStartError(rooms, 'DATA_DIR', () => SqliteOutboxStore.open(config.DATA_DIR));
    try {
      const options = { maxPending: config.OUTBOX_LIMIT, now: Date.now };
      rooms.outbox = await orStartError(rooms, 'DATA_DIR', () => Outbox.open(store, options));
    } catch (error) {
      await store.close();
      throw error;
    }
    rooms.outboxStore = store;
  },
  stop: async (rooms) => {
    await rooms.outboxStore.close();
    // Whoever waited for the disk goes on now, and tells what he did.
    await nextTurn();
  },
};

export const ledger: Part<Rooms> = {
  name: 'ledger',
  start: async (rooms) => {
    const { config } = rooms;
    rooms.eventStores = await orStartError(rooms, 'DATA_DIR', () => SqliteEventStores.open(config.DATA_DIR));
    rooms.ledger = new EventLedger(rooms.eventStores.ledger, {
      keep: config.EVENTS_KEPT,
      now: Date.now,
      onLost: (event, error) => logLost(rooms, event, error),
    });
  },
  stop: async (rooms) => {
    await rooms.ledger.close();
    await rooms.eventStores.close();
  },
};

export const access: Part<Rooms> = {
  name: 'access',
  start: async (rooms) => {
    const { DATA_DIR, API_KEY: apiKey } = rooms.config;
    rooms.accessStore = await orStartError(rooms, 'DATA_DIR', () => SqliteAccessStore.open(DATA_DIR));
    rooms.access = new Access(rooms.accessStore, { apiKey, now: Date.now });
  },
  stop: (rooms) => rooms.accessStore.close(),
};

/** Tells the ledger. What happened has happened: a full disk must not make whoever tells stumble. */
export function teller(rooms: Rooms): SessionHouse['tell'] {
  return (name, id, data) => {
    rooms.ledger.tell(name, id, data).catch((error: unknown) => logLost(rooms, { name, organizationId: id }, error));
  };
}

/** Tells of a customer's message, as `teller` does. */
export function hearer(rooms: Rooms): SessionHouse['hear'] {
  return (id, messageId) =>
    rooms.ledger.tellReceived(id, messageId).catch((error: unknown) => {
      logLost(rooms, { name: 'message.received', organizationId: id }, error);
      return true;
    });
}

export function logLost(
  { logger }: Rooms,
  { name, organizationId }: Pick<ServiceEvent, 'name' | 'organizationId'>,
  error: unknown,
): void {
  logger.error(
    { event: 'event_lost', org: organizationLabel(organizationId), name },
    `An event could not be kept: ${redact(String(error))}`,
  );
}

/**
 * The keys; nothing of them is touched before `authFolders`. They are let go here, and not there: a request that is
 * still open while the service ends may touch them, and so may what `restoring` left when it failed.
 */
export const keys: Part<Rooms> = {
  name: 'keys',
  start: (rooms) => {
    const { AUTH_DIR: directory, BACKUPS_TO_KEEP: backupsToKeep } = rooms.config;
    rooms.keyStore = new SqliteKeyStore({ directory, backupsToKeep, logger: rooms.logger });
  },
  stop: (rooms) => rooms.keyStore.close(),
};

/**
 * Comes after the port is ours: a second service, started by mistake, has ended by now and touches no folder of the
 * first.
 */
export const authFolders: Part<Rooms> = {
  name: 'auth_folders',
  start: async (rooms) => {
    await orStartError(rooms, 'AUTH_DIR', () => rooms.keyStore.prepare());
    rooms.logger.info({ event: 'service_started', url: rooms.url }, `Listening on ${rooms.url}.`);
  },
};
