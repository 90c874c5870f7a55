import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrganizationId } from '../../src/organization-id.js';
import type { AccessStore } from '../../src/store/ports.js';

const [SHOP, OTHER] = ['shop-1', 'shop-2'] as [OrganizationId, OrganizationId];
const NOW = Date.UTC(2026, 0, 2);
const LATER = NOW + 1000;
const digest = (name: string): Buffer => Buffer.from(name.padEnd(32, '.'));

/** A storage that is empty at first; `open` opens it, also again after it was closed. */
export interface AccessPlace {
  open(): Promise<AccessStore>;
  remove(): Promise<void>;
}

/** What every AccessStore promises. */
export function accessContract(name: string, make: () => Promise<AccessPlace>): void {
  describe(`the access store of ${name}`, () => {
    let place: AccessPlace;
    let store: AccessStore;
    beforeEach(async () => {
      place = await make();
      store = await place.open();
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await place.open();
    };
    const limit = (most = 10, now = NOW) => ({ now, most });

    it('finds a sign-in until it is over or removed, also after it was opened again', async () => {
      await store.addSignIn(digest('a'), LATER, limit());
      await store.addSignIn(digest('b'), LATER, limit());
      await reopen();
      expect(await store.signInEnd(digest('a'), LATER - 1)).toBe(LATER);
      expect(await store.signInEnd(digest('a'), LATER)).toBeNull();
      expect(await store.signInEnd(digest('c'), NOW)).toBeNull();
      await store.removeSignIn(digest('a'));
      await store.removeSignIn(digest('a'));
      expect(await store.signInEnd(digest('a'), NOW)).toBeNull();
      expect(await store.signInEnd(digest('b'), NOW)).toBe(LATER);
    });

    it('keeps so many sign-ins, those that end last; what is over counts for nothing', async () => {
      await store.addSignIn(digest('over'), NOW, limit());
      await store.addSignIn(digest('last'), LATER + 2, limit(2));
      await store.addSignIn(digest('first'), LATER, limit(2));
      expect(await store.signInEnd(digest('first'), NOW)).toBe(LATER);
      await store.addSignIn(digest('next'), LATER + 1, limit(2));
      expect(await store.signInEnd(digest('first'), NOW)).toBeNull();
      expect(await store.signInEnd(digest('last'), NOW)).toBe(LATER + 2);
      expect(await store.signInEnd(digest('next'), NOW)).toBe(LATER + 1);
    });

    it('gives a sign-in link to one of many who use it at once, and to nobody when it is over', async () => {
      await store.addSignInLink(digest('link'), LATER, limit());
      await store.addSignInLink(digest('late'), LATER, limit());
      await reopen();
      const tries = Array.from({ length: 5 }, () => store.useSignInLink(digest('link'), NOW));
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
      expect(await store.useSignInLink(digest('late'), LATER)).toBe(false);
      expect(await store.signInEnd(digest('late'), NOW)).toBeNull();
    });

    it('keeps so many sign-in links, apart from the sign-ins', async () => {
      await store.addSignIn(digest('browser'), LATER, limit(1));
      await store.addSignInLink(digest('one'), LATER, limit(1));
      await store.addSignInLink(digest('two'), LATER + 1, limit(1));
      expect(await store.useSignInLink(digest('one'), NOW)).toBe(false);
      expect(await store.useSignInLink(digest('two'), NOW)).toBe(true);
      expect(await store.signInEnd(digest('browser'), NOW)).toBe(LATER);
    });

    const link = (of: string, organizationId = SHOP, expiresAt = LATER) => ({
      digest: digest(of),
      organizationId,
      expiresAt,
    });

    it('opens a link for the shop to one of many visitors, who finds it from then on', async () => {
      await store.addShopLink(link('link'), limit());
      await reopen();
      const visitors = ['v1', 'v2', 'v3'].map(digest);
      const opened = await Promise.all(visitors.map((visitor) => store.openShopLink(digest('link'), visitor, NOW)));
      expect(opened.filter((one) => one !== null)).toEqual([{ organizationId: SHOP, expiresAt: LATER }]);
      await reopen();
      const visits = await Promise.all(visitors.map((visitor) => store.shopVisit(visitor, NOW)));
      expect(visits.map((visit) => visit !== null)).toEqual(opened.map((one) => one !== null));
      const visitor = visitors[opened.findIndex((one) => one !== null)] as Buffer;
      expect(await store.shopVisit(visitor, NOW)).toEqual({
        organizationId: SHOP,
        expiresAt: LATER,
        linkedAt: null,
        phoneNumber: null,
      });
      expect(await store.shopVisit(visitor, LATER)).toBeNull();
      expect(await store.shopVisit(digest('link'), NOW)).toBeNull();
    });

    it('opens no link that is over', async () => {
      await store.addShopLink(link('link'), limit());
      expect(await store.openShopLink(digest('link'), digest('v'), LATER)).toBeNull();
    });

    it('keeps so many links of each organization, the newest', async () => {
      await store.addShopLink(link('other', OTHER), limit(2));
      // The newest, though it would end first.
      for (const one of ['one', 'two', 'three']) await store.addShopLink(link(one, SHOP, LATER), limit(2));
      const opened = async (one: string) => (await store.openShopLink(digest(one), digest(`by ${one}`), NOW)) !== null;
      expect(await opened('one')).toBe(false);
      for (const one of ['two', 'three', 'other']) expect(await opened(one)).toBe(true);
    });

    it('notes a linked phone on every link of the organization, once', async () => {
      for (const [one, organizationId] of [
        ['one', SHOP],
        ['two', SHOP],
        ['three', OTHER],
      ] as const) {
        await store.addShopLink(link(one, organizationId), limit());
        await store.openShopLink(digest(one), digest(`by ${one}`), NOW);
      }
      await store.notePhoneLinked(SHOP, '573001112233', NOW + 1);
      await store.notePhoneLinked(SHOP, null, NOW + 2);
      await reopen();
      for (const one of ['one', 'two']) {
        const visit = await store.shopVisit(digest(`by ${one}`), NOW);
        expect(visit).toMatchObject({ linkedAt: NOW + 1, phoneNumber: '573001112233' });
      }
      expect(await store.shopVisit(digest('by three'), NOW)).toMatchObject({ linkedAt: null });
    });

    it('rejects what is asked after it was closed', async () => {
      await store.close();
      await expect(store.signInEnd(digest('a'), NOW)).rejects.toThrow();
      store = await place.open();
    });
  });
}
