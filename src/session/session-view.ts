import type { CountedFaultKind, FaultKind, Verdict } from '../health/session-fault.js';
import type { OrganizationId } from '../organization-id.js';
import type { DisconnectReason } from './disconnect-reason.js';

/** The status values of the HTTP contract (docs/api.md). */
export const SESSION_STATUSES = [
  'not_started',
  'connecting',
  'restoring',
  'qr_ready',
  'qr_required',
  'connected',
  'disconnected',
  'logged_out',
  'stopped',
] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** Why a session needs a person or waits on purpose; each has a sentence in both languages for status answers. */
export const ATTENTION_CODES = [
  /** Another program logged in with the same keys, again; this one does not fight for the connection. */
  'replaced',
  /**
   * WhatsApp says that another login took this one's place; this is tried once more at `until`, in case nobody is
   * there.
   */
  'replaced_once',
  /** The phone unlinked this device; the keys are dead and set aside. */
  'unlinked',
  /** WhatsApp banned the number for a time; the session sleeps until `until`. */
  'temporary_ban',
  'locked',
  'banned',
  /** WhatsApp refused this client version: nobody logs in until a person acts. */
  'version_refused',
  /** WhatsApp refused the login for another reason, several times. */
  'login_rejected',
  /** The auth folder cannot be read or written (permissions, I/O, disk full); nothing was touched. */
  'auth_folder_unreadable',
  /**
   * The auth folder of a linked phone was deleted or moved away. A new identity is made only when somebody starts the
   * session.
   */
  'auth_folder_missing',
  /**
   * A limit was reached, but a third of all sessions report stream errors: it is WhatsApp or the network, nobody is
   * cleaned.
   */
  'outage',
  /** A limit was reached, but this session was cleaned as often as it may be in 24 h; cleaning by hand always works. */
  'cleaning_budget_spent',
  /** This organization or the process has logged in as often as it may in an hour. */
  'login_cap_reached',
  /** Nobody scanned the QR; asking for the QR starts a new pairing. */
  'qr_expired',
  /**
   * Messages wait that belong to another phone than the one that was linked last. It says nothing about the session.
   */
  'other_phone',
] as const;
export type AttentionCode = (typeof ATTENTION_CODES)[number];

export interface Attention {
  readonly code: AttentionCode;
  /** Epoch ms. */
  readonly since: number;
  /** Epoch ms until which the session waits by itself, or null when a person must act. */
  readonly until: number | null;
  /** Of `other_phone`: how many messages wait, for which phones, and which was linked last (digits). */
  readonly waiting?: { readonly messages: number; readonly phones: readonly string[]; readonly linked: string };
}

/** What the session itself needs; what messages need is left out. */
export function ownAttention<T extends Pick<Attention, 'code'>>(attention: T | null): T | null {
  return attention?.code === 'other_phone' ? null : attention;
}

/** What can hold up an organization; each has a sentence in both languages. */
export const HOLD_CODES = [
  /** An action on the session (start, stop, cleaning …), after which the next one comes. */
  'action',
  /** Logins of other organizations, as many as may be under way at one moment. */
  'login_turn',
  /** A login that WhatsApp does not complete, or a QR that it does not give. */
  'login',
  /** Work on the organization's keys within Baileys, after which the next one comes. */
  'keys',
  /** The disk: nothing leaves before what it depends on is stored. */
  'disk',
] as const;
export type HoldCode = (typeof HOLD_CODES)[number];

export interface HeldUp {
  readonly by: HoldCode;
  /** Epoch ms. */
  readonly since: number;
}

export interface HealthView {
  readonly verdict: Verdict;
  /** Per counted kind: how many now, of how many, within how many ms. */
  readonly counters: Readonly<Record<CountedFaultKind, { count: number; limit: number; windowMs: number }>>;
  /** How often each kind was seen since this process started. */
  readonly totals: Readonly<Record<FaultKind, number>>;
}

export const LOGOUT_OUTCOMES = [
  /** WhatsApp confirmed that the device is unlinked, and the keys were removed. */
  'unlinked',
  /** WhatsApp was not asked, or did not confirm: the device may still be linked, so the keys were set aside. */
  'not_confirmed',
  /** No phone was linked. */
  'nothing_linked',
  /** The keys were deleted or moved away by somebody, and WhatsApp did not confirm: the device may still be linked. */
  'keys_missing',
  /** A login found that the device is not linked any more; the keys were set aside. */
  'found_unlinked',
] as const;
export type LogoutOutcome = (typeof LOGOUT_OUTCOMES)[number];

/** How a session came to be logged out. */
export interface LogoutRecord {
  /** Epoch ms. */
  readonly at: number;
  readonly outcome: LogoutOutcome;
  /** Name of the backup folder that holds the keys; null when there is none. Never null for `not_confirmed`. */
  readonly backup: string | null;
}

export interface CleaningRecord {
  /** Epoch ms. */
  readonly at: number;
  readonly reason: string;
  /** Whether the service decided it by itself. */
  readonly automatic: boolean;
  /** Name of the backup folder, or null when the folder was never paired. */
  readonly backup: string | null;
}

