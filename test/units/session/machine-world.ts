import { SessionHealth } from '../../../src/health/session-health.js';
import { RecentEnds } from '../../../src/session/recent-ends.js';
import { isAtOnce, type Effect, type Outcome, type Question } from '../../../src/session/session-effects.js';
import type { ActionEvent, SessionEvent, SocketNews } from '../../../src/session/session-events.js';
import { step, type MachineContext, type SessionSettings } from '../../../src/session/session-machine.js';
import { initialState, liveSocketOf, type MachineState } from '../../../src/session/session-state.js';
import type { OrganizationRecord } from '../../../src/store/ports.js';
import type { LoginPermission } from '../../../src/session/login-governor.js';

export const NOW = 1_700_000_000_000;
export const PHONE = '573001112233';

export const SETTINGS: SessionSettings = {
  health: {
    bad_mac: { limit: 3, windowMs: 60_000 },
    stream_error: { limit: 3, windowMs: 60_000 },
    stableAfterMs: 10_000,
  },
  cleaningsPerDay: 2,
  reconnect: { baseMs: 1000, maxMs: 300_000, replacedRetryMs: 60_000 },
};

export const FRESH: OrganizationRecord = { wanted: null, wasEverPaired: false, lastLogout: null, cleanings: [] };

export type Folder = 'missing' | 'unpaired' | 'paired' | 'damaged' | 'unreadable';

/** What a step was asked with, and what came out. */
export interface Taken {
  readonly before: MachineState;
  readonly event: SessionEvent;
  readonly now: number;
  readonly after: MachineState;
  readonly effects: readonly Effect[];
  readonly question: Question | null;
  readonly outcome: Outcome | null;
}

/**
 * What stands around the machine in the service, without any of its I/O: a folder, backups, a governor, sockets,
 * timers, and the line of actions. It does what the machine says and answers what it asks.
 */
export class MachineWorld {
  machine: MachineState;
  now = NOW;
  folder: Folder;
  backups = 0;
  keysAreOpen = false;
  permission: LoginPermission = { allowed: true };
  isOutage = false;
  random = 0.5;
  blamesMessage = false;
  /** A write of the register, or the opening of a socket, fails for a reason that nobody foresaw. */
  failsNext = false;
  readonly openSockets = new Set<number>();
  retryAt: number | null = null;
  steady: { readonly socket: number; readonly at: number } | null = null;
  waitsForTurn = false;
  /** Actions in the line; the first one is under way when `question` is not null. */
  readonly line: { readonly event: ActionEvent; readonly inBackground: boolean }[] = [];
  question: Question | null = null;
  /** Of the actions that are over, in their order. */
  readonly outcomes: { readonly event: ActionEvent; readonly outcome: Outcome | 'failed' }[] = [];
  readonly effects: Effect[] = [];
  readonly asked: Question[] = [];
  /** Every step is shown to it. */
  onStep: (taken: Taken) => void = () => {};

  constructor({ record = FRESH, folder = 'missing' }: { record?: OrganizationRecord; folder?: Folder } = {}) {
    this.folder = folder;
    const { health, reconnect } = SETTINGS;
    this.machine = initialState(
      record,
      { health: new SessionHealth(health), ends: new RecentEnds(reconnect.replacedRetryMs) },
      this.now,
    );
  }

  /** One that goes its own way from here: the machine's own state is never changed in place. */
  copy(): MachineWorld {
    const copy = new MachineWorld({ folder: this.folder });
    Object.assign(copy, this, {
      openSockets: new Set(this.openSockets),
      line: [...this.line],
      outcomes: [],
      effects: [],
      asked: [],
    });
    return copy;
  }

  get state(): MachineState['state'] {
    return this.machine.state;
  }

  get live(): number | null {
    return liveSocketOf(this.machine.state);
  }

  get isAtRest(): boolean {
    return this.line.length === 0 && this.question === null;
  }

  // --- what can happen ---

  /** Somebody asks; it waits for its turn. */
  act(event: ActionEvent, inBackground = false): void {
    this.line.push({ event, inBackground });
  }

  /** As `act`, and all that is in the line is done. */
  do(event: ActionEvent): Outcome | 'failed' {
    this.act(event);
    this.settle();
    return this.outcomes.at(-1)?.outcome ?? { is: 'done' };
  }

