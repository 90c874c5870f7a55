import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/metrics/metrics.js';
import { OutboxDepth } from '../../../src/metrics/outbox-depth.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { SqliteOutboxStore } from '../../../src/store/sqlite/outbox-store.js';
import type { OutboxMessage } from '../../../src/outbox/outbox-message.js';
import { Outbox } from '../../../src/outbox/outbox.js';
import { valueOf } from './exposition.js';

const ORGANIZATION = 'shop-1' as OrganizationId;
const EMPTY = { queued: 0, sending: 0, due: 0, oldestDueAgeMs: 0 };

function metrics(): Metrics {
  return new Metrics({
    sessions: { list: () => [], readiness: () => ({ ready: true, restoring: 0, versionRefused: false }) },
    outbox: { at: () => EMPTY },
    webhooks: { depth: async () => ({ waiting: 0, parked: 0, oldestWaitingAgeMs: 0 }) },
    now: () => 0,
  });
}

function message(changes: Partial<OutboxMessage>): OutboxMessage {
  return {
    messageId: '3EB0',
    organizationId: ORGANIZATION,
    phone: '573001112233',
    chatId: null,
    state: 'sent',
    errorCode: null,
    ackCode: null,
    replaceKey: null,
    attempts: 1,
    sendAt: 0,
    expiresAt: 1,
    createdAt: 0,
    firstTryAt: 1000,
    times: { queued: 0, sending: 1000 },
    ...changes,
  };
}

