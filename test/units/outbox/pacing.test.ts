import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pacing } from '../../../src/outbox/pacing.js';

const T0 = Date.UTC(2026, 0, 5);

/** When each of `count` sends goes that all want to go at once; ms after the first. */
function departures(options: { perMinute: number; burst: number }, count: number, random: () => number): number[] {
  const pacing = new Pacing(options, T0);
  let now = T0;
  return Array.from({ length: count }, () => {
    for (let wait = pacing.take(now, random()); wait > 0; wait = pacing.take(now, random())) now += wait;
    return now - T0;
  });
}

describe('the pace of an organization', () => {
  test('lets the burst go at once, then one by one at the even gap when chance stands in the middle', () => {
    expect(departures({ perMinute: 30, burst: 3 }, 6, () => 0.5)).toEqual([0, 0, 0, 2000, 4000, 6000]);
  });

  test('varies each gap between half and one and a half times the even one', () => {
    const seconds = departures({ perMinute: 60, burst: 2 }, 200, Math.random).map((ms) => ms / 1000);
    const gaps = seconds.slice(2).map((at, n) => at - (seconds[n + 1] as number));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.49);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1.51);
    expect(new Set(gaps.map((gap) => gap.toFixed(2))).size).toBeGreaterThan(20);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(mean).toBeGreaterThan(0.85);
    expect(mean).toBeLessThan(1.15);
  });

  test.each([1, 2, 3, 20])('keeps the rate over a long time, with a burst of %i', (burst) => {
    let n = 0;
    // Spread evenly between 0 and 1.
    const chance = (): number => (n++ * 0.618_033_988_749) % 1;
    const at = departures({ perMinute: 60, burst }, 5000 + burst, chance);
    const even = (5000 + burst) * 1000;
    expect((at.at(-1) as number) / (even - burst * 1000)).toBeGreaterThan(0.99);
    expect((at.at(-1) as number) / (even - burst * 1000)).toBeLessThan(1.01);
  });

  test('never lets more than the burst go at once, whatever the gap before the rest was', () => {
    for (const burst of [1, 2, 20]) {
      for (const gap of [0, 0.25, 0.5, 0.999]) {
        const pacing = new Pacing({ perMinute: 60, burst }, T0);
        for (let sent = 0; sent < burst; sent++) pacing.take(T0, gap);
        const later = T0 + 3_600_000;
        let atOnce = 0;
        while (pacing.take(later, 0) === 0) atOnce++;
        expect({ burst, gap, atOnce }).toEqual({ burst, gap, atOnce: burst });
      }
    }
  });

  test('gives the burst back after a rest, and never more than the burst', () => {
    const pacing = new Pacing({ perMinute: 60, burst: 3 }, T0);
    for (let n = 0; n < 3; n++) expect(pacing.take(T0, 0.5)).toBe(0);
    expect(pacing.take(T0, 0.5)).toBeGreaterThan(0);
    const later = T0 + 3_600_000;
    expect([1, 2, 3].map(() => pacing.take(later, 0.5))).toEqual([0, 0, 0]);
    expect(pacing.take(later, 0.5)).toBeGreaterThan(0);
  });

  test('takes nothing when it says to wait, and is ready when it said so', () => {
    const pacing = new Pacing({ perMinute: 60, burst: 1 }, T0);
    expect(pacing.take(T0, 0.5)).toBe(0);
    const wait = pacing.take(T0, 0.5);
    for (let ask = 0; ask < 100; ask++) expect(pacing.take(T0, 0.5)).toBe(wait);
    expect(pacing.take(T0 + wait - 10, 0.5)).toBeGreaterThan(0);
    // Fractions may cost a millisecond more.
    expect(pacing.take(T0 + wait + 1, 0.5)).toBe(0);
  });

  test('is not stopped by a clock that is set back, nor opened by one that jumps ahead', () => {
    const pacing = new Pacing({ perMinute: 60, burst: 2 }, T0);
    pacing.take(T0, 0.5);
    pacing.take(T0, 0.5);
    const wait = pacing.take(T0 - 3_600_000, 0.5);
    expect(wait).toBeLessThanOrEqual(1500);
    expect(pacing.take(T0 - 3_600_000 + wait, 0.5)).toBe(0);
    expect([1, 2, 3].map(() => pacing.take(T0 + 86_400_000, 0.5) === 0)).toEqual([true, true, false]);
  });

  test('always: never more than the burst and one and a half times the rate, and never a wait without an end', () => {
    fc.assert(
      fc.property(
        fc.record({ perMinute: fc.integer({ min: 1, max: 6000 }), burst: fc.integer({ min: 1, max: 50 }) }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { minLength: 1, maxLength: 20 }),
        (options, chances) => {
          let n = 0;
          const at = departures(options, 100, () => chances[n++ % chances.length] as number);
          const gap = 60_000 / options.perMinute;
          for (const [index, ms] of at.entries()) {
            expect(ms).toBeGreaterThanOrEqual(Math.max(0, index + 1 - options.burst) * gap * 0.5 - 1);
            expect(ms).toBeLessThanOrEqual(Math.max(0, index + 1) * gap * 1.5 + index + 1);
          }
        },
      ),
    );
  });
});
