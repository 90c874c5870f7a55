import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlidingWindow } from '../../../src/health/sliding-window.js';

const START = 1_700_000_000_000;

describe('a sliding window', () => {
  test('is empty at first', () => {
    const window = new SlidingWindow(1000);
    expect(window.count(START)).toBe(0);
    expect(window.nextExpiry(START)).toBeNull();
  });

  test('counts an event until one millisecond before the window has passed', () => {
    const window = new SlidingWindow(1000);
    expect(window.add(START)).toBe(1);
    expect(window.count(START + 999)).toBe(1);
    expect(window.count(START + 1000)).toBe(0);
  });

  test('slides: each event leaves by itself, not all together', () => {
    const window = new SlidingWindow(1000);
    window.add(START);
    window.add(START + 600);
    expect(window.add(START + 999)).toBe(3);
    expect(window.count(START + 1000)).toBe(2);
    expect(window.count(START + 1600)).toBe(1);
    expect(window.count(START + 1999)).toBe(0);
  });

  test('counts events of the same millisecond each', () => {
    const window = new SlidingWindow(1000);
    window.add(START);
    window.add(START);
    expect(window.add(START)).toBe(3);
  });

  test('says when the oldest event leaves', () => {
    const window = new SlidingWindow(1000);
    window.add(START);
    window.add(START + 400);
    expect(window.nextExpiry(START + 400)).toBe(START + 1000);
    expect(window.nextExpiry(START + 1000)).toBe(START + 1400);
    expect(window.nextExpiry(START + 1400)).toBeNull();
  });

  test('keeps no event alive when the clock is set back', () => {
    const window = new SlidingWindow(1000);
    window.add(START);
    window.add(START + 10);
    expect(window.count(START - 3_600_000)).toBe(0);
    // They do not come back when the clock reaches them again.
    expect(window.count(START + 20)).toBe(0);
    expect(window.add(START - 3_600_000)).toBe(1);
  });

  test('holds no more events than its capacity, and those are the newest', () => {
    const window = new SlidingWindow(1000, 3);
    for (let at = START; at < START + 10; at += 1) window.add(at);
    expect(window.count(START + 10)).toBe(3);
    expect(window.nextExpiry(START + 10)).toBe(START + 7 + 1000);
  });

  test('is empty after it was cleared', () => {
    const window = new SlidingWindow(1000);
    window.add(START);
    window.clear();
    expect(window.count(START)).toBe(0);
    expect(window.add(START + 1)).toBe(1);
  });

  test('agrees with counting by hand, for any events in order of time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2000), { maxLength: 50 }), fc.nat(3000), (steps, rest) => {
        const window = new SlidingWindow(1000);
        const times: number[] = [];
        let now = START;
        for (const step of steps) {
          now += step;
          times.push(now);
          expect(window.add(now)).toBe(times.filter((at) => now - at < 1000).length);
        }
        now += rest;
        const inside = times.filter((at) => now - at < 1000);
        expect(window.count(now)).toBe(inside.length);
        expect(window.nextExpiry(now)).toBe(inside[0] === undefined ? null : inside[0] + 1000);
      }),
    );
  });
});
