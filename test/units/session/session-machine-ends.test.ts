import { describe, expect, test } from 'vitest';
import { disconnectReason, type ConnectionEnd } from '../../../src/session/disconnect-reason.js';
import { nextTryOf, statusOf } from '../../../src/session/session-state.js';
import type { AttentionCode, SessionStatus } from '../../../src/session/session-view.js';
import { MachineWorld, PHONE } from './machine-world.js';

/** In what the connection ends. */
type From = 'connected' | 'login' | 'first login' | 'qr';

interface Row {
  readonly what: string;
  readonly from: From;
  readonly end: ConnectionEnd;
  /** How often it comes, without a complete login between; once when absent. */
  readonly times?: number;
  readonly status: SessionStatus;
  readonly attention: AttentionCode | null;
  /** Ms until it tries again by itself; `at once` when it has; null: not before somebody asks. */
  readonly next: number | 'at once' | null;
  readonly counts: boolean;
  /** Why the keys were set aside; they stay when absent. */
  readonly setAside?: string;
}

const streamError = (tag: string, code: number, attrs: Record<string, string> = {}): ConnectionEnd => ({
  text: `Stream Errored (${tag})`,
  code,
  tag,
  attrs,
});
const failure = (code: number, attrs: Record<string, string> = {}): ConnectionEnd => ({
  text: 'Connection Failure',
  code,
  attrs,
});
const end = (text: string, code: number): ConnectionEnd => ({ text, code });
const replaced = streamError('conflict', 440, { type: 'replaced' });
const removed = streamError('conflict', 401, { type: 'device_removed' });

/** With luck of one half the first delay of the backoff is 500 ms, and the second 1 s. */
const SOON = 500;

const waits = { status: 'disconnected', attention: null, next: SOON } as const;
const again = { status: 'connecting', attention: null, next: 'at once' } as const;
const person = { status: 'disconnected', next: null } as const;
const slowly = { status: 'disconnected', attention: 'login_rejected', next: 60_000 } as const;
const no = { counts: false } as const;
const yes = { counts: true } as const;

/** docs/whatsapp.md, section 2: what follows from the end of a connection, row by row. */
const TABLE: readonly Row[] = [
  {
    what: 'restart after pairing',
    from: 'first login',
    end: end('Stream Errored (restart required)', 515),
    ...again,
    ...no,
  },
  {
    what: 'restart again and again',
    from: 'first login',
    end: end('Stream Errored (restart required)', 515),
    times: 2,
    ...waits,
    ...no,
  },
  {
    what: 'other login with the same keys',
    from: 'connected',
    end: replaced,
    status: 'disconnected',
    attention: 'replaced_once',
    next: 60_000,
    ...no,
  },
  { what: 'other login, again', from: 'connected', end: replaced, times: 2, ...person, attention: 'replaced', ...no },
  { what: 'device unlinked', from: 'connected', end: removed, ...again, ...no },
  { what: 'device unlinked, at the login', from: 'login', end: failure(401), ...again, ...no },
  {
    what: 'device unlinked, said twice',
    from: 'login',
    end: failure(401),
    times: 2,
    status: 'logged_out',
    attention: 'unlinked',
    next: null,
    setAside: 'unlinked',
    ...no,
  },
  { what: 'server complains of an ack', from: 'connected', end: streamError('ack', 500), ...waits, ...yes },
  { what: 'other stream error', from: 'connected', end: streamError('policy', 516), ...waits, ...yes },
  { what: 'server restarting', from: 'connected', end: streamError('unknown', 503), ...waits, ...no },
  { what: 'server broken', from: 'login', end: failure(500), ...waits, ...no },
  { what: 'server busy', from: 'login', end: failure(503), ...waits, ...no },
  { what: 'send or query on a closed socket', from: 'connected', end: end('Connection Closed', 428), ...waits, ...yes },
  { what: 'TCP cut', from: 'connected', end: end('Connection Terminated', 428), ...waits, ...no },
  { what: 'stream end', from: 'connected', end: end('Connection Terminated by Server', 428), ...waits, ...no },
  { what: 'silence for over 35 s', from: 'connected', end: end('Connection was lost', 408), ...waits, ...no },
  { what: 'handshake silent', from: 'login', end: end('Timed Out', 408), ...waits, ...no },
  { what: 'DNS, refused', from: 'login', end: end('WebSocket Error (getaddrinfo ENOTFOUND)', 408), ...waits, ...no },
  { what: 'TLS', from: 'login', end: end('WebSocket Error (self-signed certificate)', 500), ...waits, ...no },
  {
    what: 'HTTP 429 at upgrade',
    from: 'login',
    end: { text: 'HTTP 429 at the upgrade', httpStatus: 429 },
    ...waits,
    ...no,
  },
  {
    what: 'HTTP 503 at upgrade',
    from: 'login',
    end: { text: 'HTTP 503 at the upgrade', httpStatus: 503 },
    ...waits,
    ...no,
  },
  {
    what: 'nobody scanned',
    from: 'qr',
    end: end('QR refs attempts ended', 408),
    status: 'qr_required',
    attention: 'qr_expired',
    next: null,
    ...no,
  },
  {
    what: 'temporary ban',
    from: 'login',
    end: failure(402, { expire: '7200' }),
    status: 'disconnected',
    attention: 'temporary_ban',
    next: 7_200_000,
    ...no,
  },
  { what: 'locked', from: 'login', end: failure(403), ...person, attention: 'locked', ...no },
  { what: 'banned', from: 'login', end: failure(406), ...person, attention: 'banned', ...no },
  { what: 'client version refused', from: 'login', end: failure(405), ...person, attention: 'version_refused', ...no },
  ...[409, 411, 415, 418, 501, 400].flatMap((code): Row[] => [
    { what: `login rejected with ${code}`, from: 'login', end: failure(code), ...slowly, ...no },
    {
      what: `login rejected with ${code}, the third time`,
      from: 'login',
      end: failure(code),
      times: 3,
      ...person,
      attention: 'login_rejected',
      ...no,
    },
  ]),
];

