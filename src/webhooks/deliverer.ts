import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import PQueue from 'p-queue';
import { redact, type Logger } from '../logger.js';
import { organizationLabel } from '../organization-id.js';
import type { DeliveryStore } from '../store/ports.js';
import { DeliverySlots } from './delivery-slots.js';
import { eventBody, testBody } from './payload.js';
import { afterFailure, restOf, retryAfterMs, type RetrySettings } from './retry-schedule.js';
import type { Outcome, SafeRequests } from './safe-request.js';
import { signedHeaders } from './signature.js';
import {
  AT_ONCE,
  type Delivery,
  type DeliveryError,
  type Failure,
  type Line,
  type Trouble,
  type Webhook,
} from './webhook.js';
import type { WebhookList } from './webhook-list.js';

/** Whoever sleeps looks at the clock at least this often, ms: clocks are set. */
const LONGEST_SLEEP_MS = 60_000;
/** Within the 10 s in which every request to this service is answered, ms. */
const TEST_TIMEOUT_MS = 8000;
const TESTS_AT_ONCE = 4;
/** Characters of what the system says about a failure. */
const MAX_REASON = 100;
/**
 * How long a receiver may take to answer at a stop, ms: what it took and could not say, it gets again. The whole stop
 * has 5 s.
 */
const STOP_GRACE_MS = 2000;

export interface DelivererSettings extends RetrySettings {
  readonly timeoutMs: number;
  readonly language: 'en' | 'es';
}

export interface DelivererHouse {
  readonly webhooks: WebhookList;
  readonly deliveries: DeliveryStore;
  readonly requests: Pick<SafeRequests, 'post'>;
  readonly settings: DelivererSettings;
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
  /** A receiver said that it is gone: what waits is to be parked. */
  readonly onDisabled: (webhookId: string) => Promise<void>;
  /** For those who count. */
  readonly counts: DeliveryCounts;
}

export interface DeliveryCounts {
  /** Once for each try of a delivery. */
  tried(outcome: 'delivered' | DeliveryError): void;
  parked(deliveries: number): void;
}

/** How a try went, for a person who asked for it. */
export interface TryResult {
  /** The receiver's, when it answered. */
  readonly httpStatus: number | null;
  readonly ms: number;
  /** Null: it went well. */
  readonly error: Omit<Failure, 'at'> | null;
}

interface LineState {
  readonly line: Line;
  /** Undefined until it was read, when the line begins to move. */
  trouble: Trouble | null | undefined;
  busy: boolean;
  /** Something came that the last look may not have seen. */
  woken: boolean;
  timer: NodeJS.Timeout | null;
}

/**
 * Brings what waits to its receivers: one line for each webhook and organization, first in, first out, one request at
 * a time in each, and lines side by side. A failure holds up its own line and nothing else.
 */
export class Deliverer {
  private readonly lines = new Map<string, LineState>();
  private readonly slots: DeliverySlots;
  private readonly tests = new PQueue({ concurrency: TESTS_AT_ONCE });
  /** Lines that are not at rest. */
  private readonly moving = new Set<Promise<void>>();
  private readonly callOff = new AbortController();
  private stopped = false;

  constructor(private readonly house: DelivererHouse) {
    this.slots = new DeliverySlots(house.now);
    // As many as there are requests at one time.
    setMaxListeners(0, this.callOff.signal);
  }

  /** Takes up what a former process left. Resolves with in how many lines something waits. */
  async start(): Promise<number> {
    const lines = await this.house.deliveries.lines();
    for (const line of lines) this.wake(line);
    return lines.length;
  }

  /** Something waits in this line. One that rests after a failure goes on resting. */
  wake(line: Line): void {
    if (this.stopped) return;
    const key = `${line.webhookId} ${line.organizationId}`;
    let state = this.lines.get(key);
    if (!state) {
      state = { line, trouble: undefined, busy: false, woken: false, timer: null };
      this.lines.set(key, state);
    }
    state.woken = true;
    if (!state.busy && !state.timer) this.run(key, state);
  }

  /** Nothing is remembered of a webhook that was removed. */
  async removed(webhookId: string): Promise<void> {
    this.slots.forget(webhookId);
    await this.hurry(webhookId);
  }

