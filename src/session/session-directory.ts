import { ServiceError } from '../errors.js';
import { compareOrganizationIds, type OrganizationId } from '../organization-id.js';
import { NothingLeftError, type CarrierNews, type MessageCarrier, type MessageToHand } from './message-carrier.js';
import type { OrganizationRecord } from '../store/ports.js';
import { OrganizationSession } from './organization-session.js';
import type { SessionHouse } from './session-house.js';
import {
  type BackupView,
  type CleanedSession,
  type LogoutRecord,
  ownAttention,
  type SessionOutline,
  type Sessions,
  type SessionSnapshot,
} from './session-view.js';

/** Statuses in which nobody is on the way to a QR; asking for the QR starts a pairing. */
const IDLE = new Set(['qr_required', 'logged_out', 'not_started']);

/** Statuses in which, beside an attention, nothing comes of further waiting. */
const ENDED = new Set(['disconnected', 'qr_required', 'logged_out']);

export interface DirectorySettings {
  /** How long an answer waits for a QR by itself, ms. */
  readonly qrWaitMs: number;
}

/** How often it is looked whether something holds up an organization, ms. */
const LOOK_FOR_HOLDS_EVERY_MS = 1000;
/**
 * How often it is looked whether an organization's folder is still there, ms. Every write of keys looks too; this is
 * for a session that writes nothing.
 */
const LOOK_FOR_FOLDERS_EVERY_MS = 5000;

/** Who lives in this process: the sessions of all organizations it knows. */
export class SessionDirectory implements Sessions, MessageCarrier {
  private readonly sessions = new Map<OrganizationId, OrganizationSession>();
  private ordered: readonly OrganizationSession[] = [];
  /** Whether all sessions of before are held, so that those without a try can be counted. */
  private allAreHeld = false;
  private readonly house: SessionHouse;
  private newsListener: (id: OrganizationId, news: CarrierNews) => void = () => {};
  private readonly holdsClock = setInterval(() => {
    for (const session of this.sessions.values()) session.lookForHolds();
  }, LOOK_FOR_HOLDS_EVERY_MS).unref();
  private readonly foldersClock = setInterval(() => {
    for (const session of this.sessions.values()) void session.lookForFolder();
  }, LOOK_FOR_FOLDERS_EVERY_MS).unref();

  constructor(
    house: Omit<SessionHouse, 'pairedSessions' | 'onVersionAccepted' | 'onNews'>,
    private readonly settings: DirectorySettings,
  ) {
    this.house = {
      ...house,
      pairedSessions: () => [...this.sessions.values()].filter((session) => session.isPaired).length,
      onVersionAccepted: () => this.wakeAll(),
      onNews: (id, news) => this.newsListener(id, news),
    };
  }

  /**
   * Logs in every organization that has keys, a few at a time (the governor's cap); stopped and logged-out ones stay
   * so.
   * @param first those whose customers wait longest; they go first, in this order
   */
  async restoreAll(first: readonly OrganizationId[] = []): Promise<void> {
    const { keyStore, register } = this.house;
    const known = new Set([...(await keyStore.organizations()), ...(await register.organizations())]);
    for (const id of new Set([...first.filter((one) => known.has(one)), ...[...known].sort()])) {
      const session = this.begin(id, await this.withFormerPairing(id, await register.load(id)));
      session.restore().catch((error: unknown) => {
        this.house.logger.error(
          { event: 'restore_failed', org: `org_id_${id}`, err: String(error) },
          'A session could not be restored.',
        );
      });
    }
    this.allAreHeld = true;
    this.house.logger.info(
      { event: 'sessions_restoring', sessions: known.size },
      `${known.size} sessions are known from before.`,
    );
  }

  /** Everything ends at the call. Resolves when what was under way is stored; then the stores may close. */
  async shutdown(): Promise<void> {
    clearInterval(this.holdsClock);
    clearInterval(this.foldersClock);
    await Promise.all([...this.sessions.values()].map((session) => session.shutdown()));
  }

  count(): number {
    return this.sessions.size;
  }

  list(): SessionSnapshot[] {
    return this.inOrder().map((session) => session.snapshot());
  }

  outlines(): SessionOutline[] {
    return this.inOrder().map((session) => session.outline());
  }

  snapshot(id: OrganizationId): SessionSnapshot | null {
    return this.sessions.get(id)?.snapshot() ?? null;
  }

  async find(id: OrganizationId): Promise<SessionSnapshot | null> {
    return (await this.lookFor(id))?.snapshot() ?? null;
  }

  async hasPhone(id: OrganizationId): Promise<boolean> {
    return (await this.lookFor(id))?.hasPhone() ?? false;
  }

  watch(id: OrganizationId, listener: () => void): () => void {
    const session = this.sessions.get(id);
    if (!session) throw new ServiceError('unknown_organization');
    return session.watch(listener);
  }

  async start(id: OrganizationId, options: { pairingPhone?: string; waitMs?: number } = {}): Promise<SessionSnapshot> {
    const session = await this.hold(id);
    if (options.pairingPhone !== undefined) {
      await session.requestPairingCode(options.pairingPhone, Math.max(options.waitMs ?? 0, this.settings.qrWaitMs));
      return session.snapshot();
    }
    await session.start();
    return session.until(isThere, options.waitMs ?? 0);
  }

