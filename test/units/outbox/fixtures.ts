import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Database from 'better-sqlite3';
import { onTestFinished, vi } from 'vitest';
import type { Content } from '../../../src/content/content.js';
import { createLogger } from '../../../src/logger.js';
import { parseOrganizationId, type OrganizationId } from '../../../src/organization-id.js';
import { openOutboxDatabase } from '../../../src/store/sqlite/outbox-database.js';
import { SqliteOutboxStore } from '../../../src/store/sqlite/outbox-store.js';
import type { MessageState, NewMessage } from '../../../src/outbox/outbox-message.js';
import { Outbox } from '../../../src/outbox/outbox.js';
import type { DispatcherSettings } from '../../../src/outbox/desk.js';
import { OrganizationDispatcher } from '../../../src/outbox/organization-dispatcher.js';
import type { CarrierNews, MessageCarrier, MessageToHand } from '../../../src/session/message-carrier.js';

export const ID = parseOrganizationId('2') as OrganizationId;
export const OTHER_ID = parseOrganizationId('3') as OrganizationId;
export const CUSTOMER = '573109998877';
export const OTHER = '573109998866';
/** Phones of an organization. */
export const SHOP = '573001112233';
export const OTHER_SHOP = '573001112244';
export const DAY = 86_400_000;

/** A clock that stands until somebody moves it. */
export class Clock {
  constructor(public at = Date.UTC(2026, 0, 5, 15, 0)) {}
  readonly now = (): number => this.at;
}

/** A folder of this test alone. */
export function folder(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'outbox-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export async function openOutbox({ directory = folder(), clock = new Clock(), maxPending = 1000 } = {}) {
  const database = openOutboxDatabase(directory);
  const store = new SqliteOutboxStore(database);
  const outbox = await Outbox.open(store, { maxPending, now: clock.now });
  onTestFinished(async () => {
    if (database.open) await store.close();
  });
  return { outbox, store, database, directory, clock };
}

/**
 * Returns what makes the commit that is open fail when it comes. To be called in the turn of the writes that are to be
 * lost.
 */
export function commitFailer(database: Database.Database): () => void {
  database.exec(`CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS debt (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);`);
  return () => {
    if (!database.inTransaction) throw new Error('Nothing is open.');
    database.exec('INSERT INTO debt VALUES (99)');
  };
}

/** A message of the tests: its text stands for the content. */
export type Wanted = Partial<Omit<NewMessage, 'content'>> & { readonly text?: string };

export function textContent(text: string): Content {
  return { kind: 'text', version: 1, text };
}

/** Undefined when there is none, or when it is no text. */
export function textOf(content: Content | null | undefined): string | undefined {
  return content?.kind === 'text' ? content.text : undefined;
}

export function message(now: number, { text = 'Hello', ...more }: Wanted = {}): NewMessage {
  return { organizationId: ID, phone: CUSTOMER, content: textContent(text), expiresAt: now + DAY, ...more };
}

/** The text of a claimed message when the claim is on disk. */
export async function claim(outbox: Outbox, messageId: string, chatId: string): Promise<string | null> {
  const { content, stored } = outbox.claim(messageId, chatId);
  await stored;
  return textOf(await content) ?? null;
}

export async function statesOf(outbox: Outbox, ids: readonly string[]): Promise<(MessageState | undefined)[]> {
  return Promise.all(ids.map(async (id) => (await outbox.get(id))?.state));
}

export const QUIET_LOGGER = createLogger({ level: 'silent', format: 'json' });

/** A WhatsApp that answers when the test says so. */
export class FakeCarrier implements MessageCarrier {
  connected = true;
  /** What was handed over, in its order; `at` by the clock of the test. */
  readonly handed: { messageId: string; chatId: string; text: string; at: number }[] = [];
  readonly resolved: string[] = [];
  readonly prepared: { chatId: string; fresh: boolean }[] = [];
  /** Thrown by the next calls, first come first served. */
  readonly failures: { resolveChat: Error[]; prepare: Error[]; hand: Error[] } = {
    resolveChat: [],
    prepare: [],
    hand: [],
  };
  readonly notOnWhatsApp = new Set<string>();
  /** LIDs by chat id. */
  readonly lids = new Map<string, string>();
  private listener: ((id: OrganizationId, news: CarrierNews) => void) | null = null;

  isConnected(): boolean {
    return this.connected;
  }

  async resolveChat(_id: OrganizationId, phone: string): Promise<string | null> {
    this.resolved.push(phone);
    this.failIfTold('resolveChat');
    return Promise.resolve(this.notOnWhatsApp.has(phone) ? null : `${phone}@s.whatsapp.net`);
  }

