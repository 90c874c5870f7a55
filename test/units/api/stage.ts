import { Access } from '../../../src/access/access.js';
import { EventLedger } from '../../../src/events/event-ledger.js';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import supertest from 'supertest';
import { afterEach } from 'vitest';
import { readConfig } from '../../../src/config.js';
import { createApp, type AppParts } from '../../../src/api/app.js';
import { createLogger, type Logger } from '../../../src/logger.js';
import { openOutboxDatabase } from '../../../src/store/sqlite/outbox-database.js';
import { MessageCounts } from '../../../src/outbox/message-counts.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import type { NewMessage, OtherPhoneDecision, OutboxMessage } from '../../../src/outbox/outbox-message.js';
import type { OtherPhoneDecided } from '../../../src/outbox/organization-settings.js';
import { Outbox } from '../../../src/outbox/outbox.js';
import { SqliteOutboxStore } from '../../../src/store/sqlite/outbox-store.js';
import type { Outcome } from '../../../src/webhooks/safe-request.js';
import { SqliteAccessStore } from '../../../src/store/sqlite/access-store.js';
import { SqliteEventStores } from '../../../src/store/sqlite/event-stores.js';
import { openEventsDatabase } from '../../../src/store/sqlite/events-database.js';
import { UndeliveredWatch } from '../../../src/webhooks/undelivered-watch.js';
import { Webhooks } from '../../../src/webhooks/webhooks.js';
import { InMemorySessions, NOW } from './in-memory-sessions.js';

export const API_KEY = 'kY3-8fQz_71LmWb-Xr20pTsvN';
export const config = readConfig({ API_KEY, SEND_WAIT: '5000', CLEAN_WAIT: '5000' });

export type LogLine = Record<string, unknown> & { level: string; event: string; msg: string };

/** The places where WhatsApp stands in; it has everything at once unless a test says otherwise. */
class Courier {
  settingsChanged(): void {}

  waitingOf(): null {
    return null;
  }

  decideOtherPhone(id: OrganizationId, decision: OtherPhoneDecision): Promise<OtherPhoneDecided> {
    return decision === 'send' ? this.outbox.releaseOtherPhone(id) : this.outbox.cancelOtherPhone(id);
  }

  /** What happens to a message after it was accepted. */
  carry: (message: OutboxMessage) => Promise<unknown> = (message) => this.deliver(message);
  /** As the HTTP room handed them over. */
  readonly accepted: NewMessage[] = [];
  /** The next message is not accepted, for this reason. */
  failure: unknown;

  constructor(private readonly outbox: Outbox) {}

  async accept(message: NewMessage): Promise<{ message: OutboxMessage; isNew: boolean }> {
    this.accepted.push(message);
    // As dispatchers may fail with anything.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    if (this.failure !== undefined) throw this.failure;
    const { message: stored, isNew } = await this.outbox.accept(message);
    if (isNew) void this.carry(stored);
    return { message: stored, isNew };
  }

  async hand({ messageId, phone }: OutboxMessage): Promise<void> {
    await this.outbox.claim(messageId, `${phone}@s.whatsapp.net`).stored;
  }

  async deliver(message: OutboxMessage): Promise<void> {
    await this.hand(message);
    await this.outbox.move(message.messageId, 'sent');
  }
}

const struck: (() => void)[] = [];
afterEach(() => {
  for (const strike of struck.splice(0)) strike();
});

type Now = () => number;

/** What is stored, in a directory of its own until the test has ended. */
function openStores() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'http-stage-'));
  const outbox = new SqliteOutboxStore(openOutboxDatabase(directory));
  const access = new SqliteAccessStore(directory);
  const eventsDatabase = openEventsDatabase(directory);
  struck.push(() => {
    void outbox.close();
    eventsDatabase.close();
    void access.close();
    fs.rmSync(directory, { recursive: true });
  });
  return { outbox, access, events: new SqliteEventStores(eventsDatabase) };
}

/** Webhooks whose receivers answer what `receiver` says. */
function openWebhooks(stores: SqliteEventStores, ledger: EventLedger, logger: Logger, now: Now) {
  const receiver = { outcome: { kind: 'answered', status: 204, retryAfter: undefined } as Outcome };
  const settings = {
    baseMs: 1000,
    maxMs: 1000,
    retryForMs: 1000,
    timeoutMs: 1000,
    maxWaiting: 100,
    retentionMs: 1000,
    language: 'es' as const,
  };
  const webhooks = new Webhooks(
    {
      stores,
      ledger,
      requests: { post: async () => receiver.outcome },
      settings,
      logger,
      now,
      random: () => 0.5,
      counts: { tried: () => {}, parked: () => {} },
    },
    [],
  );
  return { webhooks, receiver };
}

/** A logger that is heard: its lines, as objects. */
function listenedLogger() {
  const log: LogLine[] = [];
  const write = (line: string) => void log.push(JSON.parse(line) as LogLine);
  return { log, logger: createLogger({ level: 'trace', format: 'json', destination: { write } }) };
}

/** Whoever calls with the key, and `anonymous` without. */
function callers(app: ReturnType<typeof createApp>) {
  const http = supertest(app);
  return {
    anonymous: http,
    get: (path: string) => http.get(path).set('x-api-key', API_KEY),
    delete: (path: string) => http.delete(path).set('x-api-key', API_KEY),
    patch: (path: string, body: object) => http.patch(path).set('x-api-key', API_KEY).send(body),
    post: (path: string, body?: unknown) => {
      const request = http.post(path).set('x-api-key', API_KEY);
      return body === undefined ? request : request.send(body as object);
    },
  };
}

/** The HTTP room alone, over sessions in memory and a real outbox; its log is collected. */
export function onStage(parts: Partial<AppParts> & { maxPending?: number } = {}) {
  const { maxPending = 100, ...appParts } = parts;
  const sessions = new InMemorySessions();
  const clock = { now: NOW };
  const now = () => clock.now;
  const stores = openStores();
  const { log, logger } = listenedLogger();
  const outbox = new Outbox(stores.outbox, { maxPending, now });
  const messageCounts = new MessageCounts(stores.outbox);
  const ledger = new EventLedger(stores.events.ledger, { keep: 100, now });
  const access = new Access(stores.access, { apiKey: appParts.config?.API_KEY ?? API_KEY, now });
  const courier = new Courier(outbox);
  const { webhooks, receiver } = openWebhooks(stores.events, ledger, logger, now);
  const undelivered = new UndeliveredWatch(
    { ledger, store: stores.events.undelivered, outboxStore: stores.outbox, outbox, defaultAfterMs: 0, logger, now },
    { delays: new Map(), place: 0 },
  );
  const app = createApp({
    config,
    sessions,
    ledger,
    access,
    outbox,
    messageCounts,
    dispatcher: courier,
    webhooks,
    undelivered,
    logger,
    now,
    ...appParts,
  });
  return { app, sessions, outbox, ledger, access, courier, webhooks, receiver, clock, log, ...callers(app) };
}

export type Stage = ReturnType<typeof onStage>;

/** What every error answer must look like, whatever happened. */
export interface ErrorBody {
  error: string;
  code: string;
  request_id: string;
  status?: string;
  hint?: string;
  fields?: Record<string, string>;
}

export function errorBody(response: { body: unknown }): ErrorBody {
  return response.body as ErrorBody;
}
