import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.js';
import { createLogger } from '../../src/logger.js';
import type { OrganizationId } from '../../src/organization-id.js';
import { type Part, startParts, type StartedParts } from '../../src/parts.js';
import type { Rooms } from '../../src/service/rooms.js';
import { PARTS } from '../../src/service.js';

const SHOP = 'shop-1' as OrganizationId;
const HOLA = { kind: 'text', version: 1, text: 'Hola' } as const;

let directory: string;
let log: { level: string; event: string }[];
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'service-'));
  log = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Starts some of the service's parts, in its order; `instead` stands for one of another name. */
async function start(names: readonly string[], ...instead: Part<Rooms>[]): Promise<StartedParts & { rooms: Rooms }> {
  const rooms = {
    config: readConfig({ API_KEY: 'kY3-8fQz_71LmWb-Xr20pTsvN', DATA_DIR: directory }),
    logger: createLogger({
      level: 'info',
      format: 'json',
      destination: { write: (line: string) => void log.push(JSON.parse(line) as (typeof log)[number]) },
    }),
    metrics: { onMessage: () => {}, onEvent: () => {} },
  } as unknown as Rooms;
  const parts = PARTS.map((part) => instead.find(({ name }) => name === part.name) ?? part);
  const { stop } = await startParts(
    parts.filter((part) => names.includes(part.name) || instead.includes(part)),
    rooms,
  );
  return { stop, rooms };
}

const TELLING = ['ledger', 'outbox', 'webhooks', 'undelivered', 'listeners', 'undelivered_watch'];

async function accept({ outbox }: Rooms): Promise<string> {
  const message = { organizationId: SHOP, phone: '573001112233', content: HOLA, expiresAt: Date.now() + 60_000 };
  return (await outbox.accept(message)).message.messageId;
}

async function told({ ledger }: Rooms): Promise<unknown[]> {
  return (await ledger.list({ limit: 100 }))
    .filter(({ name }) => name.startsWith('message.'))
    .map(({ name, data }) => `${name} ${(data as { status: string }).status}`);
}

describe('the parts that keep what happened', () => {
  it.each([0, 1, 2, 3])(
    'keep what is told when the outbox closes, and no error is logged (%i turns)',
    async (turns) => {
      const before = await start(TELLING);
      const messageId = await accept(before.rooms);
      const moved = before.rooms.outbox.move(messageId, 'failed', { errorCode: 'not_on_whatsapp' });
      for (let n = 0; n < turns; n += 1) await new Promise((resolve) => setImmediate(resolve));
      await before.stop();
      await moved;
      expect(log.filter(({ level }) => level === 'error')).toEqual([]);
      const after = await start(TELLING);
      expect(await told(after.rooms)).toContain('message.status failed');
      await after.stop();
    },
  );

  it('tell at a start what a kill kept from being told, though a request tells something first', async () => {
    const killed = await start(['ledger', 'outbox']);
    await killed.rooms.ledger.tell('session.stable', SHOP, {});
    const messageId = await accept(killed.rooms);
    await killed.rooms.outbox.move(messageId, 'failed', { errorCode: 'not_on_whatsapp' });
    await killed.stop();
    const port: Part<Rooms> = {
      name: 'port',
      start: async ({ ledger }) => {
        // As when the service was down for an hour.
        const { now } = Date;
        Date.now = () => now() + 3_600_000;
        await ledger.tell('session.stable', SHOP, {}).finally(() => (Date.now = now));
      },
    };
    const after = await start(['ledger', 'outbox', 'looking_for_missed', 'telling_missed'], port);
    expect(await told(after.rooms)).toEqual(['message.status failed']);
    expect(log.map(({ event }) => event)).toEqual(['events_told_late']);
    await after.stop();
  });
});
