import { describe, expect, it } from 'vitest';
import {
  CHAT,
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

/** What every OutboxStore promises of its disk, when that refuses, and when it is closed. */
export function outboxDiskContract(name: string, make: () => Promise<OutboxPlace>): void {
  describe(`the disk of the outbox store of ${name}`, () => {
    const { on, reopen, accept, accepted, claim, move, stateOf } = outboxStage(make);

    it('is on disk when a write resolves, though nobody closed it', async () => {
      const [queued, sending] = [await accepted(), await accepted()];
      await claim(sending);
      const sent = await accepted();
      await move(sent, 'queued', 'sent', { makesContact: true });
      await Promise.all([on.store.linkPhone(SHOP, PHONE, NOW), on.store.rememberChat(CUSTOMER, CHAT, NOW)]);
      const other = await on.place.open();
      const states = [queued, sending, sent].map(async (id) => (await other.get(id))?.state);
      expect(await Promise.all(states)).toEqual(['queued', 'sending', 'sent']);
      expect((await other.settings()).get(SHOP)).toMatchObject({ linkedPhone: PHONE });
      expect([await other.chat(CUSTOMER), await other.isContact(SHOP, [CUSTOMER])]).toMatchObject([{ at: NOW }, true]);
      await other.close();
    });

    describe('when the disk refuses', () => {
      const keyed = { replaceKey: 'booking:1', idempotencyKey: 'key' };
      /** Everything that may be written; `old` is queued, `tried` was claimed once. */
      const writes = (old: string, tried: string): Promise<unknown>[] => [
        on.store.accept(toStore({ ...keyed, idempotencyKey: 'new key' })).stored,
        on.store.accept(toStore({ organizationId: OTHER })).stored,
        on.store.claim({ messageId: tried, chatId: CHAT, at: NOW }).stored,
        on.store.noteStreamEnd([tried]),
        on.store.rememberChat(CUSTOMER, CHAT, NOW),
        on.store.noteAcquaintance(SHOP, ['1', '2@lid'], 9),
        on.store.setQuietHours(SHOP, { from: '21:00', to: '08:00', timeZone: 'UTC' }),
        on.store.pauseFirstContacts(SHOP, NOW + 9),
        on.store.linkPhone(SHOP, NEXT_PHONE, NOW),
        on.store.releaseOtherPhones(SHOP, NOW),
        on.store.linkPhone(SHOP, '573001112255', NOW),
        on.store.cancelOtherPhones(SHOP, NOW, 9),
        on.store.move(moving(old, 'queued', 'expired')).stored,
        on.store.erase({ settledBefore: NOW + 9, acceptedBefore: NOW + 9, limit: 9 }),
      ];
      const everything = async () => ({
        messages: await on.store.list({ organizationId: SHOP, limit: 99 }),
        others: await on.store.list({ organizationId: OTHER, limit: 99 }),
        waiting: await on.store.waiting(),
        order: [
          await on.store.lastSeq(),
          await on.store.acceptedAfter(0, NOW, 99),
          await on.store.acceptedBefore(null, 99),
        ],
        overdue: await on.store.overdue(NOW + 1000, 99),
        contents: await Promise.all(
          (await on.store.newest(99)).map(({ organizationId, messageId }) =>
            on.store.contentOf(organizationId, messageId),
          ),
        ),
        keys: [await on.store.isKeyKnown(SHOP, 'key', 0), await on.store.isKeyKnown(SHOP, 'new key', 0)],
        customers: [await on.store.chat(CUSTOMER), await on.store.isContact(SHOP, ['1', '2@lid', CUSTOMER])],
        settings: await on.store.settings(),
      });

      it('a write rejects and has changed nothing, and the next ones come to the disk', async () => {
        await move(await accepted(), 'queued', 'cancelled');
        await on.store.linkPhone(SHOP, PHONE, NOW);
        const [old, tried] = [await accepted(keyed), await accepted()];
        await claim(tried);
        const before = await everything();
        const outcomes = Promise.allSettled([...writes(old, tried), on.store.unclaim(tried)]);
        on.place.refuse();
        expect((await outcomes).map(({ status }) => status)).not.toContain('fulfilled');
        expect(await everything()).toEqual(before);
        expect(await stateOf(tried)).toBe('sending');
        await reopen();
        expect(await everything()).toEqual(before);

        const again = Promise.allSettled(writes(old, tried));
        on.place.refuse();
        await again;
        expect((await accept({ maxWaiting: 2 })).outcome).toBe('full');
        await accepted();
        expect((await on.store.waiting()).map(({ forPhone }) => forPhone)).toEqual([PHONE, PHONE, PHONE]);
        const statuses = (await Promise.allSettled(writes(old, tried))).map(({ status }) => status);
        expect(statuses).not.toContain('rejected');
        expect((await on.store.chat(CUSTOMER))?.chatId).toBe(CHAT);
        expect(await on.store.isContact(SHOP, ['2@lid'])).toBe(true);
        expect(await stateOf(old)).toBe('cancelled');
        expect(await on.store.isKeyKnown(SHOP, 'new key', 0)).toBe(false);
      });

      it('and nobody hears of `stored`: that is no unhandled rejection', async () => {
        const [queued, other] = [await accepted(), await accepted()];
        const unhandled: unknown[] = [];
        const note = (error: unknown): void => void unhandled.push(error);
        process.on('unhandledRejection', note);
        on.store.accept(toStore());
        on.store.claim({ messageId: queued, chatId: CHAT, at: NOW });
        on.store.move(moving(other, 'queued', 'expired'));
        on.place.refuse();
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
        process.off('unhandledRejection', note);
        expect(unhandled).toEqual([]);
        expect([await stateOf(queued), await stateOf(other)]).toEqual(['queued', 'queued']);
      });
    });

    it('rejects everything after it was closed', async () => {
      const id = await accepted();
      await on.store.noteAcquaintance(SHOP, ['1'], 9);
      await on.store.close();
      const accepting = on.store.accept(toStore());
      const claiming = on.store.claim({ messageId: id, chatId: CHAT, at: NOW });
      const expiring = on.store.move(moving(id, 'queued', 'expired'));
      const receipt = on.store.move(moving('unknown', 'sent', 'read', { isReceipt: true }));
      const calls = {
        accepted: accepting.written,
        acceptStored: accepting.stored,
        claimed: claiming.claimed,
        claimStored: claiming.stored,
        moved: expiring.moved,
        moveStored: expiring.stored,
        receiptStored: receipt.stored,
        unclaim: on.store.unclaim(id),
        noteStreamEnd: on.store.noteStreamEnd([id]),
        get: on.store.get(id),
        list: on.store.list({ organizationId: SHOP, limit: 1 }),
        contentOf: on.store.contentOf(SHOP, id),
        isKeyKnown: on.store.isKeyKnown(SHOP, 'key', 0),
        waiting: on.store.waiting(),
        overdue: on.store.overdue(NOW, 1),
        newest: on.store.newest(1),
        acceptedAfter: on.store.acceptedAfter(0, NOW, 1),
        lastSeq: on.store.lastSeq(),
        acceptedBefore: on.store.acceptedBefore(null, 1),
        erase: on.store.erase({ settledBefore: NOW, acceptedBefore: NOW, limit: 1 }),
        chat: on.store.chat(CUSTOMER),
        rememberChat: on.store.rememberChat(CUSTOMER, CHAT, NOW),
        isContact: on.store.isContact(SHOP, [CUSTOMER]),
        noteAcquaintance: on.store.noteAcquaintance(SHOP, ['1'], 9),
        settings: on.store.settings(),
        setQuietHours: on.store.setQuietHours(SHOP, null),
        pauseFirstContacts: on.store.pauseFirstContacts(SHOP, NOW),
        linkPhone: on.store.linkPhone(SHOP, PHONE, NOW),
        releaseOtherPhones: on.store.releaseOtherPhones(SHOP, NOW),
        cancelOtherPhones: on.store.cancelOtherPhones(SHOP, NOW, 1),
      };
      const outcomes = await Promise.allSettled<unknown>(Object.values(calls));
      const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : outcome.status));
      const names = Object.keys(calls);
      const expected = names.map((call) => [call, 'shutting_down']);
      expect(names.map((call, n) => [call, codes[n]])).toEqual(expected);
      await on.open();
    });
  });
}
