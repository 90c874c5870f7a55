import type { OrganizationId } from '../../organization-id.js';
import type { MessageState } from '../../outbox/outbox-message.js';
import type { QuietHours } from '../../outbox/quiet-hours.js';
import type { OutboxSettings } from '../ports.js';
import { STILL_WAITS, WAITING } from './outbox-lists.js';
import type { Statements } from './statements.js';

/**
 * Settings of organizations, and the phones for which messages wait. Its writes run in a transaction of the caller's.
 */
export class OutboxPhones {
  /** Asked for at every message. */
  private readonly linked = new Map<OrganizationId, string | null>();

  constructor(private readonly statements: Statements) {}

  settings(): Map<OrganizationId, OutboxSettings> {
    const rows = this.statements
      .sql<{ id: OrganizationId; quiet: string | null; at: number; phone: string | null; since: number | null }>(
        `SELECT organization_id AS id, quiet_hours AS quiet, first_contacts_paused_until AS at, linked_phone AS phone,
           linked_since AS since FROM organization_settings`,
      )
      .all();
    return new Map(
      rows.map(({ id, quiet, at, phone, since }) => [
        id,
        {
          quietHours: quiet === null ? null : (JSON.parse(quiet) as QuietHours),
          firstContactsPausedUntil: at,
          linkedPhone: phone,
          linkedSince: since ?? 0,
        },
      ]),
    );
  }

  setQuietHours(organizationId: OrganizationId, quiet: QuietHours | null): void {
    this.statements
      .sql(
        `INSERT INTO organization_settings (organization_id, quiet_hours) VALUES (?, ?)
         ON CONFLICT (organization_id) DO UPDATE SET quiet_hours = excluded.quiet_hours`,
      )
      .run(organizationId, quiet && JSON.stringify(quiet));
  }

  pauseFirstContacts(organizationId: OrganizationId, until: number): void {
    this.statements
      .sql(
        `INSERT INTO organization_settings (organization_id, first_contacts_paused_until) VALUES (?, ?)
         ON CONFLICT (organization_id) DO UPDATE
           SET first_contacts_paused_until = excluded.first_contacts_paused_until`,
      )
      .run(organizationId, until);
  }

  linkedPhone(organizationId: OrganizationId): string | null {
    let phone = this.linked.get(organizationId);
    if (phone === undefined) {
      const row = this.statements
        .sql<{ phone: string | null }>(
          'SELECT linked_phone AS phone FROM organization_settings WHERE organization_id = ?',
        )
        .get(organizationId);
      phone = row?.phone ?? null;
      this.linked.set(organizationId, phone);
    }
    return phone;
  }

  /** True when messages were given to it. */
  link(organizationId: OrganizationId, phone: string, at: number): boolean {
    const before = this.linkedPhone(organizationId);
    this.statements
      .sql(
        `INSERT INTO organization_settings (organization_id, linked_phone, linked_since) VALUES (?, ?, ?)
         ON CONFLICT (organization_id) DO UPDATE
           SET linked_phone = excluded.linked_phone, linked_since = excluded.linked_since`,
      )
      .run(organizationId, phone, at);
    this.linked.set(organizationId, phone);
    if (before === null) return this.give(organizationId, phone, 'for_phone IS NULL') > 0;
    this.pauseFirstContacts(organizationId, 0);
    return false;
  }

  /** From now on these of the messages that wait are this phone's. */
  give(organizationId: OrganizationId, phone: string, which: 'for_phone IS NULL' | 'for_phone IS NOT NULL'): number {
    return this.statements
      .sql(
        `UPDATE messages ${WAITING} SET for_phone = ?
         WHERE organization_id = ? AND ${STILL_WAITS} AND ${which} AND for_phone IS NOT ?`,
      )
      .run(phone, organizationId, phone).changes;
  }

  /** The first of those that wait for another phone than the one that is linked. */
  forOthers(
    organizationId: OrganizationId,
    limit: number,
    which: "state = 'sending'" | 'true' = 'true',
  ): { id: string; state: MessageState }[] {
    return this.statements
      .sql<{ id: string; state: MessageState }>(
        `SELECT message_id AS id, state FROM messages ${WAITING}
         WHERE organization_id = ? AND ${STILL_WAITS} AND ${which} AND for_phone <> ? ORDER BY seq LIMIT ?`,
      )
      .all(organizationId, this.linkedPhone(organizationId), limit);
  }

  /** Something that was written is not there after all. */
  forget(): void {
    this.linked.clear();
  }
}
