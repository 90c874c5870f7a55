import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from '../stage/api.js';
import type { Chance } from './chance.js';
import type { CrashStage } from './crash-stage.js';

export interface Shop {
  readonly id: string;
  /** Of the organization's phone. */
  readonly number: string;
}

/** A message that a backend asked for, and what it was told. */
export interface Order {
  readonly shop: Shop;
  readonly customer: string;
  readonly text: string;
  readonly key: string;
  readonly ttlSeconds: number | undefined;
  readonly askedAt: number;
  acceptedAt: number | null;
  /** As answered, the first time that it was accepted. */
  messageId: string | null;
  tries: number;
  /** What the service says of it in the end. */
  fate: string;
}

/** A message that a customer wrote. */
export interface Letter {
  readonly at: number;
  readonly id: string;
  readonly shop: Shop;
  readonly customer: string;
}

export interface TrafficOptions {
  /** Backends that send at one time; each waits for its answer before it sends the next. */
  readonly senders?: number;
  /** Customers who write at one time. */
  readonly writers?: number;
  /** Longest pause of each between two messages, ms. */
  readonly pauseMs?: number;
  /**
   * How long a customer waits for the delivery receipt of an earlier message before the next one, ms; default: as long
   * as it takes.
   */
  readonly patienceMs?: number;
  /** How many of a hundred messages live for two seconds only. */
  readonly shortLived?: number;
}

const UNREAD_LETTERS = 4;
const READ_WITHIN_MS = 120_000;

/**
 * Load both ways, which goes on whatever becomes of the service: a backend asks again until it has an answer, as the
 * same key allows.
 */
export class Traffic {
  readonly orders: Order[] = [];
  readonly letters: Letter[] = [];
  private readonly working: Promise<void>[] = [];
  private ending = false;
  private nextKey = 0;
  /** The shops that customers write to at the moment. */
  private readonly closed = new Set<string>();

  constructor(
    private readonly stage: CrashStage,
    private readonly chance: Chance,
    private readonly shops: readonly Shop[],
    private readonly customers: readonly string[],
    private readonly options: TrafficOptions = {},
  ) {}

  begin(): this {
    const { senders = 5, writers = 3 } = this.options;
    for (let n = 0; n < senders; n++) this.working.push(this.keepSending());
    for (let n = 0; n < writers; n++) this.working.push(this.keepWriting());
    return this;
  }

  /** No new messages; resolves when each that was begun has been answered. */
  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.working);
  }

  /** Nobody writes to a shop whose device is gone until it has a new one. */
  async whileNobodyWritesTo(shop: Shop, work: () => Promise<void>): Promise<void> {
    this.closed.add(shop.id);
    await work();
    this.closed.delete(shop.id);
  }

  async send(shop: Shop, customer: string, ttlSeconds?: number): Promise<Order> {
    const order: Order = {
      shop,
      customer,
      text: this.stage.text('Su cita está confirmada'),
      key: `order-${this.nextKey++}`,
      ttlSeconds,
      askedAt: Date.now(),
      acceptedAt: null,
      messageId: null,
      tries: 0,
      fate: 'unknown',
    };
    this.orders.push(order);
    const waitMs = this.chance.of([0, 0, 300, 2000]);
    // Now and then the network repeats a request by itself.
    const twice = this.chance.is(0.05);
    await Promise.all([this.ask(order, waitMs), twice ? this.ask(order, waitMs) : undefined]);
    return order;
  }

  async write(shop: Shop, customer: string): Promise<Letter> {
    const at = Date.now();
    const { id } = await this.stage.customer(customer).write(shop.number, this.stage.text('¿Puedo cambiar la hora?'));
    const letter = { at, id, shop, customer };
    this.letters.push(letter);
    return letter;
  }

  /** Asks until there is an answer about the message, over as many deaths of the service as it takes. */
  async ask(order: Order, waitMs: number): Promise<Answer> {
    for (;;) {
      const alive = await this.stage.up();
      let answer: Answer;
      order.tries++;
      try {
        answer = await alive.api.send(order.shop.id, order.customer, order.text, {
          wait_ms: waitMs,
          idempotency_key: order.key,
          ...(order.ttlSeconds !== undefined && { ttl_seconds: order.ttlSeconds }),
        });
      } catch (error) {
        await this.stage.wasKilled(alive, error);
        continue;
      }
      // Not stored, says the service: a full disk. Once more when there is room.
      if (answer.status === 503 && answer.body.code === 'storage_unavailable' && this.stage.diskMayBeFull) {
        this.stage.refused++;
        await this.stage.room;
        await this.rest();
        continue;
      }
      const { message_id: messageId } = answer.body as { message_id?: string };
      if (messageId === undefined) {
        this.stage.violations.push(`refused: ${answer.status} ${JSON.stringify(answer.body)}`);
      } else noteAccepted(order, messageId, this.stage.violations);
      return answer;
    }
  }

  private async keepSending(): Promise<void> {
    const { shortLived = 0 } = this.options;
    while (!this.ending) {
      const ttl = this.chance.is(shortLived / 100) ? 2 : undefined;
      await this.send(this.chance.of(this.shops), this.chance.of(this.customers), ttl);
      await this.rest();
    }
  }

  private async keepWriting(): Promise<void> {
    const unread: Letter[] = [];
    while (!this.ending) {
      const shop = this.chance.of(this.shops);
      if (!this.closed.has(shop.id)) unread.push(await this.write(shop, this.chance.of(this.customers)));
      if (unread.length >= UNREAD_LETTERS) {
        const { customer, id } = unread.shift() as Letter;
        // One that is never read is found at the end.
        await this.stage
          .customer(customer)
          .delivered(id, { timeoutMs: this.options.patienceMs ?? READ_WITHIN_MS })
          .catch(() => {});
      }
      await this.rest();
    }
  }

  private async rest(): Promise<void> {
    await pause(1 + this.chance.between(0, this.options.pauseMs ?? 40));
  }
}

/** The service took what was asked for; asked for again, it must be the same message. */
export function noteAccepted(
  order: { readonly key: string; messageId: string | null; acceptedAt: number | null },
  messageId: string,
  violations: string[],
): void {
  if (order.messageId === null) {
    order.messageId = messageId;
    order.acceptedAt = Date.now();
  } else if (order.messageId !== messageId) {
    violations.push(`${order.key} is ${order.messageId} and also ${messageId}`);
  }
}
