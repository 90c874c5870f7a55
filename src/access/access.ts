import type { AccessStore } from '../store/ports.js';
import { ShopLinks } from './shop-links.js';
import { SignIns } from './sign-ins.js';
import { Tokens } from './tokens.js';

/**
 * Who may look at the operator's page, and at a shop's, without holding the API key. Stored, so that a restart signs
 * nobody out and voids no link that was sent; yet nothing there opens a door: of each token only a digest is kept,
 * and the digest is keyed with the API key, so that a new key ends everything that was given out under the old one.
 */
export class Access {
  readonly signIns: SignIns;
  readonly shopLinks: ShopLinks;

  constructor(store: AccessStore, { apiKey, now }: { readonly apiKey: string; readonly now: () => number }) {
    const tokens = new Tokens(apiKey);
    this.signIns = new SignIns(store, tokens, now);
    this.shopLinks = new ShopLinks(store, tokens, now);
  }
}
