import { ServiceError } from '../errors.js';
import { compareOrganizationIds, type OrganizationId } from '../organization-id.js';
import { NothingLeftError, type CarrierNews, type MessageCarrier, type MessageToHand } from './message-carrier.js';
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
  private readonly house: SessionHouse;
  private newsListener: (id: OrganizationId, news: CarrierNews) => void = () => {};
  private readonly holdsClock = setInterval(() => {
    for (const session of this.sessions.values()) session.lookForHolds();
  }, LOOK_FOR_HOLDS_EVERY_MS).unref();
  private readonly foldersClock = setInterval(() => {
    for (const session of this.sessions.values()) session.lookForFolder();
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
   * Logs in every organization that has keys, a few at a time (the governor's cap); stopped and logged-out ones stay so.
   * @param first those whose customers wait longest; they go first, in this order
   */
  restoreAll(first: readonly OrganizationId[] = []): void {
    const known = new Set([...this.house.folders.list(), ...this.house.register.organizations()]);
    for (const id of new Set([...first.filter((one) => known.has(one)), ...[...known].sort()])) {
      this.noteFormerPairing(id);
      const session = this.hold(id);
      session.restore().catch((error: unknown) => {
        this.house.logger.error(
          { event: 'restore_failed', org: `org_id_${id}`, err: String(error) },
          'A session could not be restored.',
        );
      });
    }
    this.house.logger.info(
      { event: 'sessions_restoring', sessions: known.size },
      `${known.size} sessions are known from before.`,
    );
  }

  shutdown(): void {
    clearInterval(this.holdsClock);
    clearInterval(this.foldersClock);
    for (const session of this.sessions.values()) session.shutdown();
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
    return this.find(id)?.snapshot() ?? null;
  }

  hasPhone(id: OrganizationId): boolean {
    return this.find(id)?.hasPhone() ?? false;
  }

  watch(id: OrganizationId, listener: () => void): () => void {
    return this.known(id).watch(listener);
  }

  async start(id: OrganizationId, options: { pairingPhone?: string; waitMs?: number } = {}): Promise<SessionSnapshot> {
    const session = this.hold(id);
    if (options.pairingPhone !== undefined) {
      await session.requestPairingCode(options.pairingPhone, Math.max(options.waitMs ?? 0, this.settings.qrWaitMs));
      return session.snapshot();
    }
    await session.start();
    return session.until(isThere, options.waitMs ?? 0);
  }

  async qr(id: OrganizationId, options: { waitMs?: number } = {}): Promise<SessionSnapshot> {
    const session = this.known(id);
    const { status, attention } = session.snapshot();
    // A new folder would stand in the way of the one that may be put back, so looking is not enough: a person starts
    // it.
    if (IDLE.has(status) && attention?.code !== 'auth_folder_missing') await session.start();
    if (session.snapshot().status === 'connecting')
      await session.until(isThere, options.waitMs ?? this.settings.qrWaitMs);
    return session.snapshot();
  }

  async logout(id: OrganizationId): Promise<LogoutRecord> {
    return this.known(id).logout();
  }

  async forceClean(id: OrganizationId, options: { waitMs?: number; force?: boolean } = {}): Promise<CleanedSession> {
    return this.known(id).forceClean(options.waitMs ?? this.settings.qrWaitMs, options.force ?? false);
  }

  async stop(id: OrganizationId): Promise<SessionSnapshot> {
    const session = this.known(id);
    await session.stop();
    return session.snapshot();
  }

  async restart(id: OrganizationId, options: { waitMs?: number } = {}): Promise<SessionSnapshot> {
    const session = this.known(id);
    await session.restart();
    return session.until(isThere, options.waitMs ?? 0);
  }

  async backups(id: OrganizationId): Promise<BackupView[]> {
    this.known(id);
    return this.house.folders.listBackups(id);
  }

  async restore(
    id: OrganizationId,
    backup?: string,
    options: { waitMs?: number } = {},
  ): Promise<{ snapshot: SessionSnapshot; backup: BackupView }> {
    const session = this.known(id);
    const restored = await session.restoreBackup(backup);
    return { snapshot: await session.until(isThere, options.waitMs ?? this.settings.qrWaitMs), backup: restored };
  }

  // --- MessageCarrier ---

  isConnected(id: OrganizationId): boolean {
    return this.sessions.get(id)?.isConnected ?? false;
  }

  async resolveChat(id: OrganizationId, phone: string): Promise<string | null> {
    return this.known(id).liveSocket.resolveChat(phone);
  }

  async prepare(
    id: OrganizationId,
    chatId: string,
    options?: { fresh?: boolean; after?: Promise<void> },
  ): Promise<string | null> {
    return this.known(id).liveSocket.prepare(chatId, options);
  }

  async hand(id: OrganizationId, message: MessageToHand): Promise<void> {
    const socket = this.known(id).socketIfLive;
    if (!socket) throw new NothingLeftError('The session is not connected');
    await socket.hand(message);
  }

  onNews(listener: (id: OrganizationId, news: CarrierNews) => void): void {
    this.newsListener = listener;
  }

  readiness(): { ready: boolean; restoring: number; versionRefused: boolean } {
    const restoring = [...this.sessions.values()].filter((session) => session.isRestoring).length;
    const versionRefused = this.house.governor.isVersionRefused;
    return { ready: restoring === 0 && !versionRefused, restoring, versionRefused };
  }

  /** The session of an organization that is held, has a folder, or has a backup; undefined for a stranger. */
  private find(id: OrganizationId): OrganizationSession | undefined {
    const held = this.sessions.get(id);
    if (held) return held;
    const isKnown = this.house.folders.exists(id) || this.house.folders.listBackups(id).length > 0;
    return isKnown ? this.hold(id) : undefined;
  }

  private known(id: OrganizationId): OrganizationSession {
    const session = this.find(id);
    if (!session) throw new ServiceError('unknown_organization');
    return session;
  }

  /** Who was linked before this was noted (an older version) is expected back like everybody else, stopped or waiting for a scan as well. */
  private noteFormerPairing(id: OrganizationId): void {
    const { folders, register, now } = this.house;
    if (register.wasEverPaired(id)) return;
    try {
      const wasPaired =
        folders.peek(id).paired || folders.listBackups(id).some((backup) => backup.phone_number !== null);
      if (wasPaired) register.markPaired(id, now());
    } catch {
      // What cannot be read now is looked at when it is opened.
    }
  }

  /** Sessions come and never go, so they are only put in order again when there is one more. */
  private inOrder(): readonly OrganizationSession[] {
    if (this.ordered.length !== this.sessions.size) {
      this.ordered = [...this.sessions.values()].sort((one, other) => compareOrganizationIds(one.id, other.id));
    }
    return this.ordered;
  }

  private hold(id: OrganizationId): OrganizationSession {
    let session = this.sessions.get(id);
    if (!session) {
      session = new OrganizationSession(id, this.house);
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
