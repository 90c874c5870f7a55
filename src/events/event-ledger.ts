import { EventEmitter } from 'node:events';
import { ServiceError } from '../errors.js';
import type { OrganizationId } from '../organization-id.js';
import type { EventQuery, Fact, LedgerStore } from '../store/ports.js';
import { EVENTS, type EventData, type EventName, type ServiceEvent } from './catalogue.js';

/** Pruning looks at an organization once in so many of its events. */
const PRUNE_EVERY = 50;
/** How long an event that may wait does, so that many share a commit, ms; and how many may. */
const SOON_MS = 20;
const MOST_WAITING = 1000;
/** Events read at a time for somebody who was away. */
const CATCH_UP_PAGE = 500;

/** The webhooks that get a delivery of an event. */
export type Audience = (fact: Pick<Fact, 'name' | 'organizationId'>) => readonly string[];

export interface LedgerOptions {
  /** Events kept for each organization. */
  readonly keep: number;
  readonly now: () => number;
  /** An event of `tellSoon` could not be stored, or one that is stored not be told to all. */
  readonly onLost?: (event: Fact, error: unknown) => void;
}

export interface Following {
  /**
   * Resolves when all that is kept was told, and from then on it is told as it happens. Rejects when it cannot be
   * read.
   */
  readonly caughtUp: Promise<void>;
  /** Nothing is told any more. */
  end(): void;
}

/**
 * What happened, and whoever wants to hear of it. An event is stored, with its deliveries, before anybody is told,
 * and everybody is told in the order of the numbers. Its place in that order is fixed when `tell` is called.
 */
export class EventLedger {
  private readonly listeners = new EventEmitter().setMaxListeners(0);
  private readonly sincePruned = new Map<string, number>();
  private audience: Audience = () => [];
  /** Received messages that are being told, by organization and id. */
  private readonly receiving = new Map<string, Promise<boolean>>();
  /** Told soon; in their order. */
  private waiting: Fact[] = [];
  private timer: NodeJS.Timeout | null = null;
  /** What is not stored yet, and is waited for at the end. */
  private readonly underWay = new Set<Promise<unknown>>();
  private isClosed = false;

  constructor(
    private readonly store: LedgerStore,
    private readonly options: LedgerOptions,
  ) {}

  /**
   * From now on each event is stored with a delivery for each of these webhooks, in one commit. Asked at the moment
   * of storing.
   */
  deliverTo(audience: Audience): void {
    this.audience = audience;
  }

  /**
   * Stores a fact and tells it. Resolves when it is stored and all were told; rejects when the data is not what the
   * catalogue says (a mistake in this program), or when nothing could be stored.
   */
  async tell<Name extends EventName>(
    name: Name,
    organizationId: OrganizationId,
    data: EventData<Name>,
  ): Promise<ServiceEvent<Name>> {
    const fact = this.fact(name, organizationId, data);
    this.storeWaiting();
    const [stored] = await this.awaited(this.append([fact]));
    return stored as ServiceEvent<Name>;
  }

  /**
   * Tells `message.received`, unless it was told of this message before and is still kept. Resolves, when it is
   * stored, with whether it is new. @throws as `tell`
   */
  tellReceived(organizationId: OrganizationId, messageId: string): Promise<boolean> {
    const key = `${organizationId} ${messageId}`;
    const first = this.receiving.get(key);
    // Somebody tells it at this moment: it is not new, and stored when that is done.
    if (first) return first.then(() => false);
    const told = this.tellIfNew(organizationId, messageId).finally(() => this.receiving.delete(key));
    this.receiving.set(key, told);
    return this.awaited(told);
  }

  /**
   * As `tell`, within SOON_MS and with what else comes until then in one commit: for facts that come in masses and
   * are known elsewhere too, for a kill takes those that wait (webhooks/missed-changes.ts finds them again).
   * @throws when the data is not what the catalogue says; what cannot be stored later is told to `onLost`
   */
  tellSoon<Name extends EventName>(name: Name, organizationId: OrganizationId, data: EventData<Name>): void {
    this.waiting.push(this.fact(name, organizationId, data));
    if (this.waiting.length >= MOST_WAITING) this.storeWaiting();
    else this.timer ??= setTimeout(() => this.storeWaiting(), SOON_MS);
  }

  /**
   * Oldest first, unless the query says otherwise; with everything that was told before. @throws ServiceError
   * `shutting_down`
   */
  async list(query: EventQuery): Promise<ServiceEvent[]> {
    // Somebody counts over several turns, and the service stopped meanwhile.
    if (this.isClosed) throw new ServiceError('shutting_down');
    this.storeWaiting();
    return this.store.list(query);
  }

