import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { MessageState } from '../../../src/outbox/outbox-message.js';
import { claim, Clock, DAY, folder, message, openOutbox, OTHER_ID, ID, textOf } from './fixtures.js';

/** Written by release 0.3.1 itself, through every state. */
const DUMP = readFileSync(path.join(import.meta.dirname, 'outbox-0.3.1.sql'), 'utf8');
/** When it was written. */
const THEN = 1_791_558_023_000;

/** A DATA_DIR of 0.3.1. */
function predecessors(change: (database: Database.Database) => void = () => {}): string {
  const directory = folder();
  const database = new Database(path.join(directory, 'outbox.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('secure_delete = ON');
  database.exec(DUMP);
  change(database);
  database.close();
  return directory;
}

/** What 0.3.1 would say of each message, in the order of acceptance. */
function asStored(directory: string): Record<string, unknown>[] {
  const database = new Database(path.join(directory, 'outbox.sqlite'), { readonly: true });
  const rows = database.prepare('SELECT * FROM messages ORDER BY seq').all() as Record<string, unknown>[];
  database.close();
  return rows;
}

function onDisk(directory: string): string {
  return readdirSync(directory)
    .map((name) => readFileSync(path.join(directory, name), 'latin1'))
    .join('');
}

describe('an outbox of 0.3.1', () => {
  test('is taken over with every message in its state, and with its text', async () => {
    const directory = predecessors();
    const rows = asStored(directory);
    const states = new Set(rows.map(({ state }) => state as MessageState));
    expect([...states].sort()).toEqual(
      ['cancelled', 'delivered', 'expired', 'failed', 'queued', 'read', 'sending', 'sent', 'unconfirmed'].sort(),
    );
    expect(rows.filter(({ text }) => text === null)).toHaveLength(1);
    const { outbox } = await openOutbox({ directory, clock: new Clock(THEN) });
    for (const row of rows) {
      const id = row.message_id as string;
      expect(await outbox.get(id)).toEqual({
        messageId: id,
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
        times: JSON.parse(row.times as string),
      });
      const content = await outbox.contentOf(row.organization_id === '2' ? ID : OTHER_ID, id);
      expect(content).toEqual(row.text === null ? undefined : { kind: 'text', version: 1, text: row.text });
    }
    expect(outbox.quietHours(ID)).toEqual({ from: '21:00', to: '08:00', timeZone: 'America/Bogota' });
    expect(outbox.firstContactsPausedUntil(OTHER_ID)).toBeGreaterThan(THEN);
  });

  test('goes on: what waits leaves with its own text, under its own id, and ends as it must', async () => {
    const directory = predecessors();
    const rows = asStored(directory);
    const { outbox } = await openOutbox({ directory, clock: new Clock(THEN) });
    const waiting = rows.filter(({ state }) => state === 'queued' || state === 'sending');
    expect(outbox.takeUp().map(({ messageId }) => messageId)).toEqual(waiting.map((row) => row.message_id));
    for (const { message_id: id, text, attempts } of waiting) {
      expect(await claim(outbox, id as string, 'x@s.whatsapp.net')).toBe(text);
      expect((await outbox.get(id as string))?.attempts).toBe((attempts as number) + 1);
      expect(await outbox.move(id as string, 'sent')).toBe(true);
    }
    for (const { message_id: id, state } of rows) {
      if (state !== 'unconfirmed') continue;
      expect(await outbox.move(id as string, 'delivered')).toBe(true);
    }
    expect(outbox.depth(ID)).toEqual({ pending: 0, oldestAt: null });
  });

  test('still knows its idempotency keys, and its texts go when their time is over', async () => {
    const directory = predecessors();
    const rows = asStored(directory);
    const row = rows.find(({ idempotency_key: key }) => key === 'booking-7');
    const clock = new Clock(THEN);
    const { outbox } = await openOutbox({ directory, clock });
    const again = (text: string) =>
      outbox.accept(
        message(clock.at, {
          phone: row?.phone as string,
          text,
          idempotencyKey: 'booking-7',
          replaceKey: 'booking:7',
          fingerprint: '{"ttl_seconds":86400}',
        }),
      );
    const { message: known, isNew } = await again('Queued, with keys');
    expect([known.messageId, isNew]).toEqual([row?.message_id, false]);
    await expect(again('Another text')).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    const settled = rows.filter(({ text, settled_at: at }) => text !== null && at !== null);
    const texts = settled.map(({ text }) => `"text":"${text as string}"`);
    expect(texts).toContain('"text":"Failed, nobody there"');
    for (const text of texts) expect(onDisk(directory)).toContain(text);
    clock.at += 8 * DAY;
    await outbox.eraseOld(7 * DAY);
    for (const text of texts) expect(onDisk(directory)).not.toContain(text);
    expect(onDisk(directory)).toContain('"text":"Queued for December"');
  });

  test('leaves no erased text behind, before or after: not in the row, not beside it, not in the journal', async () => {
    const secret = (n: number, what: string): string => `${what} Zx81-${n} `.repeat(1 + (n % 97));
    const directory = predecessors((database) => {
      const insert = database.prepare(
        `INSERT INTO messages (message_id, organization_id, phone, chat_id, text, state, attempts, send_at, expires_at,
           created_at, settled_at, times)
          VALUES (?, '2', '573109998877', 'x', ?, 'sent', 1, ?, ?, ?, ?, '{"queued":1}')`,
      );
      const at = THEN - 60_000;
      for (let n = 0; n < 3000; n++)
        insert.run(`3EB0${n}`, secret(n, n % 2 ? 'early' : 'late'), at, at + DAY, at, at + 50);
      database.exec("UPDATE messages SET text = NULL WHERE text LIKE 'early%'");
      database.pragma('wal_checkpoint(TRUNCATE)');
    });
    const clock = new Clock(THEN);
    const { outbox } = await openOutbox({ directory, clock });
    expect(await outbox.contentOf(ID, '3EB01')).toBeUndefined();
    expect(textOf(await outbox.contentOf(ID, '3EB02'))).toBe(secret(2, 'late'));
    expect(onDisk(directory)).not.toContain('early Zx81');
    clock.at += 8 * DAY;
    await outbox.eraseOld(7 * DAY);
    expect(onDisk(directory).match(/late Zx81-\d+/g) ?? []).toEqual([]);
  });
});
