import { describe, expect, it } from 'vitest';
import {
  cleanDecision,
  JUST_BACK_MS,
  type CleanDecision,
  type CleanRequest,
} from '../../../src/session/clean-request.js';
import { ATTENTION_CODES, type AttentionCode } from '../../../src/session/session-view.js';

const NOW = 1_764_057_900_000;
const request = (more: Partial<CleanRequest>): CleanRequest => ({
  status: 'disconnected',
  paired: true,
  verdict: 'healthy',
  attention: null,
  lostAt: NOW - 60_000,
  now: NOW,
  ...more,
});

describe('a cleaning that is asked for without force', () => {
  it.each(['connecting', 'restoring', 'disconnected'] as const)('%s with good keys: logs in', (status) => {
    expect(cleanDecision(request({ status }))).toBe('log_in');
    // Below its limit nothing is proven.
    expect(cleanDecision(request({ status, verdict: 'suspect' }))).toBe('log_in');
  });

  it.each(['connecting', 'restoring', 'disconnected'] as const)('%s with a corrupted verdict: cleans', (status) => {
    expect(cleanDecision(request({ status, verdict: 'corrupted' }))).toBe('clean');
  });

  it.each(['connecting', 'qr_ready', 'qr_required', 'logged_out', 'not_started'] as const)(
    '%s without a phone: cleans',
    (status) => expect(cleanDecision(request({ status, paired: false }))).toBe('clean'),
  );

  it('connected: cleans, unless it came back only now', () => {
    expect(cleanDecision(request({ status: 'connected', lostAt: null }))).toBe('clean');
    expect(cleanDecision(request({ status: 'connected', lostAt: NOW - JUST_BACK_MS }))).toBe('clean');
    expect(cleanDecision(request({ status: 'connected', lostAt: NOW - JUST_BACK_MS + 1 }))).toBe('log_in');
    // A clock that was set back proves nothing.
    expect(cleanDecision(request({ status: 'connected', lostAt: NOW + 1 }))).toBe('clean');
  });

  it.each(['stopped', 'logged_out'] as const)('%s: cleans', (status) =>
    expect(cleanDecision(request({ status }))).toBe('clean'),
  );

  const attention = (code: AttentionCode, until: number | null = null) => ({ code, since: NOW, until });

  /** What becomes of a session that is not connected and has this attention, without an end and with one. */
  const BY_ATTENTION: Readonly<Record<AttentionCode, readonly [open: CleanDecision, ending: CleanDecision]>> = {
    // Asks for a person: cleaned. While it has an end it waits for none.
    replaced: ['clean', 'log_in'],
    unlinked: ['clean', 'log_in'],
    locked: ['clean', 'log_in'],
    banned: ['clean', 'log_in'],
    login_rejected: ['clean', 'log_in'],
    cleaning_budget_spent: ['clean', 'log_in'],
    qr_expired: ['clean', 'log_in'],
    // Speaks of something else than the keys, and a login would not help: nothing is done.
    temporary_ban: ['wait', 'wait'],
    replaced_once: ['wait', 'wait'],
    version_refused: ['wait', 'wait'],
    login_cap_reached: ['wait', 'wait'],
    auth_folder_unreadable: ['wait', 'wait'],
    auth_folder_missing: ['clean', 'log_in'],
    // Speaks of messages, and only beside a connection.
    other_phone: ['log_in', 'log_in'],
    // Speaks of something else than the keys, and may be over.
    outage: ['log_in', 'log_in'],
  };

  it.each(ATTENTION_CODES)('attention %s: as the table says', (code) => {
    const [open, ending] = BY_ATTENTION[code];
    for (const status of ['connecting', 'restoring', 'disconnected'] as const) {
      expect(cleanDecision(request({ status, attention: attention(code) }))).toBe(open);
      expect(cleanDecision(request({ status, attention: attention(code, NOW + 1) }))).toBe(ending);
    }
  });

  it(
    'an outage is never answered by a wipe, whatever the verdict: ' +
      'the limit was reached, and the keys were not to blame',
    () => {
      for (const verdict of ['healthy', 'suspect', 'corrupted'] as const) {
        const more = { verdict, attention: attention('outage') };
        expect(cleanDecision(request({ ...more, status: 'disconnected' }))).toBe('log_in');
        expect(cleanDecision(request({ ...more, status: 'connected' }))).toBe('wait');
        // There are no keys to be kept.
        expect(cleanDecision(request({ ...more, paired: false }))).toBe('clean');
      }
    },
  );
});
