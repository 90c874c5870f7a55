import { describe, expect, test } from 'vitest';
import { IDEMPOTENCY_KEPT_MS } from '../../../src/outbox/kept.js';
import { claim, commitFailer, CUSTOMER, ID, message, openOutbox, OTHER, OTHER_ID } from './fixtures.js';

const CHAT = `${CUSTOMER}@s.whatsapp.net`;

describe('idempotency keys', () => {
  test('one key is one message, also for many at once; another organization has keys of its own', async () => {
    const { outbox, clock } = await openOutbox();
    const ask = (more = {}) => outbox.accept(message(clock.at, { idempotencyKey: 'booking-1', ...more }));
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(new Set(answers.map((answer) => answer.message.messageId)).size).toBe(1);
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(outbox.depth(ID).pending).toBe(1);
    expect((await ask({ organizationId: OTHER_ID })).isNew).toBe(true);
  });

  test.each([
    ['phone', { phone: OTHER }],
    ['text', { text: 'Other' }],
    ['replace key', { replaceKey: 'booking:1' }],
    ['times, as they were given', { fingerprint: '{"ttl_seconds":60}' }],
  ])('with another %s is refused', async (_what, more) => {
    const { outbox, clock } = await openOutbox();
    await outbox.accept(message(clock.at, { idempotencyKey: 'booking-1' }));
    await expect(outbox.accept(message(clock.at, { idempotencyKey: 'booking-1', ...more }))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect(outbox.depth(ID).pending).toBe(1);
  });

  test('answer with what became of the message, for seven days and not longer', async () => {
    const { outbox, clock } = await openOutbox();
    const ask = () => outbox.accept(message(clock.at, { idempotencyKey: 'booking-1' }));
    const first = await ask();
    await claim(outbox, first.message.messageId, CHAT);
    await outbox.move(first.message.messageId, 'failed', { errorCode: 'recipient_refused', ackCode: 463 });
    clock.at += IDEMPOTENCY_KEPT_MS - 1;
    expect(await outbox.hasIdempotencyKey(ID, 'booking-1')).toBe(true);
    expect((await ask()).message).toMatchObject({ state: 'failed', errorCode: 'recipient_refused', ackCode: 463 });
    clock.at += 1;
    expect(await outbox.hasIdempotencyKey(ID, 'booking-1')).toBe(false);
    const anew = await ask();
    expect(anew.isNew).toBe(true);
    expect(anew.message.messageId).not.toBe(first.message.messageId);
  });
});

describe('a replace key', () => {
  test('takes the place of what is still queued, in the same organization only, not of what was tried', async () => {
    const { outbox, clock } = await openOutbox();
    const ask = (more = {}) => outbox.accept(message(clock.at, { replaceKey: 'booking:1', ...more }));
    const tried = await ask();
    await claim(outbox, tried.message.messageId, CHAT);
    const old = await ask();
    const elsewhere = await ask({ organizationId: OTHER_ID });
    const told: string[] = [];
    outbox.onChange(({ messageId, state }) => told.push(`${messageId} ${state}`));
    const newer = await ask();
    expect(await outbox.get(old.message.messageId)).toMatchObject({ state: 'cancelled', errorCode: 'replaced' });
    expect(told).toEqual([`${old.message.messageId} cancelled`]);
    expect((await outbox.get(tried.message.messageId))?.state).toBe('sending');
    expect((await outbox.get(elsewhere.message.messageId))?.state).toBe('queued');
    expect((await outbox.get(newer.message.messageId))?.state).toBe('queued');
    expect(outbox.depth(ID).pending).toBe(2);
  });
});

describe('a full outbox', () => {
  test('is full for that organization only, says when to come back, and takes one when there is room', async () => {
    const { outbox, clock } = await openOutbox({ maxPending: 2 });
    const first = await outbox.accept(message(clock.at));
    await outbox.accept(message(clock.at));
    await expect(outbox.accept(message(clock.at))).rejects.toMatchObject({
      code: 'outbox_full',
      details: { retryAfterSeconds: expect.any(Number) as number },
    });
    await outbox.accept(message(clock.at, { organizationId: OTHER_ID }));
    await outbox.cancel(first.message.messageId);
    await outbox.accept(message(clock.at));
    expect(outbox.depth(ID).pending).toBe(2);
  });

  test('takes what replaces a queued message, and no more than that', async () => {
    const { outbox, store, clock, directory } = await openOutbox({ maxPending: 2 });
    const keyed = { replaceKey: 'booking:1' };
    const old = await outbox.accept(message(clock.at, keyed));
    const other = await outbox.accept(message(clock.at, { replaceKey: 'booking:2' }));
    const newer = await outbox.accept(message(clock.at, keyed));
    expect(await outbox.get(old.message.messageId)).toMatchObject({ state: 'cancelled', errorCode: 'replaced' });
    expect(outbox.depth(ID).pending).toBe(2);
    // One that was tried keeps its place.
    await claim(outbox, other.message.messageId, CHAT);
    for (const more of [{ replaceKey: 'booking:2' }, { replaceKey: 'booking:3' }, {}]) {
      await expect(outbox.accept(message(clock.at, more))).rejects.toMatchObject({ code: 'outbox_full' });
    }
    expect((await outbox.get(newer.message.messageId))?.state).toBe('queued');
    expect(outbox.depth(ID).pending).toBe(2);
    // Also when the limit was lowered below what waits.
    await store.close();
    const again = (await openOutbox({ directory, clock, maxPending: 1 })).outbox;
    await again.accept(message(clock.at, keyed));
    expect(again.depth(ID).pending).toBe(2);
  });

  test('still answers a known key, and counts right after a restart', async () => {
    const { outbox, store, clock, directory } = await openOutbox({ maxPending: 1 });
    const first = await outbox.accept(message(clock.at, { idempotencyKey: 'a' }));
    expect((await outbox.accept(message(clock.at, { idempotencyKey: 'a' }))).message).toEqual(first.message);
    await store.close();
    const again = (await openOutbox({ directory, clock, maxPending: 1 })).outbox;
    expect(again.depth(ID)).toEqual({ pending: 1, oldestAt: first.message.createdAt });
    await expect(again.accept(message(clock.at))).rejects.toMatchObject({ code: 'outbox_full' });
  });
});

describe('a commit that fails leaves nothing that waits', () => {
  const nothing = { pending: 0, oldestAt: null };

  test('when the message was accepted and settled in it', async () => {
    const { outbox, database, clock } = await openOutbox();
    const failCommit = commitFailer(database);
    let settling: Promise<boolean> | undefined;
    const accepting = outbox.accept(message(clock.at), ({ messageId }) => {
      settling = outbox.move(messageId, 'failed', { errorCode: 'not_on_whatsapp' });
      failCommit();
    });
    await expect(accepting).rejects.toThrow('FOREIGN KEY');
    await expect(settling).rejects.toThrow('FOREIGN KEY');
    expect(outbox.depth(ID)).toEqual(nothing);
  });

  test('when it was accepted and replaced in it; what was on disk before waits on', async () => {
    const { outbox, database, clock } = await openOutbox();
    const failCommit = commitFailer(database);
    const keyed = { replaceKey: 'booking:1' };
    const replacing = () => [1, 2, 3].map(() => outbox.accept(message(clock.at, keyed)));
    const lost = async (): Promise<void> => {
      const all = replacing();
      failCommit();
      const outcomes = await Promise.allSettled(all);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    };
    await lost();
    expect(outbox.depth(ID)).toEqual(nothing);
    await outbox.accept(message(clock.at, keyed));
    await lost();
    expect(outbox.depth(ID)).toEqual({ pending: 1, oldestAt: clock.at });
    await Promise.all(replacing());
    expect(outbox.depth(ID).pending).toBe(1);
  });
});
