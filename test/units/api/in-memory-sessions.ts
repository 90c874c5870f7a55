import { ServiceError } from '../../../src/errors.js';
import { compareOrganizationIds, type OrganizationId } from '../../../src/organization-id.js';
import type {
  BackupView,
  CleanedSession,
  LogoutRecord,
  Sessions,
  SessionSnapshot,
} from '../../../src/session/session-view.js';

/** 2026-01-02T03:04:05.000Z */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const [QR_REF, QR_KEYS] = ['A'.repeat(150), ['b', 'c', 'd'].map((letter) => `${letter.repeat(43)}=`)];
export const QR_TEXT = `https://wa.me/settings/linked_devices#2@${[QR_REF, ...QR_KEYS].join(',')}`;

export function snapshotOf(id: string, changes: Partial<SessionSnapshot> = {}): SessionSnapshot {
  return {
    organizationId: id as OrganizationId,
    status: 'connected',
    since: NOW,
    phoneNumber: '573001112233',
    qr: null,
    qrExpiresAt: null,
    pairingCode: null,
    lastConnectedAt: NOW,
    lastDisconnect: null,
    nextReconnectAt: null,
    health: {
      verdict: 'healthy',
      counters: {
        bad_mac: { count: 0, limit: 3, windowMs: 30_000 },
        stream_error: { count: 0, limit: 2, windowMs: 60_000 },
      },
      totals: {
        bad_mac: 0,
        stream_error: 0,
        duplicate_message: 0,
        missing_session: 0,
        missing_pre_key: 0,
        group_decryption: 0,
        other_decryption: 0,
      },
    },
    attention: null,
    heldUp: null,
    wasEverPaired: true,
    lastCleaning: null,
    logout: null,
    automaticCleanings: { count: 0, limit: 3 },
    ...changes,
  };
}

export function waitingForScan(id: string): SessionSnapshot {
  return snapshotOf(id, {
    status: 'qr_ready',
    phoneNumber: null,
    qr: QR_TEXT,
    lastConnectedAt: null,
    wasEverPaired: false,
  });
}

/**
 * Sessions without WhatsApp, disk or time: what the routes asked is in `calls`, what they are told is set by the test.
 */
export class InMemorySessions implements Sessions {
  readonly held = new Map<string, SessionSnapshot>();
  readonly backupsOf = new Map<string, BackupView[]>();
  readonly calls: unknown[][] = [];
  readonly watchers = new Set<() => void>();
  /** The next call of any method that returns a promise fails with this. */
  failure: unknown;
  /** Calls wait for this. */
  gate: Promise<void> = Promise.resolve();
  ready = { ready: true, restoring: 0, versionRefused: false };

  hold(snapshot: SessionSnapshot): void {
    this.held.set(snapshot.organizationId, snapshot);
    for (const tell of this.watchers) tell();
  }

  private async called(...call: unknown[]): Promise<void> {
    this.calls.push(call);
    await this.gate;
    const { failure } = this;
    this.failure = undefined;
    // Some rooms fail with what is no Error; the answer must stand that, too.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    if (failure !== undefined) throw failure;
  }

  private known(id: OrganizationId): SessionSnapshot {
    const snapshot = this.held.get(id);
    if (!snapshot) throw new ServiceError('unknown_organization');
    return snapshot;
  }

  count(): number {
    return this.held.size;
  }

  list(): SessionSnapshot[] {
    return [...this.held.values()];
  }

  outlines(): SessionSnapshot[] {
    return this.list().sort((one, other) => compareOrganizationIds(one.organizationId, other.organizationId));
  }

  async hasPhone(id: OrganizationId): Promise<boolean> {
    return this.held.get(id)?.phoneNumber != null;
  }

  watch(id: OrganizationId, listener: () => void): () => void {
    this.known(id);
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  snapshot(id: OrganizationId): SessionSnapshot | null {
    return this.held.get(id) ?? null;
  }

  async find(id: OrganizationId): Promise<SessionSnapshot | null> {
    return this.snapshot(id);
  }

  async start(id: OrganizationId, options: { pairingPhone?: string; waitMs?: number } = {}): Promise<SessionSnapshot> {
    await this.called('start', id, options);
    const snapshot = this.held.get(id) ?? waitingForScan(id);
    this.hold(options.pairingPhone === undefined ? snapshot : { ...snapshot, pairingCode: 'ABCD1234' });
    return this.known(id);
  }

  async qr(id: OrganizationId, options: { waitMs?: number } = {}): Promise<SessionSnapshot> {
    await this.called('qr', id, options);
    return this.known(id);
  }

  async logout(id: OrganizationId): Promise<LogoutRecord> {
    await this.called('logout', id);
    this.known(id);
    return { at: NOW, outcome: 'not_confirmed', backup: '2_corrupted_1' };
  }

  async forceClean(id: OrganizationId, options: { waitMs?: number; force?: boolean } = {}): Promise<CleanedSession> {
    await this.called('forceClean', id, options);
    const before = this.known(id);
    this.hold(waitingForScan(id));
    const name = `${id}_corrupted_${NOW}`;
    const backup = before.phoneNumber === null ? null : { name, path: `auth_sessions/${name}` };
    return { snapshot: this.known(id), backup, cleaned: true };
  }

  async stop(id: OrganizationId): Promise<SessionSnapshot> {
    await this.called('stop', id);
    return { ...this.known(id), status: 'stopped' };
  }

  async restart(id: OrganizationId, options: { waitMs?: number } = {}): Promise<SessionSnapshot> {
    await this.called('restart', id, options);
    return { ...this.known(id), status: 'connecting' };
  }

  async backups(id: OrganizationId): Promise<BackupView[]> {
    await this.called('backups', id);
    this.known(id);
    return this.backupsOf.get(id) ?? [];
  }

  async restore(
    id: OrganizationId,
    name?: string,
    options: { waitMs?: number } = {},
  ): Promise<{ snapshot: SessionSnapshot; backup: BackupView }> {
    await this.called('restore', id, name, options);
    const snapshot = this.known(id);
    const [newest, ...others] = this.backupsOf.get(id) ?? [];
    if (!newest) throw new ServiceError('no_backup');
    const backup = name === undefined ? newest : [newest, ...others].find((one) => one.name === name);
    if (!backup) throw new ServiceError('unknown_backup');
    return { snapshot: { ...snapshot, status: 'connecting' }, backup };
  }

  readiness() {
    return this.ready;
  }
}
