import { describe, expect, test } from 'vitest';
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

describe('messages are counted, not failures', () => {
  const of = (messageId: string, customer = 'a'): { messageId: string; customer: string } => ({ messageId, customer });

  test('one message that fails five times is one, and each failure is in the totals', () => {
    const health = new SessionHealth(LIMITS);
    for (let i = 0; i < 5; i++) expect(health.record('bad_mac', START + i * 1000, of('X'))).toBe('suspect');
    expect(counts(health, START + 5000).bad_mac).toBe(1);
    expect(health.totals().bad_mac).toBe(5);
  });

  test('its window begins with its first failure; later ones do not prolong it', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START, of('X'));
    health.record('bad_mac', START + 29_000, of('X'));
    expect(counts(health, START + 30_000).bad_mac).toBe(0);
  });

  test('three messages condemn, also when they carry the same id but come from different customers', () => {
    const health = new SessionHealth(LIMITS);
    health.record('bad_mac', START, of('X', 'a'));
    health.record('bad_mac', START, of('X', 'b'));
    expect(health.record('bad_mac', START, of('X', 'c'))).toBe('corrupted');
  });

  test('faults without a message id are one each', () => {
    const health = new SessionHealth(LIMITS);
    for (let i = 0; i < 2; i++) health.record('bad_mac', START);
    expect(health.record('bad_mac', START)).toBe('corrupted');
  });

  test('a fault that is forgiven is not counted; it can be forgiven once, and only at its own time', () => {
    const health = new SessionHealth(LIMITS);
    health.record('stream_error', START);
    expect(health.forgive('stream_error', START + 1)).toBe(false);
    expect(health.forgive('stream_error', START)).toBe(true);
    expect(health.forgive('stream_error', START)).toBe(false);
    expect(health.record('stream_error', START + 1)).toBe('suspect');
    expect(health.record('stream_error', START + 2)).toBe('corrupted');
  });
});

describe('the least number of customers', () => {
  const two = { ...LIMITS, badMacMinCustomers: 2 };
  const of = (messageId: string, customer: string) => ({ messageId, customer });
  const failures = (health: SessionHealth, customer: string, count: number, from = START) => {
    let verdict = health.verdict(from);
    for (let n = 0; n < count; n++) verdict = health.record('bad_mac', from + n, of(`M${n}`, customer));
    return verdict;
  };

  test('one customer alone never condemns; he is named once a window, from the limit on', () => {
    const health = new SessionHealth(two);
    expect(failures(health, 'a', 2)).toBe('suspect');
    expect(health.customersToReset(START + 2)).toEqual([]);
    expect(failures(health, 'a', 50)).toBe('suspect');
    expect(health.customersToReset(START + 50)).toEqual(['a']);
    expect(health.customersToReset(START + 51)).toEqual([]);
    expect(failures(health, 'a', 3, START + 30_050)).toBe('suspect');
    expect(health.customersToReset(START + 30_053)).toEqual(['a']);
  });

  test('another customer who joins condemns, also after the first one was reset', () => {
    const health = new SessionHealth(two);
    failures(health, 'a', 3);
    expect(health.customersToReset(START + 3)).toEqual(['a']);
    expect(health.record('bad_mac', START + 10, of('X', 'b'))).toBe('corrupted');
    expect(health.customersToReset(START + 10)).toEqual([]);
  });

  test('a fault of which nobody knows whose it is may be anybody else', () => {
    const health = new SessionHealth(two);
    failures(health, 'a', 2);
    expect(health.record('bad_mac', START + 3)).toBe('corrupted');
  });

  test('with 1, the plain rule, nobody is ever reset', () => {
    const health = new SessionHealth(LIMITS);
    expect(failures(health, 'a', 3)).toBe('corrupted');
    expect(health.customersToReset(START + 3)).toEqual([]);
  });
});
