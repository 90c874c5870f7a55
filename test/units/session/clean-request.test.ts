import { describe, expect, it } from 'vitest';
import { cleanDecision, JUST_BACK_MS, type CleanRequest } from '../../../src/session/clean-request.js';

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

  it('an attention that speaks of something else than the keys: nothing is done', () => {
    for (const code of ['temporary_ban', 'version_refused', 'login_cap_reached', 'auth_folder_unreadable'] as const) {
      expect(cleanDecision(request({ attention: { code, since: NOW, until: null } }))).toBe('wait');
    }
  });

  it('an attention without an end asks for a person: cleans; one that ends by itself: logs in', () => {
    for (const code of ['replaced', 'locked', 'banned', 'login_rejected', 'cleaning_budget_spent'] as const) {
      expect(cleanDecision(request({ attention: { code, since: NOW, until: null } }))).toBe('clean');
    }
    expect(cleanDecision(request({ attention: { code: 'login_rejected', since: NOW, until: NOW + 1 } }))).toBe(
      'log_in',
    );
  });
});
