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
 * `clean`: set the keys aside, as asked. `log_in`: the keys are good, so log in with them now. `wait`: the keys are
 * good and a login would not help now; nothing is done.
 */
export type CleanDecision = 'clean' | 'log_in' | 'wait';

/**
 * A client that cleans by reflex asks for the status first and then cleans. Between its two calls an ordinary reconnect
 * may have ended. So a connection that came back this short a time ago is still taken for one that was on its way, ms.
 */
export const JUST_BACK_MS = 10_000;

/**
 * How long the answer waits for the login that takes the cleaning's place, ms. The existing client gives up after 10 s.
 */
export const LOG_IN_WAIT_MS = 6000;

/** States of a session with keys that is on its way to be connected. */
const ON_ITS_WAY: ReadonlySet<SessionStatus> = new Set(['connecting', 'restoring', 'disconnected']);

/**
 * What an attention without an end of its own asks for. Each code has its own answer, so that a new one is thought
 * about.
 */
const OPEN_END: Readonly<Record<AttentionCode, CleanDecision>> = {
  // They wait for a person, and this call may be that person's.
  replaced: 'clean',
  unlinked: 'clean',
  locked: 'clean',
  banned: 'clean',
  login_rejected: 'clean',
  cleaning_budget_spent: 'clean',
  qr_expired: 'clean',
  auth_folder_missing: 'clean',
  // They say nothing against the keys: new ones would meet the same. A login now would not help, or do harm.
  temporary_ban: 'wait',
  replaced_once: 'wait',
  version_refused: 'wait',
  login_cap_reached: 'wait',
  auth_folder_unreadable: 'wait',
  // It speaks of messages.
  other_phone: 'log_in',
  // The same; but it may be over, and only a login can tell.
  outage: 'log_in',
};

/**
 * Decides what a cleaning without `force` does (docs/cleaning.md). A healthy session is never wiped by reflex. Pure.
 */
export function cleanDecision({ status, paired, verdict, attention, lostAt, now }: CleanRequest): CleanDecision {
  if (!paired) return 'clean';
  // The limit was reached, and it was found that the keys are not to blame.
  if (attention?.code === 'outage') return ON_ITS_WAY.has(status) ? OPEN_END.outage : 'wait';
  if (verdict === 'corrupted') return 'clean';
  if (status === 'connected') {
    return lostAt !== null && now - lostAt < JUST_BACK_MS && lostAt <= now ? 'log_in' : 'clean';
  }
  if (!ON_ITS_WAY.has(status)) return 'clean';
  if (attention === null) return 'log_in';
  const decision = OPEN_END[attention.code];
  // One that ends by itself waits for no person.
  return decision === 'clean' && attention.until !== null ? 'log_in' : decision;
}
