import path from 'node:path';
import type { CountedFaultKind } from '../../health/session-fault.js';
import { cleanDecision } from '../clean-request.js';
import { mayCleanAutomatically } from '../cleaning-budget.js';
import type { CleaningReason, CleanPlan, MovedFolder } from '../session-effects.js';
import { waitsForTurn, type Cleaned } from '../session-state.js';
import type { AttentionCode } from '../session-view.js';
import { connect, connectPlan } from './connecting.js';
import { beginAnew, closeSockets, forgetPhone, letGo } from './letting-go.js';
import { automaticTimes, withCleaning } from './record.js';
import type { Turn } from './turn.js';
import { tryAgainWithBackoff } from './waiting.js';

// --- judging ---

/** A limit was reached. True when a cleaning begins; otherwise a guard held it back, which status and log show. */
export function judge(turn: Turn, kind: CountedFaultKind): boolean {
  const { memory, context, now } = turn;
  if (turn.phone === null || memory.isCleaning) return memory.isCleaning;
  if (kind === 'stream_error' ? context.isOutageWithThis : context.isOutage) {
    const sessions = kind === 'stream_error' ? context.affectedWithThis : context.affected;
    holdBack(turn, 'outage', `${sessions} sessions report stream errors: it is WhatsApp or the network`);
    return false;
  }
  const times = automaticTimes(memory.record.cleanings);
  if (!mayCleanAutomatically(times, context.settings.cleaningsPerDay, now)) {
    const why = 'it was cleaned as often as it may within 24 h, so a person must decide';
    holdBack(turn, 'cleaning_budget_spent', why);
    return false;
  }
  turn.remember({ isCleaning: true });
  turn.do({ do: 'clean', reason: kind });
  return true;
}

function holdBack(turn: Turn, code: AttentionCode, why: string): void {
  const isNews = turn.memory.attention?.code !== code;
  turn.setAttention(code);
  if (!isNews) return;
  turn.tell('session.cleaning_held_back', { reason: code });
  turn.log(
    code === 'outage' ? 'warn' : 'error',
    { event: 'cleaning_held_back', reason: code },
    `A limit was reached, but nothing is cleaned: ${why}.`,
  );
}

// --- cleaning without `force` ---

export function onCleanRequest(turn: Turn): void {
  if (turn.phone !== null) return onHasPhone(turn, true);
  turn.ask({ ask: 'look_at_folder', whether: 'has_phone', then: { do: 'clean_request' } });
}

/** When the keys are good nothing is cleaned; then a login with them is under way, where one can help. */
export function onHasPhone(turn: Turn, paired: boolean): void {
  const { memory, now, status } = turn;
  const lost = memory.lastDisconnect;
  const decision = cleanDecision({
    status,
    paired,
    verdict: turn.health.verdict(now),
    attention: memory.attention,
    lostAt: lost === null || lost.kind === 'restart_required' ? null : lost.at,
    now,
  });
  if (decision === 'clean') return turn.finish({ is: 'to_be_cleaned' });
  turn.log(
    'info',
    { event: 'cleaning_not_needed', status },
    'A cleaning was asked for, but the keys are good: nothing is set aside.',
  );
  // What is connected, under way or waits for a place needs no second login.
  const canHelp = decision === 'log_in' && turn.liveSocket === null && !waitsForTurn(turn.state);
  if (!canHelp) return turn.finish({ is: 'kept' });
  connect(turn, connectPlan({ outcome: { is: 'kept' } }));
}

// --- the cleaning itself ---

export function clean(turn: Turn, reason: CleaningReason): void {
  if (reason !== 'forced' && !isStillDue(turn)) return leaveUncleaned(turn);
  // What was counted is told; letting go may forget it.
  const { bad_mac, stream_error } = turn.health.counters(turn.now);
  const counts = { bad_mac: bad_mac.count, stream_error: stream_error.count };
  closeSockets(turn, { do: 'clean', reason, counts });
}

/** Another action may have come before it: a stop, or a backup that was put back. */
function isStillDue(turn: Turn): boolean {
  if (turn.status === 'stopped' || turn.status === 'logged_out') return false;
  return turn.health.verdict(turn.now) === 'corrupted';
}

function leaveUncleaned(turn: Turn): void {
  const { state } = turn;
  if (state.name === 'in_between') {
    const nextTry = turn.now + tryAgainWithBackoff(turn);
    turn.become({ name: 'disconnected', nextTry, phone: state.phone });
  }
  turn.finish();
}

export function onClosedForCleaning(turn: Turn, plan: CleanPlan): void {
  letGo(turn);
  const { reason } = plan;
  turn.ask({ ask: 'set_aside', reason, force: reason === 'forced', then: plan });
}

export function onSetAsideForCleaning(turn: Turn, backup: MovedFolder | null, plan: CleanPlan): void {
  const { reason } = plan;
  const cleaned: Cleaned = {
    at: turn.now,
    reason,
    automatic: reason !== 'forced',
    backup: backup?.name ?? null,
    path: backup ? path.normalize(backup.path) : null,
  };
  const { path: _, ...cleaning } = cleaned;
  turn.ask({
    ask: 'save',
    writes: [
      { write: 'cleaning', cleaning },
      { write: 'wanted', wanted: 'running' },
    ],
    then: { do: 'cleaned', clean: plan, cleaned, backup },
  });
}

export function onCleaned(
  turn: Turn,
  { reason, counts }: CleanPlan,
  cleaned: Cleaned,
  backup: MovedFolder | null,
): void {
  const { path: _, ...cleaning } = cleaned;
  const { automatic } = cleaning;
  turn.record({ wanted: 'running', cleanings: withCleaning(turn.memory.record.cleanings, cleaning) });
  // Only what a person does is a trial of a refused client version.
  if (!automatic) turn.do({ do: 'allow_trial' });
  forgetPhone(turn);
  turn.remember({ keysLost: false });
  turn.health.reset();
  beginAnew(turn);
  turn.setAttention(null);
  const counted = `${counts.bad_mac} bad_mac, ${counts.stream_error} stream_error`;
  const what = automatic ? `Limit reached (${counted})` : `Cleaned by hand (${counted} counted)`;
  const where = backup
    ? `the folder was set aside as ${backup.path}`
    : 'the folder was never paired, so there is no backup';
  turn.tell('session.cleaned', { reason, automatic, backup: cleaning.backup, ...counts });
  turn.log(
    automatic ? 'error' : 'info',
    { event: 'session_cleaned', reason, counts, backup: backup?.path ?? null },
    `${what}: ${where}; a new QR must be scanned.`,
  );
  connect(turn, connectPlan({ outcome: { is: 'cleaned', cleaned } }));
}
