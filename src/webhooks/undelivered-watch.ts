import type Database from 'better-sqlite3';
import { durably } from '../events/events-database.js';
import type { EventLedger } from '../events/event-ledger.js';
import { redact, type Logger } from '../logger.js';
import type { OrganizationId } from '../organization-id.js';
import type { MessageState, OutboxMessage } from '../outbox/outbox-message.js';
import type { Outbox } from '../outbox/outbox.js';
import { afterQuietHours } from '../outbox/quiet-hours.js';
import { judge } from './undelivered.js';

/** How often the clock is looked at, ms. */
const TICK_MS = 1000;
/** Messages looked at in one tick: some 10 ms. */
const AT_ONCE = 2000;
/** A message lives for 60 days at most (`send_at` 30 days ahead, `expires_at` 30 days after it); what was told is remembered for longer, ms. */
const TOLD_KEPT_MS = 90 * 86_400_000;
const FORGET_EVERY_TICKS = 3600;

interface Row {
  readonly seq: number;
  readonly messageId: string;
  readonly organizationId: OrganizationId;
  readonly phone: string;
  readonly state: MessageState;
  readonly errorCode: string | null;
  readonly ackCode: number | null;
  readonly sendAt: number;
  readonly createdAt: number;
}

interface Parts {
  readonly ledger: EventLedger;
  /** Of the events. */
  readonly database: Database.Database;
  /** Only read. */
  readonly outboxDatabase: Database.Database;
  readonly outbox: Pick<Outbox, 'quietHours'>;
  /** What holds for organizations that chose nothing, ms; 0: never. */
  readonly defaultAfterMs: number;
  readonly logger: Logger;
  readonly now: () => number;
}

/**
 * Tells `message.undelivered`, once for each message: when it has not reached the customer's phone in time, and at once when nothing more is
 * tried. A send pays nothing for it: the watch follows behind, over the messages as old as the shortest delay, most of which have arrived by
 * then; the few that have not and have more time (`send_at`, another delay) are noted. That one was told is part of the event's own commit.
 */
export class UndeliveredWatch {
  private readonly select: Database.Statement<[number, number], Row>;
  private readonly one: Database.Statement<[string], Row>;
  private readonly delays = new Map<OrganizationId, number>();
  private looked: number;
  private timer: NodeJS.Timeout | null = null;
  private ticksToForgetting = 0;

