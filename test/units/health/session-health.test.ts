import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COUNTED_FAULTS, OTHER_FAULTS } from '../../../src/health/session-fault.js';
import { SessionHealth } from '../../../src/health/session-health.js';

const START = 1_700_000_000_000;
const LIMITS = {
  bad_mac: { limit: 3, windowMs: 30_000 },
  stream_error: { limit: 2, windowMs: 60_000 },
  stableAfterMs: 10_000,
};

function counts(health: SessionHealth, now: number): { bad_mac: number; stream_error: number } {
  const { bad_mac, stream_error } = health.counters(now);
  return { bad_mac: bad_mac.count, stream_error: stream_error.count };
}

describe('limits', () => {
  test('a fresh session is healthy, with all counters at zero', () => {
    const health = new SessionHealth(LIMITS);
    expect(health.verdict(START)).toBe('healthy');
    expect(health.counters(START)).toEqual({
      bad_mac: { count: 0, limit: 3, windowMs: 30_000 },
      stream_error: { count: 0, limit: 2, windowMs: 60_000 },
    });
  });

  test('the third Bad MAC within 30 s condemns, the first two only raise suspicion', () => {
    const health = new SessionHealth(LIMITS);
    expect(health.record('bad_mac', START)).toBe('suspect');
    expect(health.record('bad_mac', START + 15_000)).toBe('suspect');
    expect(health.record('bad_mac', START + 29_999)).toBe('corrupted');
    expect(counts(health, START + 29_999)).toEqual({ bad_mac: 3, stream_error: 0 });
  });

  test('the second stream error within 60 s condemns', () => {
    const health = new SessionHealth(LIMITS);
    expect(health.record('stream_error', START)).toBe('suspect');
    expect(health.record('stream_error', START + 59_999)).toBe('corrupted');
  });

  test('kinds are not added up: two Bad MACs and one stream error are below both limits', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START);
    health.record('bad_mac', START);
    expect(health.record('stream_error', START)).toBe('suspect');
  });

  test('a limit of one condemns at the first', () => {
    const health = new SessionHealth({ ...LIMITS, stream_error: { limit: 1, windowMs: 1000 } });
    expect(health.record('stream_error', START)).toBe('corrupted');
  });
});

describe('windows slide', () => {
  test('two Bad MACs, quiet, then one: not condemned', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START);
    health.record('bad_mac', START + 1000);
    expect(health.verdict(START + 31_000)).toBe('healthy');
    expect(health.record('bad_mac', START + 31_000)).toBe('suspect');
  });

  test('a third exactly 30 s after the first is outside', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START);
    health.record('bad_mac', START + 1);
    expect(health.record('bad_mac', START + 30_000)).toBe('suspect');
    // The second and the third are still there, so a fourth within the window of the second condemns.
    expect(health.record('bad_mac', START + 30_000)).toBe('corrupted');
  });

  test('a fixed interval would miss what lies across its border; this one does not', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START + 29_000);
    health.record('bad_mac', START + 31_000);
    expect(health.record('bad_mac', START + 58_000)).toBe('corrupted');
  });

  test('a stream error every 60 s never condemns', () => {
    const health = new SessionHealth(LIMITS);
    for (let round = 0; round < 100; round += 1) {
      expect(health.record('stream_error', START + round * 60_000)).toBe('suspect');
    }
  });

  test('a clock that is set back forgets rather than condemns', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START);
    health.record('bad_mac', START);
    expect(health.record('bad_mac', START - 3_600_000)).toBe('suspect');
    expect(counts(health, START - 3_600_000).bad_mac).toBe(1);
  });
});

describe('what says nothing against the keys', () => {
  test.each(OTHER_FAULTS)('%s is counted and shown and never counts toward a verdict', (kind) => {
    const health = new SessionHealth(LIMITS);
    for (let round = 0; round < 1000; round += 1) expect(health.record(kind, START + round)).toBe('healthy');
    expect(counts(health, START + 1000)).toEqual({ bad_mac: 0, stream_error: 0 });
    expect(health.totals()[kind]).toBe(1000);
  });

  test('ten duplicates between two Bad MACs do not make the third', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START);
    for (let round = 0; round < 10; round += 1) health.record('duplicate_message', START);
    expect(health.record('bad_mac', START)).toBe('suspect');
    expect(counts(health, START).bad_mac).toBe(2);
  });

  test('whatever comes, only counted kinds decide', () => {
    const kinds = [...COUNTED_FAULTS, ...OTHER_FAULTS];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(20_000)), { maxLength: 40 }), (events) => {
        const everything = new SessionHealth(LIMITS);
        const countedOnly = new SessionHealth(LIMITS);
        let now = START;
        for (const [kind, step] of events) {
          now += step;
          everything.record(kind, now);
          if (kind === 'bad_mac' || kind === 'stream_error') countedOnly.record(kind, now);
          expect(everything.verdict(now)).toBe(countedOnly.verdict(now));
        }
      }),
    );
  });
});

