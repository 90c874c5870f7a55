import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterQuietHours, minutesOf, type QuietHours } from '../../../src/outbox/quiet-hours.js';

const NIGHT: QuietHours = { from: '21:00', to: '08:00', timeZone: 'America/Bogota' };
const SIESTA: QuietHours = { from: '13:00', to: '15:30', timeZone: 'Europe/Madrid' };
const at = (iso: string): number => Date.parse(iso);
const until = (quiet: QuietHours | null, iso: string): string =>
  new Date(afterQuietHours(quiet, at(iso))).toISOString();

describe('quiet hours', () => {
  test('none hold nothing', () => {
    expect(afterQuietHours(null, at('2026-01-05T03:00:00Z'))).toBe(at('2026-01-05T03:00:00Z'));
  });

  // Bogotá is UTC-5 all year.
  test.each([
    ['before the evening', '2026-01-06T01:59:59.999Z', '2026-01-06T01:59:59.999Z'],
    ['from the first minute', '2026-01-06T02:00:00.000Z', '2026-01-06T13:00:00.000Z'],
    ['before midnight', '2026-01-06T04:30:12.345Z', '2026-01-06T13:00:00.000Z'],
    ['after midnight', '2026-01-06T06:30:00.000Z', '2026-01-06T13:00:00.000Z'],
    ['in the last minute', '2026-01-06T12:59:59.999Z', '2026-01-06T13:00:00.000Z'],
    ['when they are over', '2026-01-06T13:00:00.000Z', '2026-01-06T13:00:00.000Z'],
  ])('over midnight: %s', (_when, now, expected) => {
    expect(until(NIGHT, now)).toBe(expected);
  });

  test.each([
    ['2026-01-06T11:59:00.000Z', '2026-01-06T11:59:00.000Z'],
    ['2026-01-06T12:00:00.000Z', '2026-01-06T14:30:00.000Z'],
    ['2026-01-06T14:29:59.000Z', '2026-01-06T14:30:00.000Z'],
    // Summer time: the same local hours, an hour earlier.
    ['2026-07-06T11:00:00.000Z', '2026-07-06T13:30:00.000Z'],
    ['2026-07-06T13:30:00.000Z', '2026-07-06T13:30:00.000Z'],
  ])('within a day, by the clock on the wall: %s', (now, expected) => {
    expect(until(SIESTA, now)).toBe(expected);
  });

  test('in the night in which the clock changes, whoever wakes too early looks again', () => {
    // Madrid, 25 October 2026: 3:00 becomes 2:00, so from 22:00 to 7:00 are ten hours.
    const night: QuietHours = { from: '22:00', to: '07:00', timeZone: 'Europe/Madrid' };
    let now = at('2026-10-24T20:30:00Z');
    for (let looks = 0; afterQuietHours(night, now) > now; looks++) {
      expect(looks).toBeLessThan(3);
      now = afterQuietHours(night, now);
    }
    expect(new Date(now).toISOString()).toBe('2026-10-25T06:00:00.000Z');
  });

  test('anywhere, anytime: what may go at the end really may then, within a day; nothing is held outside', () => {
    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
    fc.assert(
      fc.property(
        clock,
        clock,
        // Zones without summer time.
        fc.constantFrom('UTC', 'America/Bogota', 'Asia/Kolkata', 'Asia/Tokyo', 'Pacific/Kiritimati'),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2026-12-31T00:00:00Z') }),
        (from, to, timeZone, now) => {
          fc.pre(from !== to);
          const quiet = { from, to, timeZone };
          const end = afterQuietHours(quiet, now);
          expect(end).toBeGreaterThanOrEqual(now);
          expect(end - now).toBeLessThanOrEqual(86_400_000);
          expect(afterQuietHours(quiet, end)).toBe(end);
          if (end > now) {
            const local = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
            expect(local.format(end)).toBe(to);
          }
        },
      ),
    );
  });

  test('reads a time of day', () => {
    expect(['00:00', '08:05', '23:59'].map(minutesOf)).toEqual([0, 485, 1439]);
  });
});