  /** The next event of the action that is under way, or the first one of the next in the line. */
  proceed(): void {
    const [current] = this.line;
    if (!current) return;
    if (!this.question) return this.takeInAction(current.event);
    const { question } = this;
    this.question = null;
    if (this.failsNext && (question.ask === 'save' || question.ask === 'restore_backup')) return this.fail();
    this.takeInAction(this.answer(question));
  }

  settle(): void {
    for (let steps = 0; !this.isAtRest; steps += 1) {
      if (steps > 1000) throw new Error(`Never at rest: ${JSON.stringify(this.state)}`);
      this.proceed();
    }
  }

  happen(event: SessionEvent): void {
    const { question } = this.take(event);
    if (question) throw new Error(`Asked outside of an action: ${question.ask}`);
  }

  /** The live socket tells something. */
  tell(news: DistributiveOmit<SocketNews, 'socket'>, socket = this.live): void {
    if (socket !== null) this.happen({ ...news, socket });
  }

  /** Time passes, and the timers that are due fire. */
  wait(ms: number): void {
    this.now += ms;
    if (this.steady && this.steady.at <= this.now) {
      const { socket } = this.steady;
      this.steady = null;
      this.happen({ type: 'connection_lasted', socket });
    }
    if (this.retryAt !== null && this.retryAt <= this.now) {
      this.retryAt = null;
      this.happen({ type: 'time_to_try' });
    }
  }

  turnComes(): void {
    if (!this.waitsForTurn) return;
    this.waitsForTurn = false;
    this.happen({ type: 'turn_came' });
    this.act({ type: 'log_in_by_itself' }, true);
  }

  // --- what the session would do ---

  private takeInAction(event: SessionEvent): void {
    try {
      const { question, outcome } = this.take(event);
      this.question = question;
      if (!question) this.endAction(outcome ?? { is: 'done' });
    } catch (error) {
      if (!(error instanceof NotForeseen)) throw error;
      this.fail();
    }
  }

  private fail(): void {
    this.failsNext = false;
    this.endAction({ is: 'failed', cause: null });
  }

  private endAction(outcome: Outcome): void {
    const current = this.line.shift();
    if (!current) throw new Error('No action is under way');
    const isFailed = outcome.is === 'failed' || outcome.is === 'folder_unreadable';
    if (isFailed) this.happen({ type: 'action_failed', inBackground: current.inBackground });
    if (current.event.type === 'clean') this.happen({ type: 'cleaning_over' });
    this.outcomes.push({ event: current.event, outcome: isFailed ? 'failed' : outcome });
  }

  private take(event: SessionEvent): { question: Question | null; outcome: Outcome | null } {
    for (let next = event; ;) {
      const before = this.machine;
      const { state, memory, effects, question, outcome } = step(before, next, this.now, this.context());
      const after = { state, memory };
      this.onStep({ before, event: next, now: this.now, after, effects, question, outcome });
      this.machine = after;
      for (const effect of effects) this.run(effect);
      if (question) this.asked.push(question);
      if (!question || !isAtOnce(question)) return { question, outcome };
      next = this.answer(question);
    }
  }

  context(): MachineContext {
    const { random, isOutage } = this;
    const affected = isOutage ? 6 : 0;
    return { settings: SETTINGS, random, isOutage, isOutageWithThis: isOutage, affected, affectedWithThis: affected };
  }

  private run(effect: Effect): void {
    this.effects.push(effect);
    switch (effect.do) {
      case 'set_retry_timer':
        this.retryAt = effect.at;
        return;
      case 'clear_retry_timer':
        this.retryAt = null;
        return;
      case 'set_steady_timer':
        this.steady = { socket: effect.socket, at: this.now + effect.ms };
        return;
      case 'clear_steady_timer':
        this.steady = null;
        return;
      case 'wait_for_turn':
        this.waitsForTurn = true;
        return;
      case 'stop_waiting_for_turn':
        this.waitsForTurn = false;
        return;
      case 'drop_socket':
        this.openSockets.delete(effect.socket);
        return;
      case 'close_keys':
        this.keysAreOpen = false;
        return;
      case 'act':
        return this.act({ type: effect.action }, true);
      case 'clean':
        return this.act({ type: 'clean', reason: effect.reason }, true);
      default:
        return;
    }
  }

