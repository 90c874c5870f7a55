import { afterEach, describe, expect, it } from 'vitest';
import { questionOf } from '../../emulator/odd-answers.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('a pairing code is given out when WhatsApp accepted the request', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const ask = () => stage.api.start('2', { pairing_phone: PHONE });

  it.each([
    [
      'asked too often, with a time to wait',
      { oddity: 'error', code: 429, backoff: 86_400 },
      {
        reason: 'rate_limited',
        retry_after: 86_400,
        error: 'WhatsApp gave no code: it was asked for codes too often.',
        hint: 'Scan the QR code instead, or ask again in 86400 seconds: so long WhatsApp wants to rest.',
      },
    ],
    [
      'asked too often',
      { oddity: 'error', code: 429 },
      { reason: 'rate_limited', retry_after: null, error: 'WhatsApp gave no code: it was asked for codes too often.' },
    ],
    [
      'refused',
      { oddity: 'error', code: 403 },
      { reason: 'refused', retry_after: null, error: 'WhatsApp gave no code: it refused the request (error 403).' },
    ],
    [
      'silence',
      { oddity: 'silence' },
      { reason: 'no_answer', retry_after: null, error: 'WhatsApp gave no code: it did not answer the request.' },
    ],
    [
      'the connection is cut',
      { oddity: 'cut' },
      { reason: 'no_answer', retry_after: null, error: 'WhatsApp gave no code: it did not answer the request.' },
    ],
  ] as const)('%s: 503 says why, and a second try links the phone', async (_what, { oddity, ...more }, told) => {
    stage = await Stage.set();
    await stage.api.start('2', { wait_ms: 10_000 });
    stage.whatsapp.mishaps.oddAnswer('*', 'pairing_code', oddity, more);
    const refused = await ask();
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'whatsapp_unavailable', ...told });
    expect(refused.headers.get('retry-after')).toBe(told.retry_after === null ? null : String(told.retry_after));
    expect(await stage.log.until('pairing_code_refused', { org: '2' })).toMatchObject({ reason: told.reason });
    expect(stage.log.events('pairing_code', '2')).toEqual([]);

    const given = await ask();
    expect(given.status).toBe(200);
    await stage.whatsapp.phone(PHONE).enterPairingCode(given.body.pairing_code as string);
    await stage.api.ready('2');
    expect((await stage.api.status('2')).body).toMatchObject({ status: 'connected', phone_number: PHONE });
    await stage.send('2', CUSTOMER);
  });

  it('while WhatsApp is asked, other actions go on: a stop ends the pairing, and no code is told', async () => {
    stage = await Stage.set();
    await stage.api.start('2', { wait_ms: 10_000 });
    stage.whatsapp.mishaps.oddAnswer('*', 'pairing_code', 'silence');
    const asked = new Promise<void>((resolve) => {
      stage.whatsapp.tap(({ stanza }) => {
        if (questionOf(stanza) === 'pairing_code') resolve();
      });
    });
    const code = ask();
    await asked;
    expect((await stage.api.stop('2')).body).toMatchObject({ status: 'stopped' });
    expect((await code).body).toMatchObject({ code: 'whatsapp_unavailable', reason: 'no_answer' });
    expect((await stage.api.status('2')).body).toMatchObject({ status: 'stopped', phone_number: null });
  });

  it('a code that was refused leaves no trace: the QR links, and the folder was never half-paired', async () => {
    stage = await Stage.set();
    await stage.api.start('2', { wait_ms: 10_000 });
    stage.whatsapp.mishaps.oddAnswer('*', 'pairing_code', 'error', { code: 429 });
    expect((await ask()).status).toBe(503);
    await stage.scan('2', PHONE);
    expect((await stage.api.status('2')).body).toMatchObject({ status: 'connected', phone_number: PHONE });
  });

  it('no connection to WhatsApp: 503 says that', async () => {
    stage = await Stage.set();
    await stage.whatsapp.mishaps.refuseConnections(true);
    const { status, body } = await ask();
    expect(status).toBe(503);
    expect(body).toMatchObject({
      code: 'whatsapp_unavailable',
      reason: 'no_connection',
      retry_after: null,
      error: 'No code could be asked for: there is no connection to WhatsApp yet.',
    });
  });

  it('asked twice at once for one number: one request, one code', async () => {
    stage = await Stage.set();
    await stage.api.start('2', { wait_ms: 10_000 });
    let requests = 0;
    stage.whatsapp.tap(({ direction, stanza }) => {
      if (direction === 'in' && questionOf(stanza) === 'pairing_code') requests += 1;
    });
    const codes = (await Promise.all([ask(), ask(), ask()])).map(({ body }) => body.pairing_code as string);
    expect(new Set(codes).size).toBe(1);
    expect(requests).toBe(1);
    await stage.whatsapp.phone(PHONE).enterPairingCode(codes[0] as string);
    await stage.api.ready('2');
    expect((await stage.api.status('2')).body).toMatchObject({ status: 'connected', phone_number: PHONE });
  });

  it.each(['cleaned by hand', 'restarted with the service'])(
    'a code that nobody typed, %s: no backup, no word of unlinking, and the next scan links',
    async (how) => {
      stage = await Stage.set();
      expect((await ask()).status).toBe(200);
      if (how === 'cleaned by hand') {
        const { body } = await stage.api.forceClean('2');
        expect(body).toMatchObject({ cleaned: true, backup: null, status: 'qr_ready' });
        expect(body.message).toBe('Session cleaned: no phone had been linked, so no backup was kept.');
      } else {
        await stage.restartService();
        const { body } = await stage.api.status('2');
        expect(body).toMatchObject({ status: 'qr_required', phone_number: null, attention: null, logout: null });
      }
      expect((await stage.api.backups('2')).body.total).toBe(0);
      await stage.api.ready('2');
      await stage.scan('2', PHONE);
      await stage.send('2', CUSTOMER);
      expect(stage.whatsapp.record.unlinked).toEqual([]);
    },
  );
});