  /**
   * The lines of this webhook that rest try again now: something was changed about it, or its receiver was seen
   * alive.
   */
  async hurry(webhookId: string): Promise<void> {
    // Asked first: what is noted of a try that is under way comes after it.
    const ended = this.house.deliveries.endTrouble({ webhookId });
    for (const [key, state] of this.lines) {
      if (state.line.webhookId !== webhookId) continue;
      state.trouble = null;
      if (state.timer) clearTimeout(state.timer);
      state.timer = null;
      if (!state.busy) this.run(key, state);
    }
    await ended;
  }

  /** A `webhook.test`, now and once, in no line. */
  async test(webhook: Webhook): Promise<TryResult> {
    const { now, settings } = this.house;
    const begun = now();
    const body = testBody(webhook, begun, settings.language);
    const id = `msg_test_${begun}`;
    const outcome = await this.tests.add(async (): Promise<Outcome> => {
      const left = TEST_TIMEOUT_MS - (now() - begun);
      // It waited for its turn for too long.
      if (left <= 0) return { kind: 'failed', code: 'timeout', detail: 'no turn in time' };
      return this.post(webhook, id, body, Math.min(settings.timeoutMs, left));
    });
    const error = failureOf(outcome);
    if (error === null) await this.hurry(webhook.webhookId);
    return { httpStatus: outcome.kind === 'answered' ? outcome.status : null, ms: now() - begun, error };
  }

