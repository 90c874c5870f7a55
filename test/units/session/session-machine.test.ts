import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleaningsInLastDay } from '../../../src/session/cleaning-budget.js';
import { step } from '../../../src/session/session-machine.js';
import { nextTryOf, phoneOf, statusOf, waitsForTurn } from '../../../src/session/session-state.js';
import { closed, history, PROCEED, WHATSAPP, worldAt } from './machine-happenings.js';
import { MachineWorld, NOW, PHONE, SETTINGS, type Taken } from './machine-world.js';

/*
 * Whatever happens, in whatever order, these hold. Histories are random: what people ask, what WhatsApp tells, what the
 * disk does, and how long an action's answers take.
 */

/** Runs random histories; `check` gets the world before its first event. */
function always(check: (world: MachineWorld) => { readonly atRest?: () => void } | void, runs = 400): void {
  fc.assert(
    fc.property(history, ([first, happenings]) => {
      const world = worldAt(first);
      const { atRest } = check(world) ?? {};
      world.happen({ type: 'will_restore' });
      world.act({ type: 'restore' });
      for (const happen of happenings) {
        happen(world);
        if (world.isAtRest) atRest?.();
      }
      world.settle();
      atRest?.();
    }),
    { numRuns: runs },
  );
}

describe('the machine, whatever happens', () => {
  test('never has two sockets', () => {
    always((world) => {
      world.onStep = ({ question, after }) => {
        if (question?.ask === 'open_socket') expect([...world.openSockets]).toEqual([]);
        // A logout's socket is not alive, and no other is opened beside it.
        if (after.memory.leaving !== null) expect(statusOf(after.state)).toBe('connected');
      };
    });
  });

  test('cleans by itself only after a verdict, within the budget, with a phone linked, and in no outage', () => {
    always((world) => {
      let decided = false;
      world.onStep = ({ before, after, effects, question, event, now }) => {
        if (effects.some((effect) => effect.do === 'clean')) {
          decided = true;
          expect(after.memory.health.copy().verdict(now)).toBe('corrupted');
          expect(phoneOf(before.state)).not.toBeNull();
          expect(world.isOutage).toBe(false);
          const times = before.memory.record.cleanings.filter(({ automatic }) => automatic).map(({ at }) => at);
          expect(cleaningsInLastDay(times, now)).toBeLessThan(SETTINGS.cleaningsPerDay);
        }
        if (question?.ask !== 'set_aside') return;
        const { reason } = question;
        if (reason === 'bad_mac' || reason === 'stream_error') {
          expect(decided).toBe(true);
          decided = false;
        } else if (reason === 'unlinked') {
          expect(event).toMatchObject({ type: 'sockets_closed', then: { do: 'set_aside_unlinked' } });
        } else {
          expect(['corrupt_folder', 'forced', 'logout_unconfirmed']).toContain(reason);
        }
      };
    });
  });

  test('an automatic cleaning touches no keys that came after its verdict, and wakes nobody stopped meanwhile', () => {
    always((world) => {
      let changedSince: string | null = null;
      world.onStep = ({ event, effects, question }) => {
        if (event.type === 'saved' && ['stop', 'restored', 'logged_out'].includes(event.then.do)) {
          changedSince = event.then.do;
        }
        if (effects.some((effect) => effect.do === 'clean')) changedSince = null;
        if (question?.ask === 'set_aside' && ['bad_mac', 'stream_error'].includes(question.reason)) {
          expect(changedSince).toBeNull();
        }
      };
    });
  });

  test('stays stopped, or logged out, until somebody asks', () => {
    always((world) => {
      let isEnded = false;
      world.onStep = ({ before, event, question, after }) => {
        const { type } = event;
        // What a person asks for; a request to clean without `force` cleans a stopped session only when told to.
        if (['start', 'restart', 'restore_backup', 'clean_request'].includes(type)) isEnded = false;
        if (type === 'clean' && event.reason === 'forced') isEnded = false;
        const { name } = after.state;
        if ((name === 'stopped' || name === 'logged_out') && name !== before.state.name) isEnded = true;
        if (question?.ask === 'open_socket' || question?.ask === 'open_keys') expect(isEnded).toBe(false);
        if (isEnded && type !== 'end_logout') expect(statusOf(after.state)).not.toBe('connecting');
      };
    });
  });

  test('removes keys only when WhatsApp confirmed the logout; in every other case they are set aside', () => {
    always((world) => {
      let confirmed = false;
      world.onStep = ({ event, question }) => {
        if (event.type === 'end_logout') ({ confirmed } = event);
        if (question?.ask === 'remove_keys') expect(confirmed).toBe(true);
        if (question?.ask === 'set_aside' && question.reason === 'logout_unconfirmed') expect(confirmed).toBe(false);
        // Only what a person asked for moves a folder that cannot be read.
        if (question?.ask === 'set_aside' && question.force) expect(question.reason).toBe('forced');
      };
    });
  });

  test('sets an unlinked device aside only after two such ends, without a complete login between', () => {
    always((world) => {
      let ends = 0;
      world.onStep = ({ before, event, question }) => {
        if ('socket' in event && event.socket === world.live) {
          if (event.type === 'open') ends = 0;
          if (event.type === 'closed' && event.reason.kind === 'unlinked' && phoneOf(before.state) !== null) ends += 1;
        }
        if (question?.ask === 'set_aside' && question.reason === 'unlinked') expect(ends).toBeGreaterThanOrEqual(2);
      };
    });
  });

  test('has a way out of every state in which it rests', () => {
    always((world) => ({
      atRest: () => {
        const { state, memory } = world.machine;
        expect(world.retryAt).toBe(nextTryOf(state));
        expect(world.waitsForTurn).toBe(waitsForTurn(state));
        expect([...world.openSockets]).toEqual(world.live === null ? [] : [world.live]);
        if (state.name === 'in_between') expect(state.task.do).toBe('try_again');
        if (memory.awaitsFirstTry) expect(['restoring', 'connecting']).toContain(state.name);
        if (state.name === 'disconnected' && state.nextTry === null) expect(memory.attention).not.toBeNull();
      },
    }));
  });

  test('comes back from wherever it is when somebody starts it and nothing stands in the way', () => {
    fc.assert(
      fc.property(history, ([first, happenings]) => {
        const world = worldAt(first);
        world.happen({ type: 'will_restore' });
        world.act({ type: 'restore' });
        for (const happen of happenings) happen(world);
        Object.assign(world, { permission: { allowed: true }, failsNext: false, isOutage: false });
        if (world.folder === 'unreadable' || world.folder === 'damaged') world.folder = 'paired';
        world.settle();
        world.turnComes();
        world.do({ type: 'start' });
        // One that waits for its next try is left to it.
        if (world.retryAt !== null) world.wait(world.retryAt - world.now);
        world.settle();
        // That one may have found that the folder was taken away. Then a person is asked for.
        if (world.live === null) world.do({ type: 'start' });
        expect(world.live).not.toBeNull();
      }),
      { numRuns: 400 },
    );
  });

  test('is pure: the same in gives the same out, and nothing that goes in is changed', () => {
    always((world) => {
      world.onStep = ({ before, event, now, after, effects, question }: Taken) => {
        const copy = structuredClone({ before, event });
        const again = step(before, event, now, world.context());
        expect(isDeepStrictEqual(structuredClone({ before, event }), copy)).toBe(true);
        const both = [
          { state: again.state, memory: again.memory, effects: again.effects, question: again.question },
          { ...after, effects, question },
        ].map((one) => structuredClone(one));
        expect(isDeepStrictEqual(both[0], both[1])).toBe(true);
      };
    }, 100);
  });

  test('tells and logs no full phone number', () => {
    always((world) => {
      world.onStep = ({ effects }) => {
        const shown = effects.filter((effect) => effect.do === 'tell' || effect.do === 'log');
        expect(JSON.stringify(shown)).not.toContain(PHONE);
      };
    });
  });

  test('after the end of the service only notes what was being moved, and closes keys that were being opened', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(...WHATSAPP, ...PROCEED), ([{ folder }, happenings], last) => {
        const world = new MachineWorld({ folder });
        world.act({ type: 'start' });
        for (const happen of happenings) happen(world);
        world.happen({ type: 'shut_down' });
        expect([...world.openSockets]).toEqual([]);
        expect(world.keysAreOpen).toBe(false);
        expect(world.retryAt).toBeNull();
        world.onStep = ({ event, effects, question }) => {
          expect(effects.filter((effect) => effect.do !== 'close_keys')).toEqual([]);
          expect(question?.ask).toBe(event.type === 'folder_moved' ? 'save' : undefined);
        };
        last(world);
        world.settle();
        expect(world.keysAreOpen).toBe(false);
      }),
    );
  });
});

