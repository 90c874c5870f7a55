import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrganizationId } from '../../src/organization-id.js';
import type { RegisterStore } from '../../src/store/ports.js';

const [SHOP, OTHER] = ['2', '22'] as [OrganizationId, OrganizationId];
const NOW = Date.UTC(2026, 0, 2);
const DAY = 86_400_000;
const NOTHING = { wanted: null, lastLogout: null, wasEverPaired: false, cleanings: [] };

/** A storage that is empty at first; `open` opens it, also again after it was closed. */
export interface RegisterPlace {
  open(): Promise<RegisterStore>;
  remove(): Promise<void>;
}

/** What every RegisterStore promises. */
export function registerContract(name: string, make: () => Promise<RegisterPlace>): void {
  describe(`the register of ${name}`, () => {
    let place: RegisterPlace;
    let store: RegisterStore;
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
    const cleaning = (at: number, reason = 'bad_mac', automatic = true) => ({ at, reason, automatic, backup: null });

    it('knows nothing of an organization that nobody spoke of', async () => {
      expect(await store.load(SHOP)).toEqual(NOTHING);
      expect(await store.organizations()).toEqual([]);
    });

    it('keeps what is wanted, the last word of each organization', async () => {
      await store.setWanted(OTHER, 'stopped');
      await store.setWanted(SHOP, 'running');
      void store.setWanted(SHOP, 'stopped');
      await store.setWanted(SHOP, 'running');
      await reopen();
      expect(await store.load(SHOP)).toEqual({ ...NOTHING, wanted: 'running' });
      expect(await store.load(OTHER)).toEqual({ ...NOTHING, wanted: 'stopped' });
      expect(await store.organizations()).toEqual([SHOP, OTHER]);
    });

    it('keeps how it came to be logged out, the last time', async () => {
      const first = { at: NOW, outcome: 'unlinked', backup: null } as const;
      const second = { at: NOW + 1, outcome: 'not_confirmed', backup: '2_corrupted_5' } as const;
      await store.loggedOut(SHOP, first);
      expect(await store.load(SHOP)).toEqual({ ...NOTHING, wanted: 'logged_out', lastLogout: first });
      await store.loggedOut(SHOP, second);
      await reopen();
      expect(await store.load(SHOP)).toMatchObject({ wanted: 'logged_out', lastLogout: second });
      await store.setWanted(SHOP, 'running');
      expect(await store.load(SHOP)).toMatchObject({ wanted: 'running', lastLogout: second });
    });

    it('keeps for good that a phone was linked, and forgets the logout then', async () => {
      await store.loggedOut(SHOP, { at: NOW, outcome: 'unlinked', backup: null });
      await store.markPaired(SHOP, NOW);
      await store.markPaired(SHOP, NOW + 1);
      await reopen();
      expect(await store.load(SHOP)).toEqual({ ...NOTHING, wanted: 'logged_out', wasEverPaired: true });
      await store.loggedOut(SHOP, { at: NOW + 2, outcome: 'unlinked', backup: null });
      expect((await store.load(SHOP)).wasEverPaired).toBe(true);
      expect((await store.load(OTHER)).wasEverPaired).toBe(false);
    });

    it('keeps cleanings, the newest first, for thirty days', async () => {
      await store.recordCleaning(SHOP, { ...cleaning(NOW), backup: '2_corrupted_5' });
      await store.recordCleaning(SHOP, cleaning(NOW + DAY, 'forced', false));
      await store.recordCleaning(SHOP, cleaning(NOW + DAY, 'stream_error'));
      await store.recordCleaning(OTHER, cleaning(NOW));
      await reopen();
      expect((await store.load(SHOP)).cleanings).toEqual([
        cleaning(NOW + DAY, 'stream_error'),
        cleaning(NOW + DAY, 'forced', false),
        { ...cleaning(NOW), backup: '2_corrupted_5' },
      ]);
      await store.recordCleaning(SHOP, cleaning(NOW + 31 * DAY));
      expect((await store.load(SHOP)).cleanings.map(({ at }) => at)).toEqual([NOW + 31 * DAY, NOW + DAY, NOW + DAY]);
      expect((await store.load(OTHER)).cleanings).toEqual([cleaning(NOW)]);
    });

    it('tells at most a thousand cleanings', async () => {
      for (let n = 0; n < 1003; n++) await store.recordCleaning(SHOP, cleaning(NOW + n));
      const { cleanings } = await store.load(SHOP);
      expect(cleanings).toHaveLength(1000);
      expect(cleanings[0]?.at).toBe(NOW + 1002);
    }, 30_000);

    it('refuses when it is closed, and keeps what it had', async () => {
      await store.setWanted(SHOP, 'running');
      await store.close();
      await expect(store.setWanted(SHOP, 'stopped')).rejects.toThrow();
      store = await place.open();
      expect((await store.load(SHOP)).wanted).toBe('running');
    });
  });
}
