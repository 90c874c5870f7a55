import type { OrganizationId } from '../organization-id.js';
import { cleaningsInLastDay } from './cleaning-budget.js';
import { automaticTimes } from './machine/record.js';
import { nextTryOf, phoneOf, statusOf, type MachineState } from './session-state.js';
import type { Attention, HeldUp, SessionSnapshot } from './session-view.js';

/** What a snapshot shows besides the session itself. */
export interface ShownBeside {
  readonly now: number;
  /** What the session or its messages need. */
  readonly attention: Attention | null;
  readonly heldUp: HeldUp | null;
  readonly cleaningsPerDay: number;
}

/** Everything that can be told about a session at one moment. Pure. */
export function snapshotOf(
  organizationId: OrganizationId,
  { state, memory }: MachineState,
  { now, attention, heldUp, cleaningsPerDay }: ShownBeside,
): SessionSnapshot {
  const { record } = memory;
  const phoneNumber = phoneOf(state);
  // Looking at it lets time pass for it.
  const health = memory.health.copy();
  const qr = state.name === 'qr_ready' ? state.qr : null;
  return {
    organizationId,
    status: statusOf(state),
    since: memory.since,
    phoneNumber,
    qr: qr?.text ?? null,
    qrExpiresAt: qr?.expiresAt ?? null,
    pairingCode: state.name === 'qr_ready' ? state.pairingCode : null,
    lastConnectedAt: memory.lastConnectedAt,
    lastDisconnect: memory.lastDisconnect,
    nextReconnectAt: nextTryOf(state),
    wasEverPaired: phoneNumber !== null || record.wasEverPaired,
    health: { verdict: health.verdict(now), counters: health.counters(now), totals: health.totals() },
    attention,
    heldUp,
    lastCleaning: record.cleanings[0] ?? null,
    logout: state.name === 'logged_out' ? state.logout : null,
    automaticCleanings: {
      count: cleaningsInLastDay(automaticTimes(record.cleanings), now),
      limit: cleaningsPerDay,
    },
  };
}
