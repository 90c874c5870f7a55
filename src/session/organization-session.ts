import { EventEmitter } from 'node:events';
import { ServiceError } from '../errors.js';
import type { Logger } from '../logger.js';
import { organizationLabel, type OrganizationId } from '../organization-id.js';
import type { OrganizationRecord } from '../store/ports.js';
import { LOG_IN_WAIT_MS } from './clean-request.js';
import { PairingCodes, type CodeSession } from './pairing-codes.js';
import { errorText } from './session-driver.js';
import type { CleaningReason, Outcome } from './session-effects.js';
import type { SessionHouse } from './session-house.js';
import { SessionRunner } from './session-runner.js';
import { snapshotOf } from './session-snapshot.js';
import {
  liveSocketOf,
  phoneOf,
  statusOf,
  type Cleaned,
  type MachineState,
  type SessionState,
} from './session-state.js';
import {
  type Attention,
  type BackupView,
  type CleanedSession,
  type LogoutRecord,
  ownAttention,
  type SessionOutline,
  type SessionSnapshot,
} from './session-view.js';
import type { WhatsAppSocket } from './whatsapp-socket.js';

/** How long a logout waits for WhatsApp to confirm it, ms. */
const UNLINK_DEADLINE_MS = 3000;

/**
 * One organization's session: outlives many sockets, owns at most one that is alive, and is the only one that acts on
 * the organization's auth folder. It decides nothing: `session-machine.ts` does, and `session-runner.ts` runs it.
 */
export class OrganizationSession {
  private readonly runner: SessionRunner;
  private readonly changes = new EventEmitter();
  private readonly pairingCodes: PairingCodes;
  private readonly logger: Logger;
  private loggingOut: Promise<LogoutRecord> | null = null;
  private cleaning: Promise<Outcome> | null = null;

  constructor(
    readonly id: OrganizationId,
    record: OrganizationRecord,
    private readonly house: SessionHouse,
  ) {
    this.logger = house.logger.child({ org: organizationLabel(id) });
    this.changes.setMaxListeners(0);
    this.runner = new SessionRunner(id, record, house, this.logger, {
      clean: (reason) => this.cleanInBackground(reason),
      announceChange: () => this.changes.emit('change'),
    });
    this.pairingCodes = new PairingCodes(this.codeSession(), this.logger);
  }

  private get machine(): MachineState {
    return this.runner.machine;
  }

  // --- what can be asked ---

  snapshot(): SessionSnapshot {
    const now = this.house.now();
    return snapshotOf(this.id, this.machine, {
      now,
      attention: this.shownAttention(),
      heldUp: this.runner.holds.heldUp(now),
      cleaningsPerDay: this.house.settings.cleaningsPerDay,
    });
  }

  outline(): SessionOutline {
    const { state } = this.machine;
    return {
      organizationId: this.id,
      status: statusOf(state),
      phoneNumber: phoneOf(state),
      attention: this.shownAttention(),
    };
  }

  /** What the session itself needs goes first. */
  private shownAttention(): Attention | null {
    const { attention } = this.machine.memory;
    if (attention !== null) return attention;
    const other = this.house.otherPhone(this.id);
    if (!other) return null;
    const { since, ...waiting } = other;
    return { code: 'other_phone', since, until: null, waiting };
  }

  get isPaired(): boolean {
    return phoneOf(this.machine.state) !== null;
  }

  /** As `isPaired`, also before the folder was opened; a folder that cannot be read counts as paired. */
  async hasPhone(): Promise<boolean> {
    return this.isPaired || this.runner.keys.folderHasPhone();
  }

  /** Calls back after every change of what `snapshot` tells. Returns a function that ends it. */
  watch(listener: () => void): () => void {
    this.changes.on('change', listener);
    return () => this.changes.off('change', listener);
  }

  /** Looked at every second: tells when something begins, or ends, to hold up this organization. */
  lookForHolds(): void {
    this.runner.happen({ type: 'holds_looked_at', held: this.runner.holds.heldUp(this.house.now()) });
  }

  /** Looked at every few seconds: ends the connection when the folder of its keys was taken away. */
  async lookForFolder(): Promise<void> {
    const socket = liveSocketOf(this.machine.state);
    if (socket === null || (await this.runner.keys.areInPlace())) return;
    if (liveSocketOf(this.machine.state) === socket) this.runner.happen({ type: 'folder_is_gone' });
  }

  /** Whether the boot still waits for this session's first try. */
  get isRestoring(): boolean {
    return this.machine.memory.awaitsFirstTry;
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
    this.runner.happen({ type: 'will_restore' });
    await this.runner.act({ type: 'restore' });
  }

  /** Idempotent; a session that is alive, on its way or waiting for its next try is left alone. */
  async start(): Promise<void> {
    await this.runner.act({ type: 'start' });
  }

  async stop(): Promise<void> {
    await this.runner.act({ type: 'stop' });
  }

  /** Ends the connection, if any, and logs in again at once. Keys untouched. */
  async restart(): Promise<void> {
    await this.runner.act({ type: 'restart' });
  }

