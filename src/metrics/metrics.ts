import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EventData, EventName, ServiceEvent } from '../events/catalogue.js';
import { COUNTED_FAULTS, OTHER_FAULTS, type Verdict } from '../health/session-fault.js';
import { MESSAGE_STATES, type MessageErrorCode, type OutboxMessage } from '../outbox/outbox-message.js';
import { DISCONNECT_KINDS } from '../session/disconnect-reason.js';
import { ATTENTION_CODES, SESSION_STATUSES, type Sessions } from '../session/session-view.js';
import { DELIVERY_ERRORS, type DeliveryError } from '../webhooks/webhook.js';
import type { Webhooks } from '../webhooks/webhooks.js';
import type { OutboxDepth } from './outbox-depth.js';
import { processMetrics } from './process-metrics.js';

/**
 * Every label has one of a few values that are known beforehand; anything else is `other`. No organization, no phone,
 * no message.
 */
const OTHER = 'other';
const VERDICTS = namesOf<Verdict>({ healthy: 0, suspect: 0, corrupted: 0 });
const ERROR_CODES = namesOf<MessageErrorCode>({
  not_on_whatsapp: 0,
  recipient_refused: 0,
  message_refused: 0,
  message_poisoned: 0,
  replaced: 0,
  cancelled_by_request: 0,
});
const FAULTS = [...COUNTED_FAULTS, ...OTHER_FAULTS];
/** The guards that may keep keys whose limit was reached. */
const GUARDS = ['outage', 'cleaning_budget_spent'];
/** By hand there is one reason only. */
const CLEANINGS = [...COUNTED_FAULTS.map((reason) => ['automatic', reason]), ['by_hand', 'forced']] as const;
const OUTCOMES = MESSAGE_STATES.filter((state) => state !== 'queued');
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'];

/** Seconds. WhatsApp acks within a fraction of one; a caller waits for 8, the service repeats for `RESEND_WITHIN`. */
const ACK_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 15, 30, 60, 300, 600];
/** Seconds. The existing client gives up at 10; `wait_ms` may ask for 30. */
const HTTP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type Handlers = { readonly [Name in EventName]?: (data: EventData<Name>, organizationId: string) => void };

export interface MetricsSources {
  readonly sessions: Pick<Sessions, 'list' | 'readiness'>;
  readonly outbox: Pick<OutboxDepth, 'at'>;
  readonly webhooks: Pick<Webhooks, 'depth'>;
  /** Epoch ms. */
  readonly now: () => number;
}

/**
 * What this process has counted since it started, and what is the case at the moment of a scrape. It is told the facts
 * (`onEvent`, `onMessage`, `answered`) and asks nobody in between. ops/README.md describes each metric; a test holds
 * the two against each other.
 */
export class Metrics {
  private readonly registry = new Registry();
  /** Why each organization's connection ended last, until it is back. */
  private readonly lastEnds = new Map<string, string>();

  // --- sessions ---

  private readonly sessions = this.gauge('whatsapp_sessions', 'Sessions by status.', ['status'] as const);
  private readonly verdicts = this.gauge(
    'whatsapp_sessions_by_verdict',
    'Sessions by the verdict on their keys: healthy, suspect (something was counted), corrupted.',
    ['verdict'] as const,
  );
  private readonly attention = this.gauge(
    'whatsapp_sessions_needing_attention',
    'Sessions that need a person or wait on purpose, by why; guards that hold something back now are among them.',
    ['code'] as const,
  );
  private readonly restoring = this.gauge(
    'whatsapp_sessions_restoring',
    'Sessions that should come back at boot and had no try yet.',
    [] as const,
  );
  private readonly versionRefused = this.gauge(
    'whatsapp_client_version_refused',
    '1 while WhatsApp refuses this client version and nobody logs in.',
    [] as const,
  );
  private readonly logins = this.counter('whatsapp_logins_total', 'Logins that WhatsApp accepted.', [] as const);
  private readonly pairings = this.counter('whatsapp_pairings_total', 'Phones that linked this device.', [] as const);
  private readonly qrs = this.counter('whatsapp_qrs_total', 'QRs that could be scanned.', [] as const);
  private readonly disconnects = this.counter('whatsapp_disconnects_total', 'Connections that ended, by why.', [
    'reason',
  ] as const);
  private readonly reconnects = this.counter(
    'whatsapp_reconnects_total',
    'Sessions that came back by themselves, by why their connection had ended.',
    ['reason'] as const,
  );
  private readonly faults = this.counter('whatsapp_faults_total', 'Faults, by kind.', ['kind'] as const);
  private readonly cleanings = this.counter(
    'whatsapp_cleanings_total',
    'Auth folders that were set aside, by who decided it and why.',
    ['trigger', 'reason'] as const,
  );
  private readonly heldBack = this.counter(
    'whatsapp_cleanings_held_back_total',
    'Times that a limit was reached and a guard kept the keys, by guard.',
    ['reason'] as const,
  );
  private readonly restores = this.counter('whatsapp_restores_total', 'Backups that were put back.', [] as const);

