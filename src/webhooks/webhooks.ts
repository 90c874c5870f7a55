import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServiceError } from '../errors.js';
import type { EventLedger } from '../events/event-ledger.js';
import { redact, type Logger } from '../logger.js';
import { organizationLabel, type OrganizationId } from '../organization-id.js';
import type { DeliveryStore, EventStores } from '../store/ports.js';
import { Deliverer, type DelivererSettings, type DeliveryCounts, type TryResult } from './deliverer.js';
import type { SafeRequests } from './safe-request.js';
import { newSecret } from './signature.js';
import { type Changed, newWebhookId, WebhookList } from './webhook-list.js';
import {
  ALL_WEBHOOKS,
  AT_ONCE,
  type Backlog,
  type Delivery,
  type DeliveryQuery,
  GLOBAL_WEBHOOKS,
  OLD_SECRET_SIGNS_MS,
  type Webhook,
  type WebhookChange,
  type WebhookDepth,
  WEBHOOKS_PER_ORGANIZATION,
} from './webhook.js';

/** How often what is too much is parked and what is old removed, ms. */
const TIDY_EVERY_MS = 60_000;

export interface WebhooksSettings extends DelivererSettings {
  /** Deliveries of one webhook that may wait; beyond that the oldest are parked. */
  readonly maxWaiting: number;
  /** For how long what is delivered or parked is kept, ms. */
  readonly retentionMs: number;
}

interface Parts {
  readonly stores: Pick<EventStores, 'webhooks' | 'deliveries'>;
  readonly ledger: EventLedger;
  readonly requests: Pick<SafeRequests, 'post'>;
  readonly settings: WebhooksSettings;
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
  readonly counts: DeliveryCounts;
}

/** Whose it is, and what for. */
export type NewWebhook = Pick<Webhook, 'organizationId' | 'url' | 'eventTypes' | 'description'>;

/**
 * Who is told of events, and that they are. An event and its deliveries are one commit, so what was told is brought
 * to every webhook that is enabled at that moment, at least once and in order per organization, or is parked for a
 * person to see.
 */
export class Webhooks {
  private readonly webhooks: WebhookList;
  private readonly stored: DeliveryStore;
  private readonly deliverer: Deliverer;
  private timer: NodeJS.Timeout | null = null;
  private tidying: Promise<void> | null = null;
  private stopped = false;

  static async open(parts: Parts): Promise<Webhooks> {
    return new Webhooks(parts, await parts.stores.webhooks.all());
  }

  /** @param known all that the storage has */
  constructor(
    private readonly parts: Parts,
    known: readonly Webhook[],
  ) {
    const { stores, ledger } = parts;
    this.webhooks = new WebhookList(stores.webhooks, known);
    this.stored = stores.deliveries;
    this.deliverer = new Deliverer({
      ...parts,
      webhooks: this.webhooks,
      deliveries: this.stored,
      onDisabled: (webhookId) => this.disabled(webhookId),
    });
    ledger.deliverTo((fact) => this.webhooks.interestedIn(fact).map(({ webhookId }) => webhookId));
    ledger.onEvent(({ organizationId }, webhookIds) => {
      for (const webhookId of webhookIds) this.deliverer.wake({ webhookId, organizationId });
    });
  }

  /** Takes up what a former process left. */
  async start(): Promise<void> {
    const lines = await this.deliverer.start();
    if (lines > 0) {
      const depth = await this.depth();
      this.parts.logger.info({ event: 'webhooks_resumed', ...depth }, 'Deliveries to webhooks wait from before.');
    }
    this.timer = setInterval(() => void this.tidyUp(), TIDY_EVERY_MS);
    // What a former process did not get done.
    void this.tidyUp();
  }

