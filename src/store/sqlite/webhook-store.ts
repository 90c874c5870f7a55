import type Database from 'better-sqlite3';
import type { EventName } from '../../events/catalogue.js';
import type { OrganizationId } from '../../organization-id.js';
import type { DisabledReason, Failure, Webhook } from '../../webhooks/webhook.js';
import type { WebhookStore } from '../ports.js';
import { durably } from './events-database.js';

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

/** The table of webhooks. */
export class SqliteWebhookStore implements WebhookStore {
  constructor(private readonly database: Database.Database) {}

  async all(): Promise<Webhook[]> {
    const rows = this.database.prepare('SELECT * FROM webhooks ORDER BY created_at, rowid').all() as Row[];
    return rows.map(toWebhook);
  }

  async save(webhook: Webhook): Promise<void> {
    durably(this.database, () => this.write(webhook));
  }

  async remove(webhookId: string): Promise<void> {
    durably(this.database, () => {
      for (const table of ['troubles', 'webhooks'])
        this.database.prepare(`DELETE FROM ${table} WHERE webhook_id = ?`).run(webhookId);
    });
  }

  private write(webhook: Webhook): void {
    this.database
      .prepare(
        `INSERT INTO webhooks (webhook_id, organization_id, url, event_types, description, disabled_reason,
           secret, old_secret, old_secret_until, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (webhook_id) DO UPDATE SET url = excluded.url, event_types = excluded.event_types,
           description = excluded.description, disabled_reason = excluded.disabled_reason, secret = excluded.secret,
           old_secret = excluded.old_secret, old_secret_until = excluded.old_secret_until`,
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
      );
  }
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
