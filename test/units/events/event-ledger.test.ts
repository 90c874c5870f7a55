import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVENT_NAMES, EVENTS } from '../../../src/events/catalogue.js';
import { EventLedger } from '../../../src/events/event-ledger.js';
import type { OrganizationId } from '../../../src/organization-id.js';

const [TWO, THREE] = ['2', '3'] as [OrganizationId, OrganizationId];
let directory: string;
let ledger: EventLedger;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'events-'));
  ledger = EventLedger.open(directory, { keep: 100, now: () => 1_000 });
});
afterEach(() => {
  ledger.close();
  rmSync(directory, { recursive: true });
});

describe('the ledger', () => {
  it('stores a fact before it tells it, in order, and finds it again after a restart', () => {
    const told: number[] = [];
    ledger.onEvent((event) => {
      expect(ledger.list({ limit: 10 }).at(-1)).toEqual(event);
      told.push(event.id);
    });
    ledger.tell('session.linked', TWO, { phone_last4: '2233' });
    ledger.tell('session.stable', THREE, {});
    expect(told).toEqual([1, 2]);
    ledger.close();
    ledger = EventLedger.open(directory, { keep: 100, now: () => 2_000 });
    expect(ledger.list({ organizationId: TWO, limit: 10 })).toEqual([
      { id: 1, name: 'session.linked', organizationId: '2', at: 1_000, data: { phone_last4: '2233' } },
    ]);
    expect(ledger.tell('session.stable', TWO, {}).id).toBe(3);
    expect(ledger.list({ after: 1, limit: 1 })).toMatchObject([{ id: 2 }]);
  });

  it('keeps the newest of each organization and not much more; a quiet organization keeps its own', () => {
    ledger.tell('session.stable', THREE, {});
    for (let i = 0; i < 1000; i++) ledger.tell('session.qr', TWO, { number: i });
    const kept = ledger.list({ organizationId: TWO, limit: 1000 });
    expect(kept.length).toBeGreaterThanOrEqual(100);
    expect(kept.length).toBeLessThan(160);
    expect(kept.at(-1)?.data).toEqual({ number: 999 });
    expect(ledger.list({ organizationId: THREE, limit: 10 })).toHaveLength(1);
  });

  it('knows which message was told as received, of each organization, also after a restart', () => {
    ledger.tell('message.received', TWO, { message_id: 'A' });
    ledger.tell('message.status', THREE, { message_id: 'A', status: 'sent', error_code: null, ack_code: null });
    ledger.close();
    ledger = EventLedger.open(directory, { keep: 100, now: () => 2_000 });
    expect(ledger.hasReceived(TWO, 'A')).toBe(true);
    expect(ledger.hasReceived(TWO, 'B')).toBe(false);
    expect(ledger.hasReceived(THREE, 'A')).toBe(false);
  });

  it('refuses data that is not what the catalogue says', () => {
    expect(() => ledger.tell('session.qr', TWO, { number: -1 })).toThrow();
  });

  const status = (messageId: string) => ({
    message_id: messageId,
    status: 'sent',
    error_code: null,
    ack_code: null,
  });

  it('stores what is told soon in one commit, tells it then, and keeps the order with what is told at once', async () => {
    const told: string[] = [];
    const both = new Promise<void>((resolve) => {
      ledger.onEvent(({ id, name }) => {
        told.push(`${id} ${name}`);
        if (told.length === 4) resolve();
      });
    });
    ledger.tellSoon('message.status', TWO, status('A1'));
    ledger.tellSoon('message.status', THREE, status('A2'));
    expect(told).toEqual([]);
    ledger.tell('session.stable', TWO, {});
    expect(told).toEqual(['1 message.status', '2 message.status', '3 session.stable']);
    ledger.tellSoon('message.status', TWO, status('A3'));
    await both;
    expect(told.at(-1)).toBe('4 message.status');
  });

  it('tells in the order of the numbers, also what a listener tells, and whatever another listener throws', () => {
    const told: string[] = [];
    ledger.onEvent(({ name, organizationId }) => {
      if (name !== 'message.status') return;
      if (organizationId === TWO) ledger.tell('session.stable', TWO, {});
      else throw new Error('no more');
    });
    ledger.onEvent(({ id, name }) => told.push(`${id} ${name}`));
    ledger.tellSoon('message.status', TWO, status('A1'));
    ledger.tellSoon('message.status', THREE, status('A2'));
    ledger.tellSoon('message.status', THREE, status('A3'));
    ledger.list({ limit: 1 });
    ledger.tell('session.stable', THREE, {});
    // The one who threw stood before this listener.
    expect(told).toEqual(['1 message.status', '4 session.stable', '5 session.stable']);
  });

  it('shows what waits to whoever reads, and stores it before it closes', () => {
    ledger.tellSoon('message.status', TWO, status('A1'));
    expect(ledger.list({ limit: 10 })).toMatchObject([{ id: 1, data: { message_id: 'A1' } }]);
    ledger.tellSoon('message.status', TWO, status('A2'));
    ledger.close();
    ledger = EventLedger.open(directory, { keep: 100, now: () => 2_000 });
    expect(ledger.last(TWO)).toMatchObject({ id: 2, at: 1_000, data: { message_id: 'A2' } });
  });

  it('says of each that could not be stored that it is lost, and tells nobody else', () => {
    ledger.close();
    const lost: string[] = [];
    ledger = EventLedger.open(directory, {
      keep: 100,
      now: () => 1_000,
      onLost: ({ organizationId }, error) => lost.push(`${organizationId} ${(error as Error).message}`),
    });
    ledger.accompany({
      wants: (_name, organizationId) => organizationId === THREE,
      store: () => {
        throw new Error('disk full');
      },
    });
    ledger.onEvent(() => lost.push('told'));
    ledger.tellSoon('message.status', TWO, status('A1'));
    ledger.tellSoon('message.status', THREE, status('A2'));
    expect(ledger.list({ limit: 10 })).toEqual([]);
    expect(lost).toEqual(['2 disk full', '3 disk full']);
  });
});

describe('the catalogue', () => {
  it.each(EVENT_NAMES)('%s has a sentence in both languages whose placeholders are fields of its data', (name) => {
    const fields = Object.keys(EVENTS[name].data.shape);
    for (const language of ['en', 'es'] as const) {
      const used = [...EVENTS[name][language].matchAll(/\{(\w+)\}/g)].map(([, field]) => field);
      expect(fields).toEqual(expect.arrayContaining(used));
    }
    expect(EVENTS[name].about).toMatch(/\.$/);
  });
});
