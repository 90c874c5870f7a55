import type { OrganizationId } from '../../organization-id.js';
import type { MessageErrorCode, OutboxMessage } from '../../outbox/outbox-message.js';
import type { Accepted, Claim, Claimed, MessageToStore, Move } from '../ports.js';
import type { OutboxCustomers } from './outbox-customers.js';
import { STILL_WAITS } from './outbox-lists.js';
import type { OutboxPhones } from './outbox-phones.js';
import {
  contentIn,
  toMessage,
  toPending,
  toRow,
  waits,
  type OutboxRows,
  type Row,
  type StoredRow,
} from './outbox-rows.js';
import type { Statements } from './statements.js';

const AS_ENDED = { settles: true, makesContact: false, isReceipt: false } as const;

/** The steps of a message's way, as `OutboxStore` says. They run in a transaction of the caller's. */
export class OutboxSteps {
  /** How many messages wait; null when it must be counted anew. */
  private counts: Map<OrganizationId, number> | null = null;

  constructor(
    private readonly statements: Statements,
    private readonly rows: OutboxRows,
    private readonly customers: OutboxCustomers,
    private readonly phones: OutboxPhones,
  ) {}

  accept(message: MessageToStore): Accepted {
    const { organizationId, acceptedAt } = message;
    const known = this.findByKey(message);
    if (known) {
      const isSame = message.requestHash !== null && known.request_hash?.equals(message.requestHash);
      return isSame ? { outcome: 'known', message: toMessage(known) } : { outcome: 'key_reused' };
    }
    const old = this.replaceable(message);
    // Taking another's place does not grow the outbox.
    if (old.length === 0 && this.waitingOf(organizationId) >= message.maxWaiting) return { outcome: 'full' };
    const replaced = old.map((id) => this.cancel(id, 'replaced', acceptedAt)).filter((moved) => moved !== null);
    const row = this.rows.insert(message, this.phones.linkedPhone(organizationId));
    this.count(organizationId, 1);
    return { outcome: 'stored', message: toMessage(row), pending: toPending(row), replaced };
  }

  private findByKey(message: MessageToStore): Row | undefined {
    if (message.idempotencyKey === undefined) return undefined;
    const stored = this.statements
      .sql<StoredRow>('SELECT * FROM messages WHERE organization_id = ? AND idempotency_key = ?')
      .get(message.organizationId, message.idempotencyKey);
    if (!stored || stored.created_at > message.keysSince) return stored && toRow(stored);
    this.statements
      .sql('UPDATE messages SET idempotency_key = NULL, request_hash = NULL WHERE seq = ?')
      .run(stored.seq);
    return undefined;
  }

  /** The messages whose place this one takes, by id. */
  private replaceable({ organizationId, replaceKey }: MessageToStore): string[] {
    if (replaceKey === undefined) return [];
    return this.statements
      .sql<{ id: string }>(
        `SELECT message_id AS id FROM messages
         WHERE organization_id = ? AND replace_key = ? AND state = 'queued'`,
      )
      .all(organizationId, replaceKey)
      .map(({ id }) => id);
  }

  unclaim(messageId: string): OutboxMessage | null {
    const row = this.rows.of(messageId);
    if (row?.state !== 'sending' || row.attempts !== 1) return null;
    const { sending: _sending, ...times } = row.times;
    this.statements
      .sql("UPDATE messages SET state = 'queued', attempts = 0, first_try_at = NULL, times = ? WHERE seq = ?")
      .run(JSON.stringify(times), row.seq);
    const queued: Row = { ...row, state: 'queued', attempts: 0, first_try_at: null, times };
    this.rows.set(queued);
    return toMessage(queued);
  }

  claim({ messageId, chatId, at }: Claim): Claimed | null {
    const row = this.rows.of(messageId);
    if (!row || row.content === null) return null;
    const isFirst = row.state === 'queued' && row.expires_at > at;
    if (!isFirst && row.state !== 'sending') return null;
    let claimed: Row;
    if (isFirst) {
      const times = { ...row.times, sending: at };
      this.statements
        .sql(
          `UPDATE messages SET state = 'sending', chat_id = ?, attempts = 1, first_try_at = ?, times = ?
           WHERE seq = ?`,
        )
        .run(chatId, at, JSON.stringify(times), row.seq);
      claimed = { ...row, state: 'sending', chat_id: chatId, attempts: 1, first_try_at: at, times };
    } else {
      this.statements.sql('UPDATE messages SET attempts = attempts + 1 WHERE seq = ?').run(row.seq);
      claimed = { ...row, attempts: row.attempts + 1 };
    }
    this.rows.set(claimed);
    return { content: row.read ?? contentIn(row.content), message: toMessage(claimed), isFirst };
  }

  move(move: Move): OutboxMessage | null {
    const { messageId, to, at } = move;
    const row = this.rows.of(messageId);
    if (!row || !move.from.includes(row.state)) return null;
    const next: Row = {
      ...row,
      state: to,
      chat_id: move.chatId ?? row.chat_id,
      error_code: move.errorCode ?? null,
      ack_code: move.ackCode ?? null,
      times: { ...row.times, [to]: at },
    };
    this.statements
      .sql(
        `UPDATE messages SET state = ?, chat_id = ?, error_code = ?, ack_code = ?,
           settled_at = COALESCE(settled_at, ?), times = ? WHERE seq = ?`,
      )
      .run(
        next.state,
        next.chat_id,
        next.error_code,
        next.ack_code,
        move.settles ? at : null,
        JSON.stringify(next.times),
        row.seq,
      );
    this.rows.set(next);
    if (waits(row) && move.settles) this.count(row.organization_id, -1);
    if (move.makesContact) {
      this.customers.noteContact(row.organization_id, row.phone);
      const [digits] = next.chat_id?.split('@', 1) ?? [];
      if (digits !== undefined) this.customers.noteContact(row.organization_id, digits);
    }
    return toMessage(next);
  }

  cancel(messageId: string, errorCode: MessageErrorCode, at: number): OutboxMessage | null {
    return this.move({ ...AS_ENDED, messageId, from: ['queued'], to: 'cancelled', errorCode, at });
  }

  /** Nothing more is tried, and it may have arrived. */
  giveUp(messageId: string, at: number): OutboxMessage | null {
    return this.move({ ...AS_ENDED, messageId, from: ['sending'], to: 'unconfirmed', at });
  }

  private count(organizationId: OrganizationId, change: number): void {
    // Otherwise it is counted from the disk when it is asked for.
    this.counts?.set(organizationId, Math.max(0, this.waitingOf(organizationId) + change));
  }

  private waitingOf(organizationId: OrganizationId): number {
    if (!this.counts) {
      const rows = this.statements
        .sql<{ id: OrganizationId; n: number }>(
          `SELECT organization_id AS id, count(*) AS n FROM messages WHERE ${STILL_WAITS} GROUP BY organization_id`,
        )
        .all();
      this.counts = new Map(rows.map(({ id, n }) => [id, n]));
    }
    return this.counts.get(organizationId) ?? 0;
  }

  /** Something that was written is not there after all. */
  forget(): void {
    this.counts = null;
  }
}