  // --- messages ---

  private readonly received = this.counter(
    'whatsapp_messages_received_total',
    'Messages of customers that arrived.',
    [] as const,
  );
  private readonly messages = this.counter(
    'whatsapp_messages_total',
    'Outbox messages that came into a state; sent, delivered, read, failed, expired, ' +
      'cancelled and unconfirmed are outcomes.',
    ['status'] as const,
  );
  private readonly messageErrors = this.counter(
    'whatsapp_message_errors_total',
    'Outbox messages that failed or were cancelled, by why.',
    ['code'] as const,
  );
  private readonly ackLatency = new Histogram({
    name: 'whatsapp_ack_latency_seconds',
    help: "From the first try of a message to WhatsApp's ack (or to the receipt that came instead).",
    buckets: ACK_BUCKETS,
    registers: [this.registry],
  });
  private readonly outbox = this.gauge('whatsapp_outbox_messages', 'Messages that wait, by state.', ['state'] as const);
  private readonly due = this.gauge(
    'whatsapp_outbox_due_messages',
    'Messages that wait and could be on their way: not scheduled for later, no quiet hours.',
    [] as const,
  );
  private readonly oldestAge = this.gauge(
    'whatsapp_outbox_oldest_age_seconds',
    'For how long the oldest due message could have been sent; 0 when none is due.',
    [] as const,
  );

  // --- webhooks ---

  private readonly webhookTries = this.counter(
    'whatsapp_webhook_tries_total',
    'Tries to deliver an event to a webhook, by what came of it: delivered, or why not.',
    ['outcome'] as const,
  );
  private readonly webhookParked = this.counter(
    'whatsapp_webhook_parked_total',
    'Deliveries that were given up and wait for a person.',
    [] as const,
  );
  private readonly webhookBacklog = this.gauge(
    'whatsapp_webhook_backlog',
    'Deliveries that wait for their receiver, and those that were parked.',
    ['state'] as const,
  );
  private readonly webhookOldestAge = this.gauge(
    'whatsapp_webhook_oldest_waiting_age_seconds',
    'For how long the oldest delivery waits; 0 when none does.',
    [] as const,
  );

  // --- HTTP ---

  private readonly requests = this.counter('whatsapp_http_requests_total', 'HTTP requests that were answered.', [
    'method',
    'route',
    'status',
  ] as const);
  private readonly requestSeconds = new Histogram({
    name: 'whatsapp_http_request_duration_seconds',
    help: 'From the first byte of a request to the end of its answer, with the waiting that the caller asked for.',
    labelNames: ['method', 'route'] as const,
    buckets: HTTP_BUCKETS,
    registers: [this.registry],
  });

  /** With those of the process; made when all others are there. */
  private readonly everything = Registry.merge([this.registry, processMetrics()]);
  readonly contentType = this.everything.contentType;

  constructor(private readonly sources: MetricsSources) {
    // Everything that may be counted is there from the beginning: a rate needs a zero to rise from.
    for (const reason of [...DISCONNECT_KINDS, OTHER]) {
      this.disconnects.inc({ reason }, 0);
      this.reconnects.inc({ reason }, 0);
    }
    for (const kind of [...FAULTS, OTHER]) this.faults.inc({ kind }, 0);
    for (const [trigger, reason] of CLEANINGS) this.cleanings.inc({ trigger, reason }, 0);
    for (const reason of [...GUARDS, OTHER]) this.heldBack.inc({ reason }, 0);
    for (const status of OUTCOMES) this.messages.inc({ status }, 0);
    for (const code of ERROR_CODES) this.messageErrors.inc({ code }, 0);
    for (const outcome of ['delivered', ...DELIVERY_ERRORS]) this.webhookTries.inc({ outcome }, 0);
  }

  /** The exposition format of Prometheus. */
  async text(): Promise<string> {
    await this.look();
    return this.everything.metrics();
  }

