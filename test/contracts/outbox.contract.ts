import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrganizationId } from '../../src/organization-id.js';
import type { MessageState } from '../../src/outbox/outbox-message.js';
import type { Accepted, MessageToStore, Move, OutboxStore } from '../../src/store/ports.js';

const [SHOP, OTHER] = ['shop-1', 'shop-2'] as [OrganizationId, OrganizationId];
const NOW = Date.UTC(2026, 0, 2);
const CUSTOMER = '573109998877';
const CHAT = `${CUSTOMER}@s.whatsapp.net`;
const CONTENT = { kind: 'text', version: 1, text: 'Hola' } as const;
const [PHONE, NEXT_PHONE] = ['573001112233', '573001112244'] as const;

/** A storage that is empty at first; `open` opens it, also again after it was closed. */
export interface OutboxPlace {
  open(): Promise<OutboxStore>;
  remove(): Promise<void>;
}

/** What every OutboxStore promises. */
export function outboxContract(name: string, make: () => Promise<OutboxPlace>): void {
  describe(`the outbox store of ${name}`, () => {
    let place: OutboxPlace;
    let store: OutboxStore;
    let ids = 0;
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
    const toStore = (more: Partial<MessageToStore> = {}): MessageToStore => ({
      messageId: `3EB0${++ids}`,
      organizationId: SHOP,
      phone: CUSTOMER,
      content: CONTENT,
      acceptedAt: NOW,
      expiresAt: NOW + 1000,
      requestHash: more.idempotencyKey === undefined ? null : Buffer.from('same'),
      keysSince: NOW - 1000,
      maxWaiting: 100,
      ...more,
    });
    const accept = async (more: Partial<MessageToStore> = {}): Promise<Accepted> => {
      const { written, stored } = store.accept(toStore(more));
      await stored;
      return written;
    };
    /** A new message, by id. */
    const accepted = async (more: Partial<MessageToStore> = {}): Promise<string> => {
      const result = await accept(more);
      if (result.outcome !== 'stored') throw new Error(result.outcome);
      return result.message.messageId;
    };
    const claim = async (messageId: string, at = NOW) => {
      const { claimed, stored } = store.claim({ messageId, chatId: CHAT, at });
      await stored;
      return claimed;
    };
    const moving = (messageId: string, from: MessageState, to: MessageState, more: Partial<Move> = {}): Move => ({
      messageId,
      from: [from],
      to,
      at: NOW + 5,
      settles: true,
      makesContact: false,
      isReceipt: false,
      ...more,
    });
    const move = async (...args: Parameters<typeof moving>) => {
      const { moved, stored } = store.move(moving(...args));
      await stored;
      return moved;
    };
    const stateOf = async (id: string) => (await store.get(id))?.state;

    it('keeps a message as it was accepted, also after it was opened again', async () => {
      const result = await accept({ replaceKey: 'booking:1', sendAt: NOW + 10 });
      const id = `3EB0${ids}`;
      expect(result).toMatchObject({ outcome: 'stored', message: { messageId: id, state: 'queued', attempts: 0 } });
      await reopen();
      expect(await store.get(id)).toMatchObject({ phone: CUSTOMER, replaceKey: 'booking:1', sendAt: NOW + 10 });
      expect(await store.contentOf(SHOP, id)).toEqual(CONTENT);
      expect([await store.contentOf(OTHER, id), await store.get('3EB0')]).toEqual([undefined, null]);
      expect(await store.waiting()).toMatchObject([{ messageId: id, state: 'queued', forPhone: null, streamEnds: 0 }]);
    });

    it('lets a message be claimed as soon as it is written, and every call sees those before it', async () => {
      const message = toStore();
      const accepting = store.accept(message);
      expect((await accepting.written).outcome).toBe('stored');
      const claiming = store.claim({ messageId: message.messageId, chatId: CHAT, at: NOW });
      expect(await claiming.claimed).toMatchObject({ content: CONTENT, isFirst: true, message: { state: 'sending' } });
      const sent = store.move(moving(message.messageId, 'sending', 'sent'));
      expect(await sent.moved).toMatchObject({ state: 'sent', chatId: CHAT });
      await Promise.all([accepting.stored, claiming.stored, sent.stored]);
      await reopen();
      expect(await stateOf(message.messageId)).toBe('sent');
    });

    it('answers a known key for its time, and refuses it for another message', async () => {
      const keyed = { idempotencyKey: 'booking-1' };
      const id = await accepted(keyed);
      expect(await accept(keyed)).toMatchObject({ outcome: 'known', message: { messageId: id } });
      expect((await accept({ ...keyed, requestHash: Buffer.from('another') })).outcome).toBe('key_reused');
      expect((await accept({ ...keyed, organizationId: OTHER })).outcome).toBe('stored');
      expect(await store.isKeyKnown(SHOP, 'booking-1', NOW - 1)).toBe(true);
      expect(await store.isKeyKnown(SHOP, 'booking-1', NOW)).toBe(false);
      expect((await accept({ ...keyed, keysSince: NOW })).outcome).toBe('stored');
    });

    it('stores one of many with one key at the same moment', async () => {
      const many = Array.from({ length: 5 }, () => accept({ idempotencyKey: 'one' }));
      const outcomes = (await Promise.all(many)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
      expect(await store.waiting()).toHaveLength(1);
    });

    it('is full for one organization, and what takes a queued one’s place is taken all the same', async () => {
      const full = { maxWaiting: 2 };
      const old = await accepted({ ...full, replaceKey: 'booking:1' });
      await accepted(full);
      expect((await accept(full)).outcome).toBe('full');
      expect((await accept({ ...full, organizationId: OTHER })).outcome).toBe('stored');
      expect(await accept({ ...full, replaceKey: 'booking:1' })).toMatchObject({
        outcome: 'stored',
        replaced: [{ messageId: old, state: 'cancelled', errorCode: 'replaced' }],
      });
      expect((await accept(full)).outcome).toBe('full');
      await reopen();
      expect((await accept(full)).outcome).toBe('full');
    });

    it('claims what is queued and in time, counts repeats, and takes the first one back', async () => {
      const id = await accepted();
      expect(await claim(id, NOW + 1000)).toBeNull();
      expect(await claim(id, NOW + 1)).toMatchObject({ isFirst: true, message: { attempts: 1, firstTryAt: NOW + 1 } });
      expect(await store.unclaim(id)).toMatchObject({ state: 'queued', attempts: 0, firstTryAt: null });
      expect(await store.unclaim(id)).toBeNull();
      await claim(id, NOW + 2);
      expect(await claim(id, NOW + 3)).toMatchObject({ isFirst: false, message: { attempts: 2, firstTryAt: NOW + 2 } });
      expect(await store.unclaim(id)).toBeNull();
      await move(id, 'sending', 'unconfirmed');
      expect([await claim(id), await claim('3EB0')]).toEqual([null, null]);
    });

    it('moves a message only from where it may, with what goes with it', async () => {
      const id = await accepted();
      expect(await move(id, 'sending', 'sent')).toBeNull();
      await claim(id);
      const refused = { errorCode: 'recipient_refused', ackCode: 463 } as const;
      expect(await move(id, 'sending', 'failed', refused)).toMatchObject({ state: 'failed', ...refused });
      expect(await move(id, 'sending', 'sent')).toBeNull();
      await reopen();
      expect(await store.get(id)).toMatchObject({ state: 'failed', ...refused, times: { failed: NOW + 5 } });
    });

    it('lists by pages, by state and by number, both ways', async () => {
      const all: string[] = [];
      for (let n = 0; n < 5; n++) all.push(await accepted({ phone: n === 2 ? '573109998866' : CUSTOMER }));
      await accepted({ organizationId: OTHER });
      await move(all[1] as string, 'queued', 'expired');
      const idsOf = async (query: object): Promise<string[]> => {
        const { messages } = await store.list({ organizationId: SHOP, limit: 10, ...query });
        return messages.map(({ messageId }) => messageId);
      };
      expect(await idsOf({})).toEqual(all);
      expect(await idsOf({ newestFirst: true })).toEqual([...all].reverse());
      expect(await idsOf({ states: ['expired'] })).toEqual([all[1]]);
      expect(await idsOf({ phone: '573109998866' })).toEqual([all[2]]);
      const { next } = await store.list({ organizationId: SHOP, limit: 2 });
      expect(await idsOf({ after: next ?? 0, limit: 2 })).toEqual(all.slice(2, 4));
      expect((await store.newest(2)).map(({ organizationId }) => organizationId)).toEqual([OTHER, SHOP]);
      expect(await store.overdue(NOW + 1000, 2)).toHaveLength(2);
    });

    it('is read in the order of acceptance, forwards up to a moment and backwards', async () => {
      expect(await store.lastSeq()).toBe(0);
      const [first, second] = [await accepted(), await accepted({ acceptedAt: NOW + 10 })];
      const [one, two] = await store.acceptedAfter(0, NOW + 10, 10);
      expect([one?.message.messageId, two?.message.messageId]).toEqual([first, second]);
      expect(await store.acceptedAfter(0, NOW + 9, 10)).toHaveLength(1);
      expect(await store.acceptedAfter(one?.seq ?? 0, NOW + 10, 10)).toHaveLength(1);
      expect(await store.lastSeq()).toBe(two?.seq);
      expect((await store.acceptedBefore(null, 10, SHOP)).map(({ createdAt }) => createdAt)).toEqual([NOW + 10, NOW]);
      expect(await store.acceptedBefore(two?.seq ?? 0, 10)).toMatchObject([{ times: { queued: NOW } }]);
      expect(await store.acceptedBefore(null, 10, OTHER)).toEqual([]);
    });

    it('erases the contents of what is settled for long enough, and says when there is more', async () => {
      const settled = [await accepted(), await accepted()];
      for (const id of settled) await move(id, 'queued', 'expired');
      const waits = await accepted({ idempotencyKey: 'key' });
      const what = { settledBefore: NOW + 5, acceptedBefore: NOW, limit: 1 };
      expect(await store.erase(what)).toBe(false);
      expect(await store.contentOf(SHOP, settled[0] as string)).toEqual(CONTENT);
      expect(await store.erase({ ...what, settledBefore: NOW + 6 })).toBe(true);
      expect(await store.erase({ ...what, settledBefore: NOW + 6, acceptedBefore: NOW + 1, limit: 10 })).toBe(false);
      for (const id of settled) expect(await store.contentOf(SHOP, id)).toBeUndefined();
      expect(await store.contentOf(SHOP, waits)).toEqual(CONTENT);
      expect(await store.isKeyKnown(SHOP, 'key', 0)).toBe(false);
      expect(await stateOf(settled[0] as string)).toBe('expired');
    });

    it('knows chats, contacts, and the latest acquaintances', async () => {
      await store.rememberChat(CUSTOMER, null, NOW);
      await store.rememberChat(CUSTOMER, CHAT, NOW + 1);
      await store.noteAcquaintance(SHOP, ['1', '2'], 2);
      await store.noteAcquaintance(SHOP, ['3@lid'], 2);
      const id = await accepted();
      await claim(id);
      await move(id, 'sending', 'sent', { makesContact: true, chatId: '573109990000@s.whatsapp.net' });
      await reopen();
      expect([await store.chat(CUSTOMER), await store.chat('1')]).toEqual([{ chatId: CHAT, at: NOW + 1 }, null]);
      const isKnown = async (name: string) => store.isContact(SHOP, ['nobody', name]);
      expect([await isKnown('1'), await isKnown('2'), await isKnown('3@lid')]).toEqual([false, true, true]);
      expect([await isKnown(CUSTOMER), await isKnown('573109990000')]).toEqual([true, true]);
      expect(await store.isContact(OTHER, [CUSTOMER, '2'])).toBe(false);
    });

    it('keeps settings of each organization; another phone ends the pause', async () => {
      const quietHours = { from: '21:00', to: '08:00', timeZone: 'America/Bogota' };
      await store.setQuietHours(SHOP, quietHours);
      await store.pauseFirstContacts(SHOP, NOW + 1);
      await store.linkPhone(SHOP, PHONE, NOW);
      await reopen();
      const kept = { quietHours, firstContactsPausedUntil: NOW + 1, linkedPhone: PHONE, linkedSince: NOW };
      expect(await store.settings()).toEqual(new Map([[SHOP, kept]]));
      await store.linkPhone(SHOP, NEXT_PHONE, NOW + 5);
      const changed = { firstContactsPausedUntil: 0, linkedPhone: NEXT_PHONE, linkedSince: NOW + 5 };
      expect((await store.settings()).get(SHOP)).toEqual({ ...kept, ...changed });
    });

    it('gives messages to the first phone, and those of another one to nobody until that is decided', async () => {
      const first = await accepted();
      await store.linkPhone(SHOP, PHONE, NOW);
      const tried = await accepted();
      await claim(tried);
      await store.linkPhone(SHOP, NEXT_PHONE, NOW);
      const own = await accepted();
      const forPhones = async () => (await store.waiting()).map(({ forPhone }) => forPhone);
      expect(await forPhones()).toEqual([PHONE, PHONE, NEXT_PHONE]);
      expect(await store.releaseOtherPhones(SHOP, NOW)).toMatchObject({
        released: 1,
        unconfirmed: [{ messageId: tried, state: 'unconfirmed' }],
      });
      expect(await forPhones()).toEqual([NEXT_PHONE, NEXT_PHONE]);
      await store.linkPhone(SHOP, PHONE, NOW);
      expect(await store.cancelOtherPhones(SHOP, NOW, 1)).toMatchObject([{ messageId: first, state: 'cancelled' }]);
      expect(await store.cancelOtherPhones(SHOP, NOW, 9)).toMatchObject([{ messageId: own, state: 'cancelled' }]);
      expect(await store.cancelOtherPhones(SHOP, NOW, 9)).toEqual([]);
    });

    it('counts ends of the connection', async () => {
      const id = await accepted();
      await store.noteStreamEnd([id, 'unknown']);
      await store.noteStreamEnd([id]);
      await reopen();
      expect(await store.waiting()).toMatchObject([{ messageId: id, streamEnds: 2 }]);
    });

    it('rejects everything after it was closed', async () => {
      const id = await accepted();
      await store.close();
      const { written, stored } = store.accept(toStore());
      const { moved } = store.move(moving(id, 'queued', 'expired'));
      const all = [written, stored, moved, store.get(id), store.waiting(), store.settings()];
      const outcomes = (await Promise.allSettled<unknown>(all)).map(({ status }) => status);
      expect(outcomes).toEqual(all.map(() => 'rejected'));
      await expect(store.get(id)).rejects.toMatchObject({ code: 'shutting_down' });
      store = await place.open();
    });
  });
}
