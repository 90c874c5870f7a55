import type Database from 'better-sqlite3';
import type { Content } from '../../content/content.js';
import type { OrganizationId } from '../../organization-id.js';
import type { MessageQuery, OutboxMessage, PendingMessage } from '../../outbox/outbox-message.js';
import type { QuietHours } from '../../outbox/quiet-hours.js';
import type {
  Accepted,
  AcceptedMessage,
  AcceptedTimes,
  Claim,
  Claimed,
  MessageToStore,
  Move,
  OutboxSettings,
  OutboxStore,
} from '../ports.js';
import { GroupCommit } from './group-commit.js';
import { OutboxCustomers } from './outbox-customers.js';
import { openOutboxDatabase } from './outbox-database.js';
import { OutboxLists } from './outbox-lists.js';
import { OutboxPhones } from './outbox-phones.js';
import { contentIn, OutboxRows, toMessage, waits } from './outbox-rows.js';
import { OutboxSteps } from './outbox-steps.js';
import { Statements } from './statements.js';

/** More than may be in flight. */
const MOST_TRIED = 500;

/**
 * `outbox.sqlite` in DATA_DIR, whose only writer this is. What is written within one turn is one commit and one sync.
 */
export class SqliteOutboxStore implements OutboxStore {
  private readonly commits: GroupCommit;
  private readonly statements: Statements;
  private readonly rows: OutboxRows;
  private readonly lists: OutboxLists;
  private readonly customers: OutboxCustomers;
  private readonly phones: OutboxPhones;
  private readonly steps: OutboxSteps;

  /** @throws as `openDatabase` */
  static async open(directory: string): Promise<SqliteOutboxStore> {
    return new SqliteOutboxStore(openOutboxDatabase(directory));
  }

  constructor(private readonly database: Database.Database) {
    this.statements = new Statements(database);
    this.rows = new OutboxRows(this.statements);
    this.lists = new OutboxLists(this.statements);
    this.customers = new OutboxCustomers(this.statements);
    this.phones = new OutboxPhones(this.statements);
    this.steps = new OutboxSteps(this.statements, this.rows, this.customers, this.phones);
    this.commits = new GroupCommit(database, () => {
      this.rows.forget();
      this.customers.forget();
      this.phones.forget();
      this.steps.forget();
    });
  }

  // --- a message's way ---

  accept(message: MessageToStore): { written: Promise<Accepted>; stored: Promise<void> } {
    return this.begin(() => this.steps.accept(message));
  }

  claim(claim: Claim): { claimed: Promise<Claimed | null>; stored: Promise<void> } {
    const { written, stored } = this.begin(() => this.steps.claim(claim));
    return { claimed: written, stored };
  }

  async unclaim(messageId: string): Promise<OutboxMessage | null> {
    return this.write(() => this.steps.unclaim(messageId));
  }

  move(move: Move): { moved: Promise<OutboxMessage | null>; stored: Promise<void> } {
    const isUrgent = (): boolean => {
      // For a receipt that comes after its message's fate nobody waits.
      const before = move.isReceipt && this.rows.of(move.messageId);
      return !before || waits(before);
    };
    const { written, stored } = this.begin(() => this.steps.move(move), isUrgent);
    return { moved: written, stored };
  }

  async noteStreamEnd(messageIds: readonly string[]): Promise<void> {
    await this.write(() => {
      for (const messageId of messageIds) {
        const row = this.rows.of(messageId);
        if (!row) continue;
        this.statements.sql('UPDATE messages SET stream_ends = stream_ends + 1 WHERE seq = ?').run(row.seq);
        this.rows.set({ ...row, stream_ends: row.stream_ends + 1 });
      }
    });
  }

  // --- reading ---

  async get(messageId: string): Promise<OutboxMessage | null> {
    this.statements.mustBeOpen();
    const row = this.rows.of(messageId);
    await this.commits.durable();
    return row ? toMessage(row) : null;
  }

  async list(query: MessageQuery): Promise<{ messages: OutboxMessage[]; next: number | null }> {
    const page = this.lists.page(query);
    await this.commits.durable();
    return page;
  }

  async contentOf(organizationId: OrganizationId, messageId: string): Promise<Content | undefined> {
    const row = this.statements
      .sql<{ content: string | null }>('SELECT content FROM messages WHERE message_id = ? AND organization_id = ?')
      .get(messageId, organizationId);
    return row?.content ? contentIn(row.content) : undefined;
  }

  async isKeyKnown(organizationId: OrganizationId, key: string, keysSince: number): Promise<boolean> {
    const row = this.statements
      .sql<{
        at: number;
      }>('SELECT created_at AS at FROM messages WHERE organization_id = ? AND idempotency_key = ?')
      .get(organizationId, key);
    return row !== undefined && row.at > keysSince;
  }

  async waiting(): Promise<PendingMessage[]> {
    return this.lists.waiting();
  }

  async overdue(now: number, limit: number): Promise<string[]> {
    return this.lists.overdue(now, limit);
  }

  async newest(limit: number): Promise<OutboxMessage[]> {
    return this.lists.newest(limit);
  }

