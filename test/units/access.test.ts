import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Access } from '../../src/access/access.js';
import type { OrganizationId } from '../../src/organization-id.js';

const SHOP = 'shop-1' as OrganizationId;
const HOUR = 3_600_000;

let directory: string;
let access: Access;
let time: number;
const open = (apiKey = 'one') => Access.open(directory, { apiKey, now: () => time });
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'access-'));
  time = Date.UTC(2026, 0, 2);
  access = open();
});
afterEach(() => {
  access.close();
  fs.rmSync(directory, { recursive: true });
});

describe('sign-ins', () => {
  it('last 12 hours, whether used or not', () => {
    const { token, expiresAt } = access.signIns.begin();
    expect(expiresAt).toBe(time + 12 * HOUR);
    time += 12 * HOUR - 1;
    expect(access.signIns.find(token)).toBe(expiresAt);
    time += 1;
    expect(access.signIns.find(token)).toBeNull();
  });

  it('tell whoever wants to know of their end, once: signed out, made place, or over; and nobody who took it back', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const told: string[] = [];
      const begin = (name: string): { token: string; takeBack: () => void } => {
        const { token } = access.signIns.begin();
        return { token, takeBack: access.signIns.onEnd(token, () => told.push(name)) };
      };
      const out = begin('signed out');
      begin('over');
      begin('taken back').takeBack();
      access.signIns.onEnd('no such token', () => told.push('stranger'));
      expect(told).toEqual(['stranger']);
      access.signIns.end(out.token);
      access.signIns.end(out.token);
      expect(told).toEqual(['stranger', 'signed out']);
      time += 12 * HOUR - 1;
      vi.advanceTimersByTime(12 * HOUR - 1);
      expect(told).toHaveLength(2);
      time += 1;
      vi.advanceTimersByTime(1);
      expect(told).toEqual(['stranger', 'signed out', 'over']);
      begin('made place');
      for (let n = 0; n < 100; n += 1) {
        time += 1;
        access.signIns.begin();
      }
      expect(told).toEqual(['stranger', 'signed out', 'over', 'made place']);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('are at most 100: the one that would end first makes place', () => {
    const tokens = Array.from({ length: 101 }, () => {
      time += 1;
      return access.signIns.begin().token;
    });
    expect(access.signIns.find(tokens[0] ?? '')).toBeNull();
    expect(tokens.slice(1).every((token) => access.signIns.find(token) !== null)).toBe(true);
  });

  it.each(['', 'x', 'A'.repeat(43), 'A'.repeat(100_000), "' OR 1=1 --"])('know nothing of %.20s', (token) => {
    access.signIns.begin();
    expect(access.signIns.find(token)).toBeNull();
    expect(access.signIns.useLink(token)).toBe(false);
    access.signIns.end(token);
    expect(access.shopLinks.open(token)).toBeNull();
    expect(access.shopLinks.visit(token)).toBeNull();
  });

  it('by link: once, and within ten minutes; a link is no sign-in', () => {
    const [used, late] = [access.signIns.makeLink(), access.signIns.makeLink()];
    expect(access.signIns.find(used.token)).toBeNull();
    expect(access.signIns.useLink(used.token)).toBe(true);
    expect(access.signIns.useLink(used.token)).toBe(false);
    time = late.expiresAt;
    expect(access.signIns.useLink(late.token)).toBe(false);
  });

  it('and links are unknown under another API key', () => {
    const signIn = access.signIns.begin();
    const link = access.signIns.makeLink();
    const shop = access.shopLinks.make(SHOP, HOUR);
    access.close();
    access = open('another');
    expect(access.signIns.find(signIn.token)).toBeNull();
    expect(access.signIns.useLink(link.token)).toBe(false);
    expect(access.shopLinks.open(shop.token)).toBeNull();
  });
});

describe('links for the shop', () => {
  it('open once, and only what they are for', () => {
    const link = access.shopLinks.make(SHOP, HOUR);
    expect(access.shopLinks.visit(link.token)).toBeNull();
    const opened = access.shopLinks.open(link.token);
    expect(opened).toMatchObject({ organizationId: SHOP, visitor: { expiresAt: time + HOUR } });
    expect(access.shopLinks.open(link.token)).toBeNull();
    const visitor = opened?.visitor.token ?? '';
    expect(access.shopLinks.visit(visitor)).toMatchObject({ organizationId: SHOP, linkedAt: null });
    expect(access.signIns.find(visitor)).toBeNull();
    time += HOUR;
    expect(access.shopLinks.visit(visitor)).toBeNull();
  });

  it('are over at their time, opened or not', () => {
    const link = access.shopLinks.make(SHOP, HOUR);
    time += HOUR;
    expect(access.shopLinks.open(link.token)).toBeNull();
  });

  it('outlive a restart, opened or not', () => {
    const [sent, used] = [access.shopLinks.make(SHOP, HOUR), access.shopLinks.make(SHOP, HOUR)];
    const visitor = access.shopLinks.open(used.token)?.visitor.token ?? '';
    access.close();
    access = open();
    expect(access.shopLinks.visit(visitor)).not.toBeNull();
    expect(access.shopLinks.open(used.token)).toBeNull();
    expect(access.shopLinks.open(sent.token)).not.toBeNull();
  });

  it('remember the phone that was linked while they were open, and no later one', () => {
    const other = access.shopLinks.make('shop-2' as OrganizationId, HOUR);
    const visitorOf = (token: string) => access.shopLinks.open(token)?.visitor.token ?? '';
    const visitor = visitorOf(access.shopLinks.make(SHOP, HOUR).token);
    access.shopLinks.phoneLinked(SHOP, '573001112233');
    const linkedAt = time;
    time += 1000;
    access.shopLinks.phoneLinked(SHOP, '573001112244');
    expect(access.shopLinks.visit(visitor)).toMatchObject({ linkedAt, phoneNumber: '573001112233' });
    expect(access.shopLinks.visit(visitorOf(other.token))).toMatchObject({ linkedAt: null, phoneNumber: null });
    const next = visitorOf(access.shopLinks.make(SHOP, HOUR).token);
    expect(access.shopLinks.visit(next)).toMatchObject({ linkedAt: null });
  });

  it('are at most 20 of an organization: the oldest makes place, and no other organization loses one', () => {
    const other = access.shopLinks.make('shop-2' as OrganizationId, HOUR);
    const links = Array.from({ length: 21 }, () => access.shopLinks.make(SHOP, HOUR).token);
    expect(access.shopLinks.open(links[0] ?? '')).toBeNull();
    expect(links.slice(1).every((token) => access.shopLinks.open(token) !== null)).toBe(true);
    expect(access.shopLinks.open(other.token)).not.toBeNull();
  });
});
