import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrganizationId } from '../../src/organization-id.js';
import type { Creds, KeyStore, OrganizationKeys } from '../../src/store/ports.js';

const [SHOP, OTHER] = ['2', '22'] as [OrganizationId, OrganizationId];
const NOW = Date.UTC(2026, 0, 2);
const PHONE = '573001112233';

/** A storage that is empty at first and keeps two backups; `open` opens it, also again after it was closed. */
export interface KeyPlace {
  open(): Promise<KeyStore>;
  /** The storage cannot be read, or can again; what is in it stays. */
  refuse(isRefused: boolean): Promise<void>;
  /** What is in use is damaged. */
  damage(id: OrganizationId): Promise<void>;
  /** What is in use is taken away, by nobody who uses the port. */
  takeAway(id: OrganizationId): Promise<void>;
  remove(): Promise<void>;
}

/** Like Baileys' credentials; `mark` tells one identity from another. */
function creds(mark: string, isPaired = true): Creds {
  const linked = { me: { id: `${PHONE}:7@s.whatsapp.net` }, account: { details: Buffer.from('details') } };
  return { mark, noiseKey: { private: Buffer.from([1, 2, 3]) }, ...(isPaired && linked) };
}

/** What every KeyStore promises. */
export function keysContract(name: string, make: () => Promise<KeyPlace>): void {
  describe(`the key store of ${name}`, () => {
    let place: KeyPlace;
    let store: KeyStore;
    let opened: OrganizationKeys[];
    beforeEach(async () => {
      opened = [];
      place = await make();
      store = await place.open();
      await store.prepare();
    });
    const closeAll = async (): Promise<void> => {
      for (const keys of opened.splice(0)) await keys.close();
      await store.close();
    };
    afterEach(async () => {
      await closeAll();
      await place.remove();
    });
    const reopen = async (): Promise<void> => {
      await closeAll();
      store = await place.open();
      await store.prepare();
    };
    const open = async (mark = 'first', id = SHOP, isPaired = true): Promise<OrganizationKeys> => {
      const { keys } = await store.open(id, () => creds(mark, isPaired), NOW);
      opened.push(keys);
      return keys;
    };
    const markInUse = async (id = SHOP): Promise<unknown> => {
      const keys = await open('minted', id);
      const { mark } = await keys.load();
      await keys.close();
      return mark;
    };
    const makeAndClose = async (mark: string, id = SHOP, isPaired = true): Promise<void> =>
      (await open(mark, id, isPaired)).close();
    const setAside = (now: number) => store.setAside(SHOP, { reason: 'bad_mac', now });

    describe('one organization', () => {
      it('reads what was put, at once and after it was opened again', async () => {
        const keys = await open();
        void keys.put({ keys: { session: { a: { n: 1 } } } });
        void keys.put({ creds: creds('second'), keys: { session: { a: { n: 2 }, b: { n: 3 } } } });
        void keys.put({ keys: { session: { b: null, c: undefined }, 'identity-key': { a: new Uint8Array([5, 1]) } } });
        const expectAll = async (from: OrganizationKeys): Promise<void> => {
          expect(await from.get('session', ['a', 'b', 'c'])).toEqual({ a: { n: 2 } });
          expect(await from.get('identity-key', ['a'])).toEqual({ a: Buffer.from([5, 1]) });
          expect(await from.load()).toEqual(creds('second'));
        };
        await expectAll(keys);
        await keys.durable();
        await expectAll(keys);
        await reopen();
        await expectAll(await open('minted'));
      });

      it('gives fresh copies, and takes what it is given at the call', async () => {
        const keys = await open();
        const value = { list: [1] };
        const put = keys.put({ keys: { session: { a: value } } });
        value.list.push(2);
        await put;
        const read = (await keys.get('session', ['a'])).a as { list: number[] };
        read.list.push(3);
        expect(await keys.get('session', ['a'])).toEqual({ a: { list: [1] } });
        (await keys.load()).mark = 'changed';
        expect(await keys.load()).toEqual(creds('first'));
      });

      it('is durable when put or durable() resolve, and says when there is nothing to wait for', async () => {
        const keys = await open();
        expect(keys.durable()).toBeNull();
        const put = keys.put({ keys: { session: { a: 1 } } });
        expect(keys.durable()).not.toBeNull();
        await keys.durable();
        await put;
        expect(keys.durable()).toBeNull();
      });

      it('makes durable what was put when it is closed', async () => {
        const keys = await open();
        const put = keys.put({ keys: { session: { a: 1 } } });
        await keys.close();
        await keys.close();
        await put;
        expect(await (await open('minted')).get('session', ['a'])).toEqual({ a: 1 });
      });

      it('takes all of a put or nothing; nothing is durable after a refusal until somebody begins anew', async () => {
        const keys = await open();
        await keys.put({ keys: { session: { a: { n: 1 } } } });
        const refused = keys.put({ creds: creds('second'), keys: { session: { a: { n: 2 }, b: { n: 1n } } } });
        // Asked before anybody can have heard of the refusal.
        await expect(keys.durable()).rejects.toBeInstanceOf(TypeError);
        await expect(refused).rejects.toBeInstanceOf(TypeError);
        await keys.put({ keys: { session: { c: { n: 3 } } } });
        await expect(keys.durable()).rejects.toBeInstanceOf(TypeError);
        expect(await keys.get('session', ['a', 'b', 'c'])).toEqual({ a: { n: 1 }, c: { n: 3 } });
        expect(await keys.load()).toEqual(creds('first'));
        expect(keys.durable()).toBeNull();
      });

      it('refuses everything after it was closed', async () => {
        const keys = await open();
        await keys.close();
        const closed = { name: 'AuthFolderUnreadableError', code: 'CLOSED' };
        await expect(keys.load()).rejects.toMatchObject(closed);
        await expect(keys.get('session', ['a'])).rejects.toMatchObject(closed);
        await expect(keys.put({ keys: { session: { a: 1 } } })).rejects.toMatchObject(closed);
      });

      it('says that it was taken away, and takes no more writes', async () => {
        const keys = await open();
        expect(await keys.isInPlace()).toBe(true);
        await place.takeAway(SHOP);
        expect(await keys.isInPlace()).toBe(false);
        const gone = { name: 'AuthFolderUnreadableError', code: 'FOLDER_GONE' };
        await expect(keys.put({ creds: creds('second') })).rejects.toMatchObject(gone);
        await expect(keys.put({ keys: { session: { a: 1 } } })).rejects.toMatchObject(gone);
        await expect(keys.durable()).rejects.toMatchObject(gone);
        await keys.close();
        expect(await store.isMissing(SHOP)).toBe(true);
      });
    });

    describe('opening', () => {
      it('makes a new identity only when nothing is there', async () => {
        expect(await store.isMissing(SHOP)).toBe(true);
        expect(await store.exists(SHOP)).toBe(false);
        const first = await store.open(SHOP, () => creds('first'), NOW);
        opened.push(first.keys);
        expect(first).toMatchObject({ wasNew: true, pairing: { paired: true, phoneNumber: PHONE } });
        await first.keys.close();
        const second = await store.open(SHOP, () => creds('second'), NOW);
        opened.push(second.keys);
        expect(second).toMatchObject({ wasNew: false });
        expect((await second.keys.load()).mark).toBe('first');
        expect(await store.isMissing(SHOP)).toBe(false);
        expect(await store.exists(SHOP)).toBe(true);
      });

      it('tells the pairing before anybody opens, and changes nothing', async () => {
        expect(await store.peek(SHOP)).toEqual({ paired: false, phoneNumber: null });
        await makeAndClose('paired');
        await makeAndClose('not paired', OTHER, false);
        expect(await store.peek(SHOP)).toEqual({ paired: true, phoneNumber: PHONE });
        expect(await store.peek(OTHER)).toEqual({ paired: false, phoneNumber: null });
        expect(await store.organizations()).toEqual([SHOP, OTHER]);
      });

      it('calls damage damage, and mints nothing', async () => {
        await makeAndClose('first');
        await place.damage(SHOP);
        const corrupt = { name: 'AuthFolderCorruptError' };
        await expect(store.open(SHOP, () => creds('minted'), NOW)).rejects.toMatchObject(corrupt);
        await expect(store.peek(SHOP)).rejects.toMatchObject(corrupt);
        expect(await store.isMissing(SHOP)).toBe(false);
        const backup = await setAside(NOW);
        expect(backup).toMatchObject({ reason: 'bad_mac', phone_number: null });
        expect(await markInUse()).toBe('minted');
      });

      it('touches nothing while the storage cannot be read', async () => {
        await makeAndClose('first');
        await place.refuse(true);
        const unreadable = { name: 'AuthFolderUnreadableError' };
        await expect(store.open(SHOP, () => creds('minted'), NOW)).rejects.toMatchObject(unreadable);
        await expect(store.peek(SHOP)).rejects.toMatchObject(unreadable);
        await expect(setAside(NOW)).rejects.toMatchObject(unreadable);
        await place.refuse(false);
        expect(await markInUse()).toBe('first');
        expect(await store.backups(SHOP)).toEqual([]);
      });
    });

    describe('backups', () => {
      it('are the keys that were set aside, newest first, and the oldest beyond the limit go', async () => {
        for (const [index, mark] of ['first', 'second', 'third'].entries()) {
          const keys = await open(mark);
          await keys.put({ keys: { session: { a: { mark } } } });
          await keys.close();
          const backup = await setAside(NOW + index);
          expect(backup).toMatchObject({
            name: `2_corrupted_${NOW + index}`,
            reason: 'bad_mac',
            set_aside_at: new Date(NOW + index).toISOString(),
            phone_number: PHONE,
          });
          expect(await store.isMissing(SHOP)).toBe(true);
        }
        const names = (await store.backups(SHOP)).map((backup) => backup.name);
        expect(names).toEqual([`2_corrupted_${NOW + 2}`, `2_corrupted_${NOW + 1}`]);
        await reopen();
        expect(await store.backups(SHOP)).toHaveLength(2);
      });

      it('belong to one organization', async () => {
        await makeAndClose('shop');
        await makeAndClose('other', OTHER);
        await setAside(NOW);
        expect(await store.backups(OTHER)).toEqual([]);
        expect(await markInUse(OTHER)).toBe('other');
        expect(await store.organizations()).toEqual([OTHER]);
      });

      it('are never older than one that was there, also when the clock was set back', async () => {
        await makeAndClose('first');
        await setAside(NOW);
        await makeAndClose('second');
        await setAside(NOW - 1000);
        const [newest] = await store.backups(SHOP);
        await store.restore(SHOP, newest?.name, NOW);
        expect(await markInUse()).toBe('second');
      });

      it('are not made of keys that were never paired, nor of nothing', async () => {
        expect(await setAside(NOW)).toBeNull();
        await makeAndClose('not paired', SHOP, false);
        expect(await setAside(NOW)).toBeNull();
        expect(await store.exists(SHOP)).toBe(false);
        expect(await store.backups(SHOP)).toEqual([]);
      });

      it('come back whole; paired keys in their place are set aside', async () => {
        const keys = await open('first');
        await keys.put({ keys: { session: { a: { n: 1 } } } });
        await keys.close();
        await setAside(NOW);
        await makeAndClose('second');
        const restored = await store.restore(SHOP, undefined, NOW + 5);
        expect(restored).toMatchObject({ name: `2_corrupted_${NOW}`, reason: 'bad_mac', phone_number: PHONE });
        const again = await open('minted');
        expect((await again.load()).mark).toBe('first');
        expect(await again.get('session', ['a'])).toEqual({ a: { n: 1 } });
        expect(await store.backups(SHOP)).toMatchObject([
          { name: `2_corrupted_${NOW + 5}`, reason: 'replaced_by_restore' },
        ]);
      });

      it('are asked for by name', async () => {
        await expect(store.requireBackup(SHOP, undefined)).rejects.toMatchObject({ code: 'no_backup' });
        await expect(store.restore(SHOP, undefined, NOW)).rejects.toMatchObject({ code: 'no_backup' });
        await makeAndClose('first');
        await setAside(NOW);
        await makeAndClose('second');
        await setAside(NOW + 1);
        expect(await store.requireBackup(SHOP, undefined)).toBe(`2_corrupted_${NOW + 1}`);
        expect(await store.requireBackup(SHOP, `2_corrupted_${NOW}`)).toBe(`2_corrupted_${NOW}`);
        for (const wrong of [`22_corrupted_${NOW}`, '../2', '']) {
          await expect(store.requireBackup(SHOP, wrong)).rejects.toMatchObject({ code: 'unknown_backup' });
          await expect(store.restore(SHOP, wrong, NOW)).rejects.toMatchObject({ code: 'unknown_backup' });
        }
        await store.restore(SHOP, `2_corrupted_${NOW}`, NOW + 2);
        expect(await markInUse()).toBe('first');
      });
    });

    it('removes keys for good, and leaves the backups', async () => {
      await makeAndClose('first');
      await setAside(NOW);
      await makeAndClose('second');
      expect(await store.remove(SHOP, NOW + 1)).toBeNull();
      expect(await store.remove(SHOP, NOW + 1)).toBeNull();
      expect(await store.isMissing(SHOP)).toBe(true);
      expect(await store.backups(SHOP)).toHaveLength(1);
    });

    it('takes calls for one organization in their order, also after a close that nobody awaited', async () => {
      const keys = await open('first');
      void keys.put({ keys: { session: { a: { n: 1 } } } });
      void keys.close();
      const aside = setAside(NOW);
      const again = store.open(SHOP, () => creds('second'), NOW);
      expect(await aside).toMatchObject({ name: `2_corrupted_${NOW}` });
      opened.push((await again).keys);
      expect(await again).toMatchObject({ wasNew: true });
    });

    it('belongs to one process', async () => {
      const second = await place.open();
      await expect(second.prepare()).rejects.toThrow('another process');
      await second.close();
      await reopen();
    });
  });
}
