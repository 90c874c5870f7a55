import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { identityOf, readContent, type Content } from '../content/content.js';
import { ServiceError } from '../errors.js';
import type { OrganizationId } from '../organization-id.js';
import { randomHex } from '../random-hex.js';
import { GroupCommit } from '../store/sqlite/group-commit.js';
import {
  isSettled,
  statesBefore,
  type MessageErrorCode,
  type MessageState,
  type NewMessage,
  type OutboxMessage,
} from './outbox-message.js';
import type { QuietHours } from './quiet-hours.js';

const DAY = 86_400_000;

/** For how long an idempotency key stands for its message, ms. */
export const IDEMPOTENCY_KEPT_MS = 7 * DAY;
/** For how long a number's chat id is believed, ms; that a number is not on WhatsApp is believed for less, for people do join. */
export const CHAT_KEPT_MS = 30 * DAY;
export const NO_CHAT_KEPT_MS = 3_600_000;
/** So many names of people who wrote are remembered for each organization, the latest. */
export const ACQUAINTANCES_KEPT = 20_000;
/** How many messages a page of a list looks at for those of a state; some 10 ms. */
const LIST_SCAN = 5000;

export interface OutboxOptions {
  /** Messages of one organization that may wait at one time. */
  readonly maxPending: number;
  readonly now: () => number;
}

/** A message that waits to be sent, as the dispatcher holds it in memory; its content stays on disk. */
export interface PendingMessage {
  readonly messageId: string;
  readonly organizationId: OrganizationId;
  readonly seq: number;
  readonly phone: string;
  readonly state: 'queued' | 'sending';
  readonly sendAt: number;
  readonly expiresAt: number;
  readonly firstTryAt: number | null;
  /**
   * The phone for which it was accepted (digits), and from which alone it leaves without a person's word; null when
   * that is not known.
   */
  readonly forPhone: string | null;
  /** How often the connection ended in a stream error while it was handed over and not answered. */
  readonly streamEnds: number;
}

/** Messages that wait and were accepted for another phone than the one that is linked now. */
export interface OtherPhone {
  readonly messages: number;
  /** Digits; the one whose message was accepted last comes first. */
  readonly phones: readonly [string, ...string[]];
  /** The phone that was linked last, digits. */
  readonly linked: string;
  /** Since when the phone of now is linked, epoch ms. */
  readonly since: number;
}

export interface MessageQuery {
  readonly organizationId: OrganizationId;
  readonly states?: readonly MessageState[];
  readonly phone?: string;
  /** `seq` of the last message of the page before. */
  readonly after?: number;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

interface Row {
  seq: number;
  message_id: string;
  organization_id: OrganizationId;
  phone: string;
  chat_id: string | null;
  /** JSON. */
  content: string | null;
  state: MessageState;
  error_code: MessageErrorCode | null;
  ack_code: number | null;
  replace_key: string | null;
  request_hash: Buffer | null;
  attempts: number;
  first_try_at: number | null;
  send_at: number;
  expires_at: number;
  created_at: number;
  stream_ends: number;
  for_phone: string | null;
  times: Times;
}

type Times = OutboxMessage['times'];

/** As it stands in the database. */
type StoredRow = Omit<Row, 'times'> & { times: string };

/**
 * The index of what waits. SQLite prefers the one of all of an organization's messages if it is not told, and reads through a million finished
 * ones; it refuses the query when `state IN ('queued', 'sending')` does not stand in it literally.
 */
const WAITING = 'INDEXED BY messages_pending';

/** So many messages are decided about in one commit. More than may be in flight. */
const DECIDED_AT_ONCE = 500;

/** How many messages a person's decision concerned: released or taken back; and how many may have gone out before. */
export interface OtherPhoneDecided {
  readonly messages: number;
  readonly unconfirmed: number;
}

const WAITS_ENDED = Symbol('waits ended');

interface Settings {
  readonly quiet: QuietHours | null;
  readonly pausedUntil: number;
  readonly linkedPhone: string | null;
  readonly linkedSince: number;
}

/** What goes with a change of state. */
export interface ChangeDetails {
  readonly chatId?: string;
  readonly errorCode?: MessageErrorCode;
  readonly ackCode?: number;
}

/**
 * Every accepted message until its fate is known, and after. The only writer of the outbox's database. What it promises is on disk: `accept`
 * resolves when the message is, and a change of state is told only when it is.
 */
export class Outbox {
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private readonly commits: GroupCommit;
  private readonly pendingCounts = new Map<OrganizationId, number>();
  private readonly settingsRead = new Map<OrganizationId, Settings>();
  /** Messages as they stand in the database, the latest ones: each is read at every step of its way. This is the only writer. */
  private readonly rows = new LRUCache<string, Row>({
    max: 500,
    maxSize: 1_000_000,
    sizeCalculation: ({ content }) => (content?.length ?? 0) + 500,
  });
  /** Customers that are noted already, by organization and phone. */
  private readonly contactsNoted = new LRUCache<string, true>({ max: 5000 });
  private readonly acquaintancesNoted = new LRUCache<string, true>({ max: 5000 });
  /** What waits for another phone, where that was looked at. */
  private readonly otherPhones = new Map<OrganizationId, OtherPhone | null>();
  private waitsEnded = false;

