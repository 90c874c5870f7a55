import { setImmediate as nextTurn } from 'node:timers/promises';
import { Mutex } from 'async-mutex';
import type { EventLedger } from '../events/event-ledger.js';
import { redact, type Logger } from '../logger.js';
import type { OrganizationId } from '../organization-id.js';
import type { OutboxMessage } from '../outbox/outbox-message.js';
import type { Outbox } from '../outbox/outbox.js';
import { afterQuietHours } from '../outbox/quiet-hours.js';
import type { OutboxStore, UndeliveredStore } from '../store/ports.js';
import { judge } from './undelivered.js';

/** How often the clock is looked at, ms. */
const TICK_MS = 1000;
/** Messages looked at before others have their turn: some 10 ms. */
const AT_ONCE = 100;
/**
 * A message lives for 60 days at most (`send_at` 30 days ahead, `expires_at` 30 days after it); what was told is
 * remembered for longer, ms.
 */
const TOLD_KEPT_MS = 90 * 86_400_000;
const FORGET_EVERY_TICKS = 3600;

interface Parts {
  readonly ledger: Pick<EventLedger, 'tell'>;
  readonly store: UndeliveredStore;
  readonly outboxStore: Pick<OutboxStore, 'get' | 'acceptedAfter' | 'lastSeq'>;
  readonly outbox: Pick<Outbox, 'quietHours'>;
  /** What holds for organizations that chose nothing, ms; 0: never. */
  readonly defaultAfterMs: number;
  readonly logger: Logger;
  readonly now: () => number;
}

/**
 * Tells `message.undelivered`, once for each message: when it has not reached the customer's phone in time, and at
 * once when nothing more is tried. A send pays nothing for it: the watch follows behind, over the messages as old as
 * the shortest delay, most of which have arrived by then; the few that have not and have more time (`send_at`,
 * another delay) are noted. That one was told is part of the event's own commit.
 */
export class UndeliveredWatch {
  private readonly delays: Map<OrganizationId, number>;
  private looked: number;
  private timer: NodeJS.Timeout | null = null;
  private ticking: Promise<void> | null = null;
  private ticksToForgetting = 0;
  private isStopped = false;
  /** Messages are looked at one after another, so that nobody tells of one that somebody else is telling of. */
  private readonly looks = new Mutex();

  static async open(parts: Parts): Promise<UndeliveredWatch> {
    const watch = new UndeliveredWatch(parts, { delays: await parts.store.delays(), place: await parts.store.place() });
    await watch.begin();
    return watch;
  }

  /** @param known what the storage remembers */
  constructor(
    private readonly parts: Parts,
    known: { readonly delays: ReadonlyMap<OrganizationId, number>; readonly place: number | null },
  ) {
    this.delays = new Map(known.delays);
    this.looked = known.place ?? Infinity;
  }

  start(): void {
    this.timer = setInterval(() => {
      this.ticking ??= this.tick().finally(() => (this.ticking = null));
    }, TICK_MS);
  }

  /** Resolves when nothing is looked at any more, nor will be: what changes from now on, the next start finds. */
  async stop(): Promise<void> {
    this.isStopped = true;
    if (this.timer) clearInterval(this.timer);
    await this.ticking;
    await this.looks.waitForUnlock();
  }

  /** What an organization chose, ms; null: nothing. 0: never. */
  chosen(organizationId: OrganizationId): number | null {
    return this.delays.get(organizationId) ?? null;
  }

  /** On disk when it resolves; holds for messages that wait as well. Null: as configured for all. */
  async choose(organizationId: OrganizationId, afterMs: number | null): Promise<void> {
    // In its turn: a look that has begun would note the time that held before.
    await this.looks.runExclusive(async () => {
      // What is noted of the organization is looked at again, and gets another time.
      await this.parts.store.saveDelay(organizationId, afterMs);
      if (afterMs === null) this.delays.delete(organizationId);
      else this.delays.set(organizationId, afterMs);
    });
  }

  /** A message changed: when nothing more is tried, nobody has to wait for the delay. */
  async onChange({ messageId, state }: Pick<OutboxMessage, 'messageId' | 'state'>): Promise<void> {
    if (this.isStopped || (state !== 'failed' && state !== 'expired' && state !== 'unconfirmed')) return;
    await this.inTurn(async () => {
      const message = await this.parts.outboxStore.get(messageId);
      if (message) await this.look(message);
    });
  }

