import { EventEmitter } from 'node:events';
import path from 'node:path';
import { Mutex } from 'async-mutex';
import type { AuthDatabase } from '../store/sqlite/keys/auth-database.js';
import { AuthFolderCorruptError, AuthFolderUnreadableError } from '../store/ports.js';
import type { AuthFolders } from '../store/sqlite/keys/auth-folders.js';
import { SqliteKeys } from '../store/sqlite/keys/key-store.js';
import { pairingOf } from '../store/sqlite/keys/folder-content.js';
import type { Content } from '../content/content.js';
import { ServiceError } from '../errors.js';
import type { OutageGuard } from '../health/outage-guard.js';
import type { CountedFaultKind, SessionFault } from '../health/session-fault.js';
import type { EventData, EventName } from '../events/catalogue.js';
import { SessionHealth, type HealthLimits } from '../health/session-health.js';
import { maskPhone, type Logger } from '../logger.js';
import { organizationLabel, type OrganizationId } from '../organization-id.js';
import type { SessionRegister } from '../store/sqlite/register-store.js';
import { cleaningsInLastDay, mayCleanAutomatically } from './cleaning-budget.js';
import { cleanDecision, LOG_IN_WAIT_MS } from './clean-request.js';
import { countsAsStreamError, type DisconnectReason } from './disconnect-reason.js';
import { Holds } from './holds.js';
import type { LoginGovernor } from './login-governor.js';
import { attemptAfter, backoffDelay, UNREADABLE_RETRY_MS } from './reconnect-policy.js';
import { RecentEnds } from './recent-ends.js';
import {
  type AttentionCode,
  type Attention,
  type BackupView,
  type CleanedSession,
  type CleaningRecord,
  type HeldUp,
  type LogoutRecord,
  ownAttention,
  type SessionOutline,
  type SessionSnapshot,
  type SessionStatus,
} from './session-view.js';
import type { CarrierNews } from './message-carrier.js';
import {
  PairingCodeRefusedError,
  type InboundStanza,
  type InboundSuspect,
  type SocketEvent,
  type WhatsAppSocket,
  type WhatsAppSockets,
} from './whatsapp-socket.js';

export interface SessionSettings {
  readonly health: HealthLimits;
  readonly cleaningsPerDay: number;
  /** Delays between logins, ms. */
  readonly reconnect: { readonly baseMs: number; readonly maxMs: number; readonly replacedRetryMs: number };
}

/** What all sessions of a process share. */
export interface SessionHouse {
  readonly sockets: WhatsAppSockets;
  readonly folders: AuthFolders;
  readonly register: SessionRegister;
  readonly governor: LoginGovernor;
  readonly outage: OutageGuard;
  readonly settings: SessionSettings;
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
  /** How many sessions of this process have a phone linked. */
  readonly pairedSessions: () => number;
  /** Facts worth telling, for the ledger and whoever listens. */
  readonly tell: <Name extends EventName>(name: Name, id: OrganizationId, data: EventData<Name>) => void;
  /**
   * Tells a customer's message, unless it was told before, also before a restart. Resolves, when that is stored, with
   * whether it is new; never rejects.
   */
  readonly hear: (id: OrganizationId, messageId: string) => Promise<boolean>;
  /** What the outbox must know. */
  readonly onNews: (id: OrganizationId, news: CarrierNews) => void;
  /** Whether a message is to blame for a stream error that has just ended this session's socket; asked before that end is told. */
  readonly explainsStreamError: (id: OrganizationId) => boolean;
  /** What waits for another phone than the one that is linked; null when nothing does. Asked for each snapshot. */
  readonly otherPhone: (id: OrganizationId) => (Required<Attention>['waiting'] & { readonly since: number }) | null;
  /** The text of a sent message, for a customer's device that asks for it again. */
  readonly sentContent: (id: OrganizationId, messageId: string) => Promise<Content | undefined>;
  /** A login was accepted after the client version had been refused: the others may try again. */
  readonly onVersionAccepted: () => void;
}

/**
 * So many stream errors in a row may be put down to what WhatsApp delivers, before a connection that lasts, or a
 * message that WhatsApp took, shows that the keys are good.
 */
const EXCUSED_IN_ROW = 3;

/** What a socket that leaves may still tell. */
const IS_OF_MESSAGES: ReadonlySet<SocketEvent['type']> = new Set(['message_received', 'acquainted', 'ack', 'receipt']);

/** How long a logout waits for WhatsApp to confirm it, ms. */
const UNLINK_DEADLINE_MS = 3000;

const LOGGED_OUT = {
  unlinked: 'WhatsApp confirmed that the device is unlinked, and its keys were removed.',
  not_confirmed:
    'Logged out, but WhatsApp did not confirm it: the device may still be linked, and the keys were set aside. Please remove it on the phone.',
  keys_missing:
    'Logged out, but the keys were deleted or moved away, so WhatsApp could not be asked: the device may still be linked. Please remove it on the phone.',
  nothing_linked: 'Logged out: no phone was linked, so there was nothing to unlink and nothing to keep.',
} as const;

/**
 * One organization's session: outlives many sockets, owns at most one that is alive, and is the only one that acts on the organization's
 * auth folder. Actions run one after another, whoever asked. A callback of a socket that is no longer the live one is ignored.
 */
export class OrganizationSession {
  private readonly health: SessionHealth;
  private readonly actions = new Mutex();
  private readonly changes = new EventEmitter();
  private readonly logger: Logger;

  private status: SessionStatus = 'not_started';
  private since: number;
  private attention: Attention | null = null;
  private phoneNumber: string | null = null;
  private qr: string | null = null;
  private qrExpiresAt: number | null = null;
  private qrNumber = 0;
  private pairingCode: string | null = null;
  /** The latest request for a pairing code that is under way. */
  private codeAsked: { readonly phoneNumber: string; readonly given: Promise<void> } | null = null;
  private lastConnectedAt: number | null = null;
  private lastDisconnect: DisconnectReason | null = null;
  private nextReconnectAt: number | null = null;

