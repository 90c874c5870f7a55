import { describe, expect, test } from 'vitest';
import { rateLimitPause, retryDelay } from '../../../src/outbox/retry-delay.js';

describe('the wait before a message is tried again', () => {
  test('doubles with each failure up to half a minute, and is never less than half of that', () => {
    expect([0, 1, 2, 5, 6, 1000].map((failures) => retryDelay(failures, 0))).toEqual([
      250, 500, 1000, 8000, 15_000, 15_000,
    ]);
    expect([0, 1, 6, 1000].map((failures) => retryDelay(failures, 0.999_999))).toEqual([500, 1000, 30_000, 30_000]);
  });

  test('what failed together is not tried again together', () => {
    const delays = Array.from({ length: 50 }, (_, n) => retryDelay(4, n / 50));
    expect(new Set(delays).size).toBe(50);
  });
});

describe('the pause after "too much"', () => {
  test('is what WhatsApp asked for, or doubles up to five minutes', () => {
    expect(rateLimitPause(0, 60_000, 0)).toBe(60_000);
    expect([0, 1, 2, 100].map((inRow) => rateLimitPause(inRow, null, 0))).toEqual([3000, 6000, 12_000, 300_000]);
  });

  test('is never shorter than that, and longer by up to a quarter by chance', () => {
    expect(rateLimitPause(0, 1000, 0.999_999)).toBe(1250);
  });
});