  constructor(private readonly parts: Parts) {
    const { database, outboxDatabase } = parts;
    const columns = `SELECT seq, message_id AS messageId, organization_id AS organizationId, phone, state, error_code AS errorCode,
      ack_code AS ackCode, send_at AS sendAt, created_at AS createdAt FROM messages`;
    this.select = outboxDatabase.prepare(`${columns} WHERE seq > ? ORDER BY seq LIMIT ?`);
    this.one = outboxDatabase.prepare(`${columns} WHERE message_id = ?`);
    const settings = database.prepare('SELECT organization_id AS id, after_ms AS ms FROM undelivered_settings').all();
    for (const { id, ms } of settings as { id: OrganizationId; ms: number }[]) this.delays.set(id, ms);
    const looked = database.prepare('SELECT seq FROM undelivered_looked').get() as { seq: number } | undefined;
    // Another outbox than before, when its file was lost: its numbers begin anew.
    this.looked = looked && looked.seq <= this.lastAccepted() ? looked.seq : this.begin();
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  /** What an organization chose, ms; null: nothing. 0: never. */
  chosen(organizationId: OrganizationId): number | null {
    return this.delays.get(organizationId) ?? null;
  }

  /** Durable when it returns; holds for messages that wait as well. Null: as configured for all. */
  choose(organizationId: OrganizationId, afterMs: number | null): void {
    const { database } = this.parts;
    durably(database, () => {
      if (afterMs === null) {
        database.prepare('DELETE FROM undelivered_settings WHERE organization_id = ?').run(organizationId);
      } else {
        database.prepare('INSERT OR REPLACE INTO undelivered_settings VALUES (?, ?)').run(organizationId, afterMs);
      }
      // They are looked at again, and get another time.
      database.prepare('UPDATE undelivered_later SET look_at = 0 WHERE organization_id = ?').run(organizationId);
    });
    if (afterMs === null) this.delays.delete(organizationId);
    else this.delays.set(organizationId, afterMs);
  }

  /** A message changed: when nothing more is tried, nobody has to wait for the delay. */
  onChange({ messageId, state }: Pick<OutboxMessage, 'messageId' | 'state'>): void {
    if (state !== 'failed' && state !== 'expired' && state !== 'unconfirmed') return;
    const row = this.one.get(messageId);
    if (row) this.guarded(() => this.look(row));
  }

  /** Looks at what may be due by now. */
  tick(): void {
    this.guarded(() => {
      const { database, now } = this.parts;
      const due = database
        .prepare('SELECT message_id AS id FROM undelivered_later WHERE look_at <= ? ORDER BY look_at LIMIT ?')
        .all(now(), AT_ONCE) as { id: string }[];
      for (const { id } of due) {
        const row = this.one.get(id);
        if (row) this.look(row);
        else this.forget(id);
      }
      this.follow();
      if (--this.ticksToForgetting <= 0) {
        database.prepare('DELETE FROM undelivered_told WHERE at < ?').run(now() - TOLD_KEPT_MS);
        this.ticksToForgetting = FORGET_EVERY_TICKS;
      }
    });
  }

  // --- inside ---

  /** Messages of before the watch are none of its business: a first start after an update tells nothing about last year. */
  private begin(): number {
    const last = this.lastAccepted();
    this.parts.database.prepare('INSERT OR REPLACE INTO undelivered_looked VALUES (1, ?)').run(last);
    return last;
  }

  private lastAccepted(): number {
    const last = this.parts.outboxDatabase.prepare('SELECT max(seq) AS seq FROM messages').get();
    return (last as { seq: number | null }).seq ?? 0;
  }

  /** Goes on over the messages that are as old as the shortest delay. */
  private follow(): void {
    const shortest = Math.min(...[this.parts.defaultAfterMs, ...this.delays.values()].filter((ms) => ms > 0));
    // Where nobody wants to be told, the place is kept at the end: what is accepted until somebody does is not watched.
    const until = this.parts.now() - (Number.isFinite(shortest) ? shortest : 0);
    const rows: Row[] = [];
    for (const row of this.select.iterate(this.looked, AT_ONCE)) {
      // The first one that is too young ends it: what was accepted since then is not read every second.
      if (row.createdAt > until) break;
      rows.push(row);
    }
    const last = rows.at(-1);
    if (!last) return;
    for (const row of rows) this.look(row, { isNoted: false });
    this.parts.database.prepare('UPDATE undelivered_looked SET seq = ?').run(last.seq);
    this.looked = last.seq;
  }

  private look(row: Row, { isNoted } = { isNoted: true }): void {
    const { database, ledger, outbox, now } = this.parts;
    const { messageId, organizationId, state } = row;
    const wanted = Math.max(row.createdAt, row.sendAt);
    // What rests until the morning on purpose is not late in the night.
    const from = afterQuietHours(outbox.quietHours(organizationId), wanted);
    const afterMs = this.delays.get(organizationId) ?? this.parts.defaultAfterMs;
    const judgement = judge({ state, from }, afterMs === 0 ? null : afterMs, now());
    if (judgement === 'forget' || this.wasTold(messageId)) {
      if (isNoted) this.forget(messageId);
      return;
    }
    if (judgement !== 'tell') {
      database
        .prepare('INSERT OR REPLACE INTO undelivered_later VALUES (?, ?, ?)')
        .run(messageId, organizationId, judgement.lookAt);
      return;
    }
    const data = {
      message_id: messageId,
      status: state,
      error_code: row.errorCode,
      ack_code: row.ackCode,
      phone_last4: row.phone.slice(-4),
      after_ms: Math.max(0, now() - wanted),
    };
    ledger.tell('message.undelivered', organizationId, data, () => {
      database.prepare('INSERT INTO undelivered_told VALUES (?, ?)').run(messageId, now());
      this.forget(messageId);
    });
  }

  private wasTold(messageId: string): boolean {
    return (
      this.parts.database.prepare('SELECT 1 FROM undelivered_told WHERE message_id = ?').get(messageId) !== undefined
    );
  }

  private forget(messageId: string): void {
    this.parts.database.prepare('DELETE FROM undelivered_later WHERE message_id = ?').run(messageId);
  }

  /** The disk: what could not be told is told at the next tick, for its place was not left. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.parts.logger.error(
        { event: 'undelivered_watch_failed' },
        `Undelivered messages could not be looked for (disk full?): ${redact(String(error))}`,
      );
    }
  }
}