  constructor(
    private readonly database: Database.Database,
    private readonly options: OutboxOptions,
  ) {
    this.commits = new GroupCommit(database, () => {
      this.rows.clear();
      this.contactsNoted.clear();
      this.acquaintancesNoted.clear();
      this.settingsRead.clear();
      this.otherPhones.clear();
    });
    this.recount();
  }

  /**
   * Stores a message durably, with the id that it will carry at WhatsApp. With an idempotency key that is known, nothing is stored and the
   * former message is returned.
   * @param onStored called at once with a new message, before it is on disk, so that its first try may be claimed in the same commit;
   *   when that commit fails, this rejects, and there is no such message
   * @throws ServiceError `idempotency_key_reused` (same key, other message), `outbox_full`
   */
  async accept(
    message: NewMessage,
    onStored?: (pending: PendingMessage, stored: Promise<unknown>) => void,
  ): Promise<{ message: OutboxMessage; isNew: boolean; pending: PendingMessage | null }> {
    const now = this.options.now();
    const hash = message.idempotencyKey === undefined ? null : requestHash(message);
    const replaced: OutboxMessage[] = [];
    let inserted: Row | null = null as Row | null;
    const writing = this.write(() => {
      const known = this.findByIdempotencyKey(message, now);
      if (known) {
        if (!known.request_hash?.equals(hash as Buffer)) throw new ServiceError('idempotency_key_reused');
        return { row: known, isNew: false };
      }
      const old = this.replaceable(message);
      // Taking another's place does not grow the outbox.
      if (old.length === 0 && this.pendingCount(message.organizationId) >= this.options.maxPending) {
        throw new ServiceError('outbox_full', { retryAfterSeconds: 60 });
      }
      for (const id of old) {
        const moved = this.moveNow(id, 'cancelled', { errorCode: 'replaced' });
        if (moved) replaced.push(moved);
      }
      const row = this.insert(message, hash, now);
      this.count(message.organizationId, 1);
      inserted = row;
      return { row, isNew: true };
    });
    if (inserted) onStored?.(toPending(inserted), writing);
    const result = await writing;
    for (const old of replaced) this.told(old);
    const stored = toMessage(result.row);
    return { message: stored, isNew: result.isNew, pending: result.isNew ? toPending(result.row) : null };
  }

  /** Whether a message stands behind this key, so that `accept` would store nothing. */
  hasIdempotencyKey(organizationId: OrganizationId, key: string): boolean {
    const row = this.sql<{ at: number }>(
      'SELECT created_at AS at FROM messages WHERE organization_id = ? AND idempotency_key = ?',
    ).get(organizationId, key);
    return row !== undefined && this.options.now() - row.at < IDEMPOTENCY_KEPT_MS;
  }

  get(messageId: string): OutboxMessage | null {
    this.commitOpen();
    const row = this.row(messageId);
    return row ? toMessage(row) : null;
  }

  /**
   * Oldest first, unless the query says otherwise; `next` is the cursor of the following page, null at the end. Looking for a state that few messages are in stops after
   * LIST_SCAN of them, so that a page never holds up the process: such a page is short, or empty, and has a `next` all the same.
   */
  list(query: MessageQuery): { messages: OutboxMessage[]; next: number | null } {
    this.commitOpen();
    const states = query.states ?? [];
    const [beyond, upTo, order, begin] = query.newestFirst
      ? (['<', '>=', 'DESC', Number.MAX_SAFE_INTEGER] as const)
      : (['>', '<=', 'ASC', 0] as const);
    const where = `organization_id = ? AND seq ${beyond} ? ${query.phone === undefined ? '' : 'AND phone = ?'}`;
    const values = [query.organizationId, query.after ?? begin, ...(query.phone === undefined ? [] : [query.phone])];
    const waitingOnly = states.length > 0 && states.every((state) => !isSettled(state));
    const end =
      states.length === 0 || waitingOnly
        ? undefined
        : this.sql<{ seq: number }>(
            `SELECT seq FROM messages WHERE ${where} ORDER BY seq ${order} LIMIT 1 OFFSET ?`,
          ).get(...values, LIST_SCAN - 1);
    const rows = this.sql<StoredRow>(
      `SELECT * FROM messages ${waitingOnly ? WAITING : ''} WHERE ${where}
       ${states.length === 0 ? '' : `AND state IN (${states.map(() => '?').join(', ')})`}
       ${waitingOnly ? "AND state IN ('queued', 'sending')" : ''}
       ${end === undefined ? '' : `AND seq ${upTo} ?`}
       ORDER BY seq ${order} LIMIT ?`,
    ).all(...values, ...states, ...(end === undefined ? [] : [end.seq]), query.limit + 1);
    const page = rows.slice(0, query.limit);
    const next = rows.length > query.limit ? page.at(-1)?.seq : end?.seq;
    return { messages: page.map((row) => toMessage(toRow(row))), next: next ?? null };
  }

