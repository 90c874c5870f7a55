import { Mutex } from 'async-mutex';
import { ServiceError } from '../errors.js';
import { SessionHealth } from '../health/session-health.js';
import type { Logger } from '../logger.js';
import type { OrganizationId } from '../organization-id.js';
import { Holds } from './holds.js';
import { RecentEnds } from './recent-ends.js';
import { errorText, SessionDriver } from './session-driver.js';
import { isAtOnce, type CleaningReason, type Outcome, type QuestionThatTakesTime } from './session-effects.js';
import type { ActionEvent, SessionEvent } from './session-events.js';
import type { OrganizationRecord } from '../store/ports.js';
import type { SessionHouse } from './session-house.js';
import { SessionKeys } from './session-keys.js';
import { step, type MachineContext, type Step } from './session-machine.js';
import { initialState, liveSocketOf, type MachineState } from './session-state.js';

/** What the runner tells its session. */
export interface RunSession {
  readonly clean: (reason: CleaningReason) => void;
  readonly announceChange: () => void;
}

/**
 * Runs one organization session: events are fed to its machine, what comes out is done, and its actions run one after
 * another, whoever asked.
 */
export class SessionRunner {
  machine: MachineState;
  readonly driver: SessionDriver;
  readonly keys: SessionKeys;
  readonly holds = new Holds();
  /** Everything but what is marked `goesFirst` waits for it. */
  first: Promise<unknown> | null = null;
  private readonly actions = new Mutex();
  private readonly context: MachineContext;
  private closed = false;

  constructor(
    id: OrganizationId,
    record: OrganizationRecord,
    private readonly house: SessionHouse,
    private readonly logger: Logger,
    session: RunSession,
  ) {
    const { settings } = house;
    this.context = contextOf(id, house);
    this.keys = new SessionKeys(id, house, logger);
    this.machine = initialState(
      record,
      { health: new SessionHealth(settings.health), ends: new RecentEnds(settings.reconnect.replacedRetryMs) },
      house.now(),
    );
    this.driver = new SessionDriver(id, house, this.keys, this.holds, logger, {
      ...session,
      happen: (event) => this.happen(event),
      actInBackground: (event) => this.actInBackground(event),
      isLive: (socket) => liveSocketOf(this.machine.state) === socket,
    });
  }

  /** From now on no action begins. Resolves when the one that is under way has stored what it must. */
  close(): Promise<void> {
    this.closed = true;
    this.happen({ type: 'shut_down' });
    return this.actions.runExclusive(() => {});
  }

  /** Something happened that no action waits for. */
  happen(event: SessionEvent): void {
    const { question } = this.take(event);
    if (question) throw new Error(`Asked outside of an action: ${question.ask}`);
  }

  /**
   * One event, and the answers that come at once. What is left is a question that takes time, or the action's outcome.
   */
  private take(event: SessionEvent): { question: QuestionThatTakesTime | null; outcome: Outcome | null } {
    for (let next = event; ;) {
      const { state, memory, effects, question, outcome }: Step = step(
        this.machine,
        next,
        this.house.now(),
        this.context,
      );
      this.machine = { state, memory };
      for (const effect of effects) this.driver.run(effect);
      if (!question || !isAtOnce(question)) return { question, outcome };
      next = this.driver.answerAtOnce(question);
    }
  }

  /** @throws ServiceError, and whatever nobody foresaw */
  async act(
    event: ActionEvent,
    { goesFirst = false, inBackground = false }: { goesFirst?: boolean; inBackground?: boolean } = {},
  ): Promise<Outcome> {
    while (!goesFirst && this.first) await this.first.catch(() => {});
    return this.actions.runExclusive(async () => {
      if (this.closed) throw new ServiceError('shutting_down');
      const ended = this.holds.begin('action', this.house.now());
      try {
        return await this.carryOut(event);
      } catch (error) {
        if (inBackground && !this.closed) {
          this.logger.error({ event: 'action_failed', err: errorText(error) }, 'An action of this session failed.');
        }
        this.happen({ type: 'action_failed', inBackground });
        throw error;
      } finally {
        ended();
      }
    });
  }

  private async carryOut(event: ActionEvent): Promise<Outcome> {
    let { question, outcome } = this.take(event);
    while (question) ({ question, outcome } = this.take(await this.keys.answer(question)));
    return accepted(outcome ?? { is: 'done' });
  }

  /** Never rejects: what fails is logged, and the machine hears of it. */
  private actInBackground(event: ActionEvent): Promise<void> {
    return this.act(event, { inBackground: true }).then(
      () => {},
      () => {},
    );
  }
}

/** Looked at only when it is needed: it asks all sessions. */
function contextOf(
  id: OrganizationId,
  { settings, outage, random, pairedSessions, now }: SessionHouse,
): MachineContext {
  return {
    settings,
    get random() {
      return random();
    },
    get isOutage() {
      return outage.isOutage(pairedSessions(), now());
    },
    get isOutageWithThis() {
      return outage.isOutage(pairedSessions(), now(), id);
    },
    get affected() {
      return outage.affected(now());
    },
    get affectedWithThis() {
      return outage.affected(now(), id);
    },
  };
}

/** @throws what the machine refuses */
function accepted(outcome: Outcome): Outcome {
  switch (outcome.is) {
    case 'folder_unreadable':
      throw new ServiceError('auth_folder_unreadable', { status: outcome.status }, { cause: outcome.cause });
    case 'shutting_down':
      throw new ServiceError('shutting_down');
    case 'failed':
      throw outcome.cause;
    default:
      return outcome;
  }
}
