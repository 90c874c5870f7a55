import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { EventName, ServiceEvent } from '../events/catalogue.js';
import { durably } from '../events/events-database.js';
import type { OrganizationId } from '../organization-id.js';
import type { DisabledReason, Failure, Webhook } from './webhook.js';

interface Row {
  webhook_id: string;
  organization_id: OrganizationId | null;
  url: string;
  event_types: string | null;
  description: string | null;
  disabled_reason: DisabledReason | null;
  secret: string;
  old_secret: string | null;
  old_secret_until: number | null;
  created_at: number;
  last_delivered_at: number | null;
  last_failure: string | null;
}

/** Which webhooks there are: in memory for every event that is told, and durable at once when a person changes one. */
export class WebhookStore {
  /** In the order of their making. */
  private readonly webhooks = new Map<string, Webhook>();

  constructor(private readonly database: Database.Database) {
    const rows = database.prepare('SELECT * FROM webhooks ORDER BY created_at, rowid').all() as Row[];
    for (const row of rows) this.webhooks.set(row.webhook_id, toWebhook(row));
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

  /** Stores a new or changed one; on disk when this returns. */
  save(webhook: Webhook): void {
    durably(this.database, () => this.write(webhook));
    this.webhooks.set(webhook.webhookId, webhook);
  }

  /** Its deliveries, which may be many, are removed little by little by whoever tidies up. */
  remove(webhookId: string): void {
    durably(this.database, () => {
      for (const table of ['troubles', 'webhooks'])
        this.database.prepare(`DELETE FROM ${table} WHERE webhook_id = ?`).run(webhookId);
    });
    this.webhooks.delete(webhookId);
  }

  /** Notes how the last try went. Not synced: the next one says it again. */
  note(webhookId: string, news: { readonly deliveredAt: number } | { readonly failure: Failure }): void {
    const webhook = this.webhooks.get(webhookId);
    if (!webhook) return;
    const next =
      'failure' in news ? { ...webhook, lastFailure: news.failure } : { ...webhook, lastDeliveredAt: news.deliveredAt };
    this.database
      .prepare('UPDATE webhooks SET last_delivered_at = ?, last_failure = ? WHERE webhook_id = ?')
      .run(next.lastDeliveredAt, next.lastFailure && JSON.stringify(next.lastFailure), webhookId);
    this.webhooks.set(webhookId, next);
  }

  private write(webhook: Webhook): void {
    this.database
      .prepare(
        `INSERT OR REPLACE INTO webhooks (webhook_id, organization_id, url, event_types, description, disabled_reason, secret,
           old_secret, old_secret_until, created_at, last_delivered_at, last_failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        webhook.webhookId,
        webhook.organizationId,
        webhook.url,
        webhook.eventTypes && JSON.stringify(webhook.eventTypes),
        webhook.description,
        webhook.disabledReason,
        webhook.secret,
        webhook.oldSecret?.secret ?? null,
        webhook.oldSecret?.until ?? null,
        webhook.createdAt,
        webhook.lastDeliveredAt,
        webhook.lastFailure && JSON.stringify(webhook.lastFailure),
      );
  }
}

export function newWebhookId(): string {
  return `wh_${randomBytes(12).toString('hex')}`;
}

function toWebhook(row: Row): Webhook {
  return {
    webhookId: row.webhook_id,
    organizationId: row.organization_id,
    url: row.url,
    eventTypes: row.event_types === null ? null : (JSON.parse(row.event_types) as EventName[]),
    description: row.description,
    disabledReason: row.disabled_reason,
    secret: row.secret,
    oldSecret: row.old_secret === null ? null : { secret: row.old_secret, until: row.old_secret_until ?? 0 },
    createdAt: row.created_at,
    lastDeliveredAt: row.last_delivered_at,
    lastFailure: row.last_failure === null ? null : (JSON.parse(row.last_failure) as Failure),
  };
}
