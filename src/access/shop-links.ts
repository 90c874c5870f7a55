import type { OrganizationId } from '../organization-id.js';
import type { AccessStore } from '../store/ports.js';
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

/** Links that show one organization's QR to whoever opens them first, and nothing else. */
export class ShopLinks {
  constructor(
    private readonly store: AccessStore,
    private readonly tokens: Tokens,
    private readonly now: () => number,
  ) {}

  /** @param lasts ms */
  async make(organizationId: OrganizationId, lasts: number): Promise<GivenOut> {
    const { token, digest } = this.tokens.make();
    const now = this.now();
    const expiresAt = now + lasts;
    await this.store.addShopLink({ digest, organizationId, expiresAt }, { now, most: MOST_PER_ORGANIZATION });
    return { token, expiresAt };
  }

  /**
   * Uses a link up: the visitor's token is what opens it from now on. Null when there is no such link, or it was
   * opened before.
   */
  async open(token: string): Promise<{ visitor: GivenOut; organizationId: OrganizationId } | null> {
    const digest = this.tokens.digest(token);
    if (!digest) return null;
    const visitor = this.tokens.make();
    const opened = await this.store.openShopLink(digest, visitor.digest, this.now());
    if (!opened) return null;
    const { organizationId, expiresAt } = opened;
    return { visitor: { token: visitor.token, expiresAt }, organizationId };
  }

  async visit(visitorToken: string): Promise<ShopVisit | null> {
    const digest = this.tokens.digest(visitorToken);
    return digest && this.store.shopVisit(digest, this.now());
  }

  /** A phone was linked: every link of the organization has done its work, and shows no QR ever again. */
  async phoneLinked(organizationId: OrganizationId, phoneNumber: string | null): Promise<void> {
    await this.store.notePhoneLinked(organizationId, phoneNumber, this.now());
  }
}