describe('at the start of the service', () => {
  const restore = (world: MachineWorld): void => {
    world.happen({ type: 'will_restore' });
    world.do({ type: 'restore' });
  };

  test('what somebody has started already keeps its connection', () => {
    const world = new MachineWorld({ folder: 'paired' });
    world.do({ type: 'start' });
    world.tell({ type: 'open', phoneNumber: PHONE });
    const before = world.live;
    restore(world);
    expect(statusOf(world.state)).toBe('connected');
    expect([...world.openSockets]).toEqual([before]);
    expect(world.machine.memory.awaitsFirstTry).toBe(false);
  });

  test('what somebody could not start is brought back all the same', () => {
    const world = new MachineWorld({ folder: 'paired' });
    world.act({ type: 'start' });
    world.proceed();
    world.proceed();
    expect(world.question).toMatchObject({ ask: 'open_keys' });
    world.happen({ type: 'will_restore' });
    // Nobody foresaw what the keys answered.
    Object.assign(world, { line: [], question: null });
    world.happen({ type: 'action_failed', inBackground: false });
    world.do({ type: 'restore' });
    expect(world.live).not.toBeNull();
  });

  test.each(['stop', 'leave'] as const)(
    'nobody waits for the first try of one that ends before its turn: %s',
    (type) => {
      const world = new MachineWorld({ folder: 'paired' });
      world.permission = { allowed: false, because: 'process_cap', retryAt: null };
      restore(world);
      expect(world.machine.memory.awaitsFirstTry).toBe(true);
      expect(world.waitsForTurn).toBe(true);
      world.do({ type });
      if (type === 'leave') world.do({ type: 'end_logout', confirmed: false });
      expect(world.machine.memory.awaitsFirstTry).toBe(false);
      expect(world.waitsForTurn).toBe(false);
    },
  );
});

describe('the time', () => {
  test('is an argument: a history at another time is the same history', () => {
    const at = (now: number): string => {
      const world = new MachineWorld({ folder: 'paired' });
      world.now = now;
      world.do({ type: 'start' });
      world.tell({ type: 'open', phoneNumber: PHONE });
      closed('network')(world);
      return `${statusOf(world.state)} ${(nextTryOf(world.state) ?? 0) - now}`;
    };
    expect(at(NOW)).toBe('disconnected 500');
    expect(at(5)).toBe(at(NOW));
  });
});
