import { EventEmitter } from 'node:events';
import type Database from 'better-sqlite3';
import { ServiceError } from '../errors.js';
import type { OrganizationId } from '../organization-id.js';
import { openDatabase } from '../store/open-database.js';
import { EVENTS, type EventData, type EventName, type ServiceEvent } from './catalogue.js';

const MIGRATIONS = [
  `CREATE TABLE events (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     organization_id TEXT NOT NULL,
     name TEXT NOT NULL,
     at INTEGER NOT NULL,
     data TEXT NOT NULL
   ) STRICT;
   CREATE INDEX events_by_organization ON events (organization_id, id);`,
  // From when on all events of an organization are there. Of a ledger that was kept before this was noted, it is taken to be the oldest.
  `CREATE TABLE pruned (organization_id TEXT PRIMARY KEY, kept_from INTEGER NOT NULL) STRICT;
   INSERT INTO pruned SELECT organization_id, min(at) FROM events GROUP BY organization_id;`,
];

/** Pruning looks at an organization once in so many of its events. */
const PRUNE_EVERY = 50;

export interface EventQuery {
  /** All organizations when absent. */
  readonly organizationId?: OrganizationId;
  /** The id after which to begin; with `newestFirst` the one before which. */
  readonly after?: number;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

interface Row {
  id: number;
  organization_id: string;
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
  private readonly oldestKept: Database.Statement;
  private readonly forget: Database.Statement;
  private readonly noteKeptFrom: Database.Statement;
  private readonly listing: Record<'oldest' | 'newest', { ofAll: Database.Statement; ofOne: Database.Statement }>;

  constructor(
    private readonly database: Database.Database,
    private readonly options: { readonly keep: number; readonly now: () => number },
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
  }

  static open(directory: string, options: { keep: number; now: () => number }): EventLedger {
    const database = openDatabase(directory, 'events.sqlite', MIGRATIONS);
    database.pragma('synchronous = NORMAL');
    return new EventLedger(database, options);
  }

  /** Stores a fact and tells it. @throws when the data is not what the catalogue says: a mistake in this program */
  tell<Name extends EventName>(name: Name, organizationId: OrganizationId, data: EventData<Name>): ServiceEvent<Name> {
    const at = this.options.now();
    const checked = EVENTS[name].data.parse(data) as EventData<Name>;
    const { lastInsertRowid } = this.insert.run(organizationId, name, at, JSON.stringify(checked));
    this.prune(organizationId);
    const event: ServiceEvent<Name> = { id: Number(lastInsertRowid), name, organizationId, at, data: checked };
    this.listeners.emit('event', event);
    return event;
  }

  /** Oldest first, unless the query says otherwise. */
  list({ organizationId, after, newestFirst = false, limit }: EventQuery): ServiceEvent[] {
    // Somebody counts over several turns, and the service stopped meanwhile.
    if (!this.database.open) throw new ServiceError('shutting_down');
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
    const oldest = this.oldestKept.get(organizationId, this.options.keep - 1) as { id: number; at: number } | undefined;
    if (!oldest) return;
    this.database.transaction(() => {
      const { changes } = this.forget.run(organizationId, oldest.id);
      if (changes > 0) this.noteKeptFrom.run(organizationId, oldest.at);
    })();
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