  private socket: WhatsAppSocket | null = null;
  /** Asks WhatsApp to unlink this device; no longer the live one, but what it hears of messages still counts. */
  private leaving: WhatsAppSocket | null = null;
  private loggingOut: Promise<LogoutRecord> | null = null;
  private lastLogout: LogoutRecord | null = null;
  private database: AuthDatabase | null = null;
  /** Whether the folder with a linked phone's keys went missing, and nothing has come in its place. */
  private keysLost = false;
  private attempt = 0;
  private readonly ends: RecentEnds;
  private readonly holds = new Holds();
  private toldHold: HeldUp | null = null;
  private streamErrorCountedAt = 0;
  /**
   * Stream errors in a row that did not count, and those of them for which it is not known yet whether a stanza is to
   * blame.
   */
  private excused = 0;
  private unproved: DisconnectReason[] = [];
  private firstTryDone = true;
  private reconnectTimer: NodeJS.Timeout | undefined;
  private steadyTimer: NodeJS.Timeout | undefined;
  /** When the live socket's login was complete. */
  private openSince: number | null = null;
  private stopWaitingForPlace: (() => void) | null = null;
  private cleaning: Promise<CleaningRecord & { path: string | null }> | null = null;
  /** A cleaning that still waits for its QR: whoever asks for one meanwhile is answered with this one. */
  private unansweredCleaning: (CleaningRecord & { path: string | null }) | null = null;
  private closed = false;

  constructor(
    readonly id: OrganizationId,
    private readonly house: SessionHouse,
  ) {
    this.health = new SessionHealth(house.settings.health);
    this.ends = new RecentEnds(house.settings.reconnect.replacedRetryMs);
    this.logger = house.logger.child({ org: organizationLabel(id) });
    this.since = house.now();
    this.changes.setMaxListeners(0);
    const wanted = house.register.wanted(id);
    if (wanted === 'stopped' || wanted === 'logged_out') this.status = wanted;
    if (wanted === 'logged_out') this.lastLogout = house.register.lastLogout(id);
  }

  // --- what can be asked ---

  snapshot(): SessionSnapshot {
    const now = this.house.now();
    const cleanings = this.house.register.cleanings(this.id);
    return {
      organizationId: this.id,
      status: this.status,
      since: this.since,
      phoneNumber: this.phoneNumber,
      qr: this.qr,
      qrExpiresAt: this.qr === null ? null : this.qrExpiresAt,
      pairingCode: this.pairingCode,
      lastConnectedAt: this.lastConnectedAt,
      lastDisconnect: this.lastDisconnect,
      nextReconnectAt: this.nextReconnectAt,
      wasEverPaired: this.isPaired || this.house.register.wasEverPaired(this.id),
      health: {
        verdict: this.health.verdict(now),
        counters: this.health.counters(now),
        totals: this.health.totals(),
      },
      attention: this.shownAttention(),
      heldUp: this.holds.heldUp(now),
      lastCleaning: cleanings[0] ?? null,
      logout: this.status === 'logged_out' ? this.lastLogout : null,
      automaticCleanings: {
        count: cleaningsInLastDay(automaticTimes(cleanings), now),
        limit: this.house.settings.cleaningsPerDay,
      },
    };
  }

  outline(): SessionOutline {
    const { id: organizationId, status, phoneNumber } = this;
    return { organizationId, status, phoneNumber, attention: this.shownAttention() };
  }

  /** What the session itself needs goes first. */
  private shownAttention(): Attention | null {
    if (this.attention !== null) return this.attention;
    const other = this.house.otherPhone(this.id);
    if (!other) return null;
    const { since, ...waiting } = other;
    return { code: 'other_phone', since, until: null, waiting };
  }

  get isPaired(): boolean {
    return this.phoneNumber !== null;
  }

  /** As `isPaired`, also before the folder was opened; a folder that cannot be read counts as paired. */
  hasPhone(): boolean {
    return this.isPaired || this.peekPaired();
  }

  /** Calls back after every change of what `snapshot` tells. Returns a function that ends it. */
  watch(listener: () => void): () => void {
    this.changes.on('change', listener);
    return () => this.changes.off('change', listener);
  }

  /** Looked at every second: tells when something begins, or ends, to hold up this organization. */
  lookForHolds(): void {
    const held = this.holds.heldUp(this.house.now());
    if (held === this.toldHold) return;
    this.toldHold = held;
    this.changed();
    if (!held) return;
    // Many wait for their turn when the service starts, and that is no trouble.
    this.logger[held.by === 'login_turn' ? 'debug' : 'warn'](
      { event: 'session_held_up', by: held.by, since: iso(held.since) },
      `Something holds up this organization: ${held.by}.`,
    );
  }

  /** Looked at every few seconds: ends the connection when the folder of its keys was taken away. */
  lookForFolder(): void {
    const { socket, database } = this;
    if (!socket || !database || database.isInPlace()) return;
    socket.close();
    // What it still had to say may have met the missing folder already, and then it has ended.
    if (this.socket !== socket) return;
    const reason = {
      kind: 'auth_folder_failed',
      code: null,
      text: 'the auth folder is gone',
      at: this.house.now(),
    } as const;
    this.onClosed(reason, null);
  }

  /** Whether the boot still waits for this session's first try. */
  get isRestoring(): boolean {
    return !this.firstTryDone;
  }