  /**
   * From when on (epoch ms) every event of this organization, or of all, is kept; null when none was ever forgotten.
   */
  completeFrom(organizationId?: OrganizationId): Promise<number | null> {
    return this.store.completeFrom(organizationId);
  }

  /** The newest of an organization; null when there is none. */
  async last(organizationId: OrganizationId): Promise<ServiceEvent | null> {
    return (await this.list({ organizationId, newestFirst: true, limit: 1 }))[0] ?? null;
  }

  /**
   * Calls back with every new event, in order, and with the webhooks for which a delivery of it was stored. Returns a
   * function that ends it.
   */
  onEvent(listener: (event: ServiceEvent, webhookIds: readonly string[]) => void): () => void {
    this.listeners.on('event', listener);
    return () => this.listeners.off('event', listener);
  }

  /**
   * Calls back with every event of this organization (all when absent) behind the id `after`: first those that are
   * kept, then new ones as they are told; in order, none twice and none left out. Without `after`: with what happens
   * from now on.
   */
  follow(
    { organizationId, after }: Pick<EventQuery, 'organizationId' | 'after'>,
    listener: (event: ServiceEvent) => void,
  ): Following {
    let last = after ?? 0;
    let isLive = after === undefined;
    let newest = 0;
    let isOver = false;
    const deliver = (event: ServiceEvent): void => {
      if (isOver || event.id <= last) return;
      if (organizationId !== undefined && event.organizationId !== organizationId) return;
      last = event.id;
      listener(event);
    };
    const stopListening = this.onEvent((event) => {
      newest = event.id;
      if (isLive) deliver(event);
    });
    const catchUp = async (): Promise<void> => {
      while (!isLive && !isOver) {
        const before = newest;
        const missed = await this.list({ organizationId, after: last, limit: CATCH_UP_PAGE });
        missed.forEach(deliver);
        // What was told while this was read may not be in it.
        isLive = missed.length < CATCH_UP_PAGE && newest === before;
      }
    };
    const end = (): void => {
      isOver = true;
      stopListening();
    };
    return { caughtUp: catchUp(), end };
  }

  /** Calls back when the service stops, so that open streams end. Returns a function that takes it back. */
  onEnd(listener: () => void): () => void {
    this.listeners.once('end', listener);
    return () => this.listeners.off('end', listener);
  }

  /** Ends every stream; events are still stored. */
  endStreams(): void {
    this.listeners.emit('end');
  }

  /** Resolves when everything that was told is stored. Nothing may be told or asked afterwards. */
  async close(): Promise<void> {
    this.storeWaiting();
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
    this.isClosed = true;
  }

  private fact(name: EventName, organizationId: OrganizationId, data: unknown): Fact {
    const checked = EVENTS[name].data.parse(data) as EventData<EventName>;
    return { name, organizationId, at: this.options.now(), data: checked };
  }

  private async tellIfNew(organizationId: OrganizationId, messageId: string): Promise<boolean> {
    // A storage that cannot be read: twice is better than never.
    const isKnown = await this.store.hasReceived(organizationId, messageId).catch(() => false);
    if (isKnown) return false;
    await this.tell('message.received', organizationId, { message_id: messageId });
    return true;
  }

  /** Stores and tells all that waits, in one commit; never throws. */
  private storeWaiting(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const facts = this.waiting;
    if (facts.length === 0) return;
    this.waiting = [];
    this.awaited(this.append(facts)).catch((error: unknown) => {
      for (const fact of facts) this.options.onLost?.(fact, error);
    });
  }

  /** The store is called at once: the order of the calls is the order of the events. It resolves in that order too. */
  private async append(facts: readonly Fact[]): Promise<ServiceEvent[]> {
    const events = facts.map((fact) => ({ fact, webhookIds: this.audience(fact) }));
    const stored = await this.store.append(events);
    for (const [at, event] of stored.entries()) this.publish(event, events[at]?.webhookIds ?? []);
    for (const { organizationId } of facts) this.prune(organizationId);
    return stored;
  }

  private publish(event: ServiceEvent, webhookIds: readonly string[]): void {
    try {
      this.listeners.emit('event', event, webhookIds);
    } catch (error) {
      this.options.onLost?.(event, error);
    }
  }

  private prune(organizationId: OrganizationId): void {
    const since = (this.sincePruned.get(organizationId) ?? PRUNE_EVERY) + 1;
    this.sincePruned.set(organizationId, since % PRUNE_EVERY);
    if (since < PRUNE_EVERY) return;
    // What could not be forgotten now is the next time; that a disk is full, the events themselves say.
    this.awaited(this.store.prune(organizationId, this.options.keep)).catch(() => {});
  }

  private awaited<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    const done = (): void => void this.underWay.delete(work);
    work.then(done, done);
    return work;
  }
}
