import { EventEmitter } from 'node:events';
import type Database from 'better-sqlite3';
import { ServiceError } from '../errors.js';
import type { OrganizationId } from '../organization-id.js';
import { EVENTS, type EventData, type EventName, type ServiceEvent } from './catalogue.js';
import { openEventsDatabase } from './events-database.js';

/** Pruning looks at an organization once in so many of its events. */
const PRUNE_EVERY = 50;
/** How long an event that may wait does, so that many share a commit, ms; and how many may. */
const SOON_MS = 20;
const MOST_WAITING = 1000;

export interface EventQuery {
  /** All organizations when absent. */
  readonly organizationId?: OrganizationId;
  /** The id after which to begin; with `newestFirst` the one before which. */
  readonly after?: number;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

/** Whoever stores something of his own with an event, in one commit with it: both are there, or neither. */
export interface EventCompanion {
  /** Whether `store` is to be called for such an event. */
  wants(name: EventName, organizationId: OrganizationId): boolean;
  /** Within the event's transaction, in the same database. */
  store(event: ServiceEvent): void;
}

interface Row {
  id: number;
  organization_id: OrganizationId;
  name: string;
  at: number;
  data: string;
}

export interface LedgerOptions {
  /** Events kept for each organization. */
  readonly keep: number;
  readonly now: () => number;
  /** An event of `tellSoon` could not be stored, or one that is stored not be told to all. */
  readonly onLost?: (event: Unstored, error: unknown) => void;
}

/** What is told, as yet without its number. */
export type Unstored = Omit<ServiceEvent, 'id'>;

/**
 * The last `keep` events of each organization, on disk, and the stream of new ones. An event is stored before anybody is told. It is not
 * synced one by one: after a power cut the last moments may be missing, never the order or the rest.
 */
export class EventLedger {
  private readonly listeners = new EventEmitter().setMaxListeners(0);
  private readonly sincePruned = new Map<string, number>();
  private readonly insert: Database.Statement;
  private readonly oldestKept: Database.Statement;
  private readonly forget: Database.Statement;
  private readonly noteKeptFrom: Database.Statement;
  private readonly listing: Record<'oldest' | 'newest', { ofAll: Database.Statement; ofOne: Database.Statement }>;
  private readonly received: Database.Statement;
  private readonly together: (work: () => void) => void;
  private companion: EventCompanion | null = null;
  /** Told soon; in their order. */
  private waiting: Unstored[] = [];
  private timer: NodeJS.Timeout | null = null;
  /** Stored, and not told to all listeners yet; the first one is being told. */
  private readonly unpublished: ServiceEvent[] = [];

  constructor(
    private readonly database: Database.Database,
    private readonly options: LedgerOptions,
  ) {
    this.insert = database.prepare('INSERT INTO events (organization_id, name, at, data) VALUES (?, ?, ?, ?)');
    this.oldestKept = database.prepare(
      'SELECT id, at FROM events WHERE organization_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?',
    );
    this.forget = database.prepare('DELETE FROM events WHERE organization_id = ? AND id < ?');
    this.noteKeptFrom = database.prepare(
      'INSERT INTO pruned VALUES (?, ?) ON CONFLICT (organization_id) DO UPDATE SET kept_from = excluded.kept_from',
    );
    this.listing = {
      oldest: {
        ofAll: database.prepare('SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?'),
        ofOne: database.prepare('SELECT * FROM events WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?'),
      },
      newest: {
        ofAll: database.prepare('SELECT * FROM events WHERE id < ? ORDER BY id DESC LIMIT ?'),
        ofOne: database.prepare('SELECT * FROM events WHERE organization_id = ? AND id < ? ORDER BY id DESC LIMIT ?'),
      },
    };
    this.received = database.prepare(
      `SELECT 1 FROM events WHERE organization_id = ? AND name = 'message.received' AND json_extract(data, '$.message_id') = ?`,
    );
    this.together = database.transaction((work: () => void) => work());
  }

  static open(directory: string, options: LedgerOptions): EventLedger {
    return new EventLedger(openEventsDatabase(directory), options);
  }

  /** From now on this one stores what it likes with each event. */
  accompany(companion: EventCompanion): void {
    this.companion = companion;
  }

  /**
   * Stores a fact and tells it.
   * @param alongside writes to the same database, in the event's own commit
   * @throws when the data is not what the catalogue says (a mistake in this program), or when nothing could be stored
   */
  tell<Name extends EventName>(
    name: Name,
    organizationId: OrganizationId,
    data: EventData<Name>,
    alongside?: () => void,
  ): ServiceEvent<Name> {
    const fact = this.fact(name, organizationId, data);
    this.storeWaiting();
    const stored = { ...fact, id: 0 };
    this.together(() => {
      stored.id = this.store(fact);
      alongside?.();
      this.prune(organizationId);
    });
    this.publish([stored]);
    return stored as ServiceEvent<Name>;
  }

