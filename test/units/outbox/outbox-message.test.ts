import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isSettled,
  mayFollow,
  MESSAGE_STATES,
  statesBefore,
  type MessageState,
} from '../../../src/outbox/outbox-message.js';

describe('the states of a message', () => {
  test.each([
    ['queued', ['sending', 'failed', 'expired', 'cancelled']],
    ['sending', ['unconfirmed', 'sent', 'delivered', 'read', 'failed']],
    ['unconfirmed', ['sent', 'delivered', 'read', 'failed']],
    ['sent', ['delivered', 'read']],
    ['delivered', ['read']],
    ['read', []],
    ['failed', []],
    ['expired', []],
    ['cancelled', []],
  ] as const)('after %s may come %j, and nothing else', (from, to) => {
    expect(MESSAGE_STATES.filter((state) => mayFollow(from, state))).toEqual(
      MESSAGE_STATES.filter((state) => (to as readonly MessageState[]).includes(state)),
    );
  });

  test('only go forward: whatever is tried, none comes twice', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...MESSAGE_STATES), { maxLength: 40 }), (tries) => {
        const seen: MessageState[] = ['queued'];
        for (const next of tries) if (mayFollow(seen.at(-1) as MessageState, next)) seen.push(next);
        expect(new Set(seen).size).toBe(seen.length);
      }),
    );
  });

  test('what was tried can neither expire nor be taken back, and what was not tried is never called sent', () => {
    expect(statesBefore('expired')).toEqual(['queued']);
    expect(statesBefore('cancelled')).toEqual(['queued']);
    for (const state of ['sent', 'delivered', 'read', 'unconfirmed'] as const)
      expect(statesBefore(state)).not.toContain('queued');
  });

  test('all but the first two are settled', () => {
    expect(MESSAGE_STATES.filter((state) => !isSettled(state))).toEqual(['queued', 'sending']);
  });
});
