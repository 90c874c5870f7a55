import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Access } from './access/access.js';
import { AuthDirectoryLock } from './store/sqlite/keys/directory-lock.js';
import { AuthFolders } from './store/sqlite/keys/auth-folders.js';
import { BaileysSockets } from './baileys/baileys-socket.js';
import { silenceLibsignalConsole } from './baileys/libsignal-console.js';
import type { Config } from './config.js';
import { OutageGuard } from './health/outage-guard.js';
import type { ServiceEvent } from './events/catalogue.js';
import { EventLedger } from './events/event-ledger.js';
import { openEventsDatabase } from './events/events-database.js';
import { createApp } from './api/app.js';
import { createHttpServer } from './api/http-server.js';
import { redact, type Logger } from './logger.js';
import { Metrics } from './metrics/metrics.js';
import { OutboxDepth } from './metrics/outbox-depth.js';
import { Dispatcher } from './outbox/dispatcher.js';
import { MessageCounts } from './outbox/message-counts.js';
import { openOutboxDatabase } from './outbox/outbox-database.js';
import { organizationLabel } from './organization-id.js';
import { Outbox } from './outbox/outbox.js';
import { LoginGovernor } from './session/login-governor.js';
import type { SessionHouse } from './session/organization-session.js';
import { SessionDirectory } from './session/session-directory.js';
import { StartError } from './start-error.js';
import { SqliteAccessStore } from './store/sqlite/access-store.js';
import { SessionRegister } from './store/sqlite/register-store.js';
import { receiverLookup } from './webhooks/receiver-lookup.js';
import { tellMissedChanges } from './webhooks/missed-changes.js';
import { SafeRequests } from './webhooks/safe-request.js';
import { UndeliveredWatch } from './webhooks/undelivered-watch.js';
import { Webhooks } from './webhooks/webhooks.js';

export interface Service {
  /** `http://127.0.0.1:3000` */
  readonly url: string;
  readonly port: number;
  readonly sessions: SessionDirectory;
  /** Idempotent; resolves within 5 s whatever WhatsApp and open requests do. Unlinks nobody. */
  stop(): Promise<void>;
}

/** How long open HTTP requests may take to end at a stop, ms. */
const DRAIN_MS = 3000;