  async acceptedAfter(seq: number, until: number, limit: number): Promise<AcceptedMessage[]> {
    return this.lists.acceptedAfter(seq, until, limit);
  }

  async lastSeq(): Promise<number> {
    return this.lists.lastSeq();
  }

  async acceptedBefore(
    seq: number | null,
    limit: number,
    organizationId?: OrganizationId,
  ): Promise<(AcceptedTimes & { seq: number })[]> {
    return this.lists.acceptedBefore(seq, limit, organizationId);
  }

  async erase(what: { settledBefore: number; acceptedBefore: number; limit: number }): Promise<boolean> {
    const { settledBefore, acceptedBefore, limit } = what;
    const [contents, keys] = await this.write(() => [
      this.statements
        .sql(
          `UPDATE messages SET content = NULL WHERE seq IN (
             SELECT seq FROM messages WHERE content IS NOT NULL AND settled_at < ? LIMIT ?)`,
        )
        .run(settledBefore, limit).changes,
      this.statements
        .sql(
          `UPDATE messages SET idempotency_key = NULL, request_hash = NULL WHERE seq IN (
             SELECT seq FROM messages WHERE idempotency_key IS NOT NULL AND created_at < ? LIMIT ?)`,
        )
        .run(acceptedBefore, limit).changes,
    ]);
    // Here as well.
    this.rows.forget();
    if (contents > 0) {
      // Otherwise they would stand in the journal until it is overwritten by chance.
      this.commits.flush();
      this.database.pragma('wal_checkpoint(TRUNCATE)');
    }
    return contents === limit || keys === limit;
  }

  // --- numbers and customers ---

  async chat(phone: string): Promise<{ chatId: string | null; at: number } | null> {
    return this.customers.chat(phone);
  }

  async rememberChat(phone: string, chatId: string | null, at: number): Promise<void> {
    await this.write(() => this.customers.rememberChat(phone, chatId, at));
  }

  async isContact(organizationId: OrganizationId, names: readonly string[]): Promise<boolean> {
    return this.customers.isContact(organizationId, names);
  }

  async noteAcquaintance(organizationId: OrganizationId, names: readonly string[], keep: number): Promise<void> {
    this.statements.mustBeOpen();
    const fresh = this.customers.fresh(organizationId, names);
    if (fresh.length === 0) return;
    await this.write(() => this.customers.noteAcquaintance(organizationId, fresh, keep), false);
  }

  // --- settings, and the phone that is linked ---

  async settings(): Promise<Map<OrganizationId, OutboxSettings>> {
    return this.phones.settings();
  }

  async setQuietHours(organizationId: OrganizationId, quiet: QuietHours | null): Promise<void> {
    await this.write(() => this.phones.setQuietHours(organizationId, quiet));
  }

  async pauseFirstContacts(organizationId: OrganizationId, until: number): Promise<void> {
    await this.write(() => this.phones.pauseFirstContacts(organizationId, until));
  }

  async linkPhone(organizationId: OrganizationId, phone: string, at: number): Promise<void> {
    await this.write(() => {
      if (this.phones.link(organizationId, phone, at)) this.rows.forget();
    });
  }

  async releaseOtherPhones(
    organizationId: OrganizationId,
    at: number,
  ): Promise<{ released: number; unconfirmed: OutboxMessage[] }> {
    return this.write(() => {
      const linked = this.phones.linkedPhone(organizationId);
      if (linked === null) return { released: 0, unconfirmed: [] };
      const unconfirmed = this.phones
        .forOthers(organizationId, MOST_TRIED, "state = 'sending'")
        .map(({ id }) => this.steps.giveUp(id, at))
        .filter((moved) => moved !== null);
      const released = this.phones.give(organizationId, linked, 'for_phone IS NOT NULL');
      this.rows.forget();
      return { released, unconfirmed };
    });
  }

  async cancelOtherPhones(organizationId: OrganizationId, at: number, limit: number): Promise<OutboxMessage[]> {
    return this.write(() =>
      this.phones
        .forOthers(organizationId, limit)
        .map(({ id, state }) =>
          state === 'queued' ? this.steps.cancel(id, 'cancelled_by_request', at) : this.steps.giveUp(id, at),
        )
        .filter((moved) => moved !== null),
    );
  }

  async close(): Promise<void> {
    this.commits.close();
    this.database.close();
  }

  // --- inside ---

  /** Runs `work` at once: what it says, and when that is on disk. */
  private begin<T>(work: () => T, isUrgent = (): boolean => true): { written: Promise<T>; stored: Promise<void> } {
    let result = null as { value: T } | null;
    const write = async (): Promise<void> =>
      this.write(() => {
        result = { value: work() };
      }, isUrgent());
    const stored = write();
    stored.catch(() => {});
    return { written: result ? Promise.resolve(result.value) : (stored as Promise<never>), stored };
  }

  /** As `GroupCommit.write`. */
  private async write<T>(work: () => T, urgent = true): Promise<T> {
    this.statements.mustBeOpen();
    return this.commits.write(work, { urgent });
  }
}