  /** Looks at what may be due by now, in pieces. */
  async tick(): Promise<void> {
    await this.inPieces(() => this.lookAgain());
    await this.inPieces(() => this.follow());
    if (--this.ticksToForgetting > 0) return;
    await this.inTurn(async () => {
      await this.parts.store.forgetTold(this.parts.now() - TOLD_KEPT_MS);
      this.ticksToForgetting = FORGET_EVERY_TICKS;
    });
  }

  // --- inside ---

  /**
   * Messages of before the watch are none of its business: a first start after an update tells nothing about last
   * year.
   */
  private async begin(): Promise<void> {
    const last = await this.parts.outboxStore.lastSeq();
    // Another outbox than before, when its file was lost: its numbers begin anew.
    if (this.looked <= last) return;
    await this.parts.store.savePlace(last);
    this.looked = last;
  }

  /** @param work one piece; resolves with how many messages it had */
  private async inPieces(work: () => Promise<number>): Promise<void> {
    for (let piece = AT_ONCE; piece === AT_ONCE && !this.isStopped;) {
      piece = (await this.inTurn(work)) ?? 0;
      if (piece === AT_ONCE) await nextTurn();
    }
  }

  /** Looks again at those whose time has come. */
  private async lookAgain(): Promise<number> {
    const { store, outboxStore, now } = this.parts;
    const ids = await store.due(now(), AT_ONCE);
    // At one moment: each waits for what is being written to be on disk, and so they share one sync.
    const messages = await Promise.all(ids.map((id) => outboxStore.get(id)));
    for (const [at, id] of ids.entries()) {
      const message = messages[at];
      if (message) await this.look(message);
      else await store.forget(id);
    }
    return ids.length;
  }

  /** Goes on over the messages that are as old as the shortest delay. */
  private async follow(): Promise<number> {
    const shortest = Math.min(...[this.parts.defaultAfterMs, ...this.delays.values()].filter((ms) => ms > 0));
    // Where nobody wants to be told, the place is kept at the end: what is accepted until somebody does is not watched.
    const until = this.parts.now() - (Number.isFinite(shortest) ? shortest : 0);
    const accepted = await this.parts.outboxStore.acceptedAfter(this.looked, until, AT_ONCE);
    const last = accepted.at(-1);
    if (!last) return 0;
    for (const { message } of accepted) await this.look(message, { isNoted: false });
    await this.parts.store.savePlace(last.seq);
    this.looked = last.seq;
    return accepted.length;
  }

  private async look(message: OutboxMessage, { isNoted } = { isNoted: true }): Promise<void> {
    const { store, ledger, outbox, now } = this.parts;
    const { messageId, organizationId, state } = message;
    const wanted = Math.max(message.createdAt, message.sendAt);
    // What rests until the morning on purpose is not late in the night.
    const from = afterQuietHours(outbox.quietHours(organizationId), wanted);
    const afterMs = this.delays.get(organizationId) ?? this.parts.defaultAfterMs;
    const judgement = judge({ state, from }, afterMs === 0 ? null : afterMs, now());
    if (judgement === 'forget' || (await store.wasTold(messageId))) {
      if (isNoted) await store.forget(messageId);
      return;
    }
    if (judgement !== 'tell') {
      await store.lookLater(messageId, organizationId, judgement.lookAt);
      return;
    }
    // That it was told is in the event's own commit.
    await ledger.tell('message.undelivered', organizationId, {
      message_id: messageId,
      status: state,
      error_code: message.errorCode,
      ack_code: message.ackCode,
      phone_last4: message.phone.slice(-4),
      after_ms: Math.max(0, now() - wanted),
    });
  }

  /** The disk: what could not be told is told at the next tick, for its place was not left. */
  private async inTurn<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.looks.runExclusive(work);
    } catch (error) {
      this.parts.logger.error(
        { event: 'undelivered_watch_failed' },
        `Undelivered messages could not be looked for (disk full?): ${redact(String(error))}`,
      );
      return undefined;
    }
  }
}
