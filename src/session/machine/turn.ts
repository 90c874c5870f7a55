import type { EventData, EventName } from '../../events/catalogue.js';
import type { HealthLimits, SessionHealth } from '../../health/session-health.js';
import type { RecentEnds } from '../recent-ends.js';
import type { Effect, LogFields, LogLevel, Outcome, Question, Tell } from '../session-effects.js';
import {
  liveSocketOf,
  phoneOf,
  statusOf,
  type MachineState,
  type SessionMemory,
  type SessionState,
  type Task,
} from '../session-state.js';
import type { OrganizationRecord } from '../../store/ports.js';
import type { AttentionCode, SessionStatus } from '../session-view.js';

export interface SessionSettings {
  readonly health: HealthLimits;
  readonly cleaningsPerDay: number;
  /** Delays between logins, ms. */
  readonly reconnect: { readonly baseMs: number; readonly maxMs: number; readonly replacedRetryMs: number };
}

/** What a step knows besides the session itself. */
export interface MachineContext {
  readonly settings: SessionSettings;
  /** In [0, 1). */
  readonly random: number;
  /** Whether so many sessions of this process report stream errors that nobody's keys are to blame. */
  readonly isOutage: boolean;
  /** The same, as if this session had just reported one. */
  readonly isOutageWithThis: boolean;
  /** How many sessions report stream errors, */
  readonly affected: number;
  /** and how many, this one included. */
  readonly affectedWithThis: number;
}

/** What a step comes to. */
export interface Step extends MachineState {
  /** To be done at once, in this order. */
  readonly effects: readonly Effect[];
  /** To be asked after that; its answer is the next event of this action. */
  readonly question: Question | null;
  /** What the action's caller hears; null while the action goes on, and when there is none. */
  readonly outcome: Outcome | null;
}

/** One step while it is being made. It lives no longer than that, so that from outside the machine is pure. */
export class Turn {
  state: SessionState;
  memory: SessionMemory;
  private readonly effects: Effect[] = [];
  private question: Question | null = null;
  private outcome: Outcome | null = null;
  private hasChanged = false;
  private ownHealth: SessionHealth | null = null;
  private ownEnds: RecentEnds | null = null;

  constructor(
    before: MachineState,
    readonly now: number,
    readonly context: MachineContext,
  ) {
    this.state = before.state;
    this.memory = before.memory;
  }

  end(): Step {
    if (this.hasChanged) this.effects.push({ do: 'announce_change' });
    const { state, memory, effects, question, outcome } = this;
    return { state, memory, effects, question, outcome };
  }

  // --- what can be read ---

  get liveSocket(): number | null {
    return liveSocketOf(this.state);
  }

  get phone(): string | null {
    return phoneOf(this.state);
  }

  get status(): SessionStatus {
    return statusOf(this.state);
  }

  /** To be changed in this step: a copy. */
  get health(): SessionHealth {
    if (!this.ownHealth) this.remember({ health: (this.ownHealth = this.memory.health.copy()) });
    return this.ownHealth;
  }

  get ends(): RecentEnds {
    if (!this.ownEnds) this.remember({ ends: (this.ownEnds = this.memory.ends.copy()) });
    return this.ownEnds;
  }

  // --- what can be done ---

  do(effect: Effect): void {
    this.effects.push(effect);
  }

  ask(question: Question): void {
    if (this.question) throw new Error(`Two questions in one step: ${this.question.ask}, ${question.ask}`);
    this.question = question;
  }

  /** The action is over. */
  finish(outcome: Outcome = { is: 'done' }): void {
    this.outcome = outcome;
  }

  tell<Name extends EventName>(name: Name, data: EventData<Name>): void {
    this.do({ do: 'tell', name, data } as unknown as Tell);
  }

  log(level: LogLevel, fields: LogFields, text: string): void {
    this.do({ do: 'log', level, fields, text });
  }

  remember(what: Partial<SessionMemory>): void {
    this.memory = { ...this.memory, ...what };
  }

  record(what: Partial<OrganizationRecord>): void {
    this.remember({ record: { ...this.memory.record, ...what } });
  }

  changed(): void {
    this.hasChanged = true;
  }

  /** A new status is told. */
  become(state: SessionState): void {
    const previous = this.status;
    this.state = state;
    const { status } = this;
    if (status !== previous) {
      this.remember({ since: this.now });
      this.tell('session.status', { status, previous });
    }
    this.changed();
  }

  /** No socket is alive and no timer runs; `shown` is told when it is another status than before. */
  becomeInBetween(task: Task, shown: SessionStatus = this.status): void {
    this.become({ name: 'in_between', shown, phone: this.phone, task });
  }

  setAttention(code: AttentionCode | null, until: number | null = null): void {
    const { attention } = this.memory;
    if (code !== null && attention?.code !== code) this.tell('session.attention', { code, until: iso(until) });
    const since = attention?.code === code ? attention.since : this.now;
    this.remember({ attention: code === null ? null : { code, since, until } });
    this.changed();
  }
}

export function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
