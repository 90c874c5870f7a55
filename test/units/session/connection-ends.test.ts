import { Boom } from '@hapi/boom';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connectionEnd } from '../../../src/baileys/translate-events.js';
import {
  countsAsStreamError,
  DISCONNECT_KINDS,
  disconnectReason,
  type ConnectionEnd,
  type DisconnectKind,
} from '../../../src/session/disconnect-reason.js';
import { RecentEnds } from '../../../src/session/recent-ends.js';
import {
  attemptAfter,
  backoffDelay,
  reactionTo,
  REJECTED_RETRY_MS,
  REPLACED_REMEMBERED_MS,
  REJECTED_TRIES,
  UNREADABLE_RETRY_MS,
  type Reaction,
  type ReconnectContext,
} from '../../../src/session/reconnect-policy.js';

const NOW = 1_700_000_000_000;
const PAIRED: ReconnectContext = {
  paired: true,
  attempt: 0,
  rejectedBefore: 0,
  restartsBefore: 0,
  unlinkedBefore: 0,
  replacedLately: false,
  replacedRetryMs: 60_000,
};

/** Reactions that touch keys. All others leave the folder where it is. */
const CONDEMNING: readonly Reaction['do'][] = ['set_aside'];

const boom = (text: string, statusCode?: number, data?: unknown): Boom =>
  new Boom(text, statusCode === undefined ? { data } : { statusCode, data });
const streamError = (tag: string, statusCode: number, attrs: Record<string, string> = {}): Boom =>
  boom(`Stream Errored (${tag})`, statusCode, { tag, attrs });
const failure = (reason: number, attrs: Record<string, string> = {}): Boom =>
  boom('Connection Failure', reason, { reason: String(reason), location: 'atn', ...attrs });

interface Row {
  readonly what: string;
  /** What Baileys gives as `lastDisconnect.error`, or what the socket itself knows. */
  readonly end: Error | undefined | ConnectionEnd;
  readonly kind: DisconnectKind;
  readonly reaction: Reaction;
  readonly counts: boolean;
}

const slowly: Reaction = { do: 'sleep', until: NOW + REJECTED_RETRY_MS, attention: 'login_rejected' };
const backoff: Reaction = { do: 'reconnect_with_backoff' };
const atOnce: Reaction = { do: 'reconnect_at_once' };
const unlinked: Reaction = { do: 'set_aside', attention: 'unlinked' };
const replaced: Reaction = { do: 'sleep', until: NOW + 60_000, attention: 'replaced_once' };
const fought: Reaction = { do: 'stop', status: 'disconnected', attention: 'replaced' };

