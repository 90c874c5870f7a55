import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countsAsStreamError,
  DISCONNECT_KINDS,
  disconnectReason,
  type DisconnectKind,
} from '../../../src/session/disconnect-reason.js';
import { RecentEnds } from '../../../src/session/recent-ends.js';
import {
  attemptAfter,
  backoffDelay,
  reactionTo,
  REPLACED_REMEMBERED_MS,
  REJECTED_TRIES,
  UNREADABLE_RETRY_MS,
  type Reaction,
} from '../../../src/session/reconnect-policy.js';
import { NOW, PAIRED, CONDEMNING, boom, failure, slowly, backoff, atOnce, unlinked, fought, endOf } from './ends.js';

describe('515', () => {
  const reason = disconnectReason(endOf(boom('Stream Errored (restart required)', 515)), NOW);

  test('is "log in again at once", paired or not', () => {
    expect(reactionTo(reason, PAIRED)).toEqual({ do: 'reconnect_at_once' });
    expect(reactionTo(reason, { ...PAIRED, paired: false })).toEqual({ do: 'reconnect_at_once' });
  });

  test('at once only once: the second in a row waits', () => {
    expect(reactionTo(reason, { ...PAIRED, restartsBefore: 1 })).toEqual(backoff);
    expect(reactionTo(reason, { ...PAIRED, restartsBefore: 20 })).toEqual(backoff);
  });

  test('never counts', () => {
    expect(countsAsStreamError(reason.kind)).toBe(false);
  });
});

describe('a temporary ban', () => {
  const until = (expire?: string): number | undefined =>
    disconnectReason({ text: 'Connection Failure', code: 402, attrs: expire === undefined ? {} : { expire } }, NOW)
      .until;

  test('ends after the seconds that WhatsApp names', () => {
    expect(until('1')).toBe(NOW + 1000);
    expect(until('86400')).toBe(NOW + 86_400_000);
  });

  test.each([undefined, '', '0', '-5', 'soon', 'NaN', 'Infinity'])('lasts an hour when it says %j', (expire) => {
    expect(until(expire)).toBe(NOW + 3_600_000);
  });

  test('always ends at a time that can be written down', () => {
    for (const expire of ['1e12', '1e300', String(Number.MAX_SAFE_INTEGER)]) {
      expect(() => new Date(until(expire) ?? Number.NaN).toISOString()).not.toThrow();
    }
  });
});

describe('what was before matters', () => {
  test('a 401 before any phone is linked sets nothing aside', () => {
    const reason = disconnectReason(endOf(failure(401)), NOW);
    expect(reactionTo(reason, { ...PAIRED, paired: false })).toEqual(backoff);
  });

  test('a 401 is confirmed by one more login, soon; the second in a row sets the keys aside', () => {
    const reason = disconnectReason(endOf(failure(401)), NOW);
    expect(reactionTo(reason, PAIRED)).toEqual(atOnce);
    // One that accepts each login and then says it again is not hammered.
    expect(reactionTo(reason, { ...PAIRED, attempt: 1 })).toEqual(backoff);
    for (const attempt of [0, 1, 9])
      expect(reactionTo(reason, { ...PAIRED, attempt, unlinkedBefore: 1 })).toEqual(unlinked);
  });

  test('a rejected login gets two tries more, then a person', () => {
    const reason = disconnectReason(endOf(failure(409)), NOW);
    expect(REJECTED_TRIES).toBe(2);
    expect(reactionTo(reason, { ...PAIRED, rejectedBefore: 1 })).toEqual(slowly);
    for (const rejectedBefore of [2, 3, 100]) {
      expect(reactionTo(reason, { ...PAIRED, rejectedBefore })).toEqual({
        do: 'stop',
        status: 'disconnected',
        attention: 'login_rejected',
      });
    }
  });

  test('a folder that fails is looked at again by itself', () => {
    const reaction = reactionTo({ kind: 'auth_folder_failed', code: null, text: 'SQLITE_FULL', at: NOW }, PAIRED);
    expect(reaction).toEqual({ do: 'sleep', until: NOW + UNREADABLE_RETRY_MS, attention: 'auth_folder_unreadable' });
  });

  test('what the service closed itself asks for nothing', () => {
    expect(reactionTo({ kind: 'closed_by_service', code: null, text: '', at: NOW }, PAIRED)).toEqual({ do: 'nothing' });
    expect(disconnectReason({ text: 'Intentional Logout', code: 401 }, NOW).kind).toBe('closed_by_service');
  });

  test('only a device that was called unlinked twice is ever set aside', () => {
    for (const kind of DISCONNECT_KINDS) {
      for (const paired of [true, false]) {
        for (const before of [0, 1, 5]) {
          const context = {
            paired,
            attempt: before,
            rejectedBefore: before,
            restartsBefore: before,
            unlinkedBefore: before,
            replacedLately: before > 0,
            replacedRetryMs: 60_000,
          };
          const reaction = reactionTo({ kind, code: null, text: '', at: NOW }, context);
          expect(CONDEMNING.includes(reaction.do)).toBe(kind === 'unlinked' && paired && before > 0);
        }
      }
    }
  });
});