  /**
   * Nothing is begun any more; what is under way has a moment to end, and is then called off and waits for the next
   * start.
   */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { timer } of this.lines.values()) if (timer) clearTimeout(timer);
    const ended = Promise.all([this.tests.onIdle(), ...this.moving]);
    const grace = setTimeout(() => this.callOff.abort(), STOP_GRACE_MS);
    await ended;
    clearTimeout(grace);
  }

  // --- inside ---

  private run(key: string, state: LineState): void {
    const moving = this.move(key, state).finally(() => this.moving.delete(moving));
    this.moving.add(moving);
  }

  private async move(key: string, state: LineState): Promise<void> {
    state.busy = true;
    try {
      while (!this.stopped) {
        state.woken = false;
        await this.readTrouble(state);
        const webhook = this.house.webhooks.get(state.line.webhookId);
        const next = webhook?.disabledReason === null ? await this.house.deliveries.head(state.line) : null;
        if (!webhook || !next) {
          if (state.woken) continue;
          this.lines.delete(key);
          return;
        }
        const rest = restOf(this.house.settings, state.trouble ?? null, this.house.now());
        if (rest > 0) return this.sleep(key, state, rest);
        await this.deliver(webhook, next, state);
      }
    } catch (error) {
      // The disk: what could not be written is tried again, and sent twice rather than not at all.
      const text = redact(error instanceof Error ? error.message : String(error));
      this.house.logger.error(
        { event: 'webhook_storage_failed', ...about(state.line) },
        `Deliveries could not be read or written (disk full?): ${text}`,
      );
      this.sleep(key, state, this.house.settings.baseMs);
    } finally {
      state.busy = false;
    }
  }

  private async readTrouble(state: LineState): Promise<void> {
    if (state.trouble !== undefined) return;
    const trouble = await this.house.deliveries.trouble(state.line);
    // Somebody may have ended it meanwhile.
    if (state.trouble === undefined) state.trouble = trouble;
  }

  private sleep(key: string, state: LineState, ms: number): void {
    if (this.stopped) return;
    state.timer = setTimeout(
      () => {
        state.timer = null;
        this.run(key, state);
      },
      Math.min(ms, LONGEST_SLEEP_MS),
    );
  }

  private async deliver(webhook: Webhook, delivery: Delivery, state: LineState): Promise<void> {
    const { now, settings, deliveries, webhooks } = this.house;
    const body = eventBody(delivery, settings.language);
    const outcome = await this.slots.run(webhook.webhookId, Boolean(state.trouble), () =>
      this.post(webhook, delivery.deliveryId, body, settings.timeoutMs),
    );
    if (outcome.kind === 'aborted') return;
    const at = now();
    const error = failureOf(outcome);
    if (error === null) {
      await deliveries.noteDelivered(delivery, at);
      state.trouble = null;
      webhooks.note(webhook.webhookId, { deliveredAt: at });
      this.house.logger.debug(
        { event: 'webhook_delivered', ...about(delivery), delivery_id: delivery.deliveryId },
        'The receiver took an event.',
      );
      this.house.counts.tried('delivered');
      return;
    }
    await this.failed(webhook, delivery, state, { ...error, at }, outcome);
  }

  private async failed(
    webhook: Webhook,
    delivery: Delivery,
    state: LineState,
    failure: Failure,
    outcome: Outcome,
  ): Promise<void> {
    const { settings, deliveries, webhooks, random, counts } = this.house;
    // Removed meanwhile, by a person: nothing is left to be noted.
    if (!webhooks.get(webhook.webhookId)) return;
    const asked = outcome.kind === 'answered' ? retryAfterMs(outcome.retryAfter, failure.at) : 0;
    const before = state.trouble ?? null;
    const { trouble, parked: whose } = afterFailure(settings, before, delivery, failure.at, random(), asked);
    // Before it is noted: whoever ends the trouble meanwhile has the last word.
    state.trouble = trouble;
    await deliveries.noteFailed(delivery, failure, trouble);
    webhooks.note(webhook.webhookId, { failure });
    this.logFailure(delivery, failure, trouble);
    if (failure.code === 'gone') await this.disable(delivery);
    counts.tried(failure.code);
    if (whose !== 'none') await this.park(delivery, whose, failure);
  }

  private logFailure(delivery: Delivery, { code, httpStatus, reason }: Failure, trouble: Trouble): void {
    this.house.logger.info(
      {
        event: 'webhook_failed',
        ...about(delivery),
        delivery_id: delivery.deliveryId,
        code,
        http_status: httpStatus,
        reason,
        failures: trouble.failures,
        next_try: new Date(trouble.nextTryAt).toISOString(),
      },
      'A receiver did not take an event; it waits, and those behind it of the same organization with it.',
    );
  }

  /** The receiver said that it is gone. */
  private async disable(delivery: Delivery): Promise<void> {
    const { webhooks, logger, onDisabled } = this.house;
    // A person may have changed or removed it meanwhile.
    const changed = await webhooks.change(delivery.webhookId, ({ disabledReason }) => ({
      disabledReason: disabledReason ?? 'gone',
    }));
    if (changed?.before.disabledReason !== null) return;
    logger.error(
      { event: 'webhook_disabled', ...about(delivery), reason: 'gone' },
      'The receiver answered 410 Gone: the webhook is disabled, and what waited for it is parked.',
    );
    await onDisabled(delivery.webhookId);
  }

  private async park(delivery: Delivery, whose: 'this' | 'line', failure: Failure): Promise<void> {
    const { settings, deliveries, logger, counts } = this.house;
    let parked = whose === 'this' ? await deliveries.parkOne(delivery, failure.at) : 0;
    for (let piece = AT_ONCE; whose === 'line' && piece === AT_ONCE && !this.stopped;) {
      piece = await deliveries.parkLine(delivery, failure.at - settings.retryForMs, failure, AT_ONCE);
      parked += piece;
      if (piece === AT_ONCE) await nextTurn();
    }
    if (parked === 0) return;
    counts.parked(parked);
    logger.error(
      { event: 'webhook_parked', ...about(delivery), deliveries: parked },
      `${parked} deliveries were tried for long enough and are parked; redeliver them when the receiver is back.`,
    );
  }

  private async post(webhook: Webhook, id: string, body: string, timeoutMs: number): Promise<Outcome> {
    const { signal } = this.callOff;
    // It waited for its turn until the service stopped.
    if (this.stopped) return { kind: 'aborted' };
    // The newest secrets: it may have waited for its turn.
    const { secret, oldSecret, url } = this.house.webhooks.get(webhook.webhookId) ?? webhook;
    const headers = signedHeaders({ secret, oldSecret }, id, this.house.now(), body);
    return this.house.requests.post(url, headers, body, {
      timeoutMs,
      signal,
    });
  }
}

/** How the log names a line. */
function about({ webhookId, organizationId }: Line) {
  return { webhook_id: webhookId, org: organizationLabel(organizationId) };
}

/** Null: it went well. */
function failureOf(outcome: Outcome): Omit<Failure, 'at'> | null {
  if (outcome.kind === 'aborted') return { code: 'timeout', httpStatus: null, reason: null };
  if (outcome.kind === 'failed') {
    return { code: outcome.code, httpStatus: null, reason: outcome.detail.slice(0, MAX_REASON) };
  }
  const { status } = outcome;
  if (status >= 200 && status < 300) return null;
  const code = status === 410 ? 'gone' : status >= 300 && status < 400 ? 'redirected' : 'refused';
  return { code, httpStatus: status, reason: null };
}