  /** Calls off what is under way; it waits for the next start. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    await Promise.all([this.deliverer.stop(), this.tidying]);
  }

  /** Stored when it resolves, and told of everything from now on. @throws ServiceError `too_many_webhooks` */
  async create(webhook: NewWebhook): Promise<Webhook> {
    const created = await this.webhooks.add(() => {
      const all = this.webhooks.all();
      const same = all.filter(({ organizationId }) => organizationId === webhook.organizationId).length;
      const limit = webhook.organizationId === null ? GLOBAL_WEBHOOKS : WEBHOOKS_PER_ORGANIZATION;
      if (same >= limit || all.length >= ALL_WEBHOOKS) throw new ServiceError('too_many_webhooks');
      return {
        ...webhook,
        webhookId: newWebhookId(),
        disabledReason: null,
        secret: newSecret(),
        oldSecret: null,
        createdAt: this.parts.now(),
        lastDeliveredAt: null,
        lastFailure: null,
      };
    });
    this.parts.logger.info({ event: 'webhook_created', ...about(created) }, 'A webhook was created.');
    return created;
  }

  /** Those of an organization (not the global ones, which get its events too), or all. */
  list(organizationId?: OrganizationId): Webhook[] {
    return this.webhooks.all().filter((one) => organizationId === undefined || one.organizationId === organizationId);
  }

  /** @throws ServiceError `unknown_webhook` */
  get(webhookId: string): Webhook {
    const webhook = this.webhooks.get(webhookId);
    if (!webhook) throw new ServiceError('unknown_webhook');
    return webhook;
  }

  backlog(webhookId: string): Promise<Backlog> {
    return this.stored.backlog(webhookId);
  }

  /**
   * Stored when it resolves. While it is disabled nothing is stored for a webhook, and what waited is parked; enabled
   * or with another address, it is tried at once. @throws ServiceError `unknown_webhook`
   */
  async change(webhookId: string, change: WebhookChange): Promise<Webhook> {
    const { before, after } = await this.changed(webhookId, () => change);
    if (after.disabledReason !== null && before.disabledReason === null) await this.disabled(webhookId);
    if (after.disabledReason === null) await this.deliverer.hurry(webhookId);
    this.parts.logger.info({ event: 'webhook_changed', ...about(after) }, 'A webhook was changed.');
    return after;
  }

  /** With all that waits for it. @throws ServiceError `unknown_webhook` */
  async remove(webhookId: string): Promise<void> {
    const webhook = await this.webhooks.remove(webhookId);
    if (!webhook) throw new ServiceError('unknown_webhook');
    await this.deliverer.removed(webhookId);
    this.parts.logger.info(
      { event: 'webhook_removed', ...about(webhook) },
      'A webhook was removed, with its deliveries.',
    );
  }

  /** A new secret; the one before signs beside it for a day. @throws ServiceError `unknown_webhook` */
  async rotateSecret(webhookId: string): Promise<Webhook> {
    const { after } = await this.changed(webhookId, ({ secret }) => ({
      secret: newSecret(),
      oldSecret: { secret, until: this.parts.now() + OLD_SECRET_SIGNS_MS },
    }));
    this.parts.logger.info({ event: 'webhook_changed', ...about(after) }, "A webhook's secret was renewed.");
    return after;
  }

  /** Sends a `webhook.test` now, also to one that is disabled. @throws ServiceError `unknown_webhook` */
  async test(webhookId: string): Promise<TryResult> {
    return this.deliverer.test(this.get(webhookId));
  }

  /** @throws ServiceError `unknown_webhook` */
  async deliveries(webhookId: string, query: DeliveryQuery): Promise<{ deliveries: Delivery[]; next: number | null }> {
    this.get(webhookId);
    return this.stored.list(webhookId, query);
  }

