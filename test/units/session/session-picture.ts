import { DISCONNECT_KINDS, type DisconnectKind } from '../../../src/session/disconnect-reason.js';
import { phoneOf, waitsForTurn, type SessionState } from '../../../src/session/session-state.js';
import { MachineWorld, PHONE } from './machine-world.js';

/*
 * The picture of the session machine in docs/session-machine.md. Nobody draws it: every state that can be reached is
 * found by letting representative events happen in every state that is known already.
 */

interface Happening {
  readonly name: string;
  readonly happen: (world: MachineWorld) => void;
  /** Whether it can happen now; always when absent. */
  readonly when?: (world: MachineWorld) => boolean;
}

const isLive = (world: MachineWorld): boolean => world.live !== null;
const isPairing = (world: MachineWorld): boolean => isLive(world) && phoneOf(world.state) === null;

/** What stands around the session while it logs in. */
const withFolder =
  (folder: MachineWorld['folder']) =>
  (world: MachineWorld): void => {
    world.folder = folder;
    world.do({ type: 'restart' });
  };

const PEOPLE: readonly Happening[] = [
  { name: 'start', happen: (world) => world.act({ type: 'start' }) },
  { name: 'stop', happen: (world) => world.act({ type: 'stop' }) },
  { name: 'restart', happen: (world) => world.act({ type: 'restart' }) },
  { name: 'clean by hand', happen: (world) => world.act({ type: 'clean', reason: 'forced' }) },
  { name: 'restore a backup', happen: (world) => world.act({ type: 'restore_backup', name: undefined }) },
  {
    name: 'log out',
    happen: (world) => {
      world.do({ type: 'leave' });
      world.act({ type: 'end_logout', confirmed: true });
    },
  },
  {
    name: 'the service starts',
    when: ({ state }) => state.name === 'not_started',
    happen: (world) => {
      world.happen({ type: 'will_restore' });
      world.act({ type: 'restore' });
    },
  },
];

const WHATSAPP: readonly Happening[] = [
  { name: 'QR', when: isPairing, happen: (world) => world.tell({ type: 'qr', text: 'qr', lastsMs: 20_000 }) },
  {
    name: 'a phone scans',
    when: ({ state }) => state.name === 'qr_ready',
    happen: (world) => {
      world.folder = 'paired';
      world.tell({ type: 'paired', phoneNumber: PHONE });
    },
  },
  {
    name: 'login complete',
    when: (world) => isLive(world) && phoneOf(world.state) !== null,
    happen: (world) => world.tell({ type: 'open', phoneNumber: PHONE }),
  },
  {
    name: 'limit of Bad MACs',
    when: ({ state }) => state.name === 'connected',
    happen: (world) => {
      for (let n = 0; n < 3; n += 1) world.tell({ type: 'fault', fault: { kind: 'bad_mac', text: 'Bad MAC' } });
    },
  },
  ...DISCONNECT_KINDS.filter((kind) => kind !== 'closed_by_service').map((kind): Happening => ({
    name: `end: ${kind}`,
    when: kind === 'qr_expired' ? ({ state }) => state.name === 'qr_ready' : isLive,
    happen: (world) =>
      world.tell({
        type: 'closed',
        reason: { kind, code: null, text: kind, at: world.now },
        suspect: null,
        keysAreGone: false,
      }),
  })),
];

const SURROUNDINGS: readonly Happening[] = [
  {
    name: 'time for the next try',
    when: ({ retryAt }) => retryAt !== null,
    happen: (world) => world.wait((world.retryAt ?? 0) - world.now),
  },
  { name: 'its turn comes', when: ({ waitsForTurn }) => waitsForTurn, happen: (world) => world.turnComes() },
  {
    name: 'the folder is taken away',
    when: isLive,
    happen: (world) => {
      world.folder = 'missing';
      world.happen({ type: 'folder_is_gone' });
    },
  },
  { name: 'restart (folder unreadable)', when: isLive, happen: withFolder('unreadable') },
  { name: 'restart (folder damaged)', when: isLive, happen: withFolder('damaged') },
  {
    name: 'restart (no place for a login)',
    when: isLive,
    happen: (world) => {
      world.permission = { allowed: false, because: 'process_cap', retryAt: null };
      world.do({ type: 'restart' });
      world.permission = { allowed: true };
    },
  },
  {
    name: 'restart (too many logins)',
    when: isLive,
    happen: (world) => {
      world.permission = { allowed: false, because: 'organization_cap', retryAt: world.now + 600_000 };
      world.do({ type: 'restart' });
      world.permission = { allowed: true };
    },
  },
];

