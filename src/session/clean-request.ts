import type { Verdict } from '../health/session-fault.js';
import type { Attention, AttentionCode, SessionStatus } from './session-view.js';

/** What is known of a session when somebody asks for its cleaning without `force`. Times are epoch ms. */
export interface CleanRequest {
  readonly status: SessionStatus;
  /** Whether keys of a linked phone are there. */
  readonly paired: boolean;
  readonly verdict: Verdict;
  readonly attention: Attention | null;
  /** When the connection ended last for a reason other than a pairing's own restart; null when it never did. */
  readonly lostAt: number | null;
  readonly now: number;
}

/**
 * `clean`: set the keys aside, as asked. `log_in`: the keys are good, so log in with them now. `wait`: the keys are good and a
 * login would not help now; nothing is done.
 */
export type CleanDecision = 'clean' | 'log_in' | 'wait';

/**
 * A client that cleans by reflex asks for the status first and then cleans. Between its two calls an ordinary reconnect may have ended.
 * So a connection that came back this short a time ago is still taken for one that was on its way, ms.
 */
export const JUST_BACK_MS = 10_000;

/** How long the answer waits for the login that takes the cleaning's place, ms. The existing client gives up after 10 s. */
export const LOG_IN_WAIT_MS = 6000;

/** States of a session with keys that is on its way to be connected. */
const ON_ITS_WAY: ReadonlySet<SessionStatus> = new Set(['connecting', 'restoring', 'disconnected']);

/** Reasons that say nothing against the keys: new keys would meet the same. A login now would not help, or do harm. */
const NOT_THE_KEYS: ReadonlySet<AttentionCode> = new Set([
  'temporary_ban',
  'version_refused',
  'login_cap_reached',
  'auth_folder_unreadable',
]);

/** Decides what a cleaning without `force` does (API.md, section 2). A healthy session is never wiped by reflex. Pure. */
export function cleanDecision({ status, paired, verdict, attention, lostAt, now }: CleanRequest): CleanDecision {
  if (!paired || verdict === 'corrupted') return 'clean';
  if (status === 'connected') {
    return lostAt !== null && now - lostAt < JUST_BACK_MS && lostAt <= now ? 'log_in' : 'clean';
  }
  if (!ON_ITS_WAY.has(status)) return 'clean';
  if (attention === null) return 'log_in';
  if (NOT_THE_KEYS.has(attention.code)) return 'wait';
  // Without an end of its own it waits for a person, and this call may be that person's.
  return attention.until === null ? 'clean' : 'log_in';
}
