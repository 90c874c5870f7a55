import type { ShopVisit } from '../../access/shop-links.js';
import type { OrganizationId } from '../../organization-id.js';

/** How many of a kind may be there at one time; times are epoch ms. */
export interface Limit {
  /** What is over by now makes place first. */
  readonly now: number;
  readonly most: number;
}

/** A link for the shop, as it is kept. */
export interface NewShopLink {
  readonly digest: Buffer;
  readonly organizationId: OrganizationId;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/**
 * Sign-ins of browsers, and links that are good once. Only digests of tokens are kept; what they are keyed with is
 * the caller's business.
 *
 * - Each method is one commit, and on disk when its promise resolves.
 * - What is to be had once is given to one caller, however many ask at the same moment.
 * - A read sees every write that resolved before it was asked.
 * - A method that cannot do its work rejects, and has changed nothing.
 */
export interface AccessStore {
  /**
   * Adds a sign-in that lasts until `expiresAt` (epoch ms). Beyond the limit the one that would end first makes
   * place.
   */
  addSignIn(digest: Buffer, expiresAt: number, limit: Limit): Promise<void>;
  /** Until when it lasts (epoch ms); null when there is none, or it is over. */
  signInEnd(digest: Buffer, now: number): Promise<number | null>;
  removeSignIn(digest: Buffer): Promise<void>;

  /** Adds a link that signs a browser in, as `addSignIn` does with a sign-in. */
  addSignInLink(digest: Buffer, expiresAt: number, limit: Limit): Promise<void>;
  /** Uses the link up. False when there is none, it was used, or it is over. */
  useSignInLink(digest: Buffer, now: number): Promise<boolean>;

  /** Adds a link. Beyond the limit, which is its organization's, the oldest of that organization makes place. */
  addShopLink(link: NewShopLink, limit: Limit): Promise<void>;
  /**
   * Uses the link up: from now on the visitor's digest finds it. Null when there is none, it was opened, or it is
   * over.
   */
  openShopLink(digest: Buffer, visitor: Buffer, now: number): Promise<Omit<NewShopLink, 'digest'> | null>;
  /** The link that this visitor opened; null when there is none, or it is over. */
  shopVisit(visitor: Buffer, now: number): Promise<ShopVisit | null>;
  /** Notes on every link of the organization that a phone was linked; the first one that is noted stands. */
  notePhoneLinked(organizationId: OrganizationId, phoneNumber: string | null, now: number): Promise<void>;

  /** Nothing may be asked afterwards. */
  close(): Promise<void>;
}
