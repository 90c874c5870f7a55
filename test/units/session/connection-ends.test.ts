import { describe, expect, test } from 'vitest';
import {
  countsAsStreamError,
  DISCONNECT_KINDS,
  disconnectReason,
  type ConnectionEnd,
  type DisconnectKind,
} from '../../../src/session/disconnect-reason.js';
import { reactionTo, type Reaction } from '../../../src/session/reconnect-policy.js';
import { NOW, PAIRED, boom, streamError, failure, slowly, backoff, atOnce, replaced, endOf } from './ends.js';

interface Row {
  readonly what: string;
  /** What Baileys gives as `lastDisconnect.error`, or what the socket itself knows. */
  readonly end: Error | undefined | ConnectionEnd;
  readonly kind: DisconnectKind;
  readonly reaction: Reaction;
  readonly counts: boolean;
}

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