  /**
   * As `tell`, within SOON_MS and with what else comes until then in one commit: for facts that come in masses and are known elsewhere too,
   * for a kill takes those that wait (webhooks/missed-changes.ts finds them again).
   * @throws when the data is not what the catalogue says; what cannot be stored later is told to `onLost`
   */
  tellSoon<Name extends EventName>(name: Name, organizationId: OrganizationId, data: EventData<Name>): void {
    this.waiting.push(this.fact(name, organizationId, data));
    if (this.waiting.length >= MOST_WAITING) this.storeWaiting();
    else this.timer ??= setTimeout(() => this.storeWaiting(), SOON_MS);
  }

  /** Oldest first, unless the query says otherwise. */
  list({ organizationId, after, newestFirst = false, limit }: EventQuery): ServiceEvent[] {
    // Somebody counts over several turns, and the service stopped meanwhile.
    if (!this.database.open) throw new ServiceError('shutting_down');
    this.storeWaiting();
    const begin = after ?? (newestFirst ? Number.MAX_SAFE_INTEGER : 0);
    const rows = this.listing[newestFirst ? 'newest' : 'oldest'];
    return (
      organizationId === undefined ? rows.ofAll.all(begin, limit) : rows.ofOne.all(organizationId, begin, limit)
    ).map((row) => toEvent(row as Row));
  }

  /** From when on (epoch ms) every event of this organization, or of all, is kept; null when none was ever forgotten. */
  completeFrom(organizationId?: OrganizationId): number | null {
    const row =
      organizationId === undefined
        ? this.database.prepare('SELECT max(kept_from) AS at FROM pruned').get()
        : this.database.prepare('SELECT kept_from AS at FROM pruned WHERE organization_id = ?').get(organizationId);
    return (row as { at: number | null } | undefined)?.at ?? null;
  }

  /** The newest of an organization; null when there is none. */
  last(organizationId: OrganizationId): ServiceEvent | null {
    return this.list({ organizationId, newestFirst: true, limit: 1 })[0] ?? null;
  }

  /** Whether a `message.received` of this message is among the events that are kept. */
  hasReceived(organizationId: OrganizationId, messageId: string): boolean {
    return this.received.get(organizationId, messageId) !== undefined;
  }

  /** Calls back with every new event, in order. Returns a function that ends it. */
  onEvent(listener: (event: ServiceEvent) => void): () => void {
    this.listeners.on('event', listener);
    return () => this.listeners.off('event', listener);
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

  close(): void {
    this.storeWaiting();
    this.database.close();
  }

  private fact(name: EventName, organizationId: OrganizationId, data: unknown): Unstored {
    const checked = EVENTS[name].data.parse(data) as EventData<EventName>;
    return { name, organizationId, at: this.options.now(), data: checked };
  }

  /** Within a transaction. Returns the event's number. */
  private store({ name, organizationId, at, data }: Unstored): number {
    const id = Number(this.insert.run(organizationId, name, at, JSON.stringify(data)).lastInsertRowid);
    if (this.companion?.wants(name, organizationId)) this.companion.store({ id, name, organizationId, at, data });
    return id;
  }

  /** Stores and tells all that waits, in one commit; never throws. */
  private storeWaiting(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const facts = this.waiting;
    if (facts.length === 0) return;
    this.waiting = [];
    const stored: ServiceEvent[] = [];
    try {
      this.together(() => {
        for (const fact of facts) {
          stored.push({ ...fact, id: this.store(fact) });
          this.prune(fact.organizationId);
        }
      });
    } catch (error) {
      for (const fact of facts) this.options.onLost?.(fact, error);
      return;
    }
    this.publish(stored);
  }

  /** In the order of their numbers, also when a listener tells something itself. */
  private publish(events: readonly ServiceEvent[]): void {
    const isPublishing = this.unpublished.length > 0;
    this.unpublished.push(...events);
    if (isPublishing) return;
    for (let event = this.unpublished[0]; event; event = this.unpublished[0]) {
      try {
        this.listeners.emit('event', event);
      } catch (error) {
        this.options.onLost?.(event, error);
      }
      this.unpublished.shift();
    }
  }

  /** Within a transaction. */
  private prune(organizationId: string): void {
    const since = (this.sincePruned.get(organizationId) ?? PRUNE_EVERY) + 1;
    this.sincePruned.set(organizationId, since % PRUNE_EVERY);
    if (since < PRUNE_EVERY) return;
    const oldest = this.oldestKept.get(organizationId, this.options.keep - 1) as { id: number; at: number } | undefined;
    if (!oldest) return;
    const { changes } = this.forget.run(organizationId, oldest.id);
    if (changes > 0) this.noteKeptFrom.run(organizationId, oldest.at);
  }
}

function toEvent(row: Row): ServiceEvent {
  return {
    id: row.id,
    name: row.name as EventName,
    organizationId: row.organization_id,
    at: row.at,
    data: JSON.parse(row.data) as EventData<EventName>,
  };
}
