import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Api } from '../stage/api.js';
import type { CrashStage } from '../crash/crash-stage.js';
import { noteAccepted } from '../crash/traffic.js';

export interface Shop {
  readonly id: string;
  /** Of the organization's phone. */
  readonly number: string;
}

/** What else a backend asked for. */
export interface OrderOptions {
  readonly replaceKey?: string;
  readonly ttlSeconds?: number;
  /** From now, ms. */
  readonly sendInMs?: number;
  /** The backend wants it back as soon as it was accepted. */
  readonly takenBack?: boolean;
  /** The network repeats the request by itself. */
  readonly twice?: boolean;
}

/** A message that a backend asked for, and what it was told. Times are epoch ms. */
export interface Order {
  readonly shop: Shop;
  readonly customer: string;
  readonly text: string;
  readonly key: string;
  readonly options: OrderOptions;
  readonly askedAt: number;
  acceptedAt: number | null;
  /** As answered, the first time that it was accepted. */
  messageId: string | null;
  /** What the service said of it last. */
  fate: Fate | null;
}

export interface Fate {
  readonly status: string;
  readonly error: string | null;
  readonly ackCode: number | null;
}

/** A message that a customer wrote. */
export interface Letter {
  readonly at: number;
  readonly id: string;
  readonly shop: Shop;
  readonly customer: string;
  /** WhatsApp ends the connection when it gets the receipt: what was told may be set aside without one. */
  readonly isPoisoned: boolean;
}

/** What an answer that accepted nothing may say: the same again, a moment later. */
const TRY_AGAIN = ['shutting_down', 'storage_unavailable'];
const AGAIN_AFTER_MS = 100;
const MOST_TRIES = 600;

/**
 * What backends asked for and customers wrote; a backend asks again until it has an answer, as its idempotency key
 * allows.
 */
export class People {
  readonly orders: Order[] = [];
  readonly letters: Letter[] = [];
  private readonly underWay = new Set<Promise<unknown>>();
  private serial = 0;
  /** Stands in every text, so that one search of the log finds them all. */
  private readonly mark: string;

  constructor(private readonly stage: CrashStage) {
    this.mark = stage.text('soak');
  }

  text(about: string): string {
    return `${about} ${this.mark} ${++this.serial}`;
  }

  /** Asks in the background; `settle` waits for the answers. */
  send(shop: Shop, customer: string, options: OrderOptions = {}): Order {
    const order: Order = {
      shop,
      customer,
      text: this.text('Su cita está confirmada'),
      key: `order-${this.orders.length}`,
      options,
      askedAt: Date.now(),
      acceptedAt: null,
      messageId: null,
      fate: null,
    };
    this.orders.push(order);
    this.inBackground(this.ask(order, 0).then(() => (options.takenBack ? this.takeBack(order) : undefined)));
    if (options.twice) this.inBackground(this.ask(order, 0));
    return order;
  }

  /** Too late is as good as in time. */
  private async takeBack({ messageId }: Order): Promise<void> {
    const alive = await this.stage.up();
    await alive.api.delete(`/api/messages/${messageId}`).catch((error: unknown) => this.stage.wasKilled(alive, error));
  }

  /** What a person does about a session; done again when the service ended meanwhile. */
  byHand(work: (api: Api) => Promise<unknown>): void {
    const act = async (): Promise<void> => {
      const alive = await this.stage.up();
      try {
        await work(alive.api);
      } catch (error) {
        await this.stage.wasKilled(alive, error);
        await act();
      }
    };
    this.inBackground(act());
  }

  async write(
    shop: Shop,
    customer: string,
    { id: wanted, isPoisoned = false }: { id?: string; isPoisoned?: boolean } = {},
  ): Promise<Letter> {
    const at = Date.now();
    const text = this.text('¿Puedo cambiar la hora?');
    const { id } = await this.stage.customer(customer).write(shop.number, text, { ...(wanted && { id: wanted }) });
    const letter = { at, id, shop, customer, isPoisoned };
    this.letters.push(letter);
    return letter;
  }

  inBackground(work: Promise<unknown>): void {
    const safe: Promise<unknown> = work
      .catch((error: unknown) => {
        this.stage.violations.push(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => this.underWay.delete(safe));
    this.underWay.add(safe);
  }

  /** Until each request has its answer. */
  async settle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Asks until there is an answer about the message, over as many ends of the service as it takes. */
  async ask(order: Order, waitMs: number): Promise<Answer> {
    const { replaceKey, ttlSeconds, sendInMs } = order.options;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const alive = await this.stage.up();
      let answer: Answer;
      try {
        answer = await alive.api.send(order.shop.id, order.customer, order.text, {
          wait_ms: waitMs,
          idempotency_key: order.key,
          ...(replaceKey !== undefined && { replace_key: replaceKey }),
          ...(ttlSeconds !== undefined && { ttl_seconds: ttlSeconds }),
          ...(sendInMs !== undefined && { send_at: new Date(order.askedAt + sendInMs).toISOString() }),
        });
      } catch (error) {
        await this.stage.wasKilled(alive, error);
        continue;
      }
      const { message_id: messageId, code } = answer.body as { message_id?: string; code?: string };
      if (messageId === undefined && TRY_AGAIN.includes(code ?? '')) {
        await pause(AGAIN_AFTER_MS);
        continue;
      }
      if (messageId === undefined) {
        this.stage.violations.push(`${order.key} was refused: ${answer.status} ${JSON.stringify(answer.body)}`);
      } else noteAccepted(order, messageId, this.stage.violations);
      return answer;
    }
    throw new Error(`${order.key} gets no answer`);
  }
}