  async qr(id: OrganizationId, options: { waitMs?: number } = {}): Promise<SessionSnapshot> {
    const session = await this.known(id);
    const { status, attention } = session.snapshot();
    // A new folder would stand in the way of the one that may be put back, so looking is not enough: a person starts
    // it.
    if (IDLE.has(status) && attention?.code !== 'auth_folder_missing') await session.start();
    if (session.snapshot().status === 'connecting')
      await session.until(isThere, options.waitMs ?? this.settings.qrWaitMs);
    return session.snapshot();
  }

  async logout(id: OrganizationId): Promise<LogoutRecord> {
    return (await this.known(id)).logout();
  }

  async forceClean(id: OrganizationId, options: { waitMs?: number; force?: boolean } = {}): Promise<CleanedSession> {
    return (await this.known(id)).forceClean(options.waitMs ?? this.settings.qrWaitMs, options.force ?? false);
  }

  async stop(id: OrganizationId): Promise<SessionSnapshot> {
    const session = await this.known(id);
    await session.stop();
    return session.snapshot();
  }

  async restart(id: OrganizationId, options: { waitMs?: number } = {}): Promise<SessionSnapshot> {
    const session = await this.known(id);
    await session.restart();
    return session.until(isThere, options.waitMs ?? 0);
  }

  async backups(id: OrganizationId): Promise<BackupView[]> {
    await this.known(id);
    return this.house.keyStore.backups(id);
  }

  async restore(
    id: OrganizationId,
    backup?: string,
    options: { waitMs?: number } = {},
  ): Promise<{ snapshot: SessionSnapshot; backup: BackupView }> {
    const session = await this.known(id);
    const restored = await session.restoreBackup(backup);
    return { snapshot: await session.until(isThere, options.waitMs ?? this.settings.qrWaitMs), backup: restored };
  }

  // --- MessageCarrier ---

  isConnected(id: OrganizationId): boolean {
    return this.sessions.get(id)?.isConnected ?? false;
  }

  async resolveChat(id: OrganizationId, phone: string): Promise<string | null> {
    return (await this.known(id)).liveSocket.resolveChat(phone);
  }

  async prepare(
    id: OrganizationId,
    chatId: string,
    options?: { fresh?: boolean; after?: Promise<void> },
  ): Promise<string | null> {
    return (await this.known(id)).liveSocket.prepare(chatId, options);
  }

  async hand(id: OrganizationId, message: MessageToHand): Promise<void> {
    const socket = (await this.known(id)).socketIfLive;
    if (!socket) throw new NothingLeftError('The session is not connected');
    await socket.hand(message);
  }

  onNews(listener: (id: OrganizationId, news: CarrierNews) => void): void {
    this.newsListener = listener;
  }

  readiness(): { ready: boolean; restoring: number; versionRefused: boolean } {
    const restoring = [...this.sessions.values()].filter((session) => session.isRestoring).length;
    const versionRefused = this.house.governor.isVersionRefused;
    return { ready: this.allAreHeld && restoring === 0 && !versionRefused, restoring, versionRefused };
  }

  /** The session of an organization that is held, has keys, or has a backup; undefined for a stranger. */
  private async lookFor(id: OrganizationId): Promise<OrganizationSession | undefined> {
    const held = this.sessions.get(id);
    if (held) return held;
    const { keyStore } = this.house;
    const isKnown = (await keyStore.exists(id)) || (await keyStore.backups(id)).length > 0;
    return isKnown ? this.hold(id) : undefined;
  }

  private async known(id: OrganizationId): Promise<OrganizationSession> {
    const session = await this.lookFor(id);
    if (!session) throw new ServiceError('unknown_organization');
    return session;
  }

  /**
   * Who was linked before this was noted (an older version) is expected back like everybody else, stopped or waiting
   * for a scan as well.
   */
  private async withFormerPairing(id: OrganizationId, record: OrganizationRecord): Promise<OrganizationRecord> {
    if (record.wasEverPaired) return record;
    const { keyStore, register, now } = this.house;
    try {
      const wasPaired =
        (await keyStore.peek(id)).paired || (await keyStore.backups(id)).some(({ phone_number: of }) => of !== null);
      if (!wasPaired) return record;
      await register.markPaired(id, now());
      return await register.load(id);
    } catch {
      // What cannot be read now is looked at when it is opened.
      return record;
    }
  }

  /** Sessions come and never go, so they are only put in order again when there is one more. */
  private inOrder(): readonly OrganizationSession[] {
    if (this.ordered.length !== this.sessions.size) {
      this.ordered = [...this.sessions.values()].sort((one, other) => compareOrganizationIds(one.id, other.id));
    }
    return this.ordered;
  }

  private async hold(id: OrganizationId): Promise<OrganizationSession> {
    const held = this.sessions.get(id);
    if (held) return held;
    return this.begin(id, await this.house.register.load(id));
  }

  /** Whoever asks first while the record is loaded begins it. */
  private begin(id: OrganizationId, record: OrganizationRecord): OrganizationSession {
    let session = this.sessions.get(id);
    if (!session) {
      session = new OrganizationSession(id, record, this.house);
      this.sessions.set(id, session);
    }
    return session;
  }

  /** One session proved that the client version is accepted again; the others follow, within the governor's caps. */
  private wakeAll(): void {
    for (const session of this.sessions.values()) {
      session.wakeAfterVersionRefusal().catch(() => {
        // Only a session that is shutting down refuses.
      });
    }
  }
}

/** What somebody who starts or restores a session waits for. */
function isThere({ status, qr, attention }: SessionSnapshot): boolean {
  return qr !== null || status === 'connected' || (ownAttention(attention) !== null && ENDED.has(status));
}
