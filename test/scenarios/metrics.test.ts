import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { seriesOf, valueOf } from '../units/metrics/exposition.js';

const SHOP = 'shop-of-ana';
const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const SILENT = '573109998866';

describe('the metrics of the real service', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  async function scrape(): Promise<(series: string) => number | undefined> {
    const { status, headers, body } = await stage.api.get('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    // In a label, that is: four digits may stand in any number by chance.
    for (const secret of [SHOP, PHONE, CUSTOMER, SILENT, `"${PHONE.slice(-4)}"`, stage.key])
      expect(body).not.toContain(secret);
    return (series) => valueOf(body as string, series);
  }

  it('need the key, as x-api-key or as the bearer token that Prometheus sends', async () => {
    stage = await Stage.set();
    const address = `${stage.api.url}/metrics`;
    expect((await fetch(address)).status).toBe(401);
    expect((await fetch(address, { headers: { authorization: `Bearer ${stage.key}` } })).status).toBe(200);
    expect((await fetch(address, { headers: { 'X-API-Key': stage.key } })).status).toBe(200);
    expect((await fetch(address, { method: 'POST', headers: { 'x-api-key': stage.key } })).status).toBe(405);
  });

  it('follow a session: pairing, cut, Bad MACs that clean it, a guard, a cleaning by hand, a restore', async () => {
    stage = await Stage.set({ env: { BAD_MAC_ERROR_LIMIT: '1', MAX_CLEANINGS_PER_DAY: '1' } });
    const empty = await scrape();
    expect(empty('whatsapp_sessions{status="connected"}')).toBe(0);
    await stage.pair(SHOP, PHONE);
    let now = await scrape();
    expect(now('whatsapp_sessions{status="connected"}')).toBe(1);
    expect(now('whatsapp_sessions_by_verdict{verdict="healthy"}')).toBe(1);
    expect(now('whatsapp_pairings_total')).toBe(1);
    expect(now('whatsapp_logins_total')).toBe(1);
    expect(now('whatsapp_qrs_total')).toBeGreaterThanOrEqual(1);
    expect(now('whatsapp_disconnects_total{reason="restart_required"}')).toBe(1);

    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_connected', { org: SHOP, count: 2 });
    now = await scrape();
    expect(now('whatsapp_disconnects_total{reason="network"}')).toBe(1);
    expect(now('whatsapp_reconnects_total{reason="network"}')).toBe(1);
    expect(now('whatsapp_logins_total')).toBe(2);

    const ruin = async (): Promise<void> => {
      stage.whatsapp.mishaps.badMac(PHONE, 1);
      await stage.whatsapp.customer(CUSTOMER).write(PHONE, stage.text());
    };
    await ruin();
    await stage.log.until('session_cleaned', { org: SHOP });
    await stage.api.ready(SHOP);
    now = await scrape();
    expect(now('whatsapp_faults_total{kind="bad_mac"}')).toBe(1);
    expect(now('whatsapp_cleanings_total{trigger="automatic",reason="bad_mac"}')).toBe(1);
    expect(now('whatsapp_sessions{status="qr_ready"}')).toBe(1);
    expect(now('whatsapp_sessions{status="connected"}')).toBe(0);

    await stage.scan(SHOP, PHONE);
    await ruin();
    await stage.log.until('cleaning_held_back', { org: SHOP });
    now = await scrape();
    expect(now('whatsapp_cleanings_held_back_total{reason="cleaning_budget_spent"}')).toBe(1);
    expect(now('whatsapp_sessions_needing_attention{code="cleaning_budget_spent"}')).toBe(1);
    expect(now('whatsapp_sessions_by_verdict{verdict="corrupted"}')).toBe(1);

    await stage.api.forceClean(SHOP);
    await stage.api.restore(SHOP);
    now = await scrape();
    expect(now('whatsapp_cleanings_total{trigger="by_hand",reason="forced"}')).toBe(1);
    expect(now('whatsapp_restores_total')).toBe(1);
    expect(now('whatsapp_sessions_needing_attention{code="cleaning_budget_spent"}')).toBe(0);
  });

  it('follow messages: acks and their time, what waits and since when, outcomes, and what arrived', async () => {
    stage = await Stage.set();
    await stage.pair(SHOP, PHONE);
    await stage.send(SHOP, CUSTOMER);
    await stage.log.until('message_delivered', { org: SHOP });
    // Otherwise the receipt would come before the ack, and end the waiting for it.
    stage.whatsapp.customer(SILENT, { autoReceipts: false });
    stage.whatsapp.mishaps.delayAcks(PHONE, 400);
    await stage.send(SHOP, SILENT);
    stage.whatsapp.mishaps.delayAcks(PHONE, 0);
    await stage.receive(PHONE, CUSTOMER);
    let now = await scrape();
    expect(now('whatsapp_ack_latency_seconds_count')).toBe(2);
    expect(now('whatsapp_ack_latency_seconds_sum')).toBeGreaterThan(0.39);
    expect(now('whatsapp_ack_latency_seconds_sum')).toBeLessThan(20);
    expect(now('whatsapp_messages_total{status="sending"}')).toBe(2);
    expect(now('whatsapp_messages_total{status="delivered"}')).toBe(1);
    expect(now('whatsapp_messages_received_total')).toBe(1);
    expect(now('whatsapp_outbox_messages{state="queued"}')).toBe(0);

    stage.whatsapp.mishaps.refuseAcks(PHONE, 463);
    await stage.api.send(SHOP, CUSTOMER, stage.text());
    now = await scrape();
    expect(now('whatsapp_messages_total{status="failed"}')).toBe(1);
    expect(now('whatsapp_message_errors_total{code="recipient_refused"}')).toBe(1);

    await stage.api.stop(SHOP);
    const waiting = await stage.api.send(SHOP, CUSTOMER, stage.text(), { wait_ms: 0 });
    const send_at = new Date(Date.now() + 3_600_000).toISOString();
    await stage.api.send(SHOP, CUSTOMER, stage.text(), { wait_ms: 0, send_at });
    await new Promise((resolve) => setTimeout(resolve, 50));
    now = await scrape();
    expect(now('whatsapp_outbox_messages{state="queued"}')).toBe(2);
    expect(now('whatsapp_outbox_due_messages')).toBe(1);
    expect(now('whatsapp_outbox_oldest_age_seconds')).toBeGreaterThan(0.04);
    expect(now('whatsapp_outbox_oldest_age_seconds')).toBeLessThan(60);
    await stage.api.delete(`/api/messages/${waiting.body.message_id}`);
    now = await scrape();
    expect(now('whatsapp_message_errors_total{code="cancelled_by_request"}')).toBe(1);
    expect(now('whatsapp_outbox_oldest_age_seconds')).toBe(0);
  });

  it('count requests by the pattern of their path, and grow no label with what callers ask for', async () => {
    stage = await Stage.set();
    for (let n = 0; n < 20; n++) {
      await stage.api.status(`nobody-${n}`);
      await stage.api.get(`/nothing/${n}`);
      await stage.api.message(`3EB0${n}`);
    }
    const { body } = await stage.api.get('/metrics');
    const count = (series: string) => valueOf(body as string, `whatsapp_http_requests_total{${series}}`);
    expect(count('method="GET",route="/api/status/:organization_id",status="200"')).toBe(20);
    expect(count('method="GET",route="/api/messages/:message_id",status="404"')).toBe(20);
    expect(count('method="GET",route="(none)",status="404"')).toBe(20);
    expect(body).not.toContain('nobody-');
    const before = seriesOf(body as string).length;
    for (let n = 20; n < 40; n++) await stage.api.status(`nobody-${n}`);
    const after = seriesOf((await stage.api.get('/metrics')).body as string);
    // Only that of the scrape itself is new.
    const own = after.filter(({ name, labels }) => name.startsWith('whatsapp_http') && labels.route === '/metrics');
    const others = (series: typeof after) => series.filter(({ name }) => name.startsWith('whatsapp_'));
    expect(others(after).length - own.length).toBe(others(seriesOf(body as string)).length);
    expect(before).toBeGreaterThan(100);
  });
});
