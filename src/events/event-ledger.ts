import { EventEmitter } from 'node:events';
import type Database from 'better-sqlite3';
import type { OrganizationId } from '../organization-id.js';
import { EVENTS, type EventData, type EventName, type ServiceEvent } from './catalogue.js';
import { openEventsDatabase } from './events-database.js';

/** Pruning looks at an organization once in so many of its events. */
const PRUNE_EVERY = 50;

export interface EventQuery {
  /** All organizations when absent. */
  readonly organizationId?: OrganizationId;
  /** The id after which to begin. */
  readonly after?: number;
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

/**
 * The last `keep` events of each organization, on disk, and the stream of new ones. An event is stored before anybody is told. It is not
 * synced one by one: after a power cut the last moments may be missing, never the order or the rest.
 */
export class EventLedger {
  private readonly listeners = new EventEmitter().setMaxListeners(0);
  private readonly sincePruned = new Map<string, number>();
  private readonly insert: Database.Statement;
  private readonly together: (work: () => void) => void;
  private companion: EventCompanion | null = null;

  constructor(
    private readonly database: Database.Database,
    private readonly options: { readonly keep: number; readonly now: () => number },
  ) {
    this.insert = database.prepare('INSERT INTO events (organization_id, name, at, data) VALUES (?, ?, ?, ?)');
    this.together = database.transaction((work: () => void) => work());
  }

  static open(directory: string, options: { keep: number; now: () => number }): EventLedger {
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
    const at = this.options.now();
    const checked = EVENTS[name].data.parse(data) as EventData<Name>;
    const companion = this.companion?.wants(name, organizationId) ? this.companion : null;
    let event = { id: 0, name, organizationId, at, data: checked };
    const store = (): void => {
      const { lastInsertRowid } = this.insert.run(organizationId, name, at, JSON.stringify(checked));
      event = { ...event, id: Number(lastInsertRowid) };
    };
    if (companion || alongside) {
      this.together(() => {
        store();
        companion?.store(event);
        alongside?.();
      });
    } else store();
    this.prune(organizationId);
    this.listeners.emit('event', event);
    return event;
  }

  /** Oldest first. */
  list({ organizationId, after = 0, limit }: EventQuery): ServiceEvent[] {
    const rows =
      organizationId === undefined
        ? this.database.prepare('SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?').all(after, limit)
        : this.database
            .prepare('SELECT * FROM events WHERE organization_id = ? AND id > ? ORDER BY id LIMIT ?')
            .all(organizationId, after, limit);
    return (rows as Row[]).map(toEvent);
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
    this.database.close();
  }

  private prune(organizationId: string): void {
    const since = (this.sincePruned.get(organizationId) ?? PRUNE_EVERY) + 1;
    this.sincePruned.set(organizationId, since % PRUNE_EVERY);
    if (since < PRUNE_EVERY) return;
    this.database
      .prepare(
        `DELETE FROM events WHERE organization_id = ? AND id <= (
           SELECT id FROM events WHERE organization_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      )
      .run(organizationId, organizationId, this.options.keep);
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