/** docs/whatsapp.md, section 2: every row of its table, in its order. */
const TABLE: readonly Row[] = [
  {
    what: 'restart after pairing',
    end: boom('Stream Errored (restart required)', 515, { tag: 'stream:error', attrs: { code: '515' } }),
    kind: 'restart_required',
    reaction: { do: 'reconnect_at_once' },
    counts: false,
  },
  {
    what: 'other login with the same keys',
    end: streamError('conflict', 440, { type: 'replaced' }),
    kind: 'replaced',
    reaction: replaced,
    counts: false,
  },
  {
    what: 'other login, without a type',
    end: streamError('conflict', 440),
    kind: 'replaced',
    reaction: replaced,
    counts: false,
  },
  {
    what: 'other login, whatever the code',
    end: streamError('conflict', 401, { type: 'replaced' }),
    kind: 'replaced',
    reaction: replaced,
    counts: false,
  },
  {
    what: 'device unlinked while connected',
    end: streamError('conflict', 401, { type: 'device_removed' }),
    kind: 'unlinked',
    reaction: atOnce,
    counts: false,
  },
  {
    what: 'device unlinked, without a code',
    end: streamError('conflict', 440, { type: 'device_removed' }),
    kind: 'unlinked',
    reaction: atOnce,
    counts: false,
  },
  {
    what: 'device unlinked, without a type',
    end: streamError('conflict', 401),
    kind: 'unlinked',
    reaction: atOnce,
    counts: false,
  },
  { what: 'device unlinked, at the login', end: failure(401), kind: 'unlinked', reaction: atOnce, counts: false },
  {
    what: 'server complains of an ack',
    end: streamError('ack', 500, { class: 'message', type: 'text' }),
    kind: 'stream_error',
    reaction: backoff,
    counts: true,
  },
  {
    what: 'other stream error without a code',
    end: streamError('xml-not-well-formed', 500),
    kind: 'stream_error',
    reaction: backoff,
    counts: true,
  },
  {
    what: 'other stream error with a code',
    end: streamError('policy', 516),
    kind: 'stream_error',
    reaction: backoff,
    counts: true,
  },
  {
    what: 'stream error with nothing in it',
    end: boom('Stream Errored (unknown)', 500, { tag: 'stream:error', attrs: {} }),
    kind: 'stream_error',
    reaction: backoff,
    counts: true,
  },
  {
    what: 'stream error 401 that is no conflict: if the device is unlinked, the next login says so',
    end: streamError('unknown', 401),
    kind: 'stream_error',
    reaction: backoff,
    counts: true,
  },
  {
    what: 'server busy while connected',
    end: boom('Stream Errored (unknown)', 503, { tag: 'stream:error', attrs: { code: '503' } }),
    kind: 'server_busy',
    reaction: backoff,
    counts: false,
  },
  { what: 'server broken at the login', end: failure(500), kind: 'server_busy', reaction: backoff, counts: false },
  { what: 'server busy at the login', end: failure(503), kind: 'server_busy', reaction: backoff, counts: false },
  {
    what: 'login failed without a reason',
    end: { text: 'Connection Failure' },
    kind: 'server_busy',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'send or query on a closed socket',
    end: { text: 'Connection Closed', code: 428 },
    kind: 'dead_socket',
    reaction: backoff,
    counts: true,
  },
  {
    what: 'TCP cut',
    end: boom('Connection Terminated', 428),
    kind: 'network',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'stream end',
    end: boom('Connection Terminated by Server', 428),
    kind: 'network',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'silence for over 35 s',
    end: boom('Connection was lost', 408),
    kind: 'silence',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'handshake silent',
    end: boom('Timed Out', 408),
    kind: 'handshake_timeout',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'a login that goes half-way',
    end: { text: 'Login incomplete ("active" was not answered)' },
    kind: 'login_incomplete',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'DNS',
    end: boom('WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)', 408, new Error('ENOTFOUND')),
    kind: 'network',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'refused',
    end: boom('WebSocket Error (connect ECONNREFUSED 127.0.0.1:9)', 408, new Error('ECONNREFUSED')),
    kind: 'network',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'TLS',
    end: boom('WebSocket Error (self-signed certificate)', 500, new Error('self-signed certificate')),
    kind: 'network',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'closed while it opened',
    end: boom('WebSocket Error (undefined)', 500, 1006),
    kind: 'network',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'HTTP 503 at the upgrade',
    end: { text: 'HTTP 503 at the upgrade', httpStatus: 503 },
    kind: 'upgrade_refused',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'HTTP 429 at the upgrade',
    end: { text: 'HTTP 429 at the upgrade', httpStatus: 429 },
    kind: 'upgrade_refused',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'HTTP 401 at the upgrade: a proxy that asks for a password unlinks nobody',
    end: { text: 'HTTP 401 at the upgrade', httpStatus: 401 },
    kind: 'upgrade_refused',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'refused at the upgrade, as it shows when nobody listens for it',
    end: boom('WebSocket Error (Opening handshake has timed out)', 408, new Error('Opening handshake has timed out')),
    kind: 'handshake_timeout',
    reaction: backoff,
    counts: false,
  },
  {
    what: 'nobody scanned',
    end: boom('QR refs attempts ended', 408),
    kind: 'qr_expired',
    reaction: { do: 'stop', status: 'qr_required', attention: 'qr_expired' },
    counts: false,
  },
  {
    what: 'temporary ban',
    end: failure(402, { expire: '7200' }),
    kind: 'temporary_ban',
    reaction: { do: 'sleep', until: NOW + 7_200_000, attention: 'temporary_ban' },
    counts: false,
  },
  {
    what: 'locked',
    end: failure(403),
    kind: 'locked',
    reaction: { do: 'stop', status: 'disconnected', attention: 'locked' },
    counts: false,
  },
  {
    what: 'banned',
    end: failure(406),
    kind: 'banned',
    reaction: { do: 'stop', status: 'disconnected', attention: 'banned' },
    counts: false,
  },
  {
    what: 'client version refused',
    end: failure(405),
    kind: 'version_refused',
    reaction: { do: 'stop_everybody', attention: 'version_refused' },
    counts: false,
  },
  ...[400, 409, 411, 415, 418, 501, 429].map((code): Row => ({
    what: `login rejected with ${code}`,
    end: failure(code),
    kind: 'login_rejected',
    reaction: slowly,
    counts: false,
  })),
  {
    what: 'old multi-device answer',
    end: boom('Multi-device beta not joined', 411),
    kind: 'login_rejected',
    reaction: slowly,
    counts: false,
  },
];

