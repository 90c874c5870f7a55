import type Database from 'better-sqlite3';
import type { OrganizationId } from '../organization-id.js';
import type { GivenOut } from './sign-ins.js';
import type { Tokens } from './tokens.js';

/** Links of one organization that may be open at one time; the oldest makes place for a newer one. */
const MOST_PER_ORGANIZATION = 20;

/** What somebody who opened a link may see. Times are epoch ms. */
export interface ShopVisit {
  readonly organizationId: OrganizationId;
  readonly expiresAt: number;
  /** When a phone was linked after the link had been made; from then on there is nothing more to see. */
  readonly linkedAt: number | null;
  /** Digits; the phone that was linked then. */
  readonly phoneNumber: string | null;
}

interface Row {
  id: OrganizationId;
  expires_at: number;
  linked_at: number | null;
  phone_number: string | null;
}

/** Links that show one organization's QR to whoever opens them first, and nothing else. */
export class ShopLinks {
  private readonly statements: ReturnType<typeof statementsFor>;

  constructor(
    database: Database.Database,
    private readonly tokens: Tokens,
    private readonly now: () => number,
  ) {
    this.statements = statementsFor(database);
  }

  /** @param lasts ms */
  make(organizationId: OrganizationId, lasts: number): GivenOut {
    const { token, digest } = this.tokens.make();
    const now = this.now();
    const expiresAt = now + lasts;
    this.statements.tidy.run(now, organizationId, organizationId, MOST_PER_ORGANIZATION - 1);
    this.statements.add.run(digest, organizationId, expiresAt);
    return { token, expiresAt };
  }

  /** Uses a link up: the visitor's token is what opens it from now on. Null when there is no such link, or it was opened before. */
  open(token: string): { visitor: GivenOut; organizationId: OrganizationId } | null {
    const digest = this.tokens.digest(token);
    if (!digest) return null;
    const visitor = this.tokens.make();
    const row = this.statements.open.get(visitor.digest, digest, this.now()) as Row | undefined;
    return row ? { visitor: { token: visitor.token, expiresAt: row.expires_at }, organizationId: row.id } : null;
  }

  visit(visitorToken: string): ShopVisit | null {
    const digest = this.tokens.digest(visitorToken);
    const row = digest && (this.statements.visit.get(digest, this.now()) as Row | undefined);
    if (!row) return null;
    return {
      organizationId: row.id,
      expiresAt: row.expires_at,
      linkedAt: row.linked_at,
      phoneNumber: row.phone_number,
    };
  }

  /** A phone was linked: every link of the organization has done its work, and shows no QR ever again. */
  phoneLinked(organizationId: OrganizationId, phoneNumber: string | null): void {
    this.statements.linked.run(this.now(), phoneNumber, organizationId);
  }
}

function statementsFor(database: Database.Database) {
  return {
    tidy: database.prepare(
      `DELETE FROM shop_links WHERE expires_at <= ? OR (organization_id = ? AND seq <= (
         SELECT seq FROM shop_links WHERE organization_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ?))`,
    ),
    add: database.prepare('INSERT INTO shop_links (digest, organization_id, expires_at) VALUES (?, ?, ?)'),
    open: database.prepare(
      `UPDATE shop_links SET visitor_digest = ? WHERE digest = ? AND visitor_digest IS NULL AND expires_at > ?
       RETURNING organization_id AS id, expires_at, linked_at, phone_number`,
    ),
    visit: database.prepare(
      `SELECT organization_id AS id, expires_at, linked_at, phone_number FROM shop_links
       WHERE visitor_digest = ? AND expires_at > ?`,
    ),
    linked: database.prepare(
      'UPDATE shop_links SET linked_at = ?, phone_number = ? WHERE organization_id = ? AND linked_at IS NULL',
    ),
  };
}
