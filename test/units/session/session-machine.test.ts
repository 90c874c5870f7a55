import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DISCONNECT_KINDS, type DisconnectKind } from '../../../src/session/disconnect-reason.js';
import { cleaningsInLastDay } from '../../../src/session/cleaning-budget.js';
import { step } from '../../../src/session/session-machine.js';
import { nextTryOf, phoneOf, statusOf, waitsForTurn } from '../../../src/session/session-state.js';
import { FRESH, MachineWorld, NOW, PHONE, SETTINGS, type Folder, type Taken } from './machine-world.js';

/*
 * Whatever happens, in whatever order, these hold. Histories are random: what people ask, what WhatsApp tells, what the
 * disk does, and how long an action's answers take.
 */

/** One thing that happens. */
type Happening = (world: MachineWorld) => void;

const named = (name: string, happening: Happening): Happening =>
  Object.assign(happening, { [fc.toStringMethod]: () => name, toString: () => name });

const PEOPLE: readonly Happening[] = [
  named('start', (world) => world.act({ type: 'start' })),
  named('stop', (world) => world.act({ type: 'stop' })),
  named('restart', (world) => world.act({ type: 'restart' })),
  named('clean by hand', (world) => {
    world.happen({ type: 'cleaning_began' });
    world.act({ type: 'clean', reason: 'forced' });
  }),
  named('clean without force', (world) => world.act({ type: 'clean_request' })),
  named('restore a backup', (world) => world.act({ type: 'restore_backup', name: undefined })),
];

/** Others come after it, so that it waits until the line is empty. */
const LOGOUTS: readonly Happening[] = [true, false].map((confirmed) =>
  named(`log out, ${confirmed ? 'confirmed' : 'not confirmed'}`, (world) => {
    world.settle();
    if (world.do({ type: 'logout_request' }) === 'failed') return;
    world.act({ type: 'leave' });
    world.act({ type: 'end_logout', confirmed });
  }),
);

const closed = (kind: DisconnectKind): Happening =>
  named(`closed: ${kind}`, (world) =>
    world.tell({
      type: 'closed',
      reason: { kind, code: null, text: kind, at: world.now },
      suspect: null,
      keysAreGone: kind === 'auth_folder_failed' && world.folder === 'missing',
    }),
  );

const WHATSAPP: readonly Happening[] = [
  named('qr', (world) => {
    if (phoneOf(world.state) === null) world.tell({ type: 'qr', text: 'qr', lastsMs: 20_000 });
  }),
  named('paired', (world) => {
    if (world.state.name !== 'qr_ready') return;
    world.folder = 'paired';
    world.tell({ type: 'paired', phoneNumber: PHONE });
  }),
  ...[1, 2, 3].map((times) =>
    named(`open ${times}`, (world) => {
      if (phoneOf(world.state) !== null) world.tell({ type: 'open', phoneNumber: PHONE });
    }),
  ),
  named('bad mac', (world) => world.tell({ type: 'fault', fault: { kind: 'bad_mac', text: 'Bad MAC' } })),
  named('three bad macs', (world) => {
    for (let n = 0; n < 3; n += 1) world.tell({ type: 'fault', fault: { kind: 'bad_mac', text: 'Bad MAC' } });
  }),
  named('ack', (world) => world.tell({ type: 'ack', messageId: 'm', errorCode: null })),
  named('stanza set aside', (world) =>
    world.tell({ type: 'stanza_set_aside', stanza: { kind: 'message', id: 's', maskedCustomer: '' } }),
  ),
  named('suspects stayed away', (world) => world.tell({ type: 'suspects_stayed_away' })),
  named('closed: a stanza is suspected', (world) =>
    world.tell({
      type: 'closed',
      reason: { kind: 'stream_error', code: 500, text: 'Stream Errored (ack)', at: world.now },
      suspect: { key: 'k', isNamed: true },
      keysAreGone: false,
    }),
  ),
  named('an older socket tells something', (world) => {
    const older = world.machine.memory.sockets - 1;
    world.tell({ type: 'open', phoneNumber: PHONE }, older);
    world.tell({ type: 'qr', text: 'old', lastsMs: 1 }, older);
    world.tell({ type: 'pairing_code', code: 'ABCD', phoneNumber: PHONE }, older);
  }),
  ...DISCONNECT_KINDS.map(closed),
  ...[1, 2, 3].flatMap(() => [closed('stream_error'), closed('unlinked')]),
];