  async prepare(_id: OrganizationId, chatId: string, { fresh = false } = {}): Promise<string | null> {
    this.prepared.push({ chatId, fresh });
    this.failIfTold('prepare');
    return Promise.resolve(this.lids.get(chatId) ?? null);
  }

  async hand(_id: OrganizationId, { after, content, ...handed }: MessageToHand): Promise<void> {
    await after;
    // Also when it is rejected afterwards: that is what cannot be told apart.
    this.handed.push({ ...handed, text: textOf(content) ?? '', at: Date.now() });
    this.failIfTold('hand');
    return Promise.resolve();
  }

  onNews(listener: (id: OrganizationId, news: CarrierNews) => void): void {
    this.listener = listener;
  }

  tell(id: OrganizationId, news: CarrierNews): void {
    this.listener?.(id, news);
  }

  get texts(): string[] {
    return this.handed.map(({ text }) => text);
  }

  private failIfTold(what: keyof FakeCarrier['failures']): void {
    const error = this.failures[what].shift();
    if (error) throw error;
  }
}

export const SETTINGS: DispatcherSettings = {
  perMinute: 1_000_000,
  burst: 1_000_000,
  maxInFlight: 16,
  resendWithinMs: 600_000,
  lateAnswerWaitMs: 2000,
  firstContactPauseMs: 3_600_000,
};

/**
 * A dispatcher of one organization over a real outbox and a fake WhatsApp. Time is the fake timers'; what the disk does
 * is real, so `pass` lets it be done between one moment and the next.
 */
export async function dispatching(settings: Partial<DispatcherSettings> = {}, directory = folder()) {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    now: Date.UTC(2026, 0, 5, 15, 0),
  });
  onTestFinished(() => void vi.useRealTimers());
  const database = openOutboxDatabase(directory);
  const store = new SqliteOutboxStore(database);
  const outbox = await Outbox.open(store, { maxPending: 1000, now: Date.now });
  disks.set(store, database);
  onTestFinished(() => void disks.delete(store));
  const carrier = new FakeCarrier();
  const lines: { event: string; count?: number }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) };
  const logger = createLogger({ level: 'info', format: 'json', destination });
  const told = (event: string) => lines.filter((line) => line.event === event);
  const house = { outbox, carrier, logger, now: Date.now, random: () => 0.5 };
  const dispatcher = new OrganizationDispatcher(ID, { ...house, settings: { ...SETTINGS, ...settings } });
  // As `Dispatcher` does.
  outbox.onChange(({ messageId, state }) => {
    if (state !== 'queued' && state !== 'sending') dispatcher.dropped(messageId);
  });
  onTestFinished(async () => {
    dispatcher.close();
    if (database.open) await store.close();
  });

  async function accept(more: Wanted = {}): Promise<string> {
    const { message: stored, pending } = await outbox.accept(message(Date.now(), more));
    if (pending) dispatcher.add(pending);
    await quiet();
    return stored.messageId;
  }
  function disconnect(): void {
    carrier.connected = false;
    dispatcher.disconnected();
  }
  async function connect(phone = SHOP): Promise<void> {
    carrier.connected = true;
    const noted = outbox.noteLinkedPhone(ID, phone);
    dispatcher.connected(phone);
    await quiet();
    await noted;
  }
  async function ack(messageId: string, errorCode: number | null = null): Promise<void> {
    await dispatcher.acked(messageId, errorCode);
    await quiet();
  }
  return { outbox, store, carrier, dispatcher, accept, disconnect, connect, ack, told, house, database };
}

/** Those of the running test. */
const disks = new Map<SqliteOutboxStore, Database.Database>();

/** Until everything that can happen without time passing has happened, on the disk as well. */
export async function quiet(): Promise<void> {
  await turns();
  for (let before = NaN; before !== changes();) {
    before = changes();
    // Twice, for what changes nothing is written as well.
    for (let time = 0; time < 2; time++) {
      // What this shows is on disk, and so is what was written before.
      await Promise.allSettled([...disks.keys()].map((store) => store.get('any')));
      await turns();
    }
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** So many rows were written until now. */
function changes(): number {
  const open = [...disks.values()].filter((database) => database.open);
  return open.reduce((sum, one) => sum + (one.prepare('SELECT total_changes()').pluck().get() as number), 0);
}

/** Lets time pass, a little at a time, and everything happen that it brings. */
export async function pass(ms: number, step = 1000): Promise<void> {
  for (let left = ms; left > 0; left -= step) {
    vi.advanceTimersByTime(Math.min(step, left));
    await quiet();
  }
}

export const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `message ${n}`);
export const customers = (count: number): string[] => Array.from({ length: count }, (_, n) => `5731099900${10 + n}`);

/** A receipt is on disk a moment later. */
export async function soon(receipt: Promise<void>): Promise<void> {
  await pass(25, 25);
  await receipt;
}