describe('what is remembered of the ends before', () => {
  const end = (kind: DisconnectKind) => ({ kind, code: null, text: '', at: NOW });
  const now = { paired: true, attempt: 0 };

  test('two 401 in a row set aside, whatever failed between them', () => {
    const ends = new RecentEnds(60_000);
    expect(ends.reactionTo(end('unlinked'), now)).toEqual(atOnce);
    expect(ends.reactionTo(end('network'), now)).toEqual(backoff);
    expect(ends.reactionTo(end('unlinked'), now)).toEqual(unlinked);
  });

  test('replaced: one slow try; a second time within the hour it stops, however well the login between did', () => {
    const at = (ms: number) => ({ kind: 'replaced' as const, code: 440, text: '', at: NOW + ms });
    const slow = (ms: number): Reaction => ({ do: 'sleep', until: NOW + ms + 60_000, attention: 'replaced_once' });
    const ends = new RecentEnds(60_000);
    expect(ends.reactionTo(at(0), now)).toEqual(slow(0));
    ends.loggedIn();
    // Two services that each come back after a minute.
    expect(ends.reactionTo(at(120_000), now)).toEqual(fought);
    ends.loggedIn();
    expect(ends.reactionTo(at(120_000 + REPLACED_REMEMBERED_MS - 1), now)).toEqual(fought);
    // A clock that was set back proves nothing.
    expect(ends.reactionTo(at(0), now)).toEqual(fought);
    expect(ends.reactionTo(at(REPLACED_REMEMBERED_MS), now)).toEqual(slow(REPLACED_REMEMBERED_MS));
    ends.forget();
    expect(ends.reactionTo(at(REPLACED_REMEMBERED_MS + 1), now)).toEqual(slow(REPLACED_REMEMBERED_MS + 1));
  });

  test('a slow try that is slower than the memory is remembered all the same', () => {
    const ends = new RecentEnds(REPLACED_REMEMBERED_MS);
    ends.reactionTo(end('replaced'), now);
    expect(ends.reactionTo({ ...end('replaced'), at: NOW + REPLACED_REMEMBERED_MS }, now)).toEqual(fought);
  });

  test('a complete login, and a person, begin anew', () => {
    const ends = new RecentEnds(60_000);
    for (const anew of [() => ends.loggedIn(), () => ends.forget()]) {
      expect(ends.reactionTo(end('unlinked'), now)).toEqual(atOnce);
      expect(ends.reactionTo(end('restart_required'), now)).toEqual(atOnce);
      expect(ends.reactionTo(end('restart_required'), now)).toEqual(backoff);
      anew();
    }
  });
});

describe('the attempt that the backoff goes on with', () => {
  const STABLE = 10_000;

  test('a login that was never complete, and a connection that fell at once, keep it', () => {
    expect(attemptAfter(null, 5, STABLE)).toBe(5);
    expect(attemptAfter(0, 5, STABLE)).toBe(5);
    expect(attemptAfter(STABLE - 1, 5, STABLE)).toBe(5);
    // A clock that was set back proves nothing.
    expect(attemptAfter(-60_000, 5, STABLE)).toBe(5);
  });

  test('a connection that lasted starts over', () => {
    expect(attemptAfter(STABLE, 5, STABLE)).toBe(0);
    expect(attemptAfter(240_000, 9, STABLE)).toBe(0);
    expect(attemptAfter(240_000, 0, STABLE)).toBe(0);
  });
});

describe('backoff', () => {
  const options = { baseMs: 1000, maxMs: 300_000 };
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('grows twofold up to the maximum', () => {
    const ceilings = Array.from({ length: 12 }, (_, attempt) => backoffDelay(attempt, options, 1));
    expect(ceilings).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000,
    ]);
  });

  test('is a whole number of milliseconds between zero and its ceiling, for any attempt', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.integer({ min: 1, max: 86_400_000 }),
        fc.integer({ min: 0, max: 86_400_000 }),
        random,
        (attempt, baseMs, more, value) => {
          const maxMs = baseMs + more;
          const delay = backoffDelay(attempt, { baseMs, maxMs }, value);
          expect(Number.isInteger(delay)).toBe(true);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(Math.min(maxMs, baseMs * 2 ** attempt));
        },
      ),
    );
  });

  test('never gets shorter with a further attempt, for the same luck', () => {
    fc.assert(
      fc.property(fc.nat(100), random, (attempt, value) => {
        expect(backoffDelay(attempt + 1, options, value)).toBeGreaterThanOrEqual(backoffDelay(attempt, options, value));
      }),
    );
  });

  test('spreads over the whole range: sessions that fell together come back apart', () => {
    expect(backoffDelay(9, options, 0)).toBe(0);
    expect(backoffDelay(9, options, 0.5)).toBe(150_000);
    expect(backoffDelay(9, options, 0.999_999)).toBeGreaterThan(299_000);
  });
});