/** Builds the rooms, opens the door, and brings the sessions back. The only place that knows everybody. */
export async function startService(
  config: Config,
  logger: Logger,
  { pageDirectory }: { pageDirectory?: string } = {},
): Promise<Service> {
  const register = await orStartError(`DATA_DIR (${config.DATA_DIR})`, () => new SessionRegister(config.DATA_DIR));
  const restoreConsole = silenceLibsignalConsole(logger);
  const folders = new AuthFolders({ directory: config.AUTH_DIR, backupsToKeep: config.BACKUPS_TO_KEEP, logger });
  const outboxDatabase = await orStartError(`DATA_DIR (${config.DATA_DIR})`, () => openOutboxDatabase(config.DATA_DIR));
  const outbox = await orStartError(
    `DATA_DIR (${config.DATA_DIR})`,
    () => new Outbox(outboxDatabase, { maxPending: config.OUTBOX_LIMIT, now: Date.now }),
  );
  const eventsDatabase = await orStartError(`DATA_DIR (${config.DATA_DIR})`, () => openEventsDatabase(config.DATA_DIR));
  const eventLost = ({ name, organizationId }: Pick<ServiceEvent, 'name' | 'organizationId'>, error: unknown): void =>
    logger.error(
      { event: 'event_lost', org: organizationLabel(organizationId), name },
      `An event could not be kept: ${redact(String(error))}`,
    );
  const ledger = new EventLedger(eventsDatabase, { keep: config.EVENTS_KEPT, now: Date.now, onLost: eventLost });
  const webhooks = await orStartError(
    `DATA_DIR (${config.DATA_DIR})`,
    () =>
      new Webhooks({
        database: eventsDatabase,
        ledger,
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
        logger,
        now: Date.now,
        random: Math.random,
        counts: {
          tried: (outcome) => metrics.tried(outcome),
          parked: (deliveries) => metrics.parked(deliveries),
        },
      }),
  );
  const undelivered = await orStartError(
    `DATA_DIR (${config.DATA_DIR})`,
    () =>
      new UndeliveredWatch({
        ledger,
        database: eventsDatabase,
        outboxDatabase,
        outbox,
        defaultAfterMs: config.UNDELIVERED_AFTER,
        logger,
        now: Date.now,
      }),
  );
  const accessStore = await orStartError(`DATA_DIR (${config.DATA_DIR})`, () =>
    SqliteAccessStore.open(config.DATA_DIR),
  );
  const access = new Access(accessStore, { apiKey: config.API_KEY, now: Date.now });
  const tell: SessionHouse['tell'] = (name, id, data) => {
    try {
      ledger.tell(name, id, data);
    } catch (error) {
      // What happened has happened; a full disk must not make the session stumble over telling it.
      eventLost({ name, organizationId: id }, error);
    }
  };
  outbox.onChange(({ messageId, organizationId, state, errorCode, ackCode }) => {
    try {
      ledger.tellSoon('message.status', organizationId, {
        message_id: messageId,
        status: state,
        error_code: errorCode,
        ack_code: ackCode,
      });
    } catch (error) {
      eventLost({ name: 'message.status', organizationId }, error);
    }
    undelivered.onChange({ messageId, state });
  });
  const sockets = new BaileysSockets({
    url: config.WA_WEBSOCKET_URL,
    version: config.WA_VERSION,
    keepAliveIntervalMs: config.KEEP_ALIVE_INTERVAL,
    silenceTimeoutMs: config.SILENCE_TIMEOUT,
    connectTimeoutMs: config.CONNECT_TIMEOUT,
    handOverWaitMs: config.HAND_OVER_WAIT,
    queryTimeoutMs: config.QUERY_TIMEOUT,
    qrTimeoutMs: config.QR_TIMEOUT,
  });
  const sessions = new SessionDirectory(
    {
      sockets,
      folders,
      register,
      logger,
      governor: new LoginGovernor({
        loginsPerHour: config.MAX_LOGINS_PER_HOUR,
        concurrentLogins: config.MAX_CONCURRENT_LOGINS,
      }),
      outage: new OutageGuard({
        minSessions: config.OUTAGE_MIN_SESSIONS,
        share: config.OUTAGE_SHARE,
        windowMs: config.STREAM_ERROR_RESET_TIME,
      }),
      settings: {
        health: {
          bad_mac: { limit: config.BAD_MAC_ERROR_LIMIT, windowMs: config.BAD_MAC_RESET_TIME },
          badMacMinCustomers: config.BAD_MAC_MIN_CUSTOMERS,
          stream_error: { limit: config.STREAM_ERROR_LIMIT, windowMs: config.STREAM_ERROR_RESET_TIME },
          stableAfterMs: config.HEALTH_STABLE_AFTER,
        },
        cleaningsPerDay: config.MAX_CLEANINGS_PER_DAY,
        reconnect: {
          baseMs: config.RECONNECT_BASE_DELAY,
          maxMs: config.RECONNECT_MAX_DELAY,
          replacedRetryMs: config.REPLACED_RETRY_DELAY,
        },
      },
      now: Date.now,
      random: Math.random,
      explainsStreamError: (id) => dispatcher.explainsStreamError(id),
      // A session may still change while the service ends.
      otherPhone: (id) => (outboxDatabase.open ? outbox.otherPhone(id) : null),
      sentText: (id, messageId) => outbox.textOf(id, messageId),
      tell,
      wasHeard: (id, messageId) => {
        try {
          return ledger.hasReceived(id, messageId);
        } catch {
          // A disk that cannot be read: twice is better than never.
          return false;
        }
      },
    },
    { qrWaitMs: config.CLEAN_WAIT },
  );

  // A link for the shop has then done its work, whoever scanned, and whether or not somebody looks at its page.
  ledger.onEvent(({ name, organizationId }) => {
    if (name !== 'session.connected') return;
    const id = organizationId;
    access.shopLinks.phoneLinked(id, sessions.snapshot(id)?.phoneNumber ?? null).catch((error: unknown) => {
      // The page notes it by itself as soon as it is looked at.
      logger.error({ event: 'shop_links_stale', org: organizationLabel(id) }, redact(String(error)));
    });
  });

  const dispatcher: Dispatcher = new Dispatcher({
    outbox,
    carrier: sessions,
    settings: {
      perMinute: config.SEND_RATE_PER_MINUTE,
      burst: config.SEND_BURST,
      maxInFlight: config.MAX_IN_FLIGHT,
      resendWithinMs: config.RESEND_WITHIN,
      lateAnswerWaitMs: config.LATE_ANSWER_WAIT,
      firstContactPauseMs: config.FIRST_CONTACT_PAUSE,
      retentionMs: config.MESSAGE_RETENTION_DAYS * 86_400_000,
    },
    logger,
    now: Date.now,
    random: Math.random,
    onOtherPhone: (id) => tell('session.attention', id, { code: 'other_phone', until: null }),
  });

  const messageCounts = new MessageCounts(outboxDatabase);
  const metrics = new Metrics({
    sessions,
    outbox: new OutboxDepth(outboxDatabase, outbox),
    webhooks,
    now: Date.now,
  });
  outbox.onChange((message) => metrics.onMessage(message));
  ledger.onEvent((event) => metrics.onEvent(event));

  const onRejection = (error: unknown): void => {
    // Baileys leaves some rejections unhandled (B#2311); they are logged, and the process lives on.
    const text = redact(error instanceof Error ? error.message : String(error));
    logger.warn({ event: 'unhandled_rejection' }, `A promise of a library was rejected and nobody listened: ${text}`);
  };
  process.on('unhandledRejection', onRejection);

  const server = createHttpServer(
    createApp({
      config,
      sessions,
      outbox,
      messageCounts,
      dispatcher,
      ledger,
      access,
      webhooks,
      undelivered,
      metrics,
      logger,
      pageDirectory,
    }),
    config.DEFAULT_LANGUAGE,
  );
  let lock: AuthDirectoryLock | undefined;
  try {
    await listen(server, config.PORT, config.HOST);
    // After the port is ours: a second service, started by mistake, has ended by now and touches no folder of the first.
    lock = await orStartError(`AUTH_DIR (${config.AUTH_DIR})`, () => AuthDirectoryLock.take(config.AUTH_DIR));
    await orStartError(`AUTH_DIR (${config.AUTH_DIR})`, () => folders.prepare());
  } catch (error) {
    lock?.release();
    server.close();
    process.off('unhandledRejection', onRejection);
    register.close();
    outbox.close();
    ledger.close();
    await accessStore.close();
    restoreConsole();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const url = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  logger.info({ event: 'service_started', url }, `Listening on ${url}.`);
  try {
    const missed = tellMissedChanges({ ledger, database: eventsDatabase, outboxDatabase });
    if (missed > 0) {
      logger.warn({ event: 'events_told_late', events: missed }, `${missed} changes of messages are told only now.`);
    }
  } catch (error) {
    logger.error({ event: 'event_lost' }, `Changes of messages could not be told: ${redact(String(error))}`);
  }
  webhooks.start();
  undelivered.start();
  dispatcher.start();
  sessions.restoreAll(outbox.waitingOrganizations());
  if (sessions.count() === 0) {
    logger.info(
      { event: 'no_organization_yet' },
      `No organization is known yet: POST ${url}/api/start-session {"organization_id":"1"}, then scan the QR of GET ${url}/api/qr/1?format=text.`,
    );
  }

  const end = async (): Promise<void> => {
    // Callers who wait for an ack are told now that their message is stored, before their connections are cut.
    outbox.endWaits();
    ledger.endStreams();
    // Sockets first: no message may be taken in that could not be answered any more.
    const drained = drain(server);
    dispatcher.stop();
    sessions.shutdown();
    undelivered.stop();
    await Promise.all([drained, webhooks.stop()]);
    lock.release();
    register.close();
    outbox.close();
    ledger.close();
    await accessStore.close();
    logger.info({ event: 'service_stopped' }, 'Stopped; every session comes back by itself at the next start.');
    process.off('unhandledRejection', onRejection);
    restoreConsole();
  };
  let stopping: Promise<void> | undefined;
  return { url, port, sessions, stop: () => (stopping ??= end()) };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(new StartError(whyNotListening(error, port, host)));
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function whyNotListening({ code = 'unknown error' }: NodeJS.ErrnoException, port: number, host: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `PORT ${port} of HOST ${host} is in use (${code}): does this service run already? Stop the other one, or set another PORT.`;
    case 'EACCES':
      return `PORT ${port} may not be opened by this user (${code}): set one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST ${host} is no address of this machine (${code}).`;
    default:
      return `The service cannot listen on PORT ${port} of HOST ${host} (${code}).`;
  }
}

/** The two directories: a failure names the variable and says the system's word for it. */
async function orStartError<T>(directory: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StartError(`${directory} cannot be used: ${code ?? message}.`, { cause: error });
  }
}

/** Stops taking connections, lets open requests end, and cuts those that do not end in time. */
async function drain(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
