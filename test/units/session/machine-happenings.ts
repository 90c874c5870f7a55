import fc from 'fast-check';
import { DISCONNECT_KINDS, type DisconnectKind } from '../../../src/session/disconnect-reason.js';
import { phoneOf } from '../../../src/session/session-state.js';
import { FRESH, MachineWorld, NOW, PHONE, type Folder } from './machine-world.js';

/** One thing that happens. */
export type Happening = (world: MachineWorld) => void;

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

export const closed = (kind: DisconnectKind): Happening =>
  named(`closed: ${kind}`, (world) =>
    world.tell({
      type: 'closed',
      reason: { kind, code: null, text: kind, at: world.now },
      suspect: null,
      keysAreGone: kind === 'auth_folder_failed' && world.folder === 'missing',
    }),
  );

export const WHATSAPP: readonly Happening[] = [
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
  ...[1, 2].map((times) =>
    named(`the limit of Bad MACs ${times}`, (world) => {
      if (phoneOf(world.state) === null) return;
      world.tell({ type: 'open', phoneNumber: PHONE });
      for (let n = 0; n < 3; n += 1) world.tell({ type: 'fault', fault: { kind: 'bad_mac', text: 'Bad MAC' } });
    }),
  ),
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
  // The service starts, and somebody may have been faster.
  named('it is to be restored', (world) => {
    world.happen({ type: 'will_restore' });
    world.act({ type: 'restore' });
  }),
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
  ...[1, 2].map((times) => named(`outage ${times}`, (world) => (world.isOutage = true))),
  named('no outage', (world) => (world.isOutage = false)),
  named('a message is to blame', (world) => (world.blamesMessage = !world.blamesMessage)),
  named('a failure that nobody foresaw', (world) => (world.failsNext = true)),
];

export const PROCEED: readonly Happening[] = [
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
  cleanings: fc.nat({ max: 2 }),
});
export const history = fc.tuple(beginning, fc.array(happening, { maxLength: 60, size: 'max' }));

type Beginning = typeof beginning extends fc.Arbitrary<infer T> ? T : never;

/** `cleanings`: how many automatic ones there were in the last minutes. */
export function worldAt({ wanted, folder, wasEverPaired, cleanings }: Beginning): MachineWorld {
  const cleaning = { at: NOW - 60_000, reason: 'bad_mac', automatic: true, backup: 'b' };
  const record = { ...FRESH, wanted, wasEverPaired, cleanings: Array.from({ length: cleanings }, () => cleaning) };
  return new MachineWorld({ record, folder });
}
