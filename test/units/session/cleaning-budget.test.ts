import { describe, expect, test } from 'vitest';
import { cleaningsInLastDay, mayCleanAutomatically } from '../../../src/session/cleaning-budget.js';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

describe('the budget of automatic cleanings', () => {
  test('allows three in 24 h and then asks for a person', () => {
    const times: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      expect(mayCleanAutomatically(times, 3, NOW + round)).toBe(true);
      times.push(NOW + round);
    }
    expect(mayCleanAutomatically(times, 3, NOW + 3)).toBe(false);
    expect(cleaningsInLastDay(times, NOW + 3)).toBe(3);
  });

  test('slides: each cleaning is forgotten 24 h after it happened', () => {
    const times = [NOW, NOW + 10 * HOUR, NOW + 20 * HOUR];
    expect(mayCleanAutomatically(times, 3, NOW + 24 * HOUR - 1)).toBe(false);
    expect(mayCleanAutomatically(times, 3, NOW + 24 * HOUR)).toBe(true);
    expect(cleaningsInLastDay(times, NOW + 24 * HOUR)).toBe(2);
    expect(cleaningsInLastDay(times, NOW + 44 * HOUR)).toBe(0);
  });

  test('does not depend on the order of the times', () => {
    expect(cleaningsInLastDay([NOW, NOW - 30 * HOUR, NOW - HOUR], NOW)).toBe(2);
  });

  test('of zero means that a person always decides', () => {
    expect(mayCleanAutomatically([], 0, NOW)).toBe(false);
  });

  test('is not eaten by cleanings of the future, when the clock was set back', () => {
    expect(cleaningsInLastDay([NOW + 1, NOW + HOUR], NOW)).toBe(0);
  });
});