function endOf(given: Row['end']): ConnectionEnd {
  return given === undefined || given instanceof Error ? connectionEnd(given) : given;
}

describe('how a connection ends', () => {
  test.each(TABLE)('$what -> $kind', ({ end, kind, reaction, counts }) => {
    const reason = disconnectReason(endOf(end), NOW);
    expect(reason.kind).toBe(kind);
    expect(reason.at).toBe(NOW);
    expect(reactionTo(reason, PAIRED)).toEqual(reaction);
    expect(countsAsStreamError(reason.kind)).toBe(counts);
  });

  test('the reason carries the text and the code, the status of a refused upgrade before all', () => {
    expect(disconnectReason(endOf(streamError('ack', 500)), NOW)).toEqual({
      kind: 'stream_error',
      code: 500,
      text: 'Stream Errored (ack)',
      at: NOW,
    });
    expect(disconnectReason({ text: 'HTTP 503 at the upgrade', code: 408, httpStatus: 503 }, NOW).code).toBe(503);
    expect(disconnectReason({ text: 'Connection Terminated' }, NOW).code).toBeNull();
  });

  test('every kind that Baileys can cause is in the table', () => {
    const own: DisconnectKind[] = ['auth_folder_failed', 'closed_by_service'];
    const covered = new Set([...TABLE.map(({ kind }) => kind), ...own]);
    expect([...covered].sort()).toEqual([...DISCONNECT_KINDS].sort());
  });
});

describe('what is not understood', () => {
  test.each([
    ['nothing at all', undefined],
    ['a plain error of the handshake', new Error('Invalid noise certificate')],
    ['a plain error with a code of its own', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })],
    ['an unknown text with a frightening code', boom('Something new', 401)],
    ['an unknown text with the default code', boom('bad session', 500)],
    ['an empty text', boom('', 440)],
  ])('%s is taken for network trouble', (_what, error) => {
    const reason = disconnectReason(endOf(error), NOW);
    expect(reason.kind).toBe('network');
    expect(reactionTo(reason, PAIRED)).toEqual(backoff);
    expect(countsAsStreamError(reason.kind)).toBe(false);
  });

  test('no unknown text, whatever its code and data, condemns the keys or counts against them', () => {
    const known = /^(Stream Errored|Connection Failure|Connection Closed|QR refs|Intentional|Multi-device|Timed Out)/;
    const attrs = fc.dictionary(
      fc.constantFrom('type', 'reason', 'expire', 'code'),
      fc.constantFrom('device_removed', 'replaced', '401', '515'),
    );
    fc.assert(
      fc.property(
        fc.string().filter((text) => !known.test(text)),
        fc.option(fc.integer({ min: 300, max: 600 }), { nil: undefined }),
        fc.option(fc.constantFrom('conflict', 'ack', 'failure'), { nil: undefined }),
        attrs,
        (text, code, tag, given) => {
          const reason = disconnectReason({ text, code, tag, attrs: given }, NOW);
          expect(CONDEMNING).not.toContain(reactionTo(reason, PAIRED).do);
          expect(countsAsStreamError(reason.kind)).toBe(false);
        },
      ),
    );
  });

  test('whatever comes, there is a reason with a short text, and a reaction', () => {
    const texts = fc.oneof(fc.string(), fc.constantFrom('Stream Errored (', 'Connection Failure', 'Connection Closed'));
    fc.assert(
      fc.property(texts, fc.option(fc.integer(), { nil: undefined }), fc.string(), (text, code, expire) => {
        const reason = disconnectReason({ text: text.repeat(50), code, attrs: { expire } }, NOW);
        expect(DISCONNECT_KINDS).toContain(reason.kind);
        expect(reason.text.length).toBeLessThanOrEqual(200);
        expect(reactionTo(reason, PAIRED).do).toBeTypeOf('string');
      }),
    );
  });

  test('a chat id in the text does not pass', () => {
    const { text } = disconnectReason(endOf(boom('Lost 573001112233@s.whatsapp.net')), NOW);
    expect(text).not.toContain('573001112233');
  });
});