const GROUPS: Readonly<Record<string, readonly Happening[]>> = {
  people: PEOPLE,
  WhatsApp: WHATSAPP,
  'time, disk and other logins': SURROUNDINGS,
};

/** A state as the picture names it. */
function nameOf(state: SessionState): string {
  if (state.name === 'disconnected') return state.nextTry === null ? 'disconnected_person' : 'disconnected_waits';
  if (state.name === 'qr_required') return state.nextTry === null ? 'qr_required' : 'qr_required_missing';
  return waitsForTurn(state) ? `${state.name}_turn` : state.name;
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  disconnected_waits: 'disconnected, tries again by itself',
  disconnected_person: 'disconnected, waits for a person',
  qr_required_missing: 'qr_required, looks for the missing folder',
  connecting_turn: 'connecting, waits for its turn',
};

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly group: string;
  readonly by: string;
}

/** States that differ in what the picture does not show, and that react in another way. */
function keyOf({ machine, folder, now }: MachineWorld): string {
  const { state, memory } = machine;
  const isPaired = phoneOf(state) !== null;
  const reactionTo = (kind: DisconnectKind): string =>
    memory.ends.copy().reactionTo({ kind, code: null, text: '', at: now }, { paired: isPaired, attempt: 0 }).do;
  const reactions = (['unlinked', 'replaced', 'login_rejected', 'restart_required'] as const).map(reactionTo);
  return [nameOf(state), isPaired, memory.attention?.code, folder, ...reactions].join(' ');
}

function explore(): Edge[] {
  const edges = new Map<string, Edge>();
  const seen = new Set<string>();
  const beginnings = (['missing', 'paired'] as const).map((folder) => new MachineWorld({ folder }));
  const open = [...beginnings];
  for (let world = open.shift(); world; world = open.shift()) {
    const key = keyOf(world);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const [group, happenings] of Object.entries(GROUPS)) {
      for (const { name, happen, when } of happenings) {
        if (when && !when(world)) continue;
        const next = world.copy();
        happen(next);
        next.settle();
        const edge = { from: nameOf(world.state), to: nameOf(next.state), group, by: name };
        if (edge.from !== edge.to) edges.set(Object.values(edge).join('|'), edge);
        open.push(next);
      }
    }
  }
  return [...edges.values()].sort((one, other) => (keyOfEdge(one) < keyOfEdge(other) ? -1 : 1));
}

const keyOfEdge = ({ from, to, group, by }: Edge): string => [from, to, group, by].join('|');

/** What leads from one state to another: the names, the ends of a connection together. */
function labelOf(names: readonly string[]): string {
  const ends = names.filter((name) => name.startsWith('end: ')).map((name) => name.slice('end: '.length));
  const others = names.filter((name) => !name.startsWith('end: '));
  return [...others, ...(ends.length > 0 ? [`end (${ends.join(', ')})`] : [])].join(', ');
}

/** The whole page, docs/session-machine.md. */
export function sessionPicture(): string {
  const edges = explore();
  const names = [...new Set(edges.flatMap(({ from, to }) => [from, to]))].sort();
  const arrows = new Map<string, Edge[]>();
  for (const edge of edges) {
    const key = `${edge.from} --> ${edge.to}`;
    arrows.set(key, [...(arrows.get(key) ?? []), edge]);
  }
  const rows = [...arrows.values()].flatMap((group) => {
    const [first] = group;
    return first ? [`| ${first.from} | ${first.to} | ${labelOf(group.map(({ by }) => by))} |`] : [];
  });
  return [
    '# The session machine',
    '',
    'Derived from `src/session/session-machine.ts` by `npm run docs`; a test holds it to that. It shows the',
    'states in which a session rests, and what leads from one to another. What changes nothing is left out.',
    'What a state is: `src/session/session-state.ts`. What follows from the end of a connection:',
    '[whatsapp.md](whatsapp.md), section 2.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...names.filter((name) => DESCRIPTIONS[name]).map((name) => `  ${name} : ${DESCRIPTIONS[name]}`),
    '  [*] --> not_started',
    ...[...arrows.keys()].map((arrow) => `  ${arrow}`),
    '```',
    '',
    '| from | to | by |',
    '| ---- | -- | -- |',
    ...rows,
    '',
  ].join('\n');
}