  /** The content of a message that may still be asked for again; undefined when absent or erased. */
  contentOf(organizationId: OrganizationId, messageId: string): Content | undefined {
    const row = this.sql<{ content: string | null }>(
      'SELECT content FROM messages WHERE message_id = ? AND organization_id = ?',
    ).get(messageId, organizationId);
    return row?.content ? contentIn(row.content) : undefined;
  }

  /** The organizations whose messages wait and may leave now, the one whose message waits longest first. */
  waitingOrganizations(): OrganizationId[] {
    return this.sql<{ id: OrganizationId }>(
      `SELECT organization_id AS id FROM messages ${WAITING} WHERE state IN ('queued', 'sending') AND send_at <= ?
       GROUP BY organization_id ORDER BY min(seq)`,
    )
      .all(this.options.now())
      .map(({ id }) => id);
  }

  /** Everything that waits, of all organizations, in the order of acceptance; for the dispatcher at start. */
  pending(): PendingMessage[] {
    return this.sql<StoredRow>(`SELECT * FROM messages ${WAITING} WHERE state IN ('queued', 'sending') ORDER BY seq`)
      .all()
      .map((row) => toPending(toRow(row)));
  }

  /** How many messages of an organization wait, and since when the oldest does (epoch ms). */
  depth(organizationId: OrganizationId): { pending: number; oldestAt: number | null } {
    const row = this.sql<{ at: number }>(
      `SELECT created_at AS at FROM messages ${WAITING} WHERE organization_id = ? AND state IN ('queued', 'sending') ORDER BY seq LIMIT 1`,
    ).get(organizationId);
    return { pending: this.pendingCount(organizationId), oldestAt: row?.at ?? null };
  }

  /**
   * Marks a queued message as being tried, unless it was cancelled or has expired meanwhile; a repeat of one that was tried before keeps the
   * time of its first try. Its content at once, so that it can be encrypted meanwhile (null when it must not be sent); nothing may leave before
   * `stored` resolves, and when it rejects the message is what it was.
   */
  claim(messageId: string, chatId: string): { content: Content | null; stored: Promise<void> } {
    const now = this.options.now();
    let content: Content | null = null as Content | null;
    let changed: Row | undefined;
    const writing = this.write(() => {
      const row = this.row(messageId);
      if (!row || row.content === null) return;
      if (row.state === 'queued' && row.expires_at > now) {
        const times = { ...row.times, sending: now };
        this.sql(
          "UPDATE messages SET state = 'sending', chat_id = ?, attempts = 1, first_try_at = ?, times = ? WHERE seq = ?",
        ).run(chatId, now, JSON.stringify(times), row.seq);
        changed = { ...row, state: 'sending', chat_id: chatId, attempts: 1, first_try_at: now, times };
        this.rows.set(messageId, changed);
      } else if (row.state === 'sending') {
        this.sql('UPDATE messages SET attempts = attempts + 1 WHERE seq = ?').run(row.seq);
        this.rows.set(messageId, { ...row, attempts: row.attempts + 1 });
      } else {
        return;
      }
      content = contentIn(row.content);
    });
    const stored = writing.then(() => {
      if (changed) this.told(toMessage(changed));
    });
    return { content, stored };
  }

  /**
   * Takes a claim back whose message never left: it is queued again, as before its first try. False when it was answered meanwhile or is a
   * repeat. The only move backwards there is, and only whoever made the claim knows that it may be made.
   */
  async unclaim(messageId: string): Promise<boolean> {
    return this.write(() => {
      const row = this.row(messageId);
      if (row?.state !== 'sending' || row.attempts !== 1) return false;
      const { sending: _sending, ...times } = row.times;
      this.sql("UPDATE messages SET state = 'queued', attempts = 0, first_try_at = NULL, times = ? WHERE seq = ?").run(
        JSON.stringify(times),
        row.seq,
      );
      this.rows.set(messageId, { ...row, state: 'queued', attempts: 0, first_try_at: null, times });
      return true;
    });
  }