describe('515', () => {
  const reason = disconnectReason(endOf(boom('Stream Errored (restart required)', 515)), NOW);

  test('is "log in again at once", paired or not', () => {
    expect(reactionTo(reason, PAIRED)).toEqual({ do: 'reconnect_at_once' });
    expect(reactionTo(reason, { ...PAIRED, paired: false })).toEqual({ do: 'reconnect_at_once' });
  });

  test('at once only once: the second in a row waits', () => {
    expect(reactionTo(reason, { ...PAIRED, restartsBefore: 1 })).toEqual(backoff);
    expect(reactionTo(reason, { ...PAIRED, restartsBefore: 20 })).toEqual(backoff);
  });

  test('never counts', () => {
    expect(countsAsStreamError(reason.kind)).toBe(false);
  });
});

describe('a temporary ban', () => {
  const until = (expire?: string): number | undefined =>
    disconnectReason({ text: 'Connection Failure', code: 402, attrs: expire === undefined ? {} : { expire } }, NOW)
      .until;

  test('ends after the seconds that WhatsApp names', () => {
    expect(until('1')).toBe(NOW + 1000);
    expect(until('86400')).toBe(NOW + 86_400_000);
  });

  test.each([undefined, '', '0', '-5', 'soon', 'NaN', 'Infinity'])('lasts an hour when it says %j', (expire) => {
    expect(until(expire)).toBe(NOW + 3_600_000);
  });

  test('always ends at a time that can be written down', () => {
    for (const expire of ['1e12', '1e300', String(Number.MAX_SAFE_INTEGER)]) {
      expect(() => new Date(until(expire) ?? Number.NaN).toISOString()).not.toThrow();
    }
  });
});

describe('what was before matters', () => {
  test('a 401 before any phone is linked sets nothing aside', () => {
    const reason = disconnectReason(endOf(failure(401)), NOW);
    expect(reactionTo(reason, { ...PAIRED, paired: false })).toEqual(backoff);
  });

  test('a 401 is confirmed by one more login, soon; the second in a row sets the keys aside', () => {
    const reason = disconnectReason(endOf(failure(401)), NOW);
    expect(reactionTo(reason, PAIRED)).toEqual(atOnce);
    // One that accepts each login and then says it again is not hammered.
    expect(reactionTo(reason, { ...PAIRED, attempt: 1 })).toEqual(backoff);
    for (const attempt of [0, 1, 9])
      expect(reactionTo(reason, { ...PAIRED, attempt, unlinkedBefore: 1 })).toEqual(unlinked);
  });

  test('a rejected login gets two tries more, then a person', () => {
    const reason = disconnectReason(endOf(failure(409)), NOW);
    expect(REJECTED_TRIES).toBe(2);
    expect(reactionTo(reason, { ...PAIRED, rejectedBefore: 1 })).toEqual(slowly);
    for (const rejectedBefore of [2, 3, 100]) {
      expect(reactionTo(reason, { ...PAIRED, rejectedBefore })).toEqual({
        do: 'stop',
        status: 'disconnected',
        attention: 'login_rejected',
      });
    }
  });

  test('a folder that fails is looked at again by itself', () => {
    const reaction = reactionTo({ kind: 'auth_folder_failed', code: null, text: 'SQLITE_FULL', at: NOW }, PAIRED);
    expect(reaction).toEqual({ do: 'sleep', until: NOW + UNREADABLE_RETRY_MS, attention: 'auth_folder_unreadable' });
  });

  test('what the service closed itself asks for nothing', () => {
    expect(reactionTo({ kind: 'closed_by_service', code: null, text: '', at: NOW }, PAIRED)).toEqual({ do: 'nothing' });
    expect(disconnectReason({ text: 'Intentional Logout', code: 401 }, NOW).kind).toBe('closed_by_service');
  });

  test('only a device that was called unlinked twice is ever set aside', () => {
    for (const kind of DISCONNECT_KINDS) {
      for (const paired of [true, false]) {
        for (const before of [0, 1, 5]) {
          const context = {
            paired,
            attempt: before,
            rejectedBefore: before,
            restartsBefore: before,
            unlinkedBefore: before,
            replacedLately: before > 0,
            replacedRetryMs: 60_000,
          };
          const reaction = reactionTo({ kind, code: null, text: '', at: NOW }, context);
          expect(CONDEMNING.includes(reaction.do)).toBe(kind === 'unlinked' && paired && before > 0);
        }
      }
    }
  });
});

