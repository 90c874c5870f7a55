import { randomBytes } from 'node:crypto';
import { Mutex } from 'async-mutex';
import type { ServiceEvent } from '../events/catalogue.js';
import type { WebhookStore } from '../store/ports.js';
import type { Failure, Webhook } from './webhook.js';

/** What a change made of a webhook. */
export interface Changed {
  readonly before: Webhook;
  readonly after: Webhook;
}

/**
 * Which webhooks there are: in memory, for they are asked for every event. What a person changes holds when it is
 * stored.
 */
export class WebhookList {
  /** In the order of their making. */
  private readonly webhooks = new Map<string, Webhook>();
  /** Changes come one after another, each from what the one before has left. */
  private readonly changes = new Mutex();

  /** @param stored all that the storage has */
  constructor(
    private readonly store: WebhookStore,
    stored: readonly Webhook[],
  ) {
    for (const webhook of stored) this.webhooks.set(webhook.webhookId, webhook);
  }

  all(): Webhook[] {
    return [...this.webhooks.values()];
  }

  get(webhookId: string): Webhook | null {
    return this.webhooks.get(webhookId) ?? null;
  }

  /** The enabled ones that such an event is for. */
  interestedIn({ name, organizationId }: Pick<ServiceEvent, 'name' | 'organizationId'>): Webhook[] {
    const found: Webhook[] = [];
    for (const webhook of this.webhooks.values()) {
      if (webhook.disabledReason !== null) continue;
      if (webhook.organizationId !== null && webhook.organizationId !== organizationId) continue;
      if (webhook.eventTypes === null || webhook.eventTypes.includes(name)) found.push(webhook);
    }
    return found;
  }

  /** Adds what `make` returns; when it throws, nothing. On disk when it resolves. */
  async add(make: () => Webhook): Promise<Webhook> {
    return this.changes.runExclusive(async () => {
      const webhook = make();
      await this.store.save(webhook);
      this.webhooks.set(webhook.webhookId, webhook);
      return webhook;
    });
  }

  /** Changes one; null when it is not there. On disk when it resolves. */
  async change(webhookId: string, change: (before: Webhook) => Partial<Webhook>): Promise<Changed | null> {
    return this.changes.runExclusive(async () => {
      const before = this.get(webhookId);
      if (!before) return null;
      const changes = change(before);
      await this.store.save({ ...before, ...changes });
      // How a delivery went may have been noted meanwhile.
      const after = { ...(this.get(webhookId) ?? before), ...changes };
      this.webhooks.set(webhookId, after);
      return { before, after };
    });
  }

  /** Returns what it was; null when it is not there. On disk when it resolves. */
  async remove(webhookId: string): Promise<Webhook | null> {
    return this.changes.runExclusive(async () => {
      const webhook = this.get(webhookId);
      if (!webhook) return null;
      await this.store.remove(webhookId);
      this.webhooks.delete(webhookId);
      return webhook;
    });
  }

  /** How the last try went, as the DeliveryStore has noted it. */
  note(webhookId: string, news: { readonly deliveredAt: number } | { readonly failure: Failure }): void {
    const webhook = this.webhooks.get(webhookId);
    if (!webhook) return;
    const next =
      'failure' in news ? { ...webhook, lastFailure: news.failure } : { ...webhook, lastDeliveredAt: news.deliveredAt };
    this.webhooks.set(webhookId, next);
  }
}

export function newWebhookId(): string {
  return `wh_${randomBytes(12).toString('hex')}`;
}