  private answer(question: Question): SessionEvent {
    switch (question.ask) {
      case 'close_sockets':
        for (const socket of question.sockets) this.openSockets.delete(socket);
        return { type: 'sockets_closed', then: question.then };
      case 'login_permission':
        return { type: 'login_permission', permission: this.permission, then: question.then };
      case 'open_socket':
        if (!this.keysAreOpen) throw new Error('A socket is opened without keys');
        if (this.failsNext) {
          this.happen({ type: 'socket_not_opened' });
          throw new NotForeseen();
        }
        this.openSockets.add(question.socket);
        return { type: 'socket_opened', then: question.then };
      case 'blame_message':
        return { type: 'message_blamed', isMessage: this.blamesMessage, then: question.then };
      case 'save':
        return { type: 'saved', then: question.then };
      case 'open_keys':
        return this.openKeys(question);
      case 'look_at_folder':
      case 'set_aside':
      case 'remove_keys':
      case 'choose_backup':
      case 'restore_backup':
        return this.useFolder(question);
    }
  }

  private openKeys({ then }: Extract<Question, { ask: 'open_keys' }>): SessionEvent {
    const isWhole = this.folder === 'paired' || this.folder === 'unpaired';
    if (this.keysAreOpen && isWhole) return { type: 'keys_opened', keys: { from: 'before' }, then };
    this.keysAreOpen = false;
    if (this.folder === 'unreadable') return { type: 'keys_unreadable', code: 'EACCES', then };
    if (this.folder === 'damaged') return { type: 'keys_damaged', code: 'SQLITE_NOTADB', cause: null, then };
    const wasNew = this.folder === 'missing';
    if (wasNew) this.folder = 'unpaired';
    this.keysAreOpen = true;
    const phone = this.folder === 'paired' ? PHONE : null;
    return { type: 'keys_opened', keys: { from: 'folder', wasNew, phone }, then };
  }

  private useFolder(question: Extract<Question, { ask: FolderQuestion }>): SessionEvent {
    const code = 'EACCES';
    const isUnreadable = this.folder === 'unreadable';
    if (MOVES.has(question.ask) && this.keysAreOpen) throw new Error('Keys are moved that are open');
    switch (question.ask) {
      case 'look_at_folder':
        return { type: 'looked_at_folder', answer: this.look(question.whether), then: question.then };
      case 'set_aside':
        if (isUnreadable && !question.force)
          return { type: 'folder_not_moved', code, cause: null, then: question.then };
        return { type: 'folder_moved', backup: this.moveAway(), then: question.then };
      case 'remove_keys':
        if (isUnreadable) return { type: 'folder_not_moved', code, cause: null, then: question.then };
        this.folder = 'missing';
        return { type: 'folder_moved', backup: null, then: question.then };
      case 'choose_backup':
        if (isUnreadable) return { type: 'backup_not_chosen', cause: null };
        return { type: 'backup_chosen', then: question.then };
      case 'restore_backup': {
        if (isUnreadable) return { type: 'folder_not_moved', code, cause: null, then: question.then };
        this.folder = 'paired';
        const backup = { name: 'b', set_aside_at: '', phone_number: PHONE, reason: 'forced', size: 1 };
        return { type: 'backup_restored', backup };
      }
    }
  }

  private moveAway(): { name: string; path: string } | null {
    const { folder } = this;
    this.folder = 'missing';
    if (folder === 'missing' || folder === 'unpaired') return null;
    this.backups += 1;
    return { name: `b${this.backups}`, path: `/auth/b${this.backups}` };
  }

  private look(whether: Extract<Question, { ask: 'look_at_folder' }>['whether']): boolean {
    switch (whether) {
      case 'is_there':
        return this.folder !== 'missing';
      case 'is_missing':
        return this.folder === 'missing';
      case 'nothing_is_left':
        return this.folder === 'missing' && this.backups === 0;
      case 'has_phone':
        return this.folder !== 'missing' && this.folder !== 'unpaired';
    }
  }
}

const MOVES: ReadonlySet<Question['ask']> = new Set(['set_aside', 'remove_keys', 'restore_backup']);

type FolderQuestion = 'look_at_folder' | 'set_aside' | 'remove_keys' | 'choose_backup' | 'restore_backup';
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

class NotForeseen extends Error {}
