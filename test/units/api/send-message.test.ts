import { connect, type AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttpServer } from '../../../src/api/http-server.js';
import { SENTENCES } from '../../../src/api/sentences.js';
import type { MessageErrorCode } from '../../../src/outbox/outbox-message.js';
import { NOW, snapshotOf, waitingForScan } from './in-memory-sessions.js';
import { body, ID, sending } from './send-stage.js';
import { API_KEY, config, errorBody, onStage } from './stage.js';

const { on, send, nobodyCarries, stored } = sending();

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
    expect(on.stage.courier.accepted).toMatchObject([
      {
        organizationId: '2',
        phone: '573001234567',
        content: { kind: 'text', version: 1, text: ' Su cita es mañana. ' },
      },
    ]);
    expect(await stored(response)).toMatchObject({ createdAt: NOW, sendAt: NOW, expiresAt: NOW + config.MESSAGE_TTL });
  });

  it.each(['delivered', 'read'] as const)('and more than that: %s', async (state) => {
    on.stage.courier.carry = async (message) => {
      await on.stage.courier.hand(message);
      await on.stage.outbox.move(message.messageId, state);
    };
    const response = await send().expect(200);
    expect(response.body).toMatchObject({ status: state, message: SENTENCES.es.messages[state].sentence });
  });

  it('takes the phone as a number and as the chat id answered before', async () => {
    await send({ phone: 3001234567 }).expect(200);
    await send({ phone: '573001234567@s.whatsapp.net' }).expect(200);
    expect(on.stage.courier.accepted.map(({ phone }) => phone)).toEqual(['573001234567', '573001234567']);
  });

  it('takes the longest message', async () => {
    await send({ message: '漢'.repeat(65_536) }).expect(200);
  });

  it('answers the chat id that WhatsApp gave, not the number', async () => {
    on.stage.courier.carry = async ({ messageId }) => {
      await on.stage.outbox.claim(messageId, '5511987654321@s.whatsapp.net').stored;
      await on.stage.outbox.move(messageId, 'sent');
    };
    const response = await send({ phone: '+55 11 8765 4321' }).expect(200);
    expect(response.body).toMatchObject({ phone: '5511987654321@s.whatsapp.net' });
  });
});

