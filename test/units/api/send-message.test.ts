import { connect, type AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { MessageErrorCode } from '../../../src/outbox/outbox-message.js';
import { createHttpServer } from '../../../src/api/http-server.js';
import { SENTENCES } from '../../../src/api/sentences.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import type { OutboxMessage } from '../../../src/outbox/outbox-message.js';
import { NOW, snapshotOf, waitingForScan } from './in-memory-sessions.js';
import { API_KEY, config, errorBody, onStage, type Stage } from './stage.js';

const ID = '2' as OrganizationId;
const body = { organization_id: '2', phone: '300 123 4567', message: ' Su cita es mañana. ' };
const DAY = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString();

let stage: Stage;
beforeEach(() => {
  stage = onStage();
  stage.sessions.hold(snapshotOf('2'));
});

const send = (more: object = {}) => stage.post('/api/send-message', { ...body, ...more });
/** Nothing happens to accepted messages; by default answers come at once. */
const nobodyCarries = () => (stage.courier.carry = async () => undefined);
const stored = async (response: { body: { message_id?: string } }) =>
  (await stage.outbox.get(response.body.message_id ?? '')) as OutboxMessage;

describe('when WhatsApp has the message', () => {
  it('answers a sentence, the chat id, the message id and the status', async () => {
    const response = await send().expect(200);
    expect(response.body).toEqual({
      success: true,
      message: 'Mensaje enviado: WhatsApp lo recibió.',
      phone: '573001234567@s.whatsapp.net',
      message_id: expect.stringMatching(/^3EB0[0-9A-F]{18}$/),
      status: 'sent',
    });
    expect(stage.courier.accepted).toMatchObject([
      {
        organizationId: '2',
        phone: '573001234567',
        content: { kind: 'text', version: 1, text: ' Su cita es mañana. ' },
      },
    ]);
    expect(await stored(response)).toMatchObject({ createdAt: NOW, sendAt: NOW, expiresAt: NOW + config.MESSAGE_TTL });
  });

  it.each(['delivered', 'read'] as const)('and more than that: %s', async (state) => {
    stage.courier.carry = async (message) => {
      await stage.courier.hand(message);
      await stage.outbox.move(message.messageId, state);
    };
    const response = await send().expect(200);
    expect(response.body).toMatchObject({ status: state, message: SENTENCES.es.messages[state].sentence });
  });

  it('takes the phone as a number and as the chat id answered before', async () => {
    await send({ phone: 3001234567 }).expect(200);
    await send({ phone: '573001234567@s.whatsapp.net' }).expect(200);
    expect(stage.courier.accepted.map(({ phone }) => phone)).toEqual(['573001234567', '573001234567']);
  });

  it('takes the longest message', async () => {
    await send({ message: '漢'.repeat(65_536) }).expect(200);
  });

  it('answers the chat id that WhatsApp gave, not the number', async () => {
    stage.courier.carry = async ({ messageId }) => {
      await stage.outbox.claim(messageId, '5511987654321@s.whatsapp.net').stored;
      await stage.outbox.move(messageId, 'sent');
    };
    const response = await send({ phone: '+55 11 8765 4321' }).expect(200);
    expect(response.body).toMatchObject({ phone: '5511987654321@s.whatsapp.net' });
  });
});

describe('who may send', () => {
  it.each(['nobody', 'scans'])('an organization that never was paired may not: %s', async (id) => {
    stage.sessions.hold(waitingForScan('scans'));
    const response = await send({ organization_id: id }).expect(404);
    expect(errorBody(response)).toMatchObject({ code: 'session_not_started', status: 'not_started' });
    expect(errorBody(response).hint).toContain('/api/start-session');
    expect(stage.courier.accepted).toEqual([]);
  });

  it.each(['connecting', 'restoring', 'qr_ready', 'qr_required', 'disconnected', 'logged_out', 'stopped'] as const)(
    'one that was may in every state: %s',
    async (status) => {
      nobodyCarries();
      stage.sessions.hold(snapshotOf('2', { status }));
      const response = await send({ wait_ms: 0 }).expect(202);
      expect(response.body).toMatchObject({ success: true, status: 'queued', session_status: status });
    },
  );
});

describe('when WhatsApp does not have it yet', () => {
  beforeEach(() => {
    nobodyCarries();
  });

  it('is 202 with where to look', async () => {
    const response = await send({ wait_ms: 0 }).expect(202);
    const { message_id } = response.body;
    expect(response.body).toEqual({
      success: true,
      message: 'Mensaje aceptado: está guardado y se enviará.',
      phone: '573001234567@s.whatsapp.net',
      message_id,
      status: 'queued',
      session_status: 'connected',
      hint: SENTENCES.es.waiting.turn,
    });
    expect(response.headers.location).toBe(`/api/messages/${message_id}`);
    await stage.get(response.headers.location as string).expect(200);
  });

  it('waits as long as it is told, and no longer', async () => {
    for (const wait_ms of [0, 120]) {
      const began = performance.now();
      await send({ wait_ms }).expect(202);
      const took = performance.now() - began;
      expect(took).toBeGreaterThanOrEqual(wait_ms - 20);
      expect(took).toBeLessThan(wait_ms + 1500);
    }
  });

  it('waits as long as configured when it is not told', async () => {
    stage = onStage({ config: { ...config, SEND_WAIT: 50 } });
    nobodyCarries();
    stage.sessions.hold(snapshotOf('2'));
    await send().expect(202);
  });

  it('knows the chat of a number that was resolved before', async () => {
    await stage.outbox.customers.rememberChat('573001234567', '57999@s.whatsapp.net');
    const response = await send({ wait_ms: 0 }).expect(202);
    expect(response.body).toMatchObject({ phone: '57999@s.whatsapp.net' });
  });

  it('is sending when it was handed over', async () => {
    stage.courier.carry = (message) => stage.courier.hand(message);
    const response = await send({ wait_ms: 50 }).expect(202);
    expect(response.body).toMatchObject({ status: 'sending', hint: SENTENCES.es.waiting.answer });
  });

  const hintOf = async (more: object = {}) => {
    const request = send({ wait_ms: 0, ...more }).set('Accept-Language', 'en');
    return ((await request.expect(202)).body as { hint: string }).hint;
  };

  it('says that the session must be scanned, and how', async () => {
    stage.sessions.hold({ ...waitingForScan('2'), wasEverPaired: true });
    const hint = await hintOf();
    expect(hint).toContain('as soon as the session is connected. A QR code is ready');
    expect(hint).toContain('GET /api/qr/:organization_id');
  });

  it('says that the session comes back by itself', async () => {
    stage.sessions.hold(snapshotOf('2', { status: 'disconnected', nextReconnectAt: NOW + 1000 }));
    expect(await hintOf()).toBe(SENTENCES.en.waiting.reconnect);
  });

  it('says what is the matter with the session, and until when', async () => {
    const attention = { code: 'banned', since: NOW, until: null } as const;
    stage.sessions.hold(snapshotOf('2', { status: 'disconnected', attention }));
    expect(await hintOf()).toContain('WhatsApp banned the number. Ask for a review');
    const forATime = { code: 'temporary_ban', since: NOW, until: NOW + 1000 } as const;
    stage.sessions.hold(snapshotOf('2', { status: 'disconnected', attention: forATime }));
    expect(await hintOf()).toContain('The session tries again by itself at 2026-01-02T03:04:06.000Z.');
  });

  it('says that its time has not come, and what else is in the way', async () => {
    const send_at = '2026-01-03T10:00:00-05:00';
    expect(await hintOf({ send_at })).toBe('The message is scheduled and leaves at 2026-01-03T15:00:00.000Z.');
    stage.sessions.hold(snapshotOf('2', { status: 'stopped' }));
    expect(await hintOf({ send_at })).toMatch(/15:00:00\.000Z\. The message leaves as soon as .* is stopped/);
  });

  it('says that customers are asleep', async () => {
    // 22:04 in Bogotá.
    await stage.outbox.setQuietHours(ID, { from: '21:00', to: '08:00', timeZone: 'America/Bogota' });
    expect(await hintOf()).toContain(
      'quiet hours of the organization and leaves when they are over, at 2026-01-02T13:00',
    );
  });

  it('says that first contacts rest', async () => {
    await stage.outbox.pauseFirstContacts(ID, NOW + 60_000);
    expect(await hintOf()).toContain('rest until 2026-01-02T03:05:05.000Z');
  });

  it('answers at once when the service stops', async () => {
    const request = send({ wait_ms: 30_000 }).expect(202);
    setTimeout(() => stage.outbox.endWaits(), 100);
    expect((await request).body).toMatchObject({ success: true, status: 'queued' });
    await send({ wait_ms: 30_000 }).expect(202);
  });

  it('does not wait for somebody who hung up', async () => {
    const settled = vi.spyOn(stage.outbox, 'settled');
    const server = createHttpServer(stage.app, 'es');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const text = JSON.stringify({ ...body, wait_ms: 30_000 });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () =>
      socket.write(
        [
          'POST /api/send-message HTTP/1.1',
          'Host: x',
          `x-api-key: ${API_KEY}`,
          'Content-Type: application/json',
          `Content-Length: ${Buffer.byteLength(text)}`,
          '',
          text,
        ].join('\r\n'),
      ),
    );
    await expect.poll(() => settled.mock.calls.length).toBe(1);
    const began = performance.now();
    socket.destroy();
    await settled.mock.results[0]?.value;
    expect(performance.now() - began).toBeLessThan(10_000);
    await expect.poll(() => stage.log.find(({ event }) => event === 'http_request')).toMatchObject({ aborted: true });
    await new Promise((resolve) => server.close(resolve));
    expect(stage.outbox.depth(ID).pending).toBe(1);
  });
});

