import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../stage/api.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const NOBODY = '573109990000';
const SHOP = 'shop-1';

type Body = Answer['body'];
const sum = (points: Record<string, number>[], field: string): number =>
  points.reduce((total, point) => total + (point[field] ?? 0), 0);
const totals = (body: Body) => ({
  accepted: sum(body.messages, 'accepted'),
  sent: sum(body.messages, 'sent'),
  delivered: sum(body.messages, 'delivered'),
  read: sum(body.messages, 'read'),
  failed: sum(body.messages, 'failed'),
});

describe('charts', () => {
  let stage: Stage;
  const charts = (query = `?organization_id=${SHOP}`): Promise<Answer> => stage.api.get(`/api/charts${query}`);

  beforeAll(async () => {
    stage = await Stage.set({ env: { EVENTS_KEPT: '60', BAD_MAC_ERROR_LIMIT: '2', HEALTH_STABLE_AFTER: '100000' } });
    await stage.pair(SHOP, PHONE);
    await stage.pair('shop-2', '573001112244');
  });
  afterAll(() => stage.end());

  it('are of the last 24 hours in 48 parts when nothing is asked for', async () => {
    const before = Date.now();
    const { status, body } = await charts('');
    expect(status).toBe(200);
    expect(body).toMatchObject({ organization_id: null, bucket_ms: 1_800_000, messages_complete_from: null });
    expect(Date.parse(body.to)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(body.to) - Date.parse(body.from)).toBe(86_400_000);
    for (const series of ['messages', 'faults', 'reconnects', 'cleanings']) {
      expect(body[series]).toHaveLength(48);
      body[series].forEach(({ at }: { at: string }, n: number) =>
        expect(Date.parse(at)).toBe(Date.parse(body.from) + n * 1_800_000),
      );
    }
    expect(sum(body.reconnects, 'count')).toBe(2);
  });

  it('count messages by when they got where, and logins; of one organization or of all', async () => {
    stage.whatsapp.customer(NOBODY, { onWhatsApp: false });
    await stage.send(SHOP, CUSTOMER);
    await stage.send('shop-2', CUSTOMER);
    await stage.api.send(SHOP, NOBODY, stage.text());
    await stage.log.until('message_delivered', { org: SHOP });
    await stage.log.until('message_delivered', { org: 'shop-2' });
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await stage.api.send(SHOP, CUSTOMER, stage.text(), { send_at: later, wait_ms: 0 });
    const one = await charts();
    expect(totals(one.body)).toMatchObject({ accepted: 3, sent: 1, delivered: 1, failed: 1 });
    expect(totals((await charts('')).body)).toMatchObject({ accepted: 4, sent: 2, delivered: 2, failed: 1 });
    expect(sum(one.body.reconnects, 'count')).toBe(1);
    // All of it now, so all of it in the last part, and nothing of it before.
    expect(one.body.messages.slice(0, -1).every(({ accepted }: { accepted: number }) => accepted === 0)).toBe(true);
    const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
    const past = `&from=${ago(7_200_000)}&to=${ago(3_600_000)}`;
    expect(totals((await charts(`?organization_id=${SHOP}${past}`)).body)).toEqual({
      accepted: 0,
      sent: 0,
      delivered: 0,
      read: 0,
      failed: 0,
    });
  });

  it('count faults and the cleaning that they led to', async () => {
    const [id, phone] = ['shop-3', '573001112255'];
    await stage.pair(id, phone);
    await stage.receive(phone, CUSTOMER);
    await stage.send(id, CUSTOMER);
    await stage.receive(phone, CUSTOMER);
    stage.whatsapp.mishaps.badMac(phone, 2);
    for (let more = 0; more < 2; more += 1) await stage.whatsapp.customer(CUSTOMER).write(phone, stage.text());
    await stage.log.until('session_cleaned', { org: id });
    await stage.api.ready(id);
    const { body } = await charts(`?organization_id=${id}&buckets=4`);
    expect(body.faults).toHaveLength(4);
    expect(body.faults[3]).toMatchObject({ bad_mac: 2, stream_error: 0 });
    expect(body.cleanings[3].count).toBe(1);
    expect(sum((await charts()).body.faults, 'bad_mac')).toBe(0);
  });

  it('say from when on the events are all there', async () => {
    expect((await charts()).body.complete_from).toBeNull();
    // Forgotten is by the hundred; each of these is two events at least.
    for (let more = 0; more < 60; more += 1) await stage.send(SHOP, CUSTOMER);
    await expect.poll(async () => (await charts()).body.complete_from).not.toBeNull();
    const { body } = await charts();
    const { body: oldest } = await stage.api.get(`/api/events?organization_id=${SHOP}&limit=1`);
    expect(Date.parse(body.complete_from)).toBeGreaterThan(Date.parse(body.from));
    expect(Date.parse(body.complete_from)).toBeLessThanOrEqual(Date.parse(oldest.events[0].at));
    expect((await charts('?organization_id=shop-2')).body.complete_from).toBeNull();
    expect((await charts('')).body.complete_from).toBe(body.complete_from);
    expect(totals(body).accepted).toBe(63);
  });

  it.each([
    ['buckets=0', 'buckets'],
    ['buckets=201', 'buckets'],
    ['buckets=x', 'buckets'],
    ['from=yesterday', 'from'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:30Z', 'from'],
    ['from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['organisation=1', 'organisation'],
  ])('refuse %s by the name of the field', async (query, field) => {
    const { status, body } = await charts(`?${query}`);
    expect(status).toBe(400);
    expect(Object.keys(body.fields)).toEqual([field]);
  });

  it('go with lists from the newest on', async () => {
    const list = (path: string) => stage.api.get(path);
    const up = (await list(`/api/messages?organization_id=${SHOP}&limit=200`)).body.messages;
    const first = (await list(`/api/messages?organization_id=${SHOP}&order=desc&limit=40`)).body;
    const second = (await list(`/api/messages?organization_id=${SHOP}&order=desc&limit=40&after=${first.next}`)).body;
    const down = [...first.messages, ...second.messages];
    expect(second.next).toBeNull();
    expect(down).toEqual([...up].reverse());
    const some = await list(`/api/messages?organization_id=${SHOP}&order=desc&status=failed&phone=${NOBODY}`);
    expect(some.body.messages).toHaveLength(1);
    const events = (await list(`/api/events?organization_id=${SHOP}&limit=200`)).body.events;
    const newest = (await list(`/api/events?organization_id=${SHOP}&order=desc&limit=2`)).body;
    expect(newest.events).toEqual([events.at(-1), events.at(-2)]);
    const before = (await list(`/api/events?organization_id=${SHOP}&order=desc&limit=1&after=${newest.next}`)).body;
    expect(before.events).toEqual([events.at(-3)]);
    expect((await list(`/api/events?order=up`)).body.fields).toEqual({ order: expect.any(String) });
    const { body: sessions } = await list('/api/sessions');
    expect(sessions.sessions[0]).toMatchObject({
      sentence: 'The session is connected to WhatsApp.',
      qr_expires_at: null,
      counters: { bad_mac: { count: 0, limit: 2 } },
      queue: { pending: 1, oldest_at: expect.any(String) },
      last_event: newest.events[0],
    });
  });

  it('and the head of the page', async () => {
    const { body } = await stage.api.get('/api/service');
    expect(body).toMatchObject({ sessions: 3, default_country: 'CO', languages: ['es', 'en'] });
    expect(body.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(body.uptime_seconds).toBeGreaterThan(0);
  });
});