describe('what is remembered of the ends before', () => {
  const end = (kind: DisconnectKind) => ({ kind, code: null, text: '', at: NOW });
  const now = { paired: true, attempt: 0 };

  test('two 401 in a row set aside, whatever failed between them', () => {
    const ends = new RecentEnds(60_000);
    expect(ends.reactionTo(end('unlinked'), now)).toEqual(atOnce);
    expect(ends.reactionTo(end('network'), now)).toEqual(backoff);
    expect(ends.reactionTo(end('unlinked'), now)).toEqual(unlinked);
  });

  test('replaced: one slow try; a second time within the hour it stops, however well the login between did', () => {
    const at = (ms: number) => ({ kind: 'replaced' as const, code: 440, text: '', at: NOW + ms });
    const slow = (ms: number): Reaction => ({ do: 'sleep', until: NOW + ms + 60_000, attention: 'replaced_once' });
    const ends = new RecentEnds(60_000);
    expect(ends.reactionTo(at(0), now)).toEqual(slow(0));
    ends.loggedIn();
    // Two services that each come back after a minute.
    expect(ends.reactionTo(at(120_000), now)).toEqual(fought);
    ends.loggedIn();
    expect(ends.reactionTo(at(120_000 + REPLACED_REMEMBERED_MS - 1), now)).toEqual(fought);
    // A clock that was set back proves nothing.
    expect(ends.reactionTo(at(0), now)).toEqual(fought);
    expect(ends.reactionTo(at(REPLACED_REMEMBERED_MS), now)).toEqual(slow(REPLACED_REMEMBERED_MS));
    ends.forget();
    expect(ends.reactionTo(at(REPLACED_REMEMBERED_MS + 1), now)).toEqual(slow(REPLACED_REMEMBERED_MS + 1));
  });

  test('a slow try that is slower than the memory is remembered all the same', () => {
    const ends = new RecentEnds(REPLACED_REMEMBERED_MS);
    ends.reactionTo(end('replaced'), now);
    expect(ends.reactionTo({ ...end('replaced'), at: NOW + REPLACED_REMEMBERED_MS }, now)).toEqual(fought);
  });

  test('a complete login, and a person, begin anew', () => {
    const ends = new RecentEnds(60_000);
    for (const anew of [() => ends.loggedIn(), () => ends.forget()]) {
      expect(ends.reactionTo(end('unlinked'), now)).toEqual(atOnce);
      expect(ends.reactionTo(end('restart_required'), now)).toEqual(atOnce);
      expect(ends.reactionTo(end('restart_required'), now)).toEqual(backoff);
      anew();
    }
  });
});

describe('the attempt that the backoff goes on with', () => {
  const STABLE = 10_000;

  test('a login that was never complete, and a connection that fell at once, keep it', () => {
    expect(attemptAfter(null, 5, STABLE)).toBe(5);
    expect(attemptAfter(0, 5, STABLE)).toBe(5);
    expect(attemptAfter(STABLE - 1, 5, STABLE)).toBe(5);
    // A clock that was set back proves nothing.
    expect(attemptAfter(-60_000, 5, STABLE)).toBe(5);
  });

  test('a connection that lasted starts over', () => {
    expect(attemptAfter(STABLE, 5, STABLE)).toBe(0);
    expect(attemptAfter(240_000, 9, STABLE)).toBe(0);
    expect(attemptAfter(240_000, 0, STABLE)).toBe(0);
  });
});

describe('backoff', () => {
  const options = { baseMs: 1000, maxMs: 300_000 };
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('grows twofold up to the maximum', () => {
    const ceilings = Array.from({ length: 12 }, (_, attempt) => backoffDelay(attempt, options, 1));
    expect(ceilings).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000,
    ]);
  });

  test('is a whole number of milliseconds between zero and its ceiling, for any attempt', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.integer({ min: 1, max: 86_400_000 }),
        fc.integer({ min: 0, max: 86_400_000 }),
        random,
        (attempt, baseMs, more, value) => {
          const maxMs = baseMs + more;
          const delay = backoffDelay(attempt, { baseMs, maxMs }, value);
          expect(Number.isInteger(delay)).toBe(true);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(Math.min(maxMs, baseMs * 2 ** attempt));
        },
      ),
    );
  });

  test('never gets shorter with a further attempt, for the same luck', () => {
    fc.assert(
      fc.property(fc.nat(100), random, (attempt, value) => {
        expect(backoffDelay(attempt + 1, options, value)).toBeGreaterThanOrEqual(backoffDelay(attempt, options, value));
      }),
    );
  });

  test('spreads over the whole range: sessions that fell together come back apart', () => {
    expect(backoffDelay(9, options, 0)).toBe(0);
    expect(backoffDelay(9, options, 0.5)).toBe(150_000);
    expect(backoffDelay(9, options, 0.999_999)).toBeGreaterThan(299_000);
  });
});