describe('who may send', () => {
  it.each(['nobody', 'scans'])('an organization that never was paired may not: %s', async (id) => {
    on.stage.sessions.hold(waitingForScan('scans'));
    const response = await send({ organization_id: id }).expect(404);
    expect(errorBody(response)).toMatchObject({ code: 'session_not_started', status: 'not_started' });
    expect(errorBody(response).hint).toContain('/api/start-session');
    expect(on.stage.courier.accepted).toEqual([]);
  });

  it.each(['connecting', 'restoring', 'qr_ready', 'qr_required', 'disconnected', 'logged_out', 'stopped'] as const)(
    'one that was may in every state: %s',
    async (status) => {
      nobodyCarries();
      on.stage.sessions.hold(snapshotOf('2', { status }));
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
    await on.stage.get(response.headers.location as string).expect(200);
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
    on.stage = onStage({ config: { ...config, SEND_WAIT: 50 } });
    nobodyCarries();
    on.stage.sessions.hold(snapshotOf('2'));
    await send().expect(202);
  });

  it('knows the chat of a number that was resolved before', async () => {
    await on.stage.outbox.customers.rememberChat('573001234567', '57999@s.whatsapp.net');
    const response = await send({ wait_ms: 0 }).expect(202);
    expect(response.body).toMatchObject({ phone: '57999@s.whatsapp.net' });
  });

  it('is sending when it was handed over', async () => {
    on.stage.courier.carry = (message) => on.stage.courier.hand(message);
    const response = await send({ wait_ms: 50 }).expect(202);
    expect(response.body).toMatchObject({ status: 'sending', hint: SENTENCES.es.waiting.answer });
  });

  const hintOf = async (more: object = {}) => {
    const request = send({ wait_ms: 0, ...more }).set('Accept-Language', 'en');
    return ((await request.expect(202)).body as { hint: string }).hint;
  };

  it('says that the session must be scanned, and how', async () => {
    on.stage.sessions.hold({ ...waitingForScan('2'), wasEverPaired: true });
    const hint = await hintOf();
    expect(hint).toContain('as soon as the session is connected. A QR code is ready');
    expect(hint).toContain('GET /api/qr/:organization_id');
  });

  it('says that the session comes back by itself', async () => {
    on.stage.sessions.hold(snapshotOf('2', { status: 'disconnected', nextReconnectAt: NOW + 1000 }));
    expect(await hintOf()).toBe(SENTENCES.en.waiting.reconnect);
  });

  it('says what is the matter with the session, and until when', async () => {
    const attention = { code: 'banned', since: NOW, until: null } as const;
    on.stage.sessions.hold(snapshotOf('2', { status: 'disconnected', attention }));
    expect(await hintOf()).toContain('WhatsApp banned the number. Ask for a review');
    const forATime = { code: 'temporary_ban', since: NOW, until: NOW + 1000 } as const;
    on.stage.sessions.hold(snapshotOf('2', { status: 'disconnected', attention: forATime }));
    expect(await hintOf()).toContain('The session tries again by itself at 2026-01-02T03:04:06.000Z.');
  });

  it('says that its time has not come, and what else is in the way', async () => {
    const send_at = '2026-01-03T10:00:00-05:00';
    expect(await hintOf({ send_at })).toBe('The message is scheduled and leaves at 2026-01-03T15:00:00.000Z.');
    on.stage.sessions.hold(snapshotOf('2', { status: 'stopped' }));
    expect(await hintOf({ send_at })).toMatch(/15:00:00\.000Z\. The message leaves as soon as .* is stopped/);
  });

  it('says that customers are asleep', async () => {
    // 22:04 in Bogotá.
    await on.stage.outbox.setQuietHours(ID, { from: '21:00', to: '08:00', timeZone: 'America/Bogota' });
    expect(await hintOf()).toContain(
      'quiet hours of the organization and leaves when they are over, at 2026-01-02T13:00',
    );
  });

  it('says that first contacts rest', async () => {
    await on.stage.outbox.pauseFirstContacts(ID, NOW + 60_000);
    expect(await hintOf()).toContain('rest until 2026-01-02T03:05:05.000Z');
  });

  it('answers at once when the service stops', async () => {
    const request = send({ wait_ms: 30_000 }).expect(202);
    setTimeout(() => on.stage.outbox.endWaits(), 100);
    expect((await request).body).toMatchObject({ success: true, status: 'queued' });
    await send({ wait_ms: 30_000 }).expect(202);
  });

  it('does not wait for somebody who hung up', async () => {
    const settled = vi.spyOn(on.stage.outbox, 'settled');
    const server = createHttpServer(on.stage.app, 'es');
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
    await expect
      .poll(() => on.stage.log.find(({ event }) => event === 'http_request'))
      .toMatchObject({ aborted: true });
    await new Promise((resolve) => server.close(resolve));
    expect(on.stage.outbox.depth(ID).pending).toBe(1);
  });
});

describe('when it will never have it', () => {
  const fails = (errorCode: MessageErrorCode, ackCode?: number) =>
    (on.stage.courier.carry = ({ messageId }) => on.stage.outbox.move(messageId, 'failed', { errorCode, ackCode }));

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
    on.stage.courier.carry = async () => {
      on.stage.clock.now += 1000;
      await on.stage.outbox.expire();
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
    on.stage.courier.carry = async (message) => {
      await on.stage.courier.hand(message);
      await on.stage.outbox.move(message.messageId, 'unconfirmed');
    };
    const response = await send().expect(504);
    expect(response.body).toMatchObject({ code: 'send_unconfirmed', message_status: 'unconfirmed' });
    expect(response.headers).not.toHaveProperty('retry-after');
  });
});
