import type { OrganizationId } from '../../organization-id.js';
import type { CleaningRecord, LogoutRecord } from '../../session/session-view.js';

/** What somebody wants of a session; survives a restart of the service. */
export type WantedState = 'running' | 'stopped' | 'logged_out';

/** Cleanings older than this say nothing to anybody, and more than so many neither; the budget looks at 24 h. */
export const CLEANINGS_KEPT = { forMs: 30 * 86_400_000, most: 1000 } as const;

/** What is remembered of one organization besides its keys. */
export interface OrganizationRecord {
  /** Null when nobody ever said. */
  readonly wanted: WantedState | null;
  /** How it came to be logged out, the last time; null when never noted, and when a phone was linked since. */
  readonly lastLogout: LogoutRecord | null;
  /** Whether a phone was ever linked: whoever was a customer's voice once is expected back. */
  readonly wasEverPaired: boolean;
  /** Newest first, as many and about as old as CLEANINGS_KEPT says. */
  readonly cleanings: readonly CleaningRecord[];
}

/**
 * What this service must remember of organizations besides their keys: whether a session was stopped or logged out, and
 * when it was cleaned. Losing it loses no key: then every organization is wanted running.
 *
 * - The session of an organization is its only writer, so it loads its record once and keeps it.
 * - Each write is one commit, and durable when its promise resolves; one that rejects has changed nothing.
 * - Writes of one organization take effect in the order of the calls, and a later `load` sees them.
 */
export interface RegisterStore {
  /** Of an organization that was never written of: nothing wanted, never paired, no cleanings. */
  load(id: OrganizationId): Promise<OrganizationRecord>;
  /** Every organization of which somebody ever said what is wanted, by name. */
  organizations(): Promise<OrganizationId[]>;
  setWanted(id: OrganizationId, wanted: WantedState): Promise<void>;
  /** Notes in one commit that the session is logged out (`wanted`), and how it came to be. */
  loggedOut(id: OrganizationId, logout: LogoutRecord): Promise<void>;
  /** Notes that a phone was linked, for good, and forgets the last logout. `now`: epoch ms. */
  markPaired(id: OrganizationId, now: number): Promise<void>;
  /** Adds a cleaning, and forgets those that are older than it by more than CLEANINGS_KEPT says. */
  recordCleaning(id: OrganizationId, cleaning: CleaningRecord): Promise<void>;
  /** Nothing may be asked afterwards. */
  close(): Promise<void>;
}