  /** Resolves with the snapshot as soon as `wanted` holds, at the latest after `ms`. */
  async until(wanted: (snapshot: SessionSnapshot) => boolean, ms: number): Promise<SessionSnapshot> {
    if (ms <= 0 || wanted(this.snapshot())) return this.snapshot();
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (wanted(this.snapshot())) done();
      };
      const done = (): void => {
        clearTimeout(timer);
        this.changes.off('change', check);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.changes.on('change', check);
    });
    return this.snapshot();
  }

  // --- actions, one after another ---

  /** At boot: logs in with saved keys; never starts a pairing and never wakes a stopped or logged-out session. */
  async restore(): Promise<void> {
    if (this.status === 'stopped' || this.status === 'logged_out') return;
    this.firstTryDone = false;
    this.setStatus('restoring');
    await this.act(() => this.connect({ onlyPaired: true }));
  }

  /** Idempotent; a session that is alive, on its way or waiting for its next try is left alone. */
  async start(): Promise<void> {
    await this.act(() => {
      if (this.isUnderWay()) return;
      this.house.register.setWanted(this.id, 'running');
      this.house.governor.allowTrial(this.id);
      this.setAttention(null);
      this.beginAnew();
      this.connect({ asked: true });
    });
  }

  async stop(): Promise<void> {
    await this.act(() => {
      this.house.register.setWanted(this.id, 'stopped');
      this.release();
      this.setAttention(null);
      this.setStatus('stopped');
      this.logger.info({ event: 'session_stopped' }, 'The session was stopped by hand; its keys are untouched.');
    });
  }

  /** Ends the connection, if any, and logs in again at once. Keys untouched. */
  async restart(): Promise<void> {
    await this.act(() => {
      this.house.register.setWanted(this.id, 'running');
      this.house.governor.allowTrial(this.id);
      this.release();
      this.setAttention(null);
      this.beginAnew();
      this.logger.info({ event: 'session_restarted' }, 'The session is restarted by hand.');
      this.connect({ asked: true });
    });
  }

  async requestPairingCode(phoneNumber: string, waitMs: number): Promise<void> {
    if (this.isPaired) throw new ServiceError('already_paired', { status: this.status });
    await this.start();
    await this.until(({ status }) => status === 'qr_ready' || status === 'connected', waitMs);
    if (this.codeAsked?.phoneNumber === phoneNumber) return this.codeAsked.given;
    // One after another: the last that WhatsApp accepted is the one that it takes.
    const before = this.codeAsked?.given.catch(() => {}) ?? Promise.resolve();
    const asked = { phoneNumber, given: before.then(() => this.askForPairingCode(phoneNumber)) };
    this.codeAsked = asked;
    await asked.given.finally(() => {
      if (this.codeAsked === asked) this.codeAsked = null;
    });
  }

  private async askForPairingCode(phoneNumber: string): Promise<void> {
    const { socket, status } = this;
    if (this.isPaired) throw new ServiceError('already_paired', { status });
    if (!socket || status !== 'qr_ready') throw this.notConnectedForCode();
    const code = await socket.requestPairingCode(phoneNumber).catch((error: unknown) => {
      throw this.noPairingCode(error);
    });
    // It belongs to a pairing that is over.
    if (this.socket !== socket) throw this.notConnectedForCode();
    this.pairingCode = code;
    this.logger.info(
      { event: 'pairing_code' },
      `A pairing code was given out for the phone ${maskPhone(phoneNumber)}.`,
    );
    this.changed();
  }

  private notConnectedForCode(): ServiceError {
    const facts = { reason: 'no_connection', retry_after: null };
    return new ServiceError('whatsapp_unavailable', { status: this.status, reason: 'pairing_no_connection', facts });
  }

  private noPairingCode(error: unknown): unknown {
    if (!(error instanceof PairingCodeRefusedError)) return error;
    const { reason, errorCode, retryAfterMs } = error;
    this.logger.warn({ event: 'pairing_code_refused', reason, code: errorCode }, error.message);
    const retryAfterSeconds = retryAfterMs === null ? undefined : Math.ceil(retryAfterMs / 1000);
    return new ServiceError(
      'whatsapp_unavailable',
      {
        status: this.status,
        reason: reason === 'rate_limited' && retryAfterSeconds ? 'pairing_rate_limited_for' : `pairing_${reason}`,
        values: { code: errorCode ?? '?', seconds: retryAfterSeconds ?? '?' },
        facts: { reason, retry_after: retryAfterSeconds ?? null },
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      },
      { cause: error },
    );
  }

  /**
   * Cleans by hand. With `force` always; without it a session whose keys are good logs in with them instead, and nothing is set aside. A
   * cleaning that is under way is shared.
   */
  async forceClean(waitMs: number, force: boolean): Promise<CleanedSession> {
    if (!force && !this.cleaning && !this.unansweredCleaning) {
      const kept = await this.act(() => this.logInInsteadOfCleaning());
      if (kept) return { snapshot: await this.untilBack(), backup: null, cleaned: false };
    }
    const { backup, path: backupPath } = await (this.unansweredCleaning ?? this.clean('forced', false));
    const snapshot = await this.until(
      ({ qr, status, attention }) =>
        qr !== null || status === 'connected' || (status === 'disconnected' && ownAttention(attention) !== null),
      waitMs,
    );
    const kept = backup === null || backupPath === null ? null : { name: backup, path: backupPath };
    return { snapshot, backup: kept, cleaned: true };
  }

  /** Whether the keys are good, so that nothing is to be cleaned; then a login with them is under way, where one can help. */
  private logInInsteadOfCleaning(): boolean {
    const now = this.house.now();
    const lost = this.lastDisconnect;
    const decision = cleanDecision({
      status: this.status,
      paired: this.hasPhone(),
      verdict: this.health.verdict(now),
      attention: this.attention,
      lostAt: lost === null || lost.kind === 'restart_required' ? null : lost.at,
      now,
    });
    if (decision === 'clean') return false;
    this.logger.info(
      { event: 'cleaning_not_needed', status: this.status },
      'A cleaning was asked for, but the keys are good: nothing is set aside.',
    );
    // What is connected, under way or waits for a place needs no second login.
    if (decision === 'log_in' && !this.socket && !this.stopWaitingForPlace) this.connect();
    return true;
  }

  /** As it is once the login that is under way has ended, or after a few seconds. */
  private untilBack(): Promise<SessionSnapshot> {
    return this.until(
      ({ status, attention }) =>
        status === 'connected' ||
        status === 'logged_out' ||
        (status === 'disconnected' && ownAttention(attention) !== null),
      LOG_IN_WAIT_MS,
    );
  }

  /**
   * Shared by all who ask while it is under way; other actions come after it. WhatsApp is asked outside of the lock.
   */
  logout(): Promise<LogoutRecord> {
    this.loggingOut ??= this.unlinkAndForget().finally(() => (this.loggingOut = null));
    return this.loggingOut;
  }

  private async unlinkAndForget(): Promise<LogoutRecord> {
    // Who asks again hears what happened; nothing has changed since.
    const isOut = (): boolean =>
      this.status === 'logged_out' && !this.onFolder(() => this.house.folders.exists(this.id));
    const before = await this.act(() => (isOut() ? this.lastLogout : null), 'logout');
    if (before) return before;
    const socket = await this.act(() => this.beginToLeave(), 'logout');
    const confirmed = socket ? await socket.unlink(UNLINK_DEADLINE_MS) : false;
    return this.act(() => this.endLogout(confirmed), 'logout');
  }

  /**
   * The socket that can ask WhatsApp; null when there is none. From here on its end is the logout's doing, not news.
   */
  private beginToLeave(): WhatsAppSocket | null {
    const { socket, status } = this;
    if (!socket || status !== 'connected') {
      this.release();
      return null;
    }
    this.dropSocket();
    this.cancelWaiting();
    return (this.leaving = socket);
  }

  private endLogout(confirmed: boolean): LogoutRecord {
    const now = this.house.now();
    this.release();
    const hadPhone = this.isPaired || this.keysLost || this.folderWentMissing();
    // Without a confirmation the keys may still be valid.
    const setAside = this.onFolder(() =>
      confirmed
        ? this.house.folders.remove(this.id, now)
        : this.house.folders.setAside(this.id, { reason: 'logout_unconfirmed', now }),
    );
    // After a confirmed one a backup holds no keys of this device, only what else lay in the folder.
    const backup = confirmed ? null : setAside;
    const outcome = confirmed ? 'unlinked' : backup ? 'not_confirmed' : hadPhone ? 'keys_missing' : 'nothing_linked';
    const record: LogoutRecord = { at: now, outcome, backup: backup?.name ?? null };
    this.becomeLoggedOut(record, null);
    this.logger[outcome === 'not_confirmed' || outcome === 'keys_missing' ? 'warn' : 'info'](
      { event: 'session_logged_out', outcome, backup: setAside?.path ?? null },
      LOGGED_OUT[outcome],
    );
    return record;
  }

  private becomeLoggedOut(record: LogoutRecord, attention: AttentionCode | null): void {
    this.house.register.loggedOut(this.id, record);
    this.lastLogout = record;
    this.keysLost = false;
    this.forgetPhone();
    this.health.reset();
    this.setAttention(attention);
    this.house.tell('session.logged_out', this.id, { outcome: record.outcome, backup: record.backup });
    this.setStatus('logged_out');
  }

  async restoreBackup(name: string | undefined): Promise<BackupView> {
    return this.act(() => {
      this.requireBackup(name);
      this.release();
      const backup = this.onFolder(() => this.house.folders.restore(this.id, name, this.house.now()));
      this.forgetPhone();
      this.health.reset();
      this.house.register.setWanted(this.id, 'running');
      this.house.governor.allowTrial(this.id);
      this.setAttention(null);
      this.beginAnew();
      this.house.tell('session.restored', this.id, { backup: backup.name });
      this.logger.info({ event: 'session_restored', backup: backup.name }, `The backup ${backup.name} was put back.`);
      this.connect();
      return backup;
    });
  }

  /** Asked before anything is let go: a wrong name must not cost the live connection. */
  private requireBackup(name: string | undefined): void {
    try {
      this.house.folders.requireBackup(this.id, name);
    } catch (error) {
      if (!(error instanceof AuthFolderUnreadableError)) throw error;
      throw new ServiceError('auth_folder_unreadable', { status: this.status }, { cause: error });
    }
  }

  /** Ends everything at once; the organization stays wanted as it was. */
  shutdown(): void {
    this.closed = true;
    this.release();
  }

  /** Another session proved that the client version is accepted again. */
  async wakeAfterVersionRefusal(): Promise<void> {
    await this.act(() => {
      if (this.attention?.code === 'version_refused' && !this.isUnderWay()) this.connect();
    });
  }

  // --- what the outbox sends through ---

  get isConnected(): boolean {
    return this.status === 'connected' && this.socket !== null;
  }

  /** The socket that is alive now. @throws ServiceError `not_connected` */
  get socketIfLive(): WhatsAppSocket | null {
    return this.status === 'connected' ? this.socket : null;
  }

  get liveSocket(): WhatsAppSocket {
    const socket = this.socketIfLive;
    if (!socket) throw new ServiceError('not_connected', { status: this.status });
    return socket;
  }

  // --- connecting ---

  private isUnderWay(): boolean {
    if (this.socket !== null || this.stopWaitingForPlace !== null) return true;
    // A session that waits for its next try is left to its backoff; one that sleeps for a reason may be asked to try now.
    const code = this.attention?.code;
    return this.reconnectTimer !== undefined && code !== 'auth_folder_unreadable' && code !== 'auth_folder_missing';
  }

  /**
   * Opens the folder and a socket over it. Called inside an action; returns at once, the rest comes as events.
   * @param options.asked somebody asks for this session, who gets a QR when the keys are gone
   */
  private connect(options: { onlyPaired?: boolean; asked?: boolean } = {}): void {
    if (this.closed || this.socket) return;
    this.cancelWaiting();
    if (!(options.asked ?? false) && this.keysAreGone()) return this.folderMissing();
    if (options.onlyPaired && this.isFolderMissing()) {
      if (this.folderWentMissing()) return this.folderMissing();
      return this.awaitPairing();
    }
    const database = this.openFolder();
    if (!database) return;
    if (options.onlyPaired && !this.isPaired) return this.awaitPairing();
    if (!this.isPlaceFree()) return;
    if (this.status !== 'restoring') this.setStatus('connecting');
    const socket = this.house.sockets.open({
      organizationId: this.id,
      keys: new SqliteKeys(database),
      creds: database.load(),
      logger: this.logger,
      hold: (by) => (this.socket === socket ? this.holds.begin(by, this.house.now()) : () => {}),
      sentContent: (messageId) => this.house.sentContent(this.id, messageId),
      listener: (event) => {
        const isHeard = this.socket === socket || (this.leaving === socket && IS_OF_MESSAGES.has(event.type));
        return isHeard ? this.onSocketEvent(event) : undefined;
      },
    });
    this.socket = socket;
    this.holds.begin('login', this.house.now());
  }

  /** No pairing begins before somebody asks for it. */
  private awaitPairing(): void {
    this.release();
    this.firstTryDone = true;
    this.setStatus('qr_required');
  }

  /** The next try, unless somebody ended the session while it waited for its turn. */
  private connectByItself(): void {
    if (this.status !== 'stopped' && this.status !== 'logged_out') this.connect();
  }

  /** Whether there were keys of a phone, and somebody took the folder away. */
  private keysAreGone(): boolean {
    if (!this.isPaired && !this.keysLost) return false;
    if (this.database?.isInPlace()) return false;
    return this.isFolderMissing();
  }

  private isFolderMissing(): boolean {
    try {
      return this.house.folders.isMissing(this.id);
    } catch {
      // What cannot be looked at may well be there.
      return false;
    }
  }

  /**
   * Whether the folder was taken away while no session had it open: a phone was linked, nobody logged out since, and
   * neither the folder nor a backup of it is there.
   */
  private folderWentMissing(): boolean {
    const { register, folders } = this.house;
    const wanted = register.wanted(this.id);
    if (wanted === null || wanted === 'logged_out' || !register.wasEverPaired(this.id)) return false;
    // Nothing was linked after that logout, so no phone's keys are missing.
    if (register.lastLogout(this.id) !== null) return false;
    try {
      return this.isFolderMissing() && folders.listBackups(this.id).length === 0;
    } catch {
      // What cannot be looked at may well be there.
      return false;
    }
  }

  /**
   * No new identity is made unasked, since the folder may come back (a disk that was unmounted, a name that was
   * mistaken): it is looked for again by itself. Whoever asks for the session gets a QR.
   */
  private folderMissing(): void {
    this.closeDatabase();
    this.firstTryDone = true;
    this.forgetPhone();
    this.keysLost = true;
    const isNews = this.attention?.code !== 'auth_folder_missing';
    this.connectAt(this.house.now() + UNREADABLE_RETRY_MS);
    this.setAttention('auth_folder_missing');
    this.setStatus('qr_required');
    if (isNews) {
      this.logger.error(
        { event: 'auth_folder_missing' },
        "The auth folder was deleted or moved away: the organization's keys are gone. What waits in the outbox stays. " +
          'If the folder comes back it is used again; otherwise start-session makes a new QR.',
      );
    }
  }

  /** The open database, or null when the folder cannot be read; then the session waits and looks again. */
  private openFolder(): AuthDatabase | null {
    if (this.database?.isInPlace()) return this.database;
    this.closeDatabase();
    try {
      return this.openOnce();
    } catch (error) {
      if (!(error instanceof AuthFolderCorruptError)) return this.folderUnreadable(error);
      try {
        const backup = this.house.folders.setAside(this.id, { reason: 'corrupt_folder', now: this.house.now() });
        this.house.register.recordCleaning(this.id, {
          at: this.house.now(),
          reason: 'corrupt_folder',
          automatic: true,
          backup: backup?.name ?? null,
        });
        this.house.tell('session.cleaned', this.id, {
          reason: 'corrupt_folder',
          automatic: true,
          backup: backup?.name ?? null,
          bad_mac: 0,
          stream_error: 0,
        });
        this.forgetPhone();
        this.logger.error(
          { event: 'session_cleaned', reason: 'corrupt_folder', fault: error.code, backup: backup?.path ?? null },
          `The auth folder is damaged and was set aside as ${backup?.name ?? 'nothing'}; a new QR must be scanned.`,
        );
        return this.openOnce();
      } catch (second) {
        return this.folderUnreadable(second);
      }
    }
  }

  private openOnce(): AuthDatabase {
    const { database, wasNew } = this.house.folders.open(this.id, () => this.house.sockets.newCredentials());
    if (wasNew) this.forgetPhone();
    this.keysLost = false;
    this.database = database;
    this.phoneNumber = pairingOf(database.readCreds()).phoneNumber;
    return database;
  }

  private folderUnreadable(error: unknown): null {
    if (!(error instanceof AuthFolderUnreadableError)) throw error;
    this.closeDatabase();
    this.firstTryDone = true;
    this.setStatus('disconnected');
    const isNews = this.attention?.code !== 'auth_folder_unreadable';
    this.connectAt(this.house.now() + UNREADABLE_RETRY_MS);
    this.setAttention('auth_folder_unreadable', this.nextReconnectAt);
    if (isNews) {
      this.logger.error(
        { event: 'auth_folder_unreadable', fault: error.code },
        'The auth folder cannot be read or written (permissions, disk full?). Nothing was touched; it is looked at again by itself.',
      );
    }
    return null;
  }

  /** Asks the governor; when it refuses, arranges for the next try. */
  private isPlaceFree(): boolean {
    const permission = this.house.governor.ask(this.id, this.house.now());
    if (permission.allowed) return true;
    if (permission.because === 'process_cap') {
      this.stopWaitingForPlace = this.house.governor.onFree(() => {
        this.stopWaitingForPlace = null;
        this.holds.end('login_turn');
        return this.tryToAct(() => this.connectByItself());
      });
      this.holds.begin('login_turn', this.house.now());
      if (this.status !== 'restoring') this.setStatus('connecting');
      return false;
    }
    this.firstTryDone = true;
    this.setStatus('disconnected');
    if (permission.because === 'version_refused') {
      this.setAttention('version_refused');
      this.logger.warn(
        { event: 'login_refused_by_version' },
        'No login: WhatsApp refused this client version to another session.',
      );
      return false;
    }
    this.connectAt(permission.retryAt ?? this.house.now() + this.house.settings.reconnect.maxMs);
    this.setAttention('login_cap_reached', this.nextReconnectAt);
    this.logger.warn(
      { event: 'login_held_back', next_try: iso(this.nextReconnectAt) },
      'This organization has logged in as often as it may in an hour; the next try waits.',
    );
    return false;
  }

  private reconnectWithBackoff(): number {
    const { reconnect } = this.house.settings;
    const delay = backoffDelay(this.attempt++, reconnect, this.house.random());
    this.connectAt(this.house.now() + delay);
    return delay;
  }

  /** A person acted, or the keys are new. */
  private beginAnew(): void {
    this.attempt = 0;
    this.ends.forget();
  }

  private connectAt(time: number): void {
    clearTimeout(this.reconnectTimer);
    this.nextReconnectAt = time;
    this.reconnectTimer = setTimeout(
      () => {
        this.reconnectTimer = undefined;
        this.nextReconnectAt = null;
        this.actInBackground(() => this.connectByItself());
      },
      // A longer time would overflow the timer and fire at once.
      Math.min(Math.max(0, time - this.house.now()), 2 ** 31 - 1),
    );
  }

  // --- what the live socket tells ---

  private onSocketEvent(event: SocketEvent): void | Promise<void> {
    switch (event.type) {
      case 'qr':
        return this.onQr(event.text, event.lastsMs);
      case 'paired':
        this.phoneNumber = event.phoneNumber;
        this.house.tell('session.linked', this.id, { phone_last4: event.phoneNumber.slice(-4) });
        this.pairingCode = null;
        this.qr = null;
        this.setStatus('connecting');
        this.logger.info(
          { event: 'phone_linked' },
          `The phone ${maskPhone(event.phoneNumber)} linked this device; WhatsApp now asks for a fresh login.`,
        );
        return;
      case 'open':
        return this.onOpen(event.phoneNumber);
      case 'fault':
        return this.onFault(event.fault);
      case 'message_received':
        return this.onMessage(event.messageId);
      case 'stanza_set_aside':
        return this.onSetAside(event.stanza);
      case 'suspects_stayed_away':
        return this.countUnproved();
      case 'ack':
        if (event.errorCode === null) this.excused = 0;
        return this.house.onNews(this.id, event);
      case 'receipt':
      case 'acquainted':
        return this.house.onNews(this.id, event);
      case 'closed':
        return this.onClosed(event.reason, event.suspect ?? null);
    }
  }

  /** Also when the socket has ended meanwhile: it will not tell this message again. */
  private async onMessage(messageId: string): Promise<void> {
    if (!(await this.house.hear(this.id, messageId))) return;
    this.logger.info({ event: 'message_received', message_id: messageId }, 'A message of a customer arrived.');
  }

  private onQr(text: string, lastsMs: number): void {
    this.house.governor.ended(this.id);
    this.holds.end('login');
    this.firstTryDone = true;
    const isFirst = this.qr === null;
    this.qrNumber = isFirst ? 1 : this.qrNumber + 1;
    this.house.tell('session.qr', this.id, { number: this.qrNumber });
    this.qr = text;
    this.qrExpiresAt = this.house.now() + lastsMs;
    this.unansweredCleaning = null;
    this.setStatus('qr_ready');
    if (isFirst) this.logger.info({ event: 'qr_ready' }, 'A QR is ready to be scanned.');
  }

  private onOpen(phoneNumber: string): void {
    const now = this.house.now();
    this.house.governor.ended(this.id);
    this.holds.end('login');
    this.firstTryDone = true;
    this.phoneNumber = phoneNumber;
    this.qr = null;
    this.pairingCode = null;
    this.lastConnectedAt = now;
    this.openSince = now;
    this.ends.loggedIn();
    this.setAttention(null);
    this.health.connectionOpened(now);
    this.setStatus('connected');
    this.house.tell('session.connected', this.id, { phone_last4: phoneNumber.slice(-4) });
    this.logger.info({ event: 'session_connected' }, `Connected as ${maskPhone(phoneNumber)}.`);
    // Timers may fire a moment early, and the counters look at the clock.
    this.steadyTimer = setTimeout(() => this.onStable(), this.house.settings.health.stableAfterMs + 5);
    if (this.house.governor.versionAccepted()) this.house.onVersionAccepted();
    this.house.register.markPaired(this.id, now);
    this.house.onNews(this.id, { type: 'connected', phoneNumber });
  }

  private onStable(): void {
    // Looking at the verdict is what resets the counters of a connection that lasted.
    this.health.verdict(this.house.now());
    this.excuseNothing();
    this.house.tell('session.stable', this.id, {});
    this.logger.info({ event: 'session_stable' }, 'The connection lasted; the error counters start from zero.');
    this.changed();
  }

  private onFault(fault: SessionFault): void {
    const now = this.house.now();
    const verdict = this.health.record(fault.kind, now, fault);
    this.logFault(fault);
    this.changed();
    if (verdict === 'corrupted' && fault.kind === 'bad_mac') this.judge('bad_mac');
    for (const customer of this.health.customersToReset(now)) this.resetCustomer(customer, fault);
  }

  /** The smallest remedy: all faults came from one customer, so only the Signal session with him begins anew. */
  private resetCustomer(customer: string, fault: SessionFault): void {
    const masked = customer === fault.customer ? (fault.maskedCustomer ?? '…') : '…';
    this.house.tell('session.customer_reset', this.id, { customer: masked });
    this.logger.warn(
      { event: 'customer_session_reset', customer: masked },
      'All Bad MACs come from one customer: the Signal session with him begins anew, and the keys stay.',
    );
    this.socket?.resetCustomer(customer).catch((error: unknown) => {
      this.logger.warn({ event: 'action_failed', err: errorText(error) }, 'The session with a customer was not reset.');
    });
  }

  private logFault(fault: SessionFault): void {
    const counters = this.health.counters(this.house.now());
    const counts = { bad_mac: counters.bad_mac.count, stream_error: counters.stream_error.count };
    const counter = fault.kind === 'bad_mac' || fault.kind === 'stream_error' ? counters[fault.kind] : null;
    const sentence = counter
      ? `${fault.kind} ${counter.count} of ${counter.limit} within ${counter.windowMs / 1000} s: ${fault.text}`
      : `${fault.kind}, which says nothing against the keys: ${fault.text}`;
    const verdict = this.health.verdict(this.house.now());
    this.house.tell('session.fault', this.id, { kind: fault.kind, ...counts, verdict });
    this.logger.warn({ event: 'fault_counted', kind: fault.kind, counts, totals: this.health.totals() }, sentence);
  }

  private onClosed(reason: DisconnectReason, suspect: InboundSuspect | null): void {
    const now = this.house.now();
    this.house.governor.ended(this.id);
    this.firstTryDone = true;
    const openForMs = this.openSince === null ? null : now - this.openSince;
    this.attempt = attemptAfter(openForMs, this.attempt, this.house.settings.health.stableAfterMs);
    const explanation = this.explanationOf(reason, suspect);
    this.dropSocket();
    this.lastDisconnect = reason;
    if (explanation === 'message') {
      // The end before it, which made the message suspected, was counted.
      this.health.forgive('stream_error', this.streamErrorCountedAt);
    } else if (explanation === 'stanza' && suspect) {
      this.excuse(reason, suspect);
    } else if (countsAsStreamError(reason.kind) && this.countStreamError(reason)) {
      return this.tellEnd(reason);
    }
    this.react(reason);
  }

  private react(reason: DisconnectReason): void {
    const reaction = this.ends.reactionTo(reason, { paired: this.isPaired, attempt: this.attempt });
    switch (reaction.do) {
      case 'reconnect_at_once':
        this.setStatus('connecting');
        // A pairing's own restart is no login that failed.
        if (reason.kind !== 'restart_required') this.attempt += 1;
        this.logEnd(
          reason,
          reason.kind === 'unlinked' ? 'logging in once more, to be sure' : 'logging in again at once',
        );
        return this.actInBackground(() => this.connectByItself());
      case 'reconnect_with_backoff': {
        const delay = this.reconnectWithBackoff();
        this.setStatus('disconnected');
        return this.logEnd(reason, `next try in ${(delay / 1000).toFixed(1)} s`);
      }
      case 'sleep':
        if (reason.kind === 'auth_folder_failed' && this.database?.isInPlace() === false) {
          this.setStatus('connecting');
          this.logEnd(reason, 'the folder is looked for', 'error');
          return this.actInBackground(() => this.connectByItself());
        }
        this.closeDatabase();
        this.connectAt(reaction.until);
        this.setAttention(reaction.attention, reaction.until);
        this.setStatus('disconnected');
        return this.logEnd(
          reason,
          `${reaction.attention}: waiting until ${iso(reaction.until)}`,
          reaction.attention === 'replaced_once' ? 'info' : 'error',
        );
      case 'stop':
        this.release();
        this.setAttention(reaction.attention);
        this.setStatus(reaction.status);
        return this.logEnd(
          reason,
          `${reaction.attention}: no more logins until somebody asks`,
          reaction.attention === 'qr_expired' ? 'info' : 'error',
        );
      case 'stop_everybody':
        this.house.governor.versionRefused();
        this.setAttention(reaction.attention);
        this.setStatus('disconnected');
        return this.logEnd(
          reason,
          'WhatsApp refuses this client version: nobody logs in any more. Update the service or set WA_VERSION, then restart one session',
          'error',
        );
      case 'set_aside':
        this.logEnd(reason, 'it says for the second time that this device is not linked any more');
        return this.actInBackground(() => this.setAsideUnlinked(reaction.attention));
      case 'nothing':
        return;
    }
  }

  private tellEnd(reason: DisconnectReason): void {
    this.house.tell('session.disconnected', this.id, {
      reason: reason.kind,
      code: reason.code,
      text: reason.text,
      next_try_at: iso(this.nextReconnectAt),
    });
  }

  private logEnd(reason: DisconnectReason, next: string, level: 'info' | 'error' = 'info'): void {
    this.tellEnd(reason);
    this.logger[level](
      { event: 'session_disconnected', kind: reason.kind, code: reason.code, next_try: iso(this.nextReconnectAt) },
      `The connection ended (${reason.text}); ${next}.`,
    );
  }

  private setAsideUnlinked(attention: AttentionCode): void {
    this.release();
    const now = this.house.now();
    const backup = this.onFolder(() => this.house.folders.setAside(this.id, { reason: attention, now }));
    this.becomeLoggedOut({ at: now, outcome: 'found_unlinked', backup: backup?.name ?? null }, attention);
    this.logger.error(
      { event: 'session_unlinked', backup: backup?.path ?? null },
      'WhatsApp said twice that this device is not linked any more: the folder was set aside, and a new QR is made when somebody asks for it. ' +
        'If the phone still lists the device, restore-session puts the keys back.',
    );
  }

  // --- stream errors that something else than the keys explains ---

  private explanationOf(reason: DisconnectReason, suspect: InboundSuspect | null): 'message' | 'stanza' | null {
    if (reason.kind !== 'stream_error') return null;
    if (suspect?.isNamed && this.mayBeStanza()) return 'stanza';
    if (this.house.explainsStreamError(this.id)) return 'message';
    return suspect && this.mayBeStanza() ? 'stanza' : null;
  }

  private mayBeStanza(): boolean {
    const isOutage = this.house.outage.isOutage(this.house.pairedSessions(), this.house.now());
    return this.excused < EXCUSED_IN_ROW && !isOutage;
  }

  /** It does not count for now: whether a stanza is to blame is seen after the next login. */
  private excuse(reason: DisconnectReason, suspect: InboundSuspect): void {
    this.excused += 1;
    this.unproved.push(reason);
    this.house.sockets.accuse(this.id, suspect);
    this.logger.warn(
      { event: 'stanza_suspected', named: suspect.isNamed },
      'The connection ended again while the same stanza of WhatsApp was under way: if it comes again, it is set aside.',
    );
  }

  /** The stanza was under way at both ends and has come again: neither says anything about the keys. */
  private onSetAside({ kind, id, maskedCustomer }: InboundStanza): void {
    this.unproved = [];
    this.health.forgive('stream_error', this.streamErrorCountedAt);
    this.house.tell('session.stanza_set_aside', this.id, { kind, stanza_id: id, customer: maskedCustomer });
    this.logger.error(
      { event: 'stanza_set_aside', kind, stanza_id: id, customer: maskedCustomer },
      'The connection ended again and again over this stanza of WhatsApp: it was acknowledged and is not looked at; the phone has it.',
    );
    this.changed();
  }

  /** Nothing that WhatsApp delivers explains them, so they count. */
  private countUnproved(): void {
    for (const reason of this.unproved.splice(0)) if (this.countStreamError(reason)) return;
    this.changed();
  }

  private excuseNothing(): void {
    this.excused = 0;
    this.unproved = [];
  }

  /** True when that begins a cleaning. */
  private countStreamError({ text }: DisconnectReason): boolean {
    const now = this.house.now();
    this.house.outage.streamError(this.id, now);
    const verdict = this.health.record('stream_error', now);
    this.streamErrorCountedAt = now;
    this.logFault({ kind: 'stream_error', text });
    return verdict === 'corrupted' && this.judge('stream_error');
  }

  // --- judging and cleaning ---

  /** A limit was reached. Returns true when a cleaning begins; otherwise a guard held it back, which status and log show. */
  private judge(kind: CountedFaultKind): boolean {
    const now = this.house.now();
    if (!this.isPaired || this.cleaning) return this.cleaning !== null;
    if (this.house.outage.isOutage(this.house.pairedSessions(), now)) {
      this.holdBack(
        'outage',
        `${this.house.outage.affected(now)} sessions report stream errors: it is WhatsApp or the network`,
      );
      return false;
    }
    const times = automaticTimes(this.house.register.cleanings(this.id));
    if (!mayCleanAutomatically(times, this.house.settings.cleaningsPerDay, now)) {
      this.holdBack('cleaning_budget_spent', 'it was cleaned as often as it may within 24 h, so a person must decide');
      return false;
    }
    // The limit was reached at this moment; what is counted must not change until it is told.
    this.clean(kind, true).catch((error: unknown) => {
      this.logger.error({ event: 'cleaning_failed', err: errorText(error) }, 'The session could not be cleaned.');
    });
    return true;
  }

  private holdBack(code: AttentionCode, why: string): void {
    const isNews = this.attention?.code !== code;
    this.setAttention(code);
    if (!isNews) return;
    this.house.tell('session.cleaning_held_back', this.id, { reason: code });
    const level = code === 'outage' ? 'warn' : 'error';
    this.logger[level](
      { event: 'cleaning_held_back', reason: code },
      `A limit was reached, but nothing is cleaned: ${why}.`,
    );
  }

  private clean(
    reason: CountedFaultKind | 'forced',
    automatic: boolean,
  ): Promise<CleaningRecord & { path: string | null }> {
    this.cleaning ??= this.act(() => this.setAsideAndReconnect(reason, automatic)).finally(
      () => (this.cleaning = null),
    );
    return this.cleaning;
  }

  private setAsideAndReconnect(reason: string, automatic: boolean): CleaningRecord & { path: string | null } {
    const now = this.house.now();
    const counters = this.health.counters(now);
    const counts = { bad_mac: counters.bad_mac.count, stream_error: counters.stream_error.count };
    this.release();
    const backup = this.onFolder(() => this.house.folders.setAside(this.id, { reason, now, force: !automatic }));
    const record: CleaningRecord = { at: now, reason, automatic, backup: backup?.name ?? null };
    this.house.register.recordCleaning(this.id, record);
    this.house.register.setWanted(this.id, 'running');
    // Only what a person does is a trial of a refused client version.
    if (!automatic) this.house.governor.allowTrial(this.id);
    this.forgetPhone();
    this.keysLost = false;
    this.health.reset();
    this.beginAnew();
    this.setAttention(null);
    const what = automatic
      ? `Limit reached (${counts.bad_mac} bad_mac, ${counts.stream_error} stream_error)`
      : `Cleaned by hand (${counts.bad_mac} bad_mac, ${counts.stream_error} stream_error counted)`;
    const where = backup
      ? `the folder was set aside as ${backup.path}`
      : 'the folder was never paired, so there is no backup';
    this.house.tell('session.cleaned', this.id, { reason, automatic, backup: record.backup, ...counts });
    this.logger[automatic ? 'error' : 'info'](
      { event: 'session_cleaned', reason, counts, backup: backup?.path ?? null },
      `${what}: ${where}; a new QR must be scanned.`,
    );
    this.connect();
    const cleaned = { ...record, path: backup ? path.normalize(backup.path) : null };
    if (this.isUnderWay()) this.unansweredCleaning = cleaned;
    return cleaned;
  }

  // --- letting go ---

  /** Ends the socket, the timers and the database; what is shown of them goes too. */
  private release(): void {
    // First: what it has taken from WhatsApp and not told yet is told now.
    this.socket?.close();
    this.leaving?.close();
    this.leaving = null;
    this.dropSocket();
    this.house.governor.ended(this.id);
    this.cancelWaiting();
    this.closeDatabase();
  }

  /** The live socket is no longer alive: its callbacks are ignored from here on. */
  private dropSocket(): void {
    if (this.socket) {
      this.health.connectionClosed(this.house.now());
      this.house.onNews(this.id, { type: 'disconnected' });
    }
    this.socket = null;
    this.qr = null;
    this.pairingCode = null;
    this.unansweredCleaning = null;
    this.openSince = null;
    this.holds.end('login', 'keys', 'disk');
    clearTimeout(this.steadyTimer);
  }

  private cancelWaiting(): void {
    this.holds.end('login_turn');
    clearTimeout(this.reconnectTimer);
    this.reconnectTimer = undefined;
    this.nextReconnectAt = null;
    this.stopWaitingForPlace?.();
    this.stopWaitingForPlace = null;
  }

  private closeDatabase(): void {
    const { database } = this;
    this.database = null;
    database?.close();
  }

  private forgetPhone(): void {
    this.phoneNumber = null;
    this.excuseNothing();
    this.house.sockets.forget(this.id);
  }

  private peekPaired(): boolean {
    try {
      return this.house.folders.peek(this.id).paired;
    } catch {
      // What cannot be read may well be paired.
      return true;
    }
  }

  /** Moves of the folder: a failure becomes a clear answer, and the session stays where it is. */
  private onFolder<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      if (!(error instanceof AuthFolderUnreadableError)) throw error;
      this.setStatus('disconnected');
      this.setAttention('auth_folder_unreadable');
      this.logger.error({ event: 'auth_folder_unreadable', fault: error.code }, 'The auth folder cannot be moved.');
      throw new ServiceError('auth_folder_unreadable', { status: this.status }, { cause: error });
    }
  }

  // --- plumbing ---

  private async act<T>(work: () => T | Promise<T>, of: 'logout' | 'others' = 'others'): Promise<T> {
    while (of === 'others' && this.loggingOut) await this.loggingOut.catch(() => {});
    return this.actions.runExclusive(async () => {
      if (this.closed) throw new ServiceError('shutting_down');
      const ended = this.holds.begin('action', this.house.now());
      try {
        return await work();
      } finally {
        ended();
      }
    });
  }

  private actInBackground(work: () => void): void {
    void this.tryToAct(work);
  }

  private tryToAct(work: () => void): Promise<void> {
    return this.act(work).catch((error: unknown) => {
      if (this.closed) return;
      this.logger.error({ event: 'action_failed', err: errorText(error) }, 'An action of this session failed.');
      // Never left hanging: an unexpected failure is tried again as network trouble would be.
      if (!this.socket && this.reconnectTimer === undefined && this.status !== 'stopped') this.reconnectWithBackoff();
    });
  }

  private setStatus(status: SessionStatus): void {
    if (status !== this.status) {
      const previous = this.status;
      this.status = status;
      this.since = this.house.now();
      this.house.tell('session.status', this.id, { status, previous });
    }
    this.changed();
  }

  private setAttention(code: AttentionCode | null, until: number | null = null): void {
    if (code !== null && this.attention?.code !== code) {
      this.house.tell('session.attention', this.id, { code, until: iso(until) });
    }
    if (code === null) this.attention = null;
    else
      this.attention = { code, since: this.attention?.code === code ? this.attention.since : this.house.now(), until };
    this.changed();
  }

  private changed(): void {
    this.changes.emit('change');
  }
}

function automaticTimes(cleanings: readonly CleaningRecord[]): number[] {
  return cleanings.filter(({ automatic }) => automatic).map(({ at }) => at);
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).slice(0, 1000) : typeof error;
}
