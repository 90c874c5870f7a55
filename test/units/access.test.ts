import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Access } from '../../src/access/access.js';
import type { OrganizationId } from '../../src/organization-id.js';
import { SqliteAccessStore } from '../../src/store/sqlite/access-store.js';

const SHOP = 'shop-1' as OrganizationId;
const HOUR = 3_600_000;

let directory: string;
let store: SqliteAccessStore;
let access: Access;
let time: number;
const open = async (apiKey = 'one'): Promise<void> => {
  store = await SqliteAccessStore.open(directory);
  access = new Access(store, { apiKey, now: () => time });
};
beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'access-'));
  time = Date.UTC(2026, 0, 2);
  await open();
});
afterEach(async () => {
  await store.close();
  fs.rmSync(directory, { recursive: true });
});

describe('sign-ins', () => {
  it('last 12 hours, whether used or not', async () => {
    const { token, expiresAt } = await access.signIns.begin();
    expect(expiresAt).toBe(time + 12 * HOUR);
    time += 12 * HOUR - 1;
    expect(await access.signIns.find(token)).toBe(expiresAt);
    time += 1;
    expect(await access.signIns.find(token)).toBeNull();
  });

  it('tell of their end, once: signed out, made place, over; nobody who took it back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const told: string[] = [];
      const begin = async (name: string): Promise<{ token: string; takeBack: () => void }> => {
        const { token } = await access.signIns.begin();
        return { token, takeBack: access.signIns.onEnd(token, () => told.push(name)) };
      };
      const out = await begin('signed out');
      await begin('over');
      (await begin('taken back')).takeBack();
      access.signIns.onEnd('no such token', () => told.push('stranger'));
      await vi.advanceTimersByTimeAsync(0);
      expect(told).toEqual(['stranger']);
      await access.signIns.end(out.token);
      await access.signIns.end(out.token);
      expect(told).toEqual(['stranger', 'signed out']);
      time += 12 * HOUR - 1;
      await vi.advanceTimersByTimeAsync(12 * HOUR - 1);
      expect(told).toHaveLength(2);
      time += 1;
      await vi.advanceTimersByTimeAsync(1);
      expect(told).toEqual(['stranger', 'signed out', 'over']);
      await begin('made place');
      for (let n = 0; n < 100; n += 1) {
        time += 1;
        await access.signIns.begin();
      }
      expect(told).toEqual(['stranger', 'signed out', 'over', 'made place']);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('tell of their end once, and nobody who took it back, also when that comes while it is looked at', async () => {
    const told: string[] = [];
    const { token } = await access.signIns.begin();
    // Looked at already when it is asked for.
    access.signIns.onEnd('no such token', () => told.push('taken back'))();
    const takeBack = access.signIns.onEnd(token, () => told.push('taken back'));
    access.signIns.onEnd(token, () => told.push('over'));
    const ends = [access.signIns.end(token), access.signIns.end(token)];
    takeBack();
    await Promise.all(ends);
    expect(told).toEqual(['over']);
  });

  it('are at most 100: the one that would end first makes place', async () => {
    const tokens: string[] = [];
    for (let n = 0; n < 101; n += 1) {
      time += 1;
      tokens.push((await access.signIns.begin()).token);
    }
    expect(await access.signIns.find(tokens[0] ?? '')).toBeNull();
    const ends = await Promise.all(tokens.slice(1).map((token) => access.signIns.find(token)));
    expect(ends).not.toContain(null);
  });

  it.each(['', 'x', 'A'.repeat(43), 'A'.repeat(100_000), "' OR 1=1 --"])('know nothing of %.20s', async (token) => {
    await access.signIns.begin();
    expect(await access.signIns.find(token)).toBeNull();
    expect(await access.signIns.useLink(token)).toBe(false);
    await access.signIns.end(token);
    expect(await access.shopLinks.open(token)).toBeNull();
    expect(await access.shopLinks.visit(token)).toBeNull();
  });

  it('by link: once, and within ten minutes; a link is no sign-in', async () => {
    const [used, late] = [await access.signIns.makeLink(), await access.signIns.makeLink()];
    expect(await access.signIns.find(used.token)).toBeNull();
    expect(await access.signIns.useLink(used.token)).toBe(true);
    expect(await access.signIns.useLink(used.token)).toBe(false);
    time = late.expiresAt;
    expect(await access.signIns.useLink(late.token)).toBe(false);
  });

  it('and links are unknown under another API key', async () => {
    const signIn = await access.signIns.begin();
    const link = await access.signIns.makeLink();
    const shop = await access.shopLinks.make(SHOP, HOUR);
    await store.close();
    await open('another');
    expect(await access.signIns.find(signIn.token)).toBeNull();
    expect(await access.signIns.useLink(link.token)).toBe(false);
    expect(await access.shopLinks.open(shop.token)).toBeNull();
  });
});

describe('links for the shop', () => {
  it('open once, and only what they are for', async () => {
    const link = await access.shopLinks.make(SHOP, HOUR);
    expect(await access.shopLinks.visit(link.token)).toBeNull();
    const opened = await access.shopLinks.open(link.token);
    expect(opened).toMatchObject({ organizationId: SHOP, visitor: { expiresAt: time + HOUR } });
    expect(await access.shopLinks.open(link.token)).toBeNull();
    const visitor = opened?.visitor.token ?? '';
    expect(await access.shopLinks.visit(visitor)).toMatchObject({ organizationId: SHOP, linkedAt: null });
    expect(await access.signIns.find(visitor)).toBeNull();
    time += HOUR;
    expect(await access.shopLinks.visit(visitor)).toBeNull();
  });

  it('are over at their time, opened or not', async () => {
    const link = await access.shopLinks.make(SHOP, HOUR);
    time += HOUR;
    expect(await access.shopLinks.open(link.token)).toBeNull();
  });

  it('outlive a restart, opened or not', async () => {
    const [sent, used] = [await access.shopLinks.make(SHOP, HOUR), await access.shopLinks.make(SHOP, HOUR)];
    const visitor = (await access.shopLinks.open(used.token))?.visitor.token ?? '';
    await store.close();
    await open();
    expect(await access.shopLinks.visit(visitor)).not.toBeNull();
    expect(await access.shopLinks.open(used.token)).toBeNull();
    expect(await access.shopLinks.open(sent.token)).not.toBeNull();
  });

  it('remember the phone that was linked while they were open, and no later one', async () => {
    const other = await access.shopLinks.make('shop-2' as OrganizationId, HOUR);
    const visitorOf = async (token: string) => (await access.shopLinks.open(token))?.visitor.token ?? '';
    const visitor = await visitorOf((await access.shopLinks.make(SHOP, HOUR)).token);
    await access.shopLinks.phoneLinked(SHOP, '573001112233');
    const linkedAt = time;
    time += 1000;
    await access.shopLinks.phoneLinked(SHOP, '573001112244');
    expect(await access.shopLinks.visit(visitor)).toMatchObject({ linkedAt, phoneNumber: '573001112233' });
    expect(await access.shopLinks.visit(await visitorOf(other.token))).toMatchObject({
      linkedAt: null,
      phoneNumber: null,
    });
    const next = await visitorOf((await access.shopLinks.make(SHOP, HOUR)).token);
    expect(await access.shopLinks.visit(next)).toMatchObject({ linkedAt: null });
  });

  it('are at most 20 of an organization: the oldest makes place, and no other organization loses one', async () => {
    const other = await access.shopLinks.make('shop-2' as OrganizationId, HOUR);
    const links: string[] = [];
    for (let n = 0; n < 21; n += 1) links.push((await access.shopLinks.make(SHOP, HOUR)).token);
    expect(await access.shopLinks.open(links[0] ?? '')).toBeNull();
    const opened = await Promise.all(links.slice(1).map((token) => access.shopLinks.open(token)));
    expect(opened).not.toContain(null);
    expect(await access.shopLinks.open(other.token)).not.toBeNull();
  });
});
