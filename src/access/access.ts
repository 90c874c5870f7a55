import type Database from 'better-sqlite3';
import { openDatabase } from '../store/sqlite/open-database.js';
import { ShopLinks } from './shop-links.js';
import { SignIns } from './sign-ins.js';
import { Tokens } from './tokens.js';

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

/**
 * Who may look at the operator's page, and at a shop's, without holding the API key. On disk, so that a restart signs nobody out and voids
 * no link that was sent; yet nothing there opens a door: of each token only a digest is kept, and the digest is keyed with the API
 * key, so that a new key ends everything that was given out under the old one.
 */
export class Access {
  readonly signIns: SignIns;
  readonly shopLinks: ShopLinks;

  constructor(
    private readonly database: Database.Database,
    { apiKey, now }: { readonly apiKey: string; readonly now: () => number },
  ) {
    const tokens = new Tokens(apiKey);
    this.signIns = new SignIns(database, tokens, now);
    this.shopLinks = new ShopLinks(database, tokens, now);
  }

  /** @throws as `openDatabase` */
  static open(directory: string, options: { apiKey: string; now: () => number }): Access {
    return new Access(openDatabase(directory, 'access.sqlite', MIGRATIONS), options);
  }

  close(): void {
    this.database.close();
  }
}