/** A session with a live socket that has come so far. */
function worldIn(from: From): MachineWorld {
  const world = new MachineWorld({ folder: from === 'connected' || from === 'login' ? 'paired' : 'missing' });
  world.do({ type: 'start' });
  if (from === 'connected') world.tell({ type: 'open', phoneNumber: PHONE });
  if (from === 'qr' || from === 'first login') world.tell({ type: 'qr', text: 'qr', lastsMs: 60_000 });
  if (from === 'first login') {
    world.folder = 'paired';
    world.tell({ type: 'paired', phoneNumber: PHONE });
  }
  return world;
}

function close(world: MachineWorld, given: ConnectionEnd): void {
  if (world.live === null && world.retryAt !== null) world.wait(world.retryAt - world.now);
  world.settle();
  expect(world.live).not.toBeNull();
  world.tell({ type: 'closed', reason: disconnectReason(given, world.now), suspect: null, keysAreGone: false });
  world.settle();
}

describe('what follows from the end of a connection', () => {
  test.each(TABLE)('$what -> $status, $attention', (row) => {
    const world = worldIn(row.from);
    const before = world.openSockets.size + world.machine.memory.sockets;
    for (let time = 0; time < (row.times ?? 1); time += 1) close(world, row.end);
    const { state, memory } = world.machine;
    expect(statusOf(state)).toBe(row.status);
    expect(memory.attention?.code ?? null).toBe(row.attention);
    const next = nextTryOf(state);
    if (row.next === 'at once') {
      expect(world.openSockets.size + memory.sockets).toBe(before + 1);
      expect(next).toBeNull();
    } else {
      expect(world.live).toBeNull();
      expect(next === null ? null : next - world.now).toBe(row.next);
      expect(world.retryAt).toBe(next);
    }
    const faults = world.effects.filter((effect) => effect.do === 'tell' && effect.name === 'session.fault');
    expect(faults).toHaveLength(row.counts ? 1 : 0);
    const setAside = world.asked.filter((question) => question.ask === 'set_aside').map(({ reason }) => reason);
    expect(setAside).toEqual(row.setAside === undefined ? [] : [row.setAside]);
    expect(world.asked.filter(({ ask }) => ask === 'remove_keys')).toEqual([]);
    const refused = world.effects.filter((effect) => effect.do === 'refuse_version');
    expect(refused).toHaveLength(row.attention === 'version_refused' ? 1 : 0);
  });

  test('the limit of stream errors begins a cleaning in the place of the next try', () => {
    const world = worldIn('connected');
    for (let time = 0; time < 3; time += 1) {
      if (world.retryAt !== null) world.wait(world.retryAt - world.now);
      world.settle();
      world.tell({ type: 'open', phoneNumber: PHONE });
      close(world, streamError('ack', 500));
    }
    const moved = world.asked.filter((question) => question.ask === 'set_aside');
    expect(moved).toMatchObject([{ reason: 'stream_error', force: false }]);
    expect(statusOf(world.state)).toBe('connecting');
    expect(world.machine.memory.record.cleanings).toMatchObject([
      { reason: 'stream_error', automatic: true, backup: 'b1' },
    ]);
  });

  test('the keys that go missing under a socket are looked for, and nothing is made in their place unasked', () => {
    const world = worldIn('connected');
    world.folder = 'missing';
    world.happen({ type: 'folder_is_gone' });
    world.settle();
    expect(statusOf(world.state)).toBe('qr_required');
    expect(world.machine.memory.attention?.code).toBe('auth_folder_missing');
    expect(world.folder).toBe('missing');
    expect(world.retryAt).toBe(world.now + 30_000);
  });

  test('a folder that fails is looked at again by itself', () => {
    const world = worldIn('connected');
    world.tell({
      type: 'closed',
      reason: { kind: 'auth_folder_failed', code: null, text: 'SQLITE_FULL', at: world.now },
      suspect: null,
      keysAreGone: false,
    });
    expect(world.state).toMatchObject({ name: 'disconnected', nextTry: world.now + 30_000, phone: PHONE });
    expect(world.machine.memory.attention?.code).toBe('auth_folder_unreadable');
  });
});
