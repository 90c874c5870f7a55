import type Database from 'better-sqlite3';
import type { ShopVisit } from '../../access/shop-links.js';
import type { OrganizationId } from '../../organization-id.js';
import { openDatabase } from './open-database.js';
import type { AccessStore, Limit, NewShopLink } from '../ports.js';

const MIGRATIONS = [
  `CREATE TABLE sign_ins (digest BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
   CREATE INDEX sign_ins_by_age ON sign_ins (expires_at);
   CREATE TABLE sign_in_links (digest BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
   CREATE INDEX sign_in_links_by_age ON sign_in_links (expires_at);
   CREATE TABLE shop_links (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     digest BLOB NOT NULL UNIQUE,
     organization_id TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     -- Of the browser that opened the link; null until somebody did.
     visitor_digest BLOB UNIQUE,
     linked_at INTEGER,
     phone_number TEXT
   ) STRICT;
   CREATE INDEX shop_links_by_organization ON shop_links (organization_id, seq);
   CREATE INDEX shop_links_by_age ON shop_links (expires_at);`,
];

/** `access.sqlite` in DATA_DIR. */
export class SqliteAccessStore implements AccessStore {
  private readonly database: Database.Database;
  private readonly statements: ReturnType<typeof statementsFor>;
  private readonly together: (work: () => void) => void;

  /** @throws as `openDatabase` */
  static async open(directory: string): Promise<SqliteAccessStore> {
    return new SqliteAccessStore(directory);
  }

  /** @throws as `openDatabase` */
  constructor(directory: string) {
    this.database = openDatabase(directory, 'access.sqlite', MIGRATIONS);
    this.statements = statementsFor(this.database);
    this.together = this.database.transaction((work: () => void) => work());
  }

  async addSignIn(digest: Buffer, expiresAt: number, limit: Limit): Promise<void> {
    this.add(this.statements.signIns, digest, expiresAt, limit);
  }

  async signInEnd(digest: Buffer, now: number): Promise<number | null> {
    const row = this.statements.find.get(digest, now) as { at: number } | undefined;
    return row?.at ?? null;
  }

  async removeSignIn(digest: Buffer): Promise<void> {
    this.statements.end.run(digest);
  }

  async addSignInLink(digest: Buffer, expiresAt: number, limit: Limit): Promise<void> {
    this.add(this.statements.links, digest, expiresAt, limit);
  }

  async useSignInLink(digest: Buffer, now: number): Promise<boolean> {
    return this.statements.useLink.run(digest, now).changes === 1;
  }

  async addShopLink({ digest, organizationId, expiresAt }: NewShopLink, { now, most }: Limit): Promise<void> {
    this.together(() => {
      this.statements.tidyShopLinks.run(now, organizationId, organizationId, most - 1);
      this.statements.addShopLink.run(digest, organizationId, expiresAt);
    });
  }

  async openShopLink(digest: Buffer, visitor: Buffer, now: number): Promise<Omit<NewShopLink, 'digest'> | null> {
    const row = this.statements.openShopLink.get(visitor, digest, now);
    return (row as { organizationId: OrganizationId; expiresAt: number } | undefined) ?? null;
  }

  async shopVisit(visitor: Buffer, now: number): Promise<ShopVisit | null> {
    return (this.statements.shopVisit.get(visitor, now) as ShopVisit | undefined) ?? null;
  }

  async notePhoneLinked(organizationId: OrganizationId, phoneNumber: string | null, now: number): Promise<void> {
    this.statements.notePhoneLinked.run(now, phoneNumber, organizationId);
  }

  async close(): Promise<void> {
    this.database.close();
  }

  private add(
    table: { tidy: Database.Statement; add: Database.Statement },
    digest: Buffer,
    expiresAt: number,
    { now, most }: Limit,
  ): void {
    this.together(() => {
      table.tidy.run(now, most - 1);
      table.add.run(digest, expiresAt);
    });
  }
}

function statementsFor(database: Database.Database) {
  const inTable = (name: 'sign_ins' | 'sign_in_links') => ({
    tidy: database.prepare(
      `DELETE FROM ${name} WHERE expires_at <= ? OR digest IN (
         SELECT digest FROM ${name} ORDER BY expires_at DESC LIMIT -1 OFFSET ?)`,
    ),
    add: database.prepare(`INSERT INTO ${name} VALUES (?, ?)`),
  });
  return {
    signIns: inTable('sign_ins'),
    links: inTable('sign_in_links'),
    find: database.prepare('SELECT expires_at AS at FROM sign_ins WHERE digest = ? AND expires_at > ?'),
    end: database.prepare('DELETE FROM sign_ins WHERE digest = ?'),
    useLink: database.prepare('DELETE FROM sign_in_links WHERE digest = ? AND expires_at > ?'),
    tidyShopLinks: database.prepare(
      `DELETE FROM shop_links WHERE expires_at <= ? OR (organization_id = ? AND seq <= (
         SELECT seq FROM shop_links WHERE organization_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ?))`,
    ),
    addShopLink: database.prepare('INSERT INTO shop_links (digest, organization_id, expires_at) VALUES (?, ?, ?)'),
    openShopLink: database.prepare(
      `UPDATE shop_links SET visitor_digest = ? WHERE digest = ? AND visitor_digest IS NULL AND expires_at > ?
       RETURNING organization_id AS organizationId, expires_at AS expiresAt`,
    ),
    shopVisit: database.prepare(
      `SELECT organization_id AS organizationId, expires_at AS expiresAt, linked_at AS linkedAt,
         phone_number AS phoneNumber FROM shop_links WHERE visitor_digest = ? AND expires_at > ?`,
    ),
    notePhoneLinked: database.prepare(
      'UPDATE shop_links SET linked_at = ?, phone_number = ? WHERE organization_id = ? AND linked_at IS NULL',
    ),
  };
}
