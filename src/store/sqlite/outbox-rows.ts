import { LRUCache } from 'lru-cache';
import { readContent, type Content } from '../../content/content.js';
import type { OrganizationId } from '../../organization-id.js';
import type { MessageErrorCode, MessageState, OutboxMessage, PendingMessage } from '../../outbox/outbox-message.js';
import type { MessageToStore } from '../ports.js';
import type { Statements } from './statements.js';

export interface Row {
  seq: number;
  message_id: string;
  organization_id: OrganizationId;
  phone: string;
  chat_id: string | null;
  /** JSON; null: erased. */
  content: string | null;
  /** The same, where this process stored it: it is not parsed again. */
  read?: Content;
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
  times: OutboxMessage['times'];
}

/** As it stands in the database. */
export type StoredRow = Omit<Row, 'read' | 'times'> & { times: string };

/** Messages as they stand in the database, the latest ones in memory: each is read at every step of its way. */
export class OutboxRows {
  private readonly latest = new LRUCache<string, Row>({
    max: 500,
    maxSize: 1_000_000,
    sizeCalculation: ({ content }) => 2 * (content?.length ?? 0) + 500,
  });

  constructor(private readonly statements: Statements) {}

  of(messageId: string): Row | undefined {
    let row = this.latest.get(messageId);
    if (!row) {
      const stored = this.statements.sql<StoredRow>('SELECT * FROM messages WHERE message_id = ?').get(messageId);
      row = stored && toRow(stored);
      if (row) this.latest.set(messageId, row);
    }
    return row;
  }

  /** Stores a message that is queued. */
  insert(message: MessageToStore, forPhone: string | null): Row {
    const { acceptedAt } = message;
    const row = {
      message_id: message.messageId,
      organization_id: message.organizationId,
      phone: message.phone,
      content: JSON.stringify(message.content),
      read: message.content,
      state: 'queued',
      replace_key: message.replaceKey ?? null,
      request_hash: message.requestHash,
      send_at: message.sendAt ?? acceptedAt,
      expires_at: message.expiresAt,
      created_at: acceptedAt,
      times: { queued: acceptedAt },
      chat_id: null,
      error_code: null,
      ack_code: null,
      attempts: 0,
      first_try_at: null,
      stream_ends: 0,
      for_phone: forPhone,
    } as const;
    const { lastInsertRowid } = this.statements
      .sql(
        `INSERT INTO messages (message_id, organization_id, phone, content, state, replace_key, idempotency_key,
           request_hash, send_at, expires_at, created_at, times, for_phone)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        row.message_id,
        row.organization_id,
        row.phone,
        row.content,
        row.state,
        row.replace_key,
        message.idempotencyKey ?? null,
        row.request_hash,
        row.send_at,
        row.expires_at,
        row.created_at,
        JSON.stringify(row.times),
        row.for_phone,
      );
    const inserted = { ...row, seq: Number(lastInsertRowid) };
    this.latest.set(row.message_id, inserted);
    return inserted;
  }

  /** Notes what was written. */
  set(row: Row): void {
    this.latest.set(row.message_id, row);
  }

  /** The database is the truth: something was undone, or written past this memory. */
  forget(): void {
    this.latest.clear();
  }
}

export function toRow(stored: StoredRow): Row {
  return { ...stored, times: JSON.parse(stored.times) as Row['times'] };
}

/** @throws Error when it was written by a newer version */
export function contentIn(stored: string): Content {
  return readContent(JSON.parse(stored));
}

export function waits({ state }: Pick<Row, 'state'>): boolean {
  return state === 'queued' || state === 'sending';
}

export function toMessage(row: Row): OutboxMessage {
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

export function toPending(row: Row): PendingMessage {
  return {
    messageId: row.message_id,
    organizationId: row.organization_id,
    seq: row.seq,
    phone: row.phone,
    state: row.state as 'queued' | 'sending',
    sendAt: row.send_at,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    firstTryAt: row.first_try_at,
    streamEnds: row.stream_ends,
    forPhone: row.for_phone,
  };
}