  /** Counts one fact of the event ledger; those that concern nothing here are passed over. */
  onEvent({ name, data, organizationId }: Pick<ServiceEvent, 'name' | 'data' | 'organizationId'>): void {
    const count = this.handlers[name] as ((data: object, organizationId: string) => void) | undefined;
    count?.(data, organizationId);
  }

  /** Counts one change of an outbox message. */
  onMessage(message: OutboxMessage): void {
    const { state, times, firstTryAt, errorCode } = message;
    this.messages.inc({ status: state });
    if (errorCode !== null) this.messageErrors.inc({ code: known(errorCode, ERROR_CODES) });
    const answers = [times.sent, times.delivered, times.read].filter((at) => at !== undefined);
    // Only the first of them; the others are the customer's time, not WhatsApp's.
    if (answers.length !== 1 || times[state] !== answers[0] || firstTryAt === null) return;
    this.ackLatency.observe(Math.max(0, (answers[0] as number) - firstTryAt) / 1000);
  }

  /** Counts one try of a delivery. */
  tried(outcome: 'delivered' | DeliveryError): void {
    this.webhookTries.inc({ outcome });
  }

  /** Counts deliveries that were parked. */
  parked(deliveries: number): void {
    this.webhookParked.inc(deliveries);
  }

  /** Counts one answer. `route` is the pattern of a path, never the path. */
  answered(method: string, route: string, status: number, seconds: number): void {
    const labels = { method: known(method, METHODS), route };
    this.requests.inc({ ...labels, status: String(status) });
    this.requestSeconds.observe(labels, seconds);
  }

  private readonly handlers: Handlers = {
    'session.connected': (_data, id) => {
      this.logins.inc();
      const reason = this.lastEnds.get(id);
      if (reason !== undefined) this.reconnects.inc({ reason });
      this.lastEnds.delete(id);
    },
    'session.disconnected': ({ reason }, id) => {
      const kind = known(reason, DISCONNECT_KINDS);
      this.disconnects.inc({ reason: kind });
      this.lastEnds.set(id, kind);
    },
    'session.cleaned': ({ automatic, reason }, id) => {
      const trigger = automatic ? 'automatic' : 'by_hand';
      this.cleanings.inc({ trigger, reason: known(reason, [...COUNTED_FAULTS, 'forced']) });
      // What connects next is another device, which somebody scanned.
      this.lastEnds.delete(id);
    },
    'session.linked': () => this.pairings.inc(),
    'session.qr': () => this.qrs.inc(),
    'session.fault': ({ kind }) => this.faults.inc({ kind: known(kind, FAULTS) }),
    'session.cleaning_held_back': ({ reason }) => this.heldBack.inc({ reason: known(reason, GUARDS) }),
    'session.restored': () => this.restores.inc(),
    'message.received': () => this.received.inc(),
  };

  /** What is the case now. */
  private async look(): Promise<void> {
    const { sessions, outbox, webhooks, now } = this.sources;
    // Asked first: two scrapes at one time must not count into each other.
    const { waiting, parked, oldestWaitingAgeMs } = await webhooks.depth();
    for (const status of SESSION_STATUSES) this.sessions.set({ status }, 0);
    for (const verdict of VERDICTS) this.verdicts.set({ verdict }, 0);
    for (const code of ATTENTION_CODES) this.attention.set({ code }, 0);
    for (const { status, health, attention } of sessions.list()) {
      this.sessions.inc({ status });
      this.verdicts.inc({ verdict: health.verdict });
      if (attention) this.attention.inc({ code: attention.code });
    }
    const { restoring, versionRefused } = sessions.readiness();
    this.restoring.set(restoring);
    this.versionRefused.set(versionRefused ? 1 : 0);
    const { queued, sending, due, oldestDueAgeMs } = outbox.at(now());
    this.outbox.set({ state: 'queued' }, queued);
    this.outbox.set({ state: 'sending' }, sending);
    this.due.set(due);
    this.oldestAge.set(oldestDueAgeMs / 1000);
    this.webhookBacklog.set({ state: 'waiting' }, waiting);
    this.webhookBacklog.set({ state: 'parked' }, parked);
    this.webhookOldestAge.set(oldestWaitingAgeMs / 1000);
  }

  private counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}

/** A label's value, or `other` for one that nobody knows. */
function known(value: string, values: readonly string[]): string {
  return values.includes(value) ? value : OTHER;
}

/** All names of a union, held complete by the type checker. */
function namesOf<Name extends string>(names: Record<Name, 0>): Name[] {
  return Object.keys(names) as Name[];
}