  /** Notes that the connection ended in a stream error while these messages were handed over and not answered. */
  async noteStreamEnd(messageIds: readonly string[]): Promise<void> {
    await this.write(() => {
      for (const messageId of messageIds) {
        const row = this.row(messageId);
        if (!row) continue;
        this.sql('UPDATE messages SET stream_ends = stream_ends + 1 WHERE seq = ?').run(row.seq);
        this.rows.set(messageId, { ...row, stream_ends: row.stream_ends + 1 });
      }
    });
  }

  /** Moves a message forward; a move that its state does not allow (a late or repeated answer) changes nothing and resolves false. */
  async move(messageId: string, to: MessageState, details: ChangeDetails = {}): Promise<boolean> {
    // Somebody may wait for its fate; for a receipt that comes after it nobody does.
    const before = this.row(messageId);
    const urgent = !(before && isSettled(before.state) && (to === 'delivered' || to === 'read'));
    const message = await this.write(() => this.moveNow(messageId, to, details), { urgent });
    if (message) this.told(message);
    return message !== null;
  }

  /** Takes a message back that was not tried yet. @throws ServiceError `unknown_message`, `too_late_to_cancel` */
  async cancel(messageId: string): Promise<OutboxMessage> {
    const before = this.get(messageId);
    if (!before) throw new ServiceError('unknown_message');
    const moved = await this.move(messageId, 'cancelled', { errorCode: 'cancelled_by_request' });
    const after = this.get(messageId) as OutboxMessage;
    if (!moved && after.state !== 'cancelled')
      throw new ServiceError('too_late_to_cancel', { facts: { message_status: after.state } });
    return after;
  }

  /** Marks as expired what is queued beyond its time; at most `limit` at a time. Returns when the next one expires (epoch ms), or null. */
  async expire(limit = 500): Promise<number | null> {
    const now = this.options.now();
    const due = this.sql<{ id: string }>(
      "SELECT message_id AS id FROM messages WHERE state = 'queued' AND expires_at <= ? ORDER BY expires_at LIMIT ?",
    ).all(now, limit);
    await Promise.all(due.map(({ id }) => this.move(id, 'expired')));
    const next = this.sql<{ at: number | null }>(
      "SELECT expires_at AS at FROM messages WHERE state = 'queued' ORDER BY expires_at LIMIT 1",
    ).get();
    return next?.at ?? null;
  }

  /**
   * Erases the contents of messages whose fate has been known for so long (a reminder may have waited for weeks before), and forgets idempotency
   * keys that are old enough; the record of what happened stays. At most `limit` of each; returns whether there may be more.
   */
  async eraseOld(retentionMs: number, limit = 5000): Promise<boolean> {
    const now = this.options.now();
    const [contents, keys] = await this.write(() => [
      this.sql(
        `UPDATE messages SET content = NULL WHERE seq IN (
           SELECT seq FROM messages WHERE content IS NOT NULL AND settled_at < ? LIMIT ?)`,
      ).run(now - retentionMs, limit).changes,
      this.sql(
        `UPDATE messages SET idempotency_key = NULL, request_hash = NULL WHERE seq IN (
           SELECT seq FROM messages WHERE idempotency_key IS NOT NULL AND created_at < ? LIMIT ?)`,
      ).run(now - IDEMPOTENCY_KEPT_MS, limit).changes,
    ]);
    // Here as well.
    this.rows.clear();
    if (contents > 0) {
      // Otherwise they would stand in the journal until it is overwritten by chance.
      this.commits.flush();
      this.database.pragma('wal_checkpoint(TRUNCATE)');
    }
    return contents === limit || keys === limit;
  }

  // --- numbers and customers ---

  /** The chat id of a number as it was resolved before; null: not on WhatsApp; undefined: not known (any more). */
  chatOf(phone: string): string | null | undefined {
    const row = this.sql<{ chat_id: string | null; resolved_at: number }>(
      'SELECT chat_id, resolved_at FROM chats WHERE phone = ?',
    ).get(phone);
    if (!row) return undefined;
    const age = this.options.now() - row.resolved_at;
    return age < (row.chat_id === null ? NO_CHAT_KEPT_MS : CHAT_KEPT_MS) ? row.chat_id : undefined;
  }

  async rememberChat(phone: string, chatId: string | null): Promise<void> {
    await this.write(() =>
      this.sql('INSERT OR REPLACE INTO chats VALUES (?, ?, ?)').run(phone, chatId, this.options.now()),
    );
  }

