import { describe, expect, it } from 'vitest';
import { HELD_UP_AFTER_MS, Holds } from '../../../src/session/holds.js';

const NOW = 1_764_057_900_000;
const late = NOW + HELD_UP_AFTER_MS + 1;

describe('what holds up an organization', () => {
  it('nothing, as long as all ends in time', () => {
    const holds = new Holds();
    expect(holds.heldUp(NOW)).toBeNull();
    const end = holds.begin('action', NOW);
    expect(holds.heldUp(NOW + HELD_UP_AFTER_MS)).toBeNull();
    end();
    expect(holds.heldUp(late)).toBeNull();
  });

  it('what does not end, for more than ten seconds, until it ends', () => {
    const holds = new Holds();
    const end = holds.begin('keys', NOW);
    const held = holds.heldUp(late);
    expect(held).toEqual({ by: 'keys', since: NOW });
    // The same thing is told once.
    expect(holds.heldUp(late + 5000)).toBe(held);
    end();
    end();
    expect(holds.heldUp(late)).toBeNull();
  });

  it('the oldest of several, and each counts its own time: many that end in time are no trouble', () => {
    const holds = new Holds();
    let end = holds.begin('disk', NOW);
    for (let at = NOW; at < NOW + 60_000; at += 5000) {
      const next = holds.begin('disk', at);
      end();
      end = next;
      expect(holds.heldUp(at + 5000)).toBeNull();
    }
    holds.begin('login', NOW + 61_000);
    expect(holds.heldUp(NOW + 90_000)).toMatchObject({ by: 'disk' });
    end();
    expect(holds.heldUp(NOW + 90_000)).toMatchObject({ by: 'login' });
  });

  it('what was about a socket is over with it', () => {
    const holds = new Holds();
    holds.begin('login', NOW);
    holds.begin('keys', NOW);
    holds.begin('action', NOW);
    holds.end('login', 'keys', 'disk');
    expect(holds.heldUp(late)).toEqual({ by: 'action', since: NOW });
  });

  it('a clock that was set back holds up nobody', () => {
    const holds = new Holds();
    holds.begin('login', NOW);
    expect(holds.heldUp(NOW - 3_600_000)).toBeNull();
  });
});