describe('a successful connection resets', () => {
  test('once it has been open for 10 s, and not a millisecond earlier', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START);
    health.record('bad_mac', START);
    health.record('stream_error', START);
    health.connectionOpened(START + 1000);
    expect(counts(health, START + 10_999)).toEqual({ bad_mac: 2, stream_error: 1 });
    expect(health.verdict(START + 10_999)).toBe('suspect');
    expect(health.verdict(START + 11_000)).toBe('healthy');
    expect(counts(health, START + 11_000)).toEqual({ bad_mac: 0, stream_error: 0 });
  });

  test('also when nobody looks before it closes', () => {
    const health = new SessionHealth(LIMITS);
    health.record('stream_error', START);
    health.connectionOpened(START + 1000);
    health.connectionClosed(START + 11_000);
    expect(health.record('stream_error', START + 11_000)).toBe('suspect');
  });

  test('not when it closes just before', () => {
    const health = new SessionHealth(LIMITS);
    health.record('stream_error', START);
    health.connectionOpened(START + 1000);
    health.connectionClosed(START + 10_999);
    expect(health.record('stream_error', START + 10_999)).toBe('corrupted');
  });

  test('not when it never opened, however much time a login takes', () => {
    const health = new SessionHealth(LIMITS);
    health.record('stream_error', START);
    expect(health.verdict(START + 50_000)).toBe('suspect');
    expect(health.record('stream_error', START + 50_000)).toBe('corrupted');
  });

  test('not by the time that passes after it closed', () => {
    const health = new SessionHealth(LIMITS);
    health.record('stream_error', START);
    health.connectionOpened(START + 1000);
    health.connectionClosed(START + 3000);
    expect(health.record('stream_error', START + 40_000)).toBe('corrupted');
  });

  test('a session that opens and falls over every few seconds still reaches the limit', () => {
    const health = new SessionHealth(LIMITS);
    let now = START;
    let verdict = 'healthy';
    let falls = 0;
    while (verdict !== 'corrupted') {
      health.connectionOpened((now += 2000));
      // Somebody asks for the status while it is open.
      health.counters((now += 2000));
      health.verdict(now);
      health.connectionClosed((now += 2000));
      verdict = health.record('stream_error', now);
      falls += 1;
    }
    expect(falls).toBe(LIMITS.stream_error.limit);
  });

  test('short connections do not add up to a long one', () => {
    const health = new SessionHealth({ ...LIMITS, stream_error: { limit: 4, windowMs: 60_000 } });
    for (let fall = 0; fall < 3; fall += 1) {
      health.connectionOpened(START + fall * 10_000);
      health.connectionClosed(START + fall * 10_000 + 9000);
      health.record('stream_error', START + fall * 10_000 + 9000);
    }
    expect(counts(health, START + 29_000).stream_error).toBe(3);
    health.connectionOpened(START + 30_000);
    expect(health.record('stream_error', START + 35_000)).toBe('corrupted');
  });

  test('once per connection: what fails in a connection that lasts long counts', () => {
    const health = new SessionHealth(LIMITS);
    health.connectionOpened(START);
    const later = START + 3_600_000;
    health.record('bad_mac', later);
    health.record('bad_mac', later + 12_000);
    expect(health.record('bad_mac', later + 24_000)).toBe('corrupted');
    expect(health.verdict(later + 24_001)).toBe('corrupted');
  });

  test('once per connection: after a reconnect the next one resets again', () => {
    const health = new SessionHealth(LIMITS);
    health.connectionOpened(START);
    health.connectionClosed(START + 20_000);
    health.record('stream_error', START + 20_000);
    health.connectionOpened(START + 21_000);
    expect(health.verdict(START + 30_999)).toBe('suspect');
    expect(health.verdict(START + 31_000)).toBe('healthy');
  });

  test('what fails in its first seconds is forgotten as it becomes stable, what fails afterwards counts', () => {
    const health = new SessionHealth(LIMITS);
    health.connectionOpened(START);
    health.record('bad_mac', START + 4000);
    health.record('bad_mac', START + 9000);
    expect(health.record('bad_mac', START + 10_000)).toBe('suspect');
    expect(counts(health, START + 10_000).bad_mac).toBe(1);
  });

  test('but the limit can be reached in its first seconds', () => {
    const health = new SessionHealth(LIMITS);
    health.connectionOpened(START);
    health.record('bad_mac', START + 1000);
    health.record('bad_mac', START + 2000);
    expect(health.record('bad_mac', START + 3000)).toBe('corrupted');
  });
});

describe('totals', () => {
  test('name every kind, zero at first', () => {
    const totals = new SessionHealth(LIMITS).totals();
    expect(Object.keys(totals).sort()).toEqual([...COUNTED_FAULTS, ...OTHER_FAULTS].sort());
    expect(Object.values(totals).every((count) => count === 0)).toBe(true);
  });

  test('are never reset: not by the window, not by a stable connection, not by a cleaning', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START);
    health.record('stream_error', START);
    health.record('duplicate_message', START);
    health.connectionOpened(START);
    health.verdict(START + 10_000);
    health.reset();
    health.verdict(START + 86_400_000);
    expect(health.totals()).toMatchObject({ bad_mac: 1, stream_error: 1, duplicate_message: 1 });
  });

  test('go on beyond what a window holds', () => {
    const health = new SessionHealth(LIMITS);
    for (let round = 0; round < 1500; round += 1) health.record('bad_mac', START);
    expect(health.totals().bad_mac).toBe(1500);
    expect(health.verdict(START)).toBe('corrupted');
  });
});

describe('a cleaning', () => {
  test('forgets what was counted', () => {
    const health = new SessionHealth(LIMITS);
    for (let round = 0; round < 3; round += 1) health.record('bad_mac', START);
    health.record('stream_error', START);
    health.reset();
    expect(health.verdict(START)).toBe('healthy');
    expect(counts(health, START)).toEqual({ bad_mac: 0, stream_error: 0 });
  });

  test('ends the connection it was made in: its age resets nothing afterwards', () => {
    const health = new SessionHealth(LIMITS);
    health.connectionOpened(START);
    for (let round = 0; round < 3; round += 1) health.record('bad_mac', START + 1000);
    health.reset();
    // The new keys fail before they have ever been online.
    health.record('stream_error', START + 9000);
    expect(health.record('stream_error', START + 15_000)).toBe('corrupted');
  });
});
