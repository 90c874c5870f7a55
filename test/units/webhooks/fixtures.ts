import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { EventLedger } from '../../../src/events/event-ledger.js';
import { createLogger } from '../../../src/logger.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { openOutboxDatabase } from '../../../src/store/sqlite/outbox-database.js';
import { SqliteOutboxStore } from '../../../src/store/sqlite/outbox-store.js';
import { Outbox } from '../../../src/outbox/outbox.js';
import type { EventStores } from '../../../src/store/ports.js';
import { SqliteEventStores } from '../../../src/store/sqlite/event-stores.js';
import { openEventsDatabase } from '../../../src/store/sqlite/events-database.js';
import type { Outcome } from '../../../src/webhooks/safe-request.js';
import { UndeliveredWatch } from '../../../src/webhooks/undelivered-watch.js';
import type { Webhook } from '../../../src/webhooks/webhook.js';
import { Webhooks, type WebhooksSettings } from '../../../src/webhooks/webhooks.js';

export const SHOP = 'shop-1' as OrganizationId;
export const HOLA = { kind: 'text', version: 1, text: 'Hola' } as const;
export const OTHER = 'shop-2' as OrganizationId;
export const T0 = Date.parse('2026-03-01T10:00:00Z');
export const OK: Outcome = { kind: 'answered', status: 204, retryAfter: undefined };
export const BROKEN: Outcome = { kind: 'answered', status: 500, retryAfter: undefined };

const QUICK: WebhooksSettings = {
  baseMs: 10,
  maxMs: 20,
  retryForMs: 60_000,
  timeoutMs: 1000,
  language: 'en',
  maxWaiting: 100,
  retentionMs: 86_400_000,
};

interface Sent {
  url: string;
  id: string;
  name: string;
  organization: string;
  eventId: number;
}

/** The room of the webhooks over real files; receivers are functions. */
export class Room {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'webhooks-'));
  readonly database = openEventsDatabase(this.directory);
  readonly outboxDatabase = openOutboxDatabase(this.directory);
  /** The time, when it stands still. */
  clock: { now: number } | null = null;
  readonly now = (): number => this.clock?.now ?? Date.now();
  readonly stores: EventStores;
  ledger!: EventLedger;
  readonly outboxStore = new SqliteOutboxStore(this.outboxDatabase);
  readonly outbox = new Outbox(this.outboxStore, { maxPending: 10_000, now: this.now });
  readonly sent: Sent[] = [];
  readonly parked: number[] = [];
  readonly log: Record<string, unknown>[] = [];
  readonly logger = createLogger({
    level: 'info',
    format: 'json',
    destination: { write: (line: string) => void this.log.push(JSON.parse(line) as Record<string, unknown>) },
  });
  /** What a receiver answers. */
  answer: (sent: Sent) => Outcome | Promise<Outcome> = () => OK;
  webhooks!: Webhooks;

  /** @param distance what stands between the room and its storage */
  constructor(
    private readonly settings: Partial<WebhooksSettings> = {},
    distance: (stores: EventStores) => EventStores = (stores) => stores,
  ) {
    this.stores = distance(new SqliteEventStores(this.database));
    this.webhooks = this.made([]);
    rooms.push(this);
  }

  /** As after a start of the process; nothing that was in memory is left. */
  async build(): Promise<void> {
    this.webhooks = this.made(await this.stores.webhooks.all());
  }

  private made(known: readonly Webhook[]): Webhooks {
    this.ledger = new EventLedger(this.stores.ledger, { keep: 1000, now: this.now });
    const parts: ConstructorParameters<typeof Webhooks>[0] = {
      stores: this.stores,
      ledger: this.ledger,
      requests: {
        post: async (url, headers, body, { signal }) => {
          const { type, data } = JSON.parse(body) as {
            type: string;
            data: { organization_id: string; event_id: string };
          };
          const sent = {
            url,
            id: String(headers['webhook-id']),
            name: type,
            organization: data.organization_id,
            eventId: Number(data.event_id),
          };
          this.sent.push(sent);
          // Also one that never answers is called off at a stop.
          const calledOff = new Promise<Outcome>((resolve) => {
            signal.addEventListener('abort', () => resolve({ kind: 'aborted' }));
          });
          return Promise.race([this.answer(sent), calledOff]);
        },
      },
      settings: { ...QUICK, ...this.settings },
      logger: this.logger,
      now: this.now,
      random: () => 0.5,
      counts: { tried: () => {}, parked: (n) => void this.parked.push(n) },
    };
    return new Webhooks(parts, known);
  }

  watch(defaultAfterMs: number): Promise<UndeliveredWatch> {
    const { ledger, stores, outboxStore, outbox, logger, now } = this;
    const store = stores.undelivered;
    return UndeliveredWatch.open({ ledger, store, outboxStore, outbox, defaultAfterMs, logger, now });
  }

  hook(url: string, organizationId: OrganizationId | null = null): Promise<Webhook> {
    return this.webhooks.create({ url, organizationId, eventTypes: null, description: null });
  }

  async tell(organizationId = SHOP): Promise<number> {
    return (await this.ledger.tell('session.stable', organizationId, {})).id;
  }

  /** Resolves when it is so; what is awaited moves by promises and short timers. */
  async until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
    for (const end = Date.now() + 10_000; !(await isSo());) {
      if (Date.now() > end) throw new Error(`never: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async names(): Promise<string[]> {
    return (await this.ledger.list({ limit: 1000 })).map(({ name }) => name);
  }

  async close(): Promise<void> {
    await this.webhooks.stop();
    await this.outboxStore.close();
    await this.ledger.close();
    await this.stores.close();
    rmSync(this.directory, { recursive: true });
  }
}

const rooms: Room[] = [];
afterEach(async () => {
  for (const room of rooms.splice(0)) await room.close();
});
