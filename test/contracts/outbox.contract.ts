import { describe, expect, it } from 'vitest';
import { outboxDiskContract } from './outbox-disk.contract.js';
import {
  CHAT,
  CONTENT,
  CUSTOMER,
  moving,
  NEXT_PHONE,
  NOW,
  OTHER,
  outboxStage,
  PHONE,
  SHOP,
  toStore,
  type OutboxPlace,
} from './outbox-stage.js';

/** What every OutboxStore promises. */
export function outboxContract(name: string, make: () => Promise<OutboxPlace>): void {
  describe(`the outbox store of ${name}`, () => {
    const { on, reopen, accept, accepted, claim, move, stateOf } = outboxStage(make);

    it('keeps a message as it was accepted, also after it was opened again', async () => {
      const id = '3EB0A1';
      const result = await accept({ messageId: id, replaceKey: 'booking:1', sendAt: NOW + 10 });
      expect(result).toMatchObject({ outcome: 'stored', message: { messageId: id, state: 'queued', attempts: 0 } });
      await reopen();
      expect(await on.store.get(id)).toMatchObject({ phone: CUSTOMER, replaceKey: 'booking:1', sendAt: NOW + 10 });
      expect(await on.store.contentOf(SHOP, id)).toEqual(CONTENT);
      expect([await on.store.contentOf(OTHER, id), await on.store.get('3EB0')]).toEqual([undefined, null]);
      expect(await on.store.waiting()).toMatchObject([
        { messageId: id, state: 'queued', forPhone: null, streamEnds: 0 },
      ]);
    });

    it('lets a message be claimed as soon as it is written, and every call sees those before it', async () => {
      const message = toStore();
      const accepting = on.store.accept(message);
      expect((await accepting.written).outcome).toBe('stored');
      const claiming = on.store.claim({ messageId: message.messageId, chatId: CHAT, at: NOW });
      expect(await claiming.claimed).toMatchObject({ content: CONTENT, isFirst: true, message: { state: 'sending' } });
      const sent = on.store.move(moving(message.messageId, 'sending', 'sent'));
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
      expect(await on.store.isKeyKnown(SHOP, 'booking-1', NOW - 1)).toBe(true);
      expect(await on.store.isKeyKnown(SHOP, 'booking-1', NOW)).toBe(false);
      expect((await accept({ ...keyed, keysSince: NOW })).outcome).toBe('stored');
    });

    it('stores one of many with one key at the same moment', async () => {
      const many = Array.from({ length: 5 }, () => accept({ idempotencyKey: 'one' }));
      const outcomes = (await Promise.all(many)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
      expect(await on.store.waiting()).toHaveLength(1);
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
      expect(await on.store.unclaim(id)).toMatchObject({ state: 'queued', attempts: 0, firstTryAt: null });
      expect(await on.store.unclaim(id)).toBeNull();
      await claim(id, NOW + 2);
      expect(await claim(id, NOW + 3)).toMatchObject({ isFirst: false, message: { attempts: 2, firstTryAt: NOW + 2 } });
      expect(await on.store.unclaim(id)).toBeNull();
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
      expect(await on.store.get(id)).toMatchObject({ state: 'failed', ...refused, times: { failed: NOW + 5 } });
    });

    it('lists by pages, by state and by number, both ways', async () => {
      const all: string[] = [];
      for (let n = 0; n < 5; n++) all.push(await accepted({ phone: n === 2 ? '573109998866' : CUSTOMER }));
      await accepted({ organizationId: OTHER });
      await move(all[1] as string, 'queued', 'expired');
      const idsOf = async (query: object): Promise<string[]> => {
        const { messages } = await on.store.list({ organizationId: SHOP, limit: 10, ...query });
        return messages.map(({ messageId }) => messageId);
      };
      expect(await idsOf({})).toEqual(all);
      expect(await idsOf({ newestFirst: true })).toEqual([...all].reverse());
      expect(await idsOf({ states: ['expired'] })).toEqual([all[1]]);
      expect(await idsOf({ phone: '573109998866' })).toEqual([all[2]]);
      const { next } = await on.store.list({ organizationId: SHOP, limit: 2 });
      expect(await idsOf({ after: next ?? 0, limit: 2 })).toEqual(all.slice(2, 4));
      expect((await on.store.newest(2)).map(({ organizationId }) => organizationId)).toEqual([OTHER, SHOP]);
      expect(await on.store.overdue(NOW + 1000, 2)).toHaveLength(2);
    });

    it('is read in the order of acceptance, forwards up to a moment and backwards', async () => {
      expect(await on.store.lastSeq()).toBe(0);
      const [first, second] = [await accepted(), await accepted({ acceptedAt: NOW + 10 })];
      const [one, two] = await on.store.acceptedAfter(0, NOW + 10, 10);
      expect([one?.message.messageId, two?.message.messageId]).toEqual([first, second]);
      expect(await on.store.acceptedAfter(0, NOW + 9, 10)).toHaveLength(1);
      expect(await on.store.acceptedAfter(one?.seq ?? 0, NOW + 10, 10)).toHaveLength(1);
      expect(await on.store.lastSeq()).toBe(two?.seq);
      expect((await on.store.acceptedBefore(null, 10, SHOP)).map(({ createdAt }) => createdAt)).toEqual([
        NOW + 10,
        NOW,
      ]);
      expect(await on.store.acceptedBefore(two?.seq ?? 0, 10)).toMatchObject([{ times: { queued: NOW } }]);
      expect(await on.store.acceptedBefore(null, 10, OTHER)).toEqual([]);
    });

    it('erases the contents of what is settled for long enough, and says when there is more', async () => {
      const settled = [await accepted(), await accepted()];
      for (const id of settled) await move(id, 'queued', 'expired');
      const waits = await accepted({ idempotencyKey: 'key' });
      const what = { settledBefore: NOW + 5, acceptedBefore: NOW, limit: 1 };
      expect(await on.store.erase(what)).toBe(false);
      expect(await on.store.contentOf(SHOP, settled[0] as string)).toEqual(CONTENT);
      expect(await on.store.erase({ ...what, settledBefore: NOW + 6 })).toBe(true);
      expect(await on.store.erase({ ...what, settledBefore: NOW + 6, acceptedBefore: NOW + 1, limit: 10 })).toBe(false);
      for (const id of settled) expect(await on.store.contentOf(SHOP, id)).toBeUndefined();
      expect(await on.store.contentOf(SHOP, waits)).toEqual(CONTENT);
      expect(await on.store.isKeyKnown(SHOP, 'key', 0)).toBe(false);
      expect(await stateOf(settled[0] as string)).toBe('expired');
    });

    it('knows chats, contacts, and the latest acquaintances', async () => {
      await on.store.rememberChat(CUSTOMER, null, NOW);
      await on.store.rememberChat(CUSTOMER, CHAT, NOW + 1);
      await on.store.noteAcquaintance(SHOP, ['1', '2'], 2);
      await on.store.noteAcquaintance(SHOP, ['3@lid'], 2);
      const id = await accepted();
      await claim(id);
      await move(id, 'sending', 'sent', { makesContact: true, chatId: '573109990000@s.whatsapp.net' });
      await reopen();
      expect([await on.store.chat(CUSTOMER), await on.store.chat('1')]).toEqual([{ chatId: CHAT, at: NOW + 1 }, null]);
      const isKnown = async (name: string) => on.store.isContact(SHOP, ['nobody', name]);
      expect([await isKnown('1'), await isKnown('2'), await isKnown('3@lid')]).toEqual([false, true, true]);
      expect([await isKnown(CUSTOMER), await isKnown('573109990000')]).toEqual([true, true]);
      expect(await on.store.isContact(OTHER, [CUSTOMER, '2'])).toBe(false);
    });

    it('keeps settings of each organization; another phone ends the pause', async () => {
      const quietHours = { from: '21:00', to: '08:00', timeZone: 'America/Bogota' };
      await on.store.setQuietHours(SHOP, quietHours);
      await on.store.pauseFirstContacts(SHOP, NOW + 1);
      await on.store.linkPhone(SHOP, PHONE, NOW);
      await reopen();
      const kept = { quietHours, firstContactsPausedUntil: NOW + 1, linkedPhone: PHONE, linkedSince: NOW };
      expect(await on.store.settings()).toEqual(new Map([[SHOP, kept]]));
      await on.store.linkPhone(SHOP, NEXT_PHONE, NOW + 5);
      const changed = { firstContactsPausedUntil: 0, linkedPhone: NEXT_PHONE, linkedSince: NOW + 5 };
      expect((await on.store.settings()).get(SHOP)).toEqual({ ...kept, ...changed });
    });

    it('gives messages to the first phone, and those of another one to nobody until that is decided', async () => {
      const first = await accepted();
      await on.store.linkPhone(SHOP, PHONE, NOW);
      const tried = await accepted();
      await claim(tried);
      await on.store.linkPhone(SHOP, NEXT_PHONE, NOW);
      const own = await accepted();
      const forPhones = async () => (await on.store.waiting()).map(({ forPhone }) => forPhone);
      expect(await forPhones()).toEqual([PHONE, PHONE, NEXT_PHONE]);
      expect(await on.store.releaseOtherPhones(SHOP, NOW)).toMatchObject({
        released: 1,
        unconfirmed: [{ messageId: tried, state: 'unconfirmed' }],
      });
      expect(await forPhones()).toEqual([NEXT_PHONE, NEXT_PHONE]);
      await on.store.linkPhone(SHOP, PHONE, NOW);
      expect(await on.store.cancelOtherPhones(SHOP, NOW, 1)).toMatchObject([{ messageId: first, state: 'cancelled' }]);
      expect(await on.store.cancelOtherPhones(SHOP, NOW, 9)).toMatchObject([{ messageId: own, state: 'cancelled' }]);
      expect(await on.store.cancelOtherPhones(SHOP, NOW, 9)).toEqual([]);
    });

    it('counts ends of the connection', async () => {
      const id = await accepted();
      await on.store.noteStreamEnd([id, 'unknown']);
      await on.store.noteStreamEnd([id]);
      await reopen();
      expect(await on.store.waiting()).toMatchObject([{ messageId: id, streamEnds: 2 }]);
    });
  });
  outboxDiskContract(name, make);
}