  /**
   * Sends one again, whatever became of it, or all that is parked (the oldest 2000; ask again for the rest), in their
   * old order. Returns how many.
   * @throws ServiceError `unknown_webhook`, `unknown_delivery`, `webhook_disabled`
   */
  async redeliver(webhookId: string, what: { readonly deliveryId: string } | 'parked'): Promise<number> {
    const webhook = this.get(webhookId);
    if (webhook.disabledReason !== null) throw new ServiceError('webhook_disabled');
    const now = this.parts.now();
    if (what === 'parked') {
      const { count, lines } = await this.stored.putBackParked(webhookId, now, AT_ONCE);
      await this.deliverer.hurry(webhookId);
      for (const line of lines) this.deliverer.wake(line);
      return count;
    }
    const delivery = await this.stored.get(webhookId, what.deliveryId);
    if (!delivery) throw new ServiceError('unknown_delivery');
    if (delivery.state !== 'waiting') await this.stored.putBack(delivery, now);
    await this.deliverer.hurry(webhookId);
    this.deliverer.wake(delivery);
    return 1;
  }

  /** For the metrics. */
  depth(): Promise<WebhookDepth> {
    return this.stored.depth(this.parts.now());
  }

  // --- inside ---

  /**
   * Parks what nobody will take and what is too much, and removes what is old; little by little, and once at a time.
   */
  private tidyUp(): Promise<void> {
    this.tidying ??= this.tidy().finally(() => (this.tidying = null));
    return this.tidying;
  }

  private async tidy(): Promise<void> {
    const { settings, logger, now } = this.parts;
    try {
      for (const webhook of this.webhooks.all()) {
        if (this.stopped) return;
        const { webhookId, disabledReason, oldSecret } = webhook;
        if (oldSecret && oldSecret.until <= now())
          await this.webhooks.change(webhookId, (one) => (one.oldSecret === oldSecret ? { oldSecret: null } : {}));
        if (disabledReason !== null) await this.inPieces(() => this.park(webhookId));
        else {
          const parked = await this.inPieces(() =>
            this.stored.parkOldest(webhookId, settings.maxWaiting, now(), AT_ONCE),
          );
          if (parked === 0) continue;
          this.parts.counts.parked(parked);
          logger.error(
            { event: 'webhook_parked', webhook_id: webhookId, deliveries: parked },
            `More than ${settings.maxWaiting} deliveries wait for one webhook: the oldest are parked.`,
          );
        }
      }
      await this.inPieces(() => this.stored.eraseOrphans(AT_ONCE));
      await this.inPieces(() => this.stored.erase(now() - settings.retentionMs, AT_ONCE));
    } catch (error) {
      logger.error(
        { event: 'webhook_storage_failed' },
        `Deliveries could not be tidied up (disk full?): ${redact(String(error))}`,
      );
    }
  }

  private async inPieces(work: () => Promise<number>): Promise<number> {
    let all = 0;
    for (let piece = AT_ONCE; piece === AT_ONCE && !this.stopped;) {
      piece = await work();
      all += piece;
      if (piece === AT_ONCE) await nextTurn();
    }
    return all;
  }

  /** Parks what waits for a webhook that gets nothing any more, one piece of it. */
  private async park(webhookId: string): Promise<number> {
    // It may have been enabled, or removed, since somebody looked.
    if ((this.webhooks.get(webhookId)?.disabledReason ?? null) === null) return 0;
    const parked = await this.stored.parkOldest(webhookId, 0, this.parts.now(), AT_ONCE);
    if (parked > 0) this.parts.counts.parked(parked);
    return parked;
  }

  /** The first piece at once, so that it shows; the rest follows. */
  private async disabled(webhookId: string): Promise<void> {
    await this.stored.endTrouble({ webhookId });
    if ((await this.park(webhookId)) === AT_ONCE) void this.tidyUp();
  }

  private async changed(webhookId: string, change: (before: Webhook) => Partial<Webhook>): Promise<Changed> {
    const changed = await this.webhooks.change(webhookId, change);
    if (!changed) throw new ServiceError('unknown_webhook');
    return changed;
  }
}

/** How the log names a webhook. */
function about({ webhookId, organizationId, url, eventTypes }: Webhook) {
  return {
    webhook_id: webhookId,
    ...(organizationId !== null && { org: organizationLabel(organizationId) }),
    // The path may hold a key of the receiver's.
    host: new URL(url).host,
    event_types: eventTypes ?? 'all',
  };
}
