import { describe, expect, test } from 'vitest';
import { OutageGuard } from '../../../src/health/outage-guard.js';

const START = 1_700_000_000_000;

function guardWith(affected: number, options = {}): OutageGuard {
  const guard = new OutageGuard({ minSessions: 6, share: 1 / 3, windowMs: 60_000, ...options });
  for (let id = 1; id <= affected; id += 1) guard.streamError(String(id), START);
  return guard;
}

describe('an outage', () => {
  test('is exactly a third of six sessions', () => {
    expect(guardWith(1).isOutage(6, START)).toBe(false);
    expect(guardWith(2).isOutage(6, START)).toBe(true);
  });

  test('is never found among five sessions, even when all of them report', () => {
    expect(guardWith(5).isOutage(5, START)).toBe(false);
  });

  test('is a third for any number of sessions, in spite of rounding', () => {
    for (let sessions = 6; sessions <= 2000; sessions += 1) {
      const third = Math.ceil(sessions / 3);
      expect([sessions, guardWith(third).isOutage(sessions, START)]).toEqual([sessions, true]);
      expect([sessions, guardWith(third - 1).isOutage(sessions, START)]).toEqual([sessions, false]);
    }
  });

  test('needs different organizations: one that reports often is one', () => {
    const guard = guardWith(0);
    for (let round = 0; round < 50; round += 1) guard.streamError('2', START + round);
    expect(guard.affected(START + 50)).toBe(1);
    expect(guard.isOutage(6, START + 50)).toBe(false);
  });

  test('ends with the window', () => {
    const guard = guardWith(2);
    expect(guard.isOutage(6, START + 59_999)).toBe(true);
    expect(guard.isOutage(6, START + 60_000)).toBe(false);
    expect(guard.affected(START + 60_000)).toBe(0);
  });

  test('goes on while sessions go on reporting', () => {
    const guard = guardWith(2);
    guard.streamError('1', START + 50_000);
    guard.streamError('2', START + 55_000);
    expect(guard.isOutage(6, START + 109_999)).toBe(true);
    expect(guard.isOutage(6, START + 110_000)).toBe(false);
  });

  test('is not kept alive by a clock that was set back', () => {
    const guard = guardWith(6);
    expect(guard.isOutage(6, START - 1)).toBe(false);
    expect(guard.affected(START)).toBe(0);
  });

  test('follows its settings', () => {
    expect(guardWith(2, { minSessions: 2, share: 1 }).isOutage(2, START)).toBe(true);
    expect(guardWith(1, { minSessions: 2, share: 1 }).isOutage(2, START)).toBe(false);
  });
});