  async requestPairingCode(phoneNumber: string, waitMs: number): Promise<void> {
    if (this.isPaired) throw new ServiceError('already_paired', { status: statusOf(this.machine.state) });
    await this.start();
    await this.until(({ status }) => status === 'qr_ready' || status === 'connected', waitMs);
    await this.pairingCodes.ask(phoneNumber);
  }

  /**
   * Cleans by hand. With `force` always; without it a session whose keys are good logs in with them instead, and
   * nothing is set aside. A cleaning that is under way is shared.
   */
  async forceClean(waitMs: number, force: boolean): Promise<CleanedSession> {
    if (!force && !this.cleaning && !this.machine.memory.unansweredCleaning) {
      const { is } = await this.runner.act({ type: 'clean_request' });
      if (is === 'kept') return { snapshot: await this.untilBack(), backup: null, cleaned: false };
    }
    const { backup, path } = this.machine.memory.unansweredCleaning ?? (await this.cleanByHand());
    const snapshot = await this.until(
      ({ qr, status, attention }) =>
        qr !== null || status === 'connected' || (status === 'disconnected' && ownAttention(attention) !== null),
      waitMs,
    );
    const kept = backup === null || path === null ? null : { name: backup, path };
    return { snapshot, backup: kept, cleaned: true };
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

  private async cleanByHand(): Promise<Cleaned> {
    for (;;) {
      const outcome = await this.clean('forced');
      if (outcome.is === 'cleaned') return outcome.cleaned;
      // One that the session had decided by itself was not due any more.
    }
  }

  /** Shared by all who ask while it waits for its turn or is under way. */
  private clean(reason: CleaningReason): Promise<Outcome> {
    if (!this.cleaning) {
      this.runner.happen({ type: 'cleaning_began' });
      this.cleaning = this.runner.act({ type: 'clean', reason }).finally(() => {
        this.cleaning = null;
        this.runner.happen({ type: 'cleaning_over' });
      });
    }
    return this.cleaning;
  }

  private cleanInBackground(reason: CleaningReason): void {
    this.clean(reason).catch((error: unknown) => {
      this.logger.error({ event: 'cleaning_failed', err: errorText(error) }, 'The session could not be cleaned.');
    });
  }

  /**
   * Shared by all who ask while it is under way; other actions come after it. Others' I/O is waited for outside of the
   * lock.
   */
  logout(): Promise<LogoutRecord> {
    this.loggingOut ??= this.unlinkAndForget().finally(() => {
      this.loggingOut = null;
      this.runner.first = null;
    });
    this.runner.first = this.loggingOut;
    return this.loggingOut;
  }

  private async unlinkAndForget(): Promise<LogoutRecord> {
    const before = await this.runner.act({ type: 'logout_request' }, { goesFirst: true });
    if (before.is === 'logged_out') return before.logout;
    const left = await this.runner.act({ type: 'leave' }, { goesFirst: true });
    const socket = this.runner.driver.socket(left.is === 'leaving' ? left.socket : null);
    const confirmed = socket ? await socket.unlink(UNLINK_DEADLINE_MS) : false;
    const ended = await this.runner.act({ type: 'end_logout', confirmed }, { goesFirst: true });
    if (ended.is !== 'logged_out') throw unexpected(ended);
    return ended.logout;
  }

  async restoreBackup(name: string | undefined): Promise<BackupView> {
    const outcome = await this.runner.act({ type: 'restore_backup', name });
    if (outcome.is !== 'restored') throw unexpected(outcome);
    return outcome.backup;
  }

  /** Ends everything at once; the organization stays wanted as it was. Resolves when nothing is under way any more. */
  shutdown(): Promise<void> {
    return this.runner.close();
  }

  /** Another session proved that the client version is accepted again. */
  async wakeAfterVersionRefusal(): Promise<void> {
    await this.runner.act({ type: 'version_accepted' });
  }

  // --- what the outbox sends through ---

  get isConnected(): boolean {
    return this.machine.state.name === 'connected';
  }

  /** The socket that is alive now. */
  get socketIfLive(): WhatsAppSocket | null {
    const { state } = this.machine;
    return state.name === 'connected' ? this.runner.driver.socket(state.socket) : null;
  }

  /** @throws ServiceError `not_connected` */
  get liveSocket(): WhatsAppSocket {
    const socket = this.socketIfLive;
    if (!socket) throw new ServiceError('not_connected', { status: statusOf(this.machine.state) });
    return socket;
  }

  private codeSession(): CodeSession {
    const stateNow = (): SessionState => this.machine.state;
    return {
      status: () => statusOf(stateNow()),
      isPaired: () => this.isPaired,
      socketWithQr: () => {
        const state = stateNow();
        return state.name === 'qr_ready' ? state.socket : null;
      },
      socket: (number) => (liveSocketOf(stateNow()) === number ? this.runner.driver.socket(number) : null),
      codeGiven: (socket, code, phoneNumber) => this.runner.happen({ type: 'pairing_code', socket, code, phoneNumber }),
    };
  }
}

function unexpected({ is }: Outcome): Error {
  return new Error(`An action came to something else: ${is}`);
}