describe('when it will never have it', () => {
  const fails = (errorCode: MessageErrorCode, ackCode?: number) =>
    (stage.courier.carry = ({ messageId }) => stage.outbox.move(messageId, 'failed', { errorCode, ackCode }));

  it.each([
    ['not_on_whatsapp', undefined, 'not_on_whatsapp', SENTENCES.es.errors.not_on_whatsapp],
    ['recipient_refused', 463, 'message_refused', SENTENCES.es.messageErrors.recipient_refused],
    ['message_poisoned', undefined, 'message_refused', SENTENCES.es.messageErrors.message_poisoned],
    ['message_refused', 400, 'message_refused', SENTENCES.es.errors.message_refused],
  ] as const)('%s %s -> 400 %s', async (errorCode, ackCode, code, { sentence, hint }) => {
    fails(errorCode, ackCode);
    const response = await send().expect(400);
    expect(response.body).toMatchObject({
      code,
      error: sentence,
      hint,
      error_code: errorCode,
      ack_code: ackCode ?? null,
      message_status: 'failed',
    });
    expect((await stored(response)).state).toBe('failed');
  });

  it('its time was over first', async () => {
    stage.courier.carry = async () => {
      stage.clock.now += 1000;
      await stage.outbox.expire();
    };
    const response = await send({ ttl_seconds: 1 }).expect(409);
    expect(response.body).toMatchObject({ code: 'message_expired', message_status: 'expired' });
  });

  it('a newer one took its place', async () => {
    nobodyCarries();
    const older = send({ replace_key: 'booking:1' }).expect(409);
    setTimeout(() => void send({ replace_key: 'booking:1', wait_ms: 0 }).expect(202).then(), 100);
    expect((await older).body).toMatchObject({ code: 'message_cancelled', error_code: 'replaced' });
  });

  it('WhatsApp never answered', async () => {
    stage.courier.carry = async (message) => {
      await stage.courier.hand(message);
      await stage.outbox.move(message.messageId, 'unconfirmed');
    };
    const response = await send().expect(504);
    expect(response.body).toMatchObject({ code: 'send_unconfirmed', message_status: 'unconfirmed' });
    expect(response.headers).not.toHaveProperty('retry-after');
  });
});

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
    expect(stage.courier.accepted).toEqual([]);
  });
});