describe('the metrics', () => {
  it('have every series from the beginning, at zero', async () => {
    const text = await metrics().text();
    for (const series of [
      'whatsapp_sessions{status="connected"}',
      'whatsapp_sessions_by_verdict{verdict="corrupted"}',
      'whatsapp_sessions_needing_attention{code="outage"}',
      'whatsapp_faults_total{kind="bad_mac"}',
      'whatsapp_cleanings_total{trigger="automatic",reason="stream_error"}',
      'whatsapp_cleanings_total{trigger="by_hand",reason="forced"}',
      'whatsapp_disconnects_total{reason="network"}',
      'whatsapp_reconnects_total{reason="network"}',
      'whatsapp_messages_total{status="unconfirmed"}',
      'whatsapp_message_errors_total{code="recipient_refused"}',
      'whatsapp_ack_latency_seconds_count',
      'whatsapp_outbox_oldest_age_seconds',
      'whatsapp_webhook_backlog{state="waiting"}',
      'whatsapp_webhook_oldest_waiting_age_seconds',
      'whatsapp_webhook_tries_total{outcome="private_address"}',
      'whatsapp_webhook_parked_total',
    ]) {
      expect(valueOf(text, series), series).toBe(0);
    }
  });

  it('count a reconnect by why the connection had ended, once, and not after a cleaning', async () => {
    const counted = metrics();
    const ended = {
      name: 'session.disconnected' as const,
      organizationId: ORGANIZATION,
      data: { reason: 'network', code: null, text: '', next_try_at: null },
    };
    const connected = {
      name: 'session.connected' as const,
      organizationId: ORGANIZATION,
      data: { phone_last4: '2233' },
    };
    counted.onEvent(connected);
    counted.onEvent(ended);
    counted.onEvent(connected);
    counted.onEvent(connected);
    counted.onEvent(ended);
    counted.onEvent({
      name: 'session.cleaned',
      organizationId: ORGANIZATION,
      data: { reason: 'bad_mac', automatic: true, backup: null, bad_mac: 3, stream_error: 0 },
    });
    counted.onEvent(connected);
    const text = await counted.text();
    expect(valueOf(text, 'whatsapp_logins_total')).toBe(4);
    expect(valueOf(text, 'whatsapp_disconnects_total{reason="network"}')).toBe(2);
    expect(valueOf(text, 'whatsapp_reconnects_total{reason="network"}')).toBe(1);
    expect(valueOf(text, 'whatsapp_cleanings_total{trigger="automatic",reason="bad_mac"}')).toBe(1);
  });

  it('take only labels that are known; the rest is "other", and nobody is named', async () => {
    const counted = metrics();
    counted.onEvent({
      name: 'session.disconnected',
      organizationId: ORGANIZATION,
      data: { reason: 'a new one of 573001112233', code: null, text: '', next_try_at: null },
    });
    counted.answered('PROPFIND', '(none)', 405, 0.001);
    const text = await counted.text();
    expect(valueOf(text, 'whatsapp_disconnects_total{reason="other"}')).toBe(1);
    expect(valueOf(text, 'whatsapp_http_requests_total{method="other",route="(none)",status="405"}')).toBe(1);
    expect(text).not.toContain('573001112233');
    expect(text).not.toContain(ORGANIZATION);
  });

  it('observe the ack once: the ack, or the receipt that came instead, never what the customer did later', async () => {
    const counted = metrics();
    const times = { queued: 0, sending: 1000 };
    counted.onMessage(message({ state: 'sending' }));
    counted.onMessage(message({ state: 'sent', times: { ...times, sent: 1200 } }));
    counted.onMessage(message({ state: 'delivered', times: { ...times, sent: 1200, delivered: 9000 } }));
    counted.onMessage(message({ state: 'read', times: { ...times, sent: 1200, delivered: 9000, read: 90_000 } }));
    // A receipt without an ack.
    counted.onMessage(message({ state: 'delivered', times: { ...times, delivered: 1400 } }));
    // Never tried, never answered.
    counted.onMessage(message({ state: 'expired', firstTryAt: null, times: { queued: 0, expired: 5000 } }));
    counted.onMessage(message({ state: 'failed', errorCode: 'recipient_refused', ackCode: 463 }));
    const text = await counted.text();
    expect(valueOf(text, 'whatsapp_ack_latency_seconds_count')).toBe(2);
    expect(valueOf(text, 'whatsapp_ack_latency_seconds_sum')).toBeCloseTo(0.6);
    expect(valueOf(text, 'whatsapp_messages_total{status="delivered"}')).toBe(2);
    expect(valueOf(text, 'whatsapp_messages_total{status="expired"}')).toBe(1);
    expect(valueOf(text, 'whatsapp_message_errors_total{code="recipient_refused"}')).toBe(1);
  });

  it('tell the lag of the event loop and what the process uses', async () => {
    const text = await metrics().text();
    expect(valueOf(text, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(0);
  });
});

describe('the depth of the outbox', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'depth-'));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is of all organizations; what is scheduled or rests in quiet hours is queued, neither due nor old', async () => {
    // 12:00 in Bogota.
    const noon = Date.parse('2026-03-01T17:00:00Z');
    const clock = { now: noon };
    const store = await SqliteOutboxStore.open(directory);
    const outbox = new Outbox(store, { maxPending: 100, now: () => clock.now });
    const depth = new OutboxDepth(outbox);
    const accept = (id: string, sendAt?: number) =>
      outbox.accept({
        organizationId: id as OrganizationId,
        phone: '573001112233',
        content: { kind: 'text', version: 1, text: 'Hola' },
        sendAt,
        expiresAt: noon + 7 * 86_400_000,
      });
    expect(depth.at(noon)).toEqual(EMPTY);
    const first = await accept('a');
    await accept('b', noon + 3_600_000);
    const quiet = 'c' as OrganizationId;
    await accept(quiet);
    await outbox.setQuietHours(quiet, { from: '11:00', to: '13:00', timeZone: 'America/Bogota' });
    await outbox.claim(first.message.messageId, '573001112233@s.whatsapp.net').stored;
    expect(depth.at(noon + 60_000)).toEqual({ queued: 2, sending: 1, due: 1, oldestDueAgeMs: 60_000 });
    await outbox.move(first.message.messageId, 'sent');
    expect(depth.at(noon + 60_000)).toEqual({ queued: 2, sending: 0, due: 0, oldestDueAgeMs: 0 });
    // 13:10: both may go; the one of the quiet hours since ten minutes, whenever it was accepted.
    expect(depth.at(noon + 4_200_000)).toEqual({ queued: 2, sending: 0, due: 2, oldestDueAgeMs: 600_000 });
    await store.close();
  });
});
