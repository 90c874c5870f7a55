import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('a question about a number that WhatsApp answers oddly', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it.each([
    ['silence', 'no_answer'],
    ['error', 'no_answer'],
    ['result_error', 'no_answer'],
    ['row_error', 'no_answer'],
    ['empty', 'number_not_known_yet'],
    ['other_number', 'number_not_known_yet'],
  ] as const)('%s: the message waits, says why, and leaves when there is an answer', async (oddity, reason) => {
    stage = await Stage.set({ env: { QUERY_TIMEOUT: '300' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'number', oddity, { times: 2, code: 500 });
    const text = stage.text();
    const { status, body } = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
    expect(status).toBe(202);
    await stage.log.until('message_waits', { org: '2' });
    const waits = (await stage.api.message(body.message_id as string)).body;
    expect(waits).toMatchObject({ status: 'queued', attempts: 0, error: null, waiting: { reason } });
    const { waiting } = waits as { waiting: { since: string; next_try_at: string; sentence: string } };
    expect(Date.parse(waiting.next_try_at)).toBeGreaterThanOrEqual(Date.parse(waiting.since));
    expect(waiting.sentence.length).toBeGreaterThan(20);
    expect((await stage.whatsapp.customer(CUSTOMER).receivedText(text)).id).toBe(body.message_id);
    await stage.log.until('message_delivered', { org: '2' });
    expect((await stage.api.message(body.message_id as string)).body).toMatchObject({
      status: 'delivered',
      waiting: null,
    });
    expect(stage.log.events('message_waits', '2')).toHaveLength(2);
  });

  it('429, in the answer or in place of it: nothing is asked until the pause is over, nor all at once', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const asked: number[] = [];
    stage.whatsapp.tap(({ direction, stanza }) => {
      if (direction === 'in' && stanza.attrs.xmlns === 'usync') asked.push(Date.now());
    });
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'number', 'result_error', { code: 429, backoff: 1 });
    const customers = ['573109998811', '573109998822', '573109998833', '573109998844'];
    const texts = customers.map((customer) => ({ customer, text: stage.text() }));
    const [first, ...others] = texts as [(typeof texts)[0], ...typeof texts];
    const { body } = await stage.api.send('2', first.customer, first.text, { wait_ms: 0 });
    await stage.log.until('message_waits', { org: '2' });
    const refusedAt = Date.now();
    for (const { customer, text } of others) await stage.api.send('2', customer, text, { wait_ms: 0 });
    expect((await stage.api.message(body.message_id as string)).body).toMatchObject({
      waiting: { reason: 'rate_limited' },
    });
    for (const { customer, text } of texts) await stage.whatsapp.customer(customer).receivedText(text);
    const again = asked.slice(1);
    // What WhatsApp asked for: one second (the clock that the emulator and the service share).
    expect(Math.min(...again)).toBeGreaterThanOrEqual(refusedAt + 900);
    expect(new Set(again).size).toBeGreaterThan(1);
    expect(stage.log.events('message_failed')).toEqual([]);
  });

  it('only an explicit "out" for that very number is not_on_whatsapp, and only that is remembered', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.customer('573109990000', { onWhatsApp: false });
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'number', 'other_number');
    const { body } = await stage.api.send('2', '573109990000', stage.text(), { wait_ms: 0 });
    await stage.log.until('message_waits', { org: '2' });
    expect((await stage.api.message(body.message_id as string)).body.status).toBe('queued');
    await stage.log.until('message_failed', { org: '2' });
    expect((await stage.api.message(body.message_id as string)).body).toMatchObject({
      status: 'failed',
      error: { code: 'not_on_whatsapp' },
    });
    const asked: unknown[] = [];
    stage.whatsapp.tap(({ direction, stanza }) => {
      if (direction === 'in' && stanza.attrs.xmlns === 'usync') asked.push(stanza);
    });
    const again = await stage.api.send('2', '573109990000', stage.text());
    expect(again.body).toMatchObject({ code: 'not_on_whatsapp' });
    expect(asked).toEqual([]);
  });
});