const WORLD: readonly Happening[] = [
  ...[100, 6000, 11_000, 61_000, 4_000_000].map((ms) => named(`${ms} ms pass`, (world) => world.wait(ms))),
  named('a turn comes', (world) => world.turnComes()),
  named('the folder is gone', (world) => {
    world.folder = 'missing';
    if (world.live !== null) world.happen({ type: 'folder_is_gone' });
  }),
  ...(['unreadable', 'damaged', 'paired'] as const satisfies readonly Folder[]).map((folder) =>
    named(`the folder is ${folder}`, (world) => {
      if (world.folder !== 'missing' && world.folder !== 'unpaired') world.folder = folder;
    }),
  ),
  named('others wake it', (world) => world.act({ type: 'version_accepted' })),
  named('logins are allowed', (world) => (world.permission = { allowed: true })),
  named('the process has no place', (world) => {
    world.permission = { allowed: false, because: 'process_cap', retryAt: null };
  }),
  named('it logged in too often', (world) => {
    world.permission = { allowed: false, because: 'organization_cap', retryAt: world.now + 600_000 };
  }),
  named('the version is refused', (world) => {
    world.permission = { allowed: false, because: 'version_refused', retryAt: null };
  }),
  named('outage', (world) => (world.isOutage = true)),
  named('no outage', (world) => (world.isOutage = false)),
  named('a message is to blame', (world) => (world.blamesMessage = !world.blamesMessage)),
  named('a failure that nobody foresaw', (world) => (world.failsNext = true)),
];

const PROCEED: readonly Happening[] = [
  named('proceed', (world) => world.proceed()),
  named('settle', (world) => world.settle()),
];

const happening = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...PEOPLE, ...LOGOUTS) },
  { weight: 6, arbitrary: fc.constantFrom(...WHATSAPP) },
  { weight: 3, arbitrary: fc.constantFrom(...WORLD) },
  { weight: 6, arbitrary: fc.constantFrom(...PROCEED) },
);
const beginning = fc.record({
  wanted: fc.constantFrom(null, 'running', 'stopped', 'logged_out'),
  folder: fc.constantFrom<Folder>('missing', 'unpaired', 'paired', 'paired', 'damaged', 'unreadable'),
  wasEverPaired: fc.boolean(),
});
const history = fc.tuple(beginning, fc.array(happening, { maxLength: 60, size: 'max' }));

/** Runs random histories; `check` gets the world before its first event. */
function always(check: (world: MachineWorld) => { readonly atRest?: () => void } | void, runs = 400): void {
  fc.assert(
    fc.property(history, ([{ wanted, folder, wasEverPaired }, happenings]) => {
      const world = new MachineWorld({ record: { ...FRESH, wanted, wasEverPaired }, folder });
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

  test('cleans by itself only when the verdict says so, the budget allows it, a phone is linked and it is no outage', () => {
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

  test('an automatic cleaning never touches keys that came after its verdict, nor wakes who was stopped meanwhile', () => {
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
        if (state.name === 'disconnected' && state.nextTry === null) expect(memory.attention).not.toBeNull();
      },
    }));
  });

  test('comes back from wherever it is when somebody starts it and nothing stands in the way', () => {
    fc.assert(
      fc.property(history, ([{ wanted, folder, wasEverPaired }, happenings]) => {
        const world = new MachineWorld({ record: { ...FRESH, wanted, wasEverPaired }, folder });
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

  test('answers every action exactly once', () => {
    always((world) => {
      let asked = 0;
      const act = world.act.bind(world);
      world.act = (event, inBackground) => {
        asked += 1;
        act(event, inBackground);
      };
      return { atRest: () => expect(world.outcomes).toHaveLength(asked) };
    });
  });

  test('after the end of the service does nothing but close keys that were being opened', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(...WHATSAPP, ...PROCEED), ([{ folder }, happenings], last) => {
        const world = new MachineWorld({ folder });
        world.act({ type: 'start' });
        for (const happen of happenings) happen(world);
        world.happen({ type: 'shut_down' });
        expect([...world.openSockets]).toEqual([]);
        expect(world.keysAreOpen).toBe(false);
        expect(world.retryAt).toBeNull();
        world.onStep = ({ effects, question }) => {
          expect(effects.filter((effect) => effect.do !== 'close_keys')).toEqual([]);
          expect(question).toBeNull();
        };
        last(world);
        world.settle();
        expect(world.keysAreOpen).toBe(false);
      }),
    );
  });
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