  /**
   * Whether this customer is no first contact: WhatsApp has accepted a message of this organization to him before, he
   * has written to it, or was written to by hand on its phone. Under whatever name that was: the number as it was
   * given, as WhatsApp spells it, or his LID.
   */
  isContact(organizationId: OrganizationId, phone: string, lid: string | null = null): boolean {
    const chat = this.sql<{ chat_id: string | null }>('SELECT chat_id FROM chats WHERE phone = ?').get(phone);
    const names = new Set([phone, digitsOf(chat?.chat_id ?? phone), ...(lid === null ? [] : [lid])]);
    return [...names].some(
      (name) =>
        this.sql('SELECT 1 FROM contacts WHERE organization_id = ? AND phone = ?').get(organizationId, name) ??
        this.sql('SELECT 1 FROM acquaintances WHERE organization_id = ? AND name = ?').get(organizationId, name),
    );
  }

  /** Notes somebody who wrote, or was written to by hand, under each of his names (digits, or a LID `<digits>@lid`). */
  async noteAcquaintance(organizationId: OrganizationId, names: readonly string[]): Promise<void> {
    const fresh = names.filter((name) => !this.acquaintancesNoted.has(`${organizationId} ${name}`));
    if (fresh.length === 0) return;
    await this.write(
      () => {
        for (const name of fresh) {
          this.sql('INSERT OR REPLACE INTO acquaintances (organization_id, name) VALUES (?, ?)').run(
            organizationId,
            name,
          );
          this.acquaintancesNoted.set(`${organizationId} ${name}`, true);
        }
        this.sql(
          `DELETE FROM acquaintances WHERE organization_id = ? AND id <= (
             SELECT id FROM acquaintances WHERE organization_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
        ).run(organizationId, organizationId, ACQUAINTANCES_KEPT);
      },
      { urgent: false },
    );
  }

  firstContactsPausedUntil(organizationId: OrganizationId): number {
    return this.settings(organizationId).pausedUntil;
  }

  async pauseFirstContacts(organizationId: OrganizationId, until: number): Promise<void> {
    await this.write(() => {
      this.sql(
        `INSERT INTO organization_settings (organization_id, first_contacts_paused_until) VALUES (?, ?)
         ON CONFLICT (organization_id) DO UPDATE SET first_contacts_paused_until = excluded.first_contacts_paused_until`,
      ).run(organizationId, until);
      this.settingsRead.delete(organizationId);
    });
  }

  // --- the phone that is linked ---

  /** The phone with which an organization was connected last (digits); null from before this was noted. */
  linkedPhone(organizationId: OrganizationId): string | null {
    return this.settings(organizationId).linkedPhone;
  }

  /** Since when that phone is the one (epoch ms); 0 when none was noted. */
  linkedSince(organizationId: OrganizationId): number {
    return this.settings(organizationId).linkedSince;
  }

  /**
   * Notes with which phone an organization is connected. What was accepted before any was noted is taken for this
   * one's. Another phone than before was refused nothing: the pause of first contacts ends. Resolves true when the
   * phone is another than before, and messages wait for others.
   */
  async noteLinkedPhone(organizationId: OrganizationId, phone: string): Promise<boolean> {
    const { linkedPhone } = this.settings(organizationId);
    if (phone === linkedPhone) return false;
    await this.write(() => {
      this.sql(
        `INSERT INTO organization_settings (organization_id, linked_phone, linked_since) VALUES (?, ?, ?)
         ON CONFLICT (organization_id) DO UPDATE SET linked_phone = excluded.linked_phone, linked_since = excluded.linked_since`,
      ).run(organizationId, phone, this.options.now());
      if (linkedPhone === null) this.takeForPhone(organizationId, phone, 'for_phone IS NULL');
      else {
        this.sql('UPDATE organization_settings SET first_contacts_paused_until = 0 WHERE organization_id = ?').run(
          organizationId,
        );
      }
      this.settingsRead.delete(organizationId);
      this.otherPhones.delete(organizationId);
    });
    return this.otherPhone(organizationId) !== null;
  }

  /** What waits for another phone than the one that is linked; null when nothing does. Cheap. */
  otherPhone(organizationId: OrganizationId): OtherPhone | null {
    let other = this.otherPhones.get(organizationId);
    if (other === undefined) {
      const { linkedPhone, linkedSince } = this.settings(organizationId);
      const found = this.sql<{ phone: string; messages: number }>(
        `SELECT for_phone AS phone, count(*) AS messages FROM messages ${WAITING}
         WHERE organization_id = ? AND state IN ('queued', 'sending') AND for_phone <> ? GROUP BY for_phone ORDER BY max(seq) DESC`,
      ).all(organizationId, linkedPhone);
      const [first, ...more] = found.map(({ phone }) => phone);
      const messages = found.reduce((sum, one) => sum + one.messages, 0);
      other =
        first === undefined || linkedPhone === null
          ? null
          : { messages, phones: [first, ...more], linked: linkedPhone, since: linkedSince };
      this.otherPhones.set(organizationId, other);
    }
    return other;
  }

  /**
   * What waits for another phone may leave from the one that is linked; at once, and on disk when this resolves. Not
   * what was tried already: the customer may have it from the other phone, so it is unconfirmed.
   */
  async releaseOtherPhone(organizationId: OrganizationId): Promise<OtherPhoneDecided> {
    const { linkedPhone } = this.settings(organizationId);
    if (linkedPhone === null) return { messages: 0, unconfirmed: 0 };
    const [tried, messages] = await this.write(() => [
      this.forOthers(organizationId, "state = 'sending'")
        .map(({ id }) => this.moveNow(id, 'unconfirmed', {}))
        .filter((moved) => moved !== null),
      this.takeForPhone(organizationId, linkedPhone, 'for_phone IS NOT NULL'),
    ]);
    for (const message of tried) this.told(message);
    return { messages, unconfirmed: tried.length };
  }

  /**
   * Takes back what waits for another phone; what was tried already may have gone out: nothing more is tried, and it is
   * unconfirmed.
   */
  async cancelOtherPhone(organizationId: OrganizationId): Promise<OtherPhoneDecided> {
    for (let cancelled = 0, unconfirmed = 0; ;) {
      const messages = await this.write(() =>
        this.forOthers(organizationId)
          .map(({ id, state }) =>
            state === 'queued'
              ? this.moveNow(id, 'cancelled', { errorCode: 'cancelled_by_request' })
              : this.moveNow(id, 'unconfirmed', {}),
          )
          .filter((moved) => moved !== null),
      );
      for (const message of messages) {
        this.told(message);
        if (message.state === 'cancelled') cancelled += 1;
        else unconfirmed += 1;
      }
      if (messages.length < DECIDED_AT_ONCE) return { messages: cancelled, unconfirmed };
    }
  }

  /** The first of those that wait for another phone than the one that is linked. */
  private forOthers(
    organizationId: OrganizationId,
    which: "state = 'sending'" | 'true' = 'true',
  ): { id: string; state: MessageState }[] {
    return this.sql<{ id: string; state: MessageState }>(
      `SELECT message_id AS id, state FROM messages ${WAITING}
       WHERE organization_id = ? AND state IN ('queued', 'sending') AND ${which} AND for_phone <> ? ORDER BY seq LIMIT ?`,
    ).all(organizationId, this.settings(organizationId).linkedPhone, DECIDED_AT_ONCE);
  }

  /** From now on these of the messages that wait are this phone's. */
  private takeForPhone(
    organizationId: OrganizationId,
    phone: string,
    which: 'for_phone IS NULL' | 'for_phone IS NOT NULL',
  ): number {
    const { changes } = this.sql(
      `UPDATE messages ${WAITING} SET for_phone = ?
       WHERE organization_id = ? AND state IN ('queued', 'sending') AND ${which} AND for_phone IS NOT ?`,
    ).run(phone, organizationId, phone);
    this.rows.clear();
    this.otherPhones.delete(organizationId);
    return changes;
  }

  quietHours(organizationId: OrganizationId): QuietHours | null {
    return this.settings(organizationId).quiet;
  }

  async setQuietHours(organizationId: OrganizationId, quiet: QuietHours | null): Promise<void> {
    await this.write(() => {
      this.sql(
        `INSERT INTO organization_settings (organization_id, quiet_hours) VALUES (?, ?)
         ON CONFLICT (organization_id) DO UPDATE SET quiet_hours = excluded.quiet_hours`,
      ).run(organizationId, quiet && JSON.stringify(quiet));
      this.settingsRead.delete(organizationId);
    });
  }

  // --- being told ---

  /** Calls back at every change of a message, when it is on disk. Returns a function that ends it. */
  onChange(listener: (message: OutboxMessage) => void): () => void {
    this.changes.on('change', listener);
    return () => this.changes.off('change', listener);
  }

  /**
   * Resolves with the message as soon as its fate is known; with what it is then when `ms` are over, nobody waits any more (`signal`), or
   * the service stops.
   */
  async settled(messageId: string, ms: number, signal?: AbortSignal): Promise<OutboxMessage> {
    const now = toMessage(this.row(messageId) as Row);
    // What is told must be on disk.
    if (isSettled(now.state)) await this.commits.durable();
    if (isSettled(now.state) || ms <= 0 || this.waitsEnded || signal?.aborted) return now;
    let last = now;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      const { changes } = this;
      function done(): void {
        clearTimeout(timer);
        changes.off(messageId, look);
        changes.off(WAITS_ENDED, done);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      function look(message: OutboxMessage): void {
        last = message;
        if (isSettled(message.state)) done();
      }
      changes.on(messageId, look);
      changes.on(WAITS_ENDED, done);
      signal?.addEventListener('abort', done);
    });
    return last;
  }

  /** Whoever waits for a message's fate is answered now, and nobody waits any more: the service stops, and the message is safe. */
  endWaits(): void {
    this.waitsEnded = true;
    this.changes.emit(WAITS_ENDED);
  }

  /** Resolves when all that was accepted or changed until now is on disk, rejects when it is not; null when it is already. */
  durable(): Promise<void> | null {
    return this.commits.durable();
  }

  /** Commits what is open; the database is closed afterwards. */
  close(): void {
    this.commits.close();
    this.database.close();
  }

  // --- inside ---

  /** What is told must be on disk: before a message is shown, the commit that is open is made. */
  private commitOpen(): void {
    const failure = this.commits.flush();
    if (failure) throw failure.error;
  }

  private told(message: OutboxMessage): void {
    this.changes.emit('change', message);
    this.changes.emit(message.messageId, message);
  }

  private moveNow(messageId: string, to: MessageState, details: ChangeDetails): OutboxMessage | null {
    const row = this.row(messageId);
    if (!row || !statesBefore(to).includes(row.state)) return null;
    const now = this.options.now();
    const next: Row = {
      ...row,
      state: to,
      chat_id: details.chatId ?? row.chat_id,
      error_code: details.errorCode ?? null,
      ack_code: details.ackCode ?? null,
      times: { ...row.times, [to]: now },
    };
    this.sql(
      'UPDATE messages SET state = ?, chat_id = ?, error_code = ?, ack_code = ?, settled_at = COALESCE(settled_at, ?), times = ? WHERE seq = ?',
    ).run(
      next.state,
      next.chat_id,
      next.error_code,
      next.ack_code,
      isSettled(to) ? now : null,
      JSON.stringify(next.times),
      row.seq,
    );
    this.rows.set(messageId, next);
    if (!isSettled(row.state) && isSettled(to)) {
      this.count(row.organization_id, -1);
      if (row.for_phone !== this.linkedPhone(row.organization_id)) this.otherPhones.delete(row.organization_id);
    }
    if (to === 'sent' || to === 'delivered' || to === 'read') {
      this.noteContact(row.organization_id, row.phone);
      if (next.chat_id !== null) this.noteContact(row.organization_id, digitsOf(next.chat_id));
    }
    return toMessage(next);
  }

  private noteContact(organizationId: OrganizationId, phone: string): void {
    const contact = `${organizationId} ${phone}`;
    if (this.contactsNoted.has(contact)) return;
    this.sql('INSERT OR IGNORE INTO contacts VALUES (?, ?)').run(organizationId, phone);
    this.contactsNoted.set(contact, true);
  }

  private findByIdempotencyKey(message: NewMessage, now: number): Row | undefined {
    if (message.idempotencyKey === undefined) return undefined;
    const stored = this.sql<StoredRow>('SELECT * FROM messages WHERE organization_id = ? AND idempotency_key = ?').get(
      message.organizationId,
      message.idempotencyKey,
    );
    const known = stored && toRow(stored);
    if (known && now - known.created_at >= IDEMPOTENCY_KEPT_MS) {
      this.sql('UPDATE messages SET idempotency_key = NULL, request_hash = NULL WHERE seq = ?').run(known.seq);
      return undefined;
    }
    return known;
  }

  /** The messages whose place this one takes, by id. */
  private replaceable(message: NewMessage): string[] {
    if (message.replaceKey === undefined) return [];
    const old = this.sql<{ id: string }>(
      "SELECT message_id AS id FROM messages WHERE organization_id = ? AND replace_key = ? AND state = 'queued'",
    ).all(message.organizationId, message.replaceKey);
    return old.map(({ id }) => id);
  }

  private insert(message: NewMessage, hash: Buffer | null, now: number): Row {
    const row = {
      message_id: newMessageId(),
      organization_id: message.organizationId,
      phone: message.phone,
      content: JSON.stringify(message.content),
      state: 'queued',
      replace_key: message.replaceKey ?? null,
      request_hash: hash,
      send_at: message.sendAt ?? now,
      expires_at: message.expiresAt,
      created_at: now,
      times: { queued: now },
      chat_id: null,
      error_code: null,
      ack_code: null,
      attempts: 0,
      first_try_at: null,
      stream_ends: 0,
      for_phone: this.linkedPhone(message.organizationId),
    } as const;
    const { lastInsertRowid } = this.sql(
      `INSERT INTO messages (message_id, organization_id, phone, content, state, replace_key, idempotency_key, request_hash,
         send_at, expires_at, created_at, times, for_phone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      row.message_id,
      row.organization_id,
      row.phone,
      row.content,
      row.state,
      row.replace_key,
      message.idempotencyKey ?? null,
      hash,
      row.send_at,
      row.expires_at,
      now,
      JSON.stringify(row.times),
      row.for_phone,
    );
    const inserted = { ...row, seq: Number(lastInsertRowid) };
    this.rows.set(row.message_id, inserted);
    return inserted;
  }

  /** Asked for at every try of every message, hence kept in memory; a write forgets what it changes. */
  private settings(organizationId: OrganizationId): Settings {
    let settings = this.settingsRead.get(organizationId);
    if (!settings) {
      const row = this.sql<{ quiet: string | null; at: number; phone: string | null; since: number | null }>(
        `SELECT quiet_hours AS quiet, first_contacts_paused_until AS at, linked_phone AS phone, linked_since AS since
         FROM organization_settings WHERE organization_id = ?`,
      ).get(organizationId);
      settings = {
        quiet: row?.quiet ? (JSON.parse(row.quiet) as QuietHours) : null,
        pausedUntil: row?.at ?? 0,
        linkedPhone: row?.phone ?? null,
        linkedSince: row?.since ?? 0,
      };
      this.settingsRead.set(organizationId, settings);
    }
    return settings;
  }

  private row(messageId: string): Row | undefined {
    let row = this.rows.get(messageId);
    if (!row) {
      const stored = this.sql<StoredRow>('SELECT * FROM messages WHERE message_id = ?').get(messageId);
      row = stored && toRow(stored);
      if (row) this.rows.set(messageId, row);
    }
    return row;
  }

  /** Counts from the disk what is kept in memory: at start, and when a commit failed after something was counted. */
  private recount(): void {
    this.pendingCounts.clear();
    const counts = this.sql<{ id: OrganizationId; n: number }>(
      "SELECT organization_id AS id, count(*) AS n FROM messages WHERE state IN ('queued', 'sending') GROUP BY organization_id",
    ).all();
    for (const { id, n } of counts) this.pendingCounts.set(id, n);
  }

  /** One of the outbox's writes; durable when it resolves. */
  private async write<T>(work: () => T, options?: { urgent: boolean }): Promise<T> {
    try {
      return await this.commits.write(work, options);
    } catch (error) {
      if (!(error instanceof ServiceError)) this.recount();
      throw error;
    }
  }

  private pendingCount(organizationId: OrganizationId): number {
    return this.pendingCounts.get(organizationId) ?? 0;
  }

  private count(organizationId: OrganizationId, change: number): void {
    this.pendingCounts.set(organizationId, Math.max(0, this.pendingCount(organizationId) + change));
  }

  private readonly statements = new Map<string, Database.Statement>();

  private sql<T = unknown>(text: string): Database.Statement<unknown[], T> {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.database.prepare(text);
      this.statements.set(text, statement);
    }
    return statement as Database.Statement<unknown[], T>;
  }
}

/** An id in the form that WhatsApp Web gives its messages (lib/Utils/generics.js, generateMessageIDV2): `3EB0` and 18 hex digits. */
export function newMessageId(): string {
  return `3EB0${randomHex(18).toUpperCase()}`;
}

/** Of a chat id (`573109998877@s.whatsapp.net`), or of digits. */
function digitsOf(chatId: string): string {
  return chatId.split('@', 1)[0] ?? chatId;
}

/** Tells whether two requests with one idempotency key mean the same message. */
function requestHash(message: NewMessage): Buffer {
  const parts = [message.phone, identityOf(message.content), message.replaceKey ?? null, message.fingerprint ?? null];
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}

/** @throws Error when it was written by a newer version */
function contentIn(stored: string): Content {
  return readContent(JSON.parse(stored));
}

function toRow(stored: StoredRow): Row {
  return { ...stored, times: JSON.parse(stored.times) as Times };
}

function toMessage(row: Row): OutboxMessage {
  return {
    messageId: row.message_id,
    organizationId: row.organization_id,
    phone: row.phone,
    chatId: row.chat_id,
    state: row.state,
    errorCode: row.error_code,
    ackCode: row.ack_code,
    replaceKey: row.replace_key,
    attempts: row.attempts,
    sendAt: row.send_at,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    firstTryAt: row.first_try_at,
    times: row.times,
  };
}

function toPending(row: Row): PendingMessage {
  return {
    messageId: row.message_id,
    organizationId: row.organization_id,
    seq: row.seq,
    phone: row.phone,
    state: row.state as 'queued' | 'sending',
    sendAt: row.send_at,
    expiresAt: row.expires_at,
    firstTryAt: row.first_try_at,
    streamEnds: row.stream_ends,
    forPhone: row.for_phone,
  };
}
