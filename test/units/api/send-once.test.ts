import { describe, expect, it } from 'vitest';
import { SENTENCES } from '../../../src/api/sentences.js';
import { NOW, snapshotOf } from './in-memory-sessions.js';
import { DAY, ID, iso, sending } from './send-stage.js';
import { errorBody, onStage } from './stage.js';

const { on, send, nobodyCarries } = sending();

describe('the idempotency key', () => {
  it('gives the same message, in the header or the body', async () => {
    const first = await send({ idempotency_key: 'booking-1' }).expect(200);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    const second = await send().set('Idempotency-Key', 'booking-1').expect(200);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.body).toEqual(first.body);
    await send({ idempotency_key: 'booking-1' }).set('Idempotency-Key', 'booking-1').expect(200);
    expect((await on.stage.outbox.list({ organizationId: ID, limit: 10 })).messages).toHaveLength(1);
  });

  it('gives one message to calls at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => send({ idempotency_key: 'k' }).expect(200)));
    expect(new Set(answers.map(({ body }) => body.message_id as string)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(4);
  });

  it('answers by what became of the message, however late', async () => {
    nobodyCarries();
    const asked = { idempotency_key: 'k', send_at: iso(NOW + 1000), expires_at: iso(NOW + 2000), wait_ms: 0 };
    const first = await send(asked).expect(202);
    on.stage.clock.now += 60_000;
    await on.stage.outbox.expire();
    // Its times are past now, its session is gone, and another wait makes no other request.
    on.stage.sessions.held.clear();
    const again = await send({ ...asked, wait_ms: 1 }).expect(409);
    expect(again.body).toMatchObject({ code: 'message_expired', message_id: first.body.message_id });
    expect(again.headers['idempotency-replayed']).toBe('true');
    on.stage.clock.now += 7 * DAY;
    await send(asked).expect(404);
  });

  it.each<[string, object]>([
    ['text', { message: 'Otra cosa' }],
    ['phone', { phone: '3007654321' }],
    ['replace_key', { replace_key: 'r' }],
    ['ttl_seconds', { ttl_seconds: 60 }],
    ['send_at', { send_at: iso(NOW + 1000) }],
    ['expires_at', { expires_at: iso(NOW + 1000) }],
  ])('is refused with another %s', async (_name, more) => {
    await send({ idempotency_key: 'k' }).expect(200);
    const response = await send({ idempotency_key: 'k', ...more }).expect(422);
    expect(errorBody(response).code).toBe('idempotency_key_reused');
  });

  it('is the organization’s own', async () => {
    on.stage.sessions.hold(snapshotOf('3'));
    await send({ idempotency_key: 'k' }).expect(200);
    const other = await send({ idempotency_key: 'k', organization_id: '3', message: 'x' }).expect(200);
    expect(other.headers).not.toHaveProperty('idempotency-replayed');
  });

  it.each(['', 'a b', 'x'.repeat(256), 'ñandú', 5, null])('wrong in the body: %.20j', async (idempotency_key) => {
    const response = await send({ idempotency_key }).expect(400);
    expect(Object.keys(errorBody(response).fields ?? {})).toEqual(['idempotency_key']);
  });

  it.each(['', 'a b', 'x'.repeat(256)])('wrong in the header: %.20j', async (key) => {
    const response = await send().set('Idempotency-Key', key).expect(400);
    expect(Object.keys(errorBody(response).fields ?? {})).toEqual(['Idempotency-Key']);
  });

  it('must not be two', async () => {
    const response = await send({ idempotency_key: 'a' }).set('Idempotency-Key', 'b').expect(400);
    expect(errorBody(response).fields).toEqual({ idempotency_key: SENTENCES.es.fields.idempotency_keys_differ });
  });
});

describe('when nothing more is taken', () => {
  it('a full outbox is 429, but not for what it has already', async () => {
    on.stage = onStage({ maxPending: 1 });
    nobodyCarries();
    on.stage.sessions.hold(snapshotOf('2'));
    await send({ wait_ms: 0, idempotency_key: 'k' }).expect(202);
    const response = await send({ wait_ms: 0 }).expect(429);
    expect(errorBody(response).code).toBe('outbox_full');
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    await send({ wait_ms: 0, idempotency_key: 'k' }).expect(202);
  });

  it('a full disk is 503, and a person is told', async () => {
    on.stage.courier.failure = Object.assign(new Error('database or disk is full'), {
      name: 'SqliteError',
      code: 'SQLITE_FULL',
    });
    const response = await send().expect(503);
    expect(errorBody(response).code).toBe('storage_unavailable');
    expect(response.headers['retry-after']).toBe('10');
    expect(on.stage.log.find(({ event }) => event === 'storage_unavailable')).toMatchObject({ level: 'error' });
  });
});
