import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterFailure, restOf, retryAfterMs, retryDelay } from '../../../src/webhooks/retry-schedule.js';
import type { Trouble } from '../../../src/webhooks/webhook.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SETTINGS = { baseMs: 5000, maxMs: HOUR, retryForMs: DAY };
const NOW = Date.parse('2026-03-01T10:00:00Z');

/** Tries until one is parked; the times of all of them since the first, ms. */
function triesUntilParked(waitsSince: number, random: () => number): number[] {
  let now = Math.max(NOW, waitsSince);
  const tries: number[] = [];
  let trouble: Trouble | null = null;
  for (let i = 0; i < 1000; i++) {
    tries.push(now);
    const after = afterFailure(SETTINGS, trouble, { waitsSince, attempts: i }, now, random());
    if (after.parked !== 'none') return tries.map((at) => at - (tries[0] ?? 0));
    trouble = after.trouble;
    now = trouble.nextTryAt;
  }
  throw new Error('never parked');
}

describe('the waits between tries', () => {
  it('double from the shortest to the longest', () => {
    const waits = Array.from({ length: 14 }, (_, i) => retryDelay(SETTINGS, i + 1, 0.5));
    expect(waits.slice(0, 5)).toEqual([5000, 10_000, 20_000, 40_000, 80_000]);
    expect(waits.slice(-3)).toEqual([HOUR, HOUR, HOUR]);
    expect(retryDelay(SETTINGS, 100_000, 0.5)).toBe(HOUR);
  });

  it('are drawn a fifth to both sides', () => {
    expect(retryDelay(SETTINGS, 1, 0)).toBe(4000);
    expect(retryDelay(SETTINGS, 1, 0.999_999)).toBe(6000);
  });

  it('follow what the receiver asks for, if it is no longer than the longest, and never make it shorter', () => {
    expect(retryDelay(SETTINGS, 1, 0.5, 120_000)).toBe(120_000);
    expect(retryDelay(SETTINGS, 1, 0.5, 30 * DAY)).toBe(HOUR);
    expect(retryDelay(SETTINGS, 8, 0.5, 1000)).toBe(640_000);
  });

  it('are read from Retry-After, seconds or a date; anything else is none', () => {
    expect(retryAfterMs('120', NOW)).toBe(120_000);
    expect(retryAfterMs(new Date(NOW + 60_000).toUTCString(), NOW)).toBe(60_000);
    expect(retryAfterMs(new Date(NOW - 60_000).toUTCString(), NOW)).toBe(0);
    for (const nothing of [undefined, '', 'soon', '-5', '1e99']) expect(retryAfterMs(nothing, NOW)).toBe(0);
  });
});

describe('what follows a failure', () => {
  it('is tried over and over for 24 h, the last time at their end, and then parked', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (random) => {
        const tries = triesUntilParked(NOW, () => random.next().value as number);
        expect(tries.at(-1)).toBe(DAY);
        expect(tries.length).toBeGreaterThan(25);
        expect(tries.length).toBeLessThan(50);
      }),
      { numRuns: 50 },
    );
  });

  it('gives one that waited while the service was down its 24 h from the first try on', () => {
    expect(triesUntilParked(NOW - 30 * DAY, () => 0.5).at(-1)).toBe(DAY);
  });

  it('parks one, tries the next at once, and parks all that stood for as long when that one fails too', () => {
    const since = NOW - DAY;
    const trouble = { failures: 30, since, nextTryAt: NOW };
    const first = afterFailure(SETTINGS, trouble, { waitsSince: since, attempts: 30 }, NOW, 0.5);
    expect(first).toEqual({ trouble: { failures: 31, since, nextTryAt: NOW }, parked: 'this' });
    const next = afterFailure(SETTINGS, first.trouble, { waitsSince: since, attempts: 0 }, NOW + 10, 0.5);
    expect(next).toEqual({ trouble: { failures: 32, since, nextTryAt: NOW + 10 + HOUR }, parked: 'line' });
  });

  it('leaves one that came an hour later its hour, in the same trouble', () => {
    const since = NOW - DAY;
    const later = { waitsSince: since + HOUR, attempts: 0 };
    const { parked, trouble } = afterFailure(SETTINGS, { failures: 31, since, nextTryAt: NOW }, later, NOW, 0.999);
    expect(parked).toBe('none');
    expect(trouble).toEqual({ failures: 32, since, nextTryAt: NOW + HOUR });
  });

  it('rests until the next try, but never longer than waits are, when the clock was set back', () => {
    const trouble = { failures: 1, since: NOW, nextTryAt: NOW + 5000 };
    expect(restOf(SETTINGS, trouble, NOW)).toBe(5000);
    expect(restOf(SETTINGS, trouble, NOW + 6000)).toBe(0);
    expect(restOf(SETTINGS, trouble, NOW - 2 * DAY)).toBe(0);
    expect(restOf(SETTINGS, null, NOW)).toBe(0);
  });
});