describe('the idempotency key', () => {
  it('gives the same message, in the header or the body', async () => {
    const first = await send({ idempotency_key: 'booking-1' }).expect(200);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    const second = await send().set('Idempotency-Key', 'booking-1').expect(200);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.body).toEqual(first.body);
    await send({ idempotency_key: 'booking-1' }).set('Idempotency-Key', 'booking-1').expect(200);
    expect((await stage.outbox.list({ organizationId: ID, limit: 10 })).messages).toHaveLength(1);
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
    stage.clock.now += 60_000;
    await stage.outbox.expire();
    // Its times are past now, its session is gone, and another wait makes no other request.
    stage.sessions.held.clear();
    const again = await send({ ...asked, wait_ms: 1 }).expect(409);
    expect(again.body).toMatchObject({ code: 'message_expired', message_id: first.body.message_id });
    expect(again.headers['idempotency-replayed']).toBe('true');
    stage.clock.now += 7 * DAY;
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
    stage.sessions.hold(snapshotOf('3'));
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
    stage = onStage({ maxPending: 1 });
    nobodyCarries();
    stage.sessions.hold(snapshotOf('2'));
    await send({ wait_ms: 0, idempotency_key: 'k' }).expect(202);
    const response = await send({ wait_ms: 0 }).expect(429);
    expect(errorBody(response).code).toBe('outbox_full');
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    await send({ wait_ms: 0, idempotency_key: 'k' }).expect(202);
  });

  it('a full disk is 503, and a person is told', async () => {
    stage.courier.failure = Object.assign(new Error('database or disk is full'), {
      name: 'SqliteError',
      code: 'SQLITE_FULL',
    });
    const response = await send().expect(503);
    expect(errorBody(response).code).toBe('storage_unavailable');
    expect(response.headers['retry-after']).toBe('10');
    expect(stage.log.find(({ event }) => event === 'storage_unavailable')).toMatchObject({ level: 'error' });
  });
});