/** Everything that can be told about one organization session at one moment; plain data. Times are epoch ms. */
export interface SessionSnapshot {
  readonly organizationId: OrganizationId;
  readonly status: SessionStatus;
  readonly since: number;
  /** Digits only, or null while no phone is linked. */
  readonly phoneNumber: string | null;
  /** The QR's text as WhatsApp gave it, while it is valid. */
  readonly qr: string | null;
  /** Until when that QR is shown; then comes the next one, or none. Null when there is none. */
  readonly qrExpiresAt: number | null;
  readonly pairingCode: string | null;
  readonly lastConnectedAt: number | null;
  readonly lastDisconnect: DisconnectReason | null;
  readonly nextReconnectAt: number | null;
  /** Whether a phone was ever linked; from then on messages are accepted in every state. */
  readonly wasEverPaired: boolean;
  readonly health: HealthView;
  readonly attention: Attention | null;
  /** What holds up this organization for more than 10 s. */
  readonly heldUp: HeldUp | null;
  readonly lastCleaning: CleaningRecord | null;
  /** How it came to be logged out; null in every other status, and when an older version logged it out. */
  readonly logout: LogoutRecord | null;
  /** Automatic cleanings in the last 24 h, and how many are allowed. */
  readonly automaticCleanings: { readonly count: number; readonly limit: number };
}

/** What a list is filtered and ordered by: cheap to have of a thousand sessions. */
export type SessionOutline = Pick<SessionSnapshot, 'organizationId' | 'status' | 'phoneNumber' | 'attention'>;

export interface BackupView {
  readonly name: string;
  /** ISO 8601. */
  readonly set_aside_at: string;
  readonly phone_number: string | null;
  readonly reason: string;
  /** Bytes. */
  readonly size: number;
}

export interface CleanedSession {
  readonly snapshot: SessionSnapshot;
  readonly backup: { readonly name: string; readonly path: string } | null;
  /** False when the keys were good, so that the session logged in with them and nothing was set aside. */
  readonly cleaned: boolean;
}

/**
 * What the HTTP side asks of the sessions; implemented by SessionDirectory. All methods are safe to call at any time
 * and any number of times; actions of one organization run one after another. "Unknown" means: never started here and
 * without a folder or backup; methods that need a known organization then throw ServiceError `unknown_organization`.
 */
export interface Sessions {
  /** How many sessions are held. */
  count(): number;
  /** Snapshots of all held sessions, ordered by id. */
  list(): SessionSnapshot[];
  /** Of all held sessions, ordered by id. */
  outlines(): SessionOutline[];
  /** Whether keys of a linked phone are there, in whatever state the session is; false when unknown. */
  hasPhone(id: OrganizationId): Promise<boolean>;
  /**
   * Calls back whenever something of the snapshot of a held session changed.
   * Returns a function that ends it. Throws `unknown_organization`.
   */
  watch(id: OrganizationId, listener: () => void): () => void;
  /** null when it is not held. */
  snapshot(id: OrganizationId): SessionSnapshot | null;
  /**
   * The same, also of one that is not held yet but has keys or a backup; from then on it is held. null when unknown.
   */
  find(id: OrganizationId): Promise<SessionSnapshot | null>;
  /**
   * Idempotent: logs in with saved keys or starts a pairing; never harms a live or saved session. With `pairingPhone`
   * (digits) it also asks for a pairing code (ServiceError `already_paired` when a phone is linked). With `waitMs` it
   * resolves when there is a QR, a code or a connection, or the time is over; without, as soon as the start is under
   * way.
   */
  start(id: OrganizationId, options?: { pairingPhone?: string; waitMs?: number }): Promise<SessionSnapshot>;
  /**
   * The snapshot for somebody who looks at the QR: when it ran out (`qr_required`) a new pairing starts, and the answer
   * waits up to `waitMs` for the new QR. None starts at `auth_folder_missing`. Throws `unknown_organization`.
   */
  qr(id: OrganizationId, options?: { waitMs?: number }): Promise<SessionSnapshot>;
  /**
   * Unlinks at WhatsApp when connected. The keys are removed when WhatsApp confirmed it, and set aside otherwise.
   * Throws `unknown_organization`.
   */
  logout(id: OrganizationId): Promise<LogoutRecord>;
  /**
   * Sets the folder aside, connects anew, and waits up to `waitMs` for the new QR. Without `force` a session with good
   * keys that is only on its way logs in with them instead (`clean-request.ts`). Throws `unknown_organization`.
   */
  forceClean(id: OrganizationId, options?: { waitMs?: number; force?: boolean }): Promise<CleanedSession>;
  stop(id: OrganizationId): Promise<SessionSnapshot>;
  restart(id: OrganizationId, options?: { waitMs?: number }): Promise<SessionSnapshot>;
  /** Newest first. Throws `unknown_organization`. */
  backups(id: OrganizationId): Promise<BackupView[]>;
  /**
   * Puts a backup back (the newest by default) and logs in with it. Throws `unknown_organization`, `no_backup`,
   * `unknown_backup`.
   */
  restore(
    id: OrganizationId,
    backup?: string,
    options?: { waitMs?: number },
  ): Promise<{ snapshot: SessionSnapshot; backup: BackupView }>;
  /** Whether all sessions that should come back at boot had their first try. */
  readiness(): { ready: boolean; restoring: number; versionRefused: boolean };
}
