import { LRUCache } from 'lru-cache';
import type { OrganizationId } from '../../organization-id.js';
import type { Statements } from './statements.js';

/** Numbers, and who is no first contact. Its writes run in a transaction of the caller's. */
export class OutboxCustomers {
  /** Customers that are noted already, by organization and name. */
  private readonly contactsNoted = new LRUCache<string, true>({ max: 5000 });
  private readonly acquaintancesNoted = new LRUCache<string, true>({ max: 5000 });

  constructor(private readonly statements: Statements) {}

  chat(phone: string): { chatId: string | null; at: number } | null {
    const row = this.statements
      .sql<{ chatId: string | null; at: number }>(
        'SELECT chat_id AS chatId, resolved_at AS at FROM chats WHERE phone = ?',
      )
      .get(phone);
    return row ?? null;
  }

  rememberChat(phone: string, chatId: string | null, at: number): void {
    this.statements.sql('INSERT OR REPLACE INTO chats VALUES (?, ?, ?)').run(phone, chatId, at);
  }

  isContact(organizationId: OrganizationId, names: readonly string[]): boolean {
    return names.some(
      (name) =>
        this.statements
          .sql('SELECT 1 FROM contacts WHERE organization_id = ? AND phone = ?')
          .get(organizationId, name) ??
        this.statements
          .sql('SELECT 1 FROM acquaintances WHERE organization_id = ? AND name = ?')
          .get(organizationId, name),
    );
  }

  noteContact(organizationId: OrganizationId, phone: string): void {
    const contact = `${organizationId} ${phone}`;
    if (this.contactsNoted.has(contact)) return;
    this.statements.sql('INSERT OR IGNORE INTO contacts VALUES (?, ?)').run(organizationId, phone);
    this.contactsNoted.set(contact, true);
  }

  /** Those of the names that are not noted yet. */
  fresh(organizationId: OrganizationId, names: readonly string[]): string[] {
    return names.filter((name) => !this.acquaintancesNoted.has(`${organizationId} ${name}`));
  }

  noteAcquaintance(organizationId: OrganizationId, names: readonly string[], keep: number): void {
    for (const name of names) {
      this.statements
        .sql('INSERT OR REPLACE INTO acquaintances (organization_id, name) VALUES (?, ?)')
        .run(organizationId, name);
      this.acquaintancesNoted.set(`${organizationId} ${name}`, true);
    }
    this.statements
      .sql(
        `DELETE FROM acquaintances WHERE organization_id = ? AND id <= (
           SELECT id FROM acquaintances WHERE organization_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      )
      .run(organizationId, organizationId, keep);
  }

  /** Something that was written is not there after all. */
  forget(): void {
    this.contactsNoted.clear();
    this.acquaintancesNoted.clear();
  }
}
