import { beforeEach, describe, expect, it } from 'vitest';
import { SENTENCES } from '../../../src/api/sentences.js';
import { NOW } from './in-memory-sessions.js';
import { DAY, iso, sending } from './send-stage.js';
import { errorBody } from './stage.js';

const { on, send, nobodyCarries, stored } = sending();

describe('times', () => {
  beforeEach(() => {
    nobodyCarries();
  });
  const timesOf = async (more: object) => {
    const { sendAt, expiresAt } = await stored(await send({ wait_ms: 0, ...more }).expect(202));
    return [sendAt - NOW, expiresAt - NOW];
  };

  it.each<[object, number, number]>([
    [{}, 0, DAY],
    [{ ttl_seconds: 60 }, 0, 60_000],
    [{ expires_at: '2026-01-02T03:05:05Z' }, 0, 60_000],
    [{ expires_at: '2026-01-01T22:05:05.000-05:00' }, 0, 60_000],
    [{ send_at: iso(NOW + 5000) }, 5000, DAY + 5000],
    [{ send_at: iso(NOW + 5000), ttl_seconds: 10 }, 5000, 15_000],
    [{ send_at: iso(NOW + 5000), expires_at: iso(NOW + 6000) }, 5000, 6000],
    // A little late, so at once; its life began when it should have been sent.
    [{ send_at: iso(NOW - 5000) }, -5000, DAY - 5000],
    [{ send_at: iso(NOW + 30 * DAY), expires_at: iso(NOW + 31 * DAY) }, 30 * DAY, 31 * DAY],
  ])('%j', async (more, sendAt, expiresAt) => {
    expect(await timesOf(more)).toEqual([sendAt, expiresAt]);
  });

  it.each<[string, object, keyof (typeof SENTENCES)['es']['fields']]>([
    ['expires_at', { expires_at: iso(NOW) }, 'time_is_past'],
    ['expires_at', { expires_at: iso(NOW + 30 * DAY + 1) }, 'too_far_ahead'],
    ['expires_at', { expires_at: iso(NOW + 5000), send_at: iso(NOW + 5000) }, 'expires_before_send'],
    ['ttl_seconds', { expires_at: iso(NOW + 5000), ttl_seconds: 5 }, 'one_expiry_only'],
    ['send_at', { send_at: iso(NOW + 30 * DAY + 1) }, 'too_far_ahead'],
    ['send_at', { send_at: iso(NOW - DAY) }, 'time_is_past'],
    ['send_at', { send_at: iso(NOW - 5000), ttl_seconds: 5 }, 'time_is_past'],
    ['send_at', { send_at: '2026-01-03T03:04:05' }, 'time'],
    ['send_at', { send_at: '2026-01-03' }, 'time'],
    ['send_at', { send_at: '2026-02-30T00:00:00Z' }, 'time'],
    ['send_at', { send_at: 'tomorrow' }, 'time'],
    ['send_at', { send_at: NOW + 5000 }, 'time'],
    ['expires_at', { expires_at: null }, 'time'],
    ['ttl_seconds', { ttl_seconds: 0 }, 'ttl_seconds'],
    ['ttl_seconds', { ttl_seconds: 2_592_001 }, 'ttl_seconds'],
    ['ttl_seconds', { ttl_seconds: '60' }, 'ttl_seconds'],
    ['wait_ms', { wait_ms: 30_001 }, 'wait_ms'],
    ['replace_key', { replace_key: '' }, 'replace_key'],
    ['replace_key', { replace_key: 'x'.repeat(129) }, 'replace_key'],
    ['replace_key', { replace_key: 5 }, 'replace_key'],
  ])('wrong %s: %j', async (field, more, problem) => {
    const response = await send(more).expect(400);
    expect(errorBody(response)).toMatchObject({
      code: 'invalid_request',
      fields: { [field]: SENTENCES.es.fields[problem] },
    });
    expect(on.stage.courier.accepted).toEqual([]);
  });
});
