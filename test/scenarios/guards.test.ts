import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';

function organizations(count: number): { id: string; phone: string }[] {
  return Array.from({ length: count }, (_, n) => ({ id: `shop-${n + 1}`, phone: `5730011${String(10000 + n)}` }));
}

describe('guards', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('outage: 20 sessions hit together, again and again, keep their keys; logins are spread, and capped', async () => {
    stage = await Stage.set({
      env: {
        HEALTH_STABLE_AFTER: '100000',
        MAX_CONCURRENT_LOGINS: '4',
        RECONNECT_BASE_DELAY: '400',
        RECONNECT_MAX_DELAY: '800',
      },
    });
    const shops = organizations(20);
    for (const { id, phone } of shops) await stage.pair(id, phone);
    const loginsBefore = stage.whatsapp.record.totals.logins;

    for (let round = 1; round <= 3; round++) {
      stage.whatsapp.mishaps.streamError('*', 'ack');
      await Promise.all(shops.map(({ id }) => stage.log.until('session_connected', { org: id, count: round + 1 })));
    }
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect(stage.log.events('cleaning_held_back').length).toBeGreaterThan(0);
    expect(stage.log.events('cleaning_held_back')[0]).toMatchObject({ reason: 'outage' });
    for (const { id } of shops) expect((await stage.api.backups(id)).body.backups).toEqual([]);

    // Spread out: full jitter, so the 20 logins of a round do not come within a moment of each other.
    const logins = stage.whatsapp.record.logins.slice(loginsBefore, loginsBefore + 20).map(({ at }) => at);
    expect(Math.max(...logins) - Math.min(...logins)).toBeGreaterThan(100);
    await stage.send(shops[0]!.id, CUSTOMER);
  });

  it('the cap on logins at one moment holds for a whole house that comes back at boot', async () => {
    stage = await Stage.set({ env: { MAX_CONCURRENT_LOGINS: '3' } });
    const shops = organizations(12);
    for (const { id, phone } of shops) await stage.pair(id, phone);
    await stage.stopService();
    // Logins that hang: whoever is let in stays under way.
    stage.whatsapp.mishaps.muteQueries('*');
    await stage.startService({ QUERY_TIMEOUT: '3000' });
    const upgrades = stage.whatsapp.record.upgrades;
    await stage.whatsapp.record.until((record) => record.upgrades >= upgrades);
    const list = await stage.api.get('/api/sessions');
    expect(list.body.sessions.filter(({ status }: { status: string }) => status === 'restoring')).toHaveLength(12);
    expect((await stage.api.get('/health/ready')).status).toBe(503);
    expect(stage.whatsapp.record.upgrades - upgrades).toBeLessThanOrEqual(3);
    stage.whatsapp.mishaps.muteQueries('*', { on: false });
    await Promise.all(shops.map(({ id }) => stage.log.until('session_connected', { org: id, count: 2 })));
    expect((await stage.api.get('/health/ready')).status).toBe(200);
  });

  it('budget: cleaned thrice in 24 h, it asks for a person; by hand it works; a restart forgets nothing', async () => {
    stage = await Stage.set({ env: { BAD_MAC_ERROR_LIMIT: '1' } });
    const [{ id, phone }] = organizations(1) as [{ id: string; phone: string }];
    const ruin = async (): Promise<void> => {
      stage.whatsapp.mishaps.badMac(phone, 1);
      await stage.whatsapp.customer(CUSTOMER).write(phone, stage.text());
    };
    await stage.pair(id, phone);
    for (let cleaning = 1; cleaning <= 3; cleaning++) {
      await ruin();
      await stage.log.until('session_cleaned', { org: id, count: cleaning });
      await stage.pair(id, phone);
    }
    await stage.restartService();
    await stage.api.ready(id);
    await ruin();
    const held = await stage.log.until('cleaning_held_back', { org: id });
    expect(held).toMatchObject({ level: 'error', reason: 'cleaning_budget_spent' });
    const status = await stage.api.status(id);
    expect(status.body).toMatchObject({
      status: 'connected',
      attention: { code: 'cleaning_budget_spent' },
      health: { verdict: 'corrupted', cleanings_24h: 3, cleanings_limit: 3 },
    });
    expect(stage.log.events('session_cleaned', id)).toHaveLength(3);
    const byHand = await stage.api.forceClean(id);
    expect(byHand.body).toMatchObject({ success: true, status: 'qr_ready', has_qr: true });
    expect(byHand.body.backup).toMatch(new RegExp(`^${id}_corrupted_\\d+$`));
  });

  it('logins per hour: an organization that used them up waits, and says so', async () => {
    stage = await Stage.set({ env: { MAX_LOGINS_PER_HOUR: '5' } });
    const [{ id, phone }] = organizations(1) as [{ id: string; phone: string }];
    await stage.pair(id, phone);
    for (let login = 3; login <= 5; login++) {
      stage.whatsapp.mishaps.cut(phone);
      await stage.log.until('session_connected', { org: id, count: login - 1 });
    }
    stage.whatsapp.mishaps.cut(phone);
    await stage.log.until('login_held_back', { org: id });
    const status = await stage.api.status(id);
    expect(status.body).toMatchObject({ status: 'disconnected', attention: { code: 'login_cap_reached' } });
    const wait = Date.parse(status.body.next_reconnect_at as string) - Date.now();
    expect(wait).toBeGreaterThan(3_500_000);
    expect(wait).toBeLessThanOrEqual(3_600_000);
    expect(stage.whatsapp.record.upgrades).toBe(5);
  });

  it('405: everybody stops logging in; one session that a person restarts brings the others back', async () => {
    stage = await Stage.set();
    const shops = organizations(4);
    for (const { id, phone } of shops) await stage.pair(id, phone);
    stage.whatsapp.mishaps.failure(shops[0]!.phone, 405);
    stage.whatsapp.mishaps.cut(shops[0]!.phone);
    await stage.log.until('session_disconnected', { org: shops[0]!.id, count: 3 });
    expect((await stage.api.status(shops[0]!.id)).body.attention.code).toBe('version_refused');
    const upgrades = stage.whatsapp.record.upgrades;
    for (const { phone } of shops.slice(1, 3)) stage.whatsapp.mishaps.cut(phone);
    for (const { id } of shops.slice(1, 3)) {
      await stage.log.until('session_disconnected', { org: id, count: 2 });
    }
    await Promise.all(shops.slice(1, 3).map(({ id }) => stage.log.until('login_refused_by_version', { org: id })));
    expect(stage.whatsapp.record.upgrades).toBe(upgrades);
    expect((await stage.api.get('/health/ready')).status).toBe(503);

    await stage.api.restart(shops[0]!.id);
    await Promise.all(shops.slice(0, 3).map(({ id }) => stage.log.until('session_connected', { org: id, count: 2 })));
    expect((await stage.api.get('/health/ready')).status).toBe(200);
    expect(stage.log.events('session_cleaned')).toEqual([]);
  });

  it('locked, banned, banned for a time: stops or sleeps, says so, keeps the keys', async () => {
    stage = await Stage.set();
    const [locked, banned, resting] = organizations(3);
    for (const { id, phone } of [locked!, banned!, resting!]) await stage.pair(id, phone);
    stage.whatsapp.mishaps.failure(locked!.phone, 403);
    stage.whatsapp.mishaps.failure(banned!.phone, 406);
    stage.whatsapp.mishaps.failure(resting!.phone, 402, { attrs: { expire: '600' } });
    stage.whatsapp.mishaps.cutAll();
    for (const { id } of [locked!, banned!, resting!])
      await stage.log.until('session_disconnected', { org: id, count: 3 });
    expect((await stage.api.status(locked!.id)).body).toMatchObject({
      attention: { code: 'locked' },
      next_reconnect_at: null,
    });
    expect((await stage.api.status(banned!.id)).body).toMatchObject({
      attention: { code: 'banned' },
      next_reconnect_at: null,
    });
    const sleeping = (await stage.api.status(resting!.id)).body;
    expect(sleeping.attention.code).toBe('temporary_ban');
    expect(Date.parse(sleeping.next_reconnect_at as string) - Date.now()).toBeGreaterThan(500_000);
    for (const { id } of [locked!, banned!, resting!]) expect((await stage.api.backups(id)).body.backups).toEqual([]);
    // Once the ban is lifted a person may start it again.
    await stage.api.restart(locked!.id);
    expect((await stage.api.ready(locked!.id)).body.status).toBe('connected');
  });
});
