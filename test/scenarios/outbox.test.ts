import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const OTHER = '573109998866';

describe('an accepted message', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('is sent, delivered and read, each with its time', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const text = stage.text();
    const sent = await stage.api.send('2', CUSTOMER, text);
    expect(sent.status).toBe(200);
    expect(sent.body).toMatchObject({ success: true, status: 'sent', phone: `${CUSTOMER}@s.whatsapp.net` });
    const { message_id: id } = sent.body;
    const received = await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(received.id).toBe(id);
    await stage.log.until('message_delivered', { org: '2' });
    stage.whatsapp.customer(CUSTOMER).read(id as string);
    await stage.log.until('message_read', { org: '2' });
    const message = (await stage.api.message(id as string)).body;
    expect(message).toMatchObject({ message_id: id, organization_id: '2', status: 'read', attempts: 1, error: null });
    expect(Object.keys(message.times as object)).toEqual(['queued', 'sending', 'sent', 'delivered', 'read']);
    expect(JSON.stringify(message)).not.toContain(text);
  });

  it('waits while the session is down, stopped, or waits for a scan, and goes out afterwards', async () => {
    stage = await Stage.set();
    const unknown = await stage.api.send('2', CUSTOMER, stage.text());
    expect(unknown.status).toBe(404);
    expect(unknown.body).toMatchObject({ code: 'session_not_started', status: 'not_started' });
    await stage.pair('2', PHONE);
    const texts: string[] = [];
    const queue = async (): Promise<void> => {
      const text = stage.text();
      texts.push(text);
      const answer = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ success: true, status: 'queued' });
      expect(answer.headers.get('location')).toBe(`/api/messages/${answer.body.message_id}`);
    };
    await stage.api.stop('2');
    await queue();
    expect((await stage.api.status('2')).body.queue).toMatchObject({ pending: 1 });
    // A cleaning in between: the message outlives it, and so do those that come while a scan is awaited.
    const cleaned = await stage.api.forceClean('2');
    expect(cleaned.body.status).toBe('qr_ready');
    await queue();
    await stage.restartService();
    await queue();
    await stage.api.qr('2');
    await stage.scan('2', PHONE);
    for (const text of texts) await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    // First in, first out.
    expect(stage.whatsapp.customer(CUSTOMER).messages.map(({ text }) => text)).toEqual(texts);
    expect((await stage.api.status('2')).body.queue).toMatchObject({ pending: 0 });
  });

  it('unanswered when the socket ended, goes out again under the same id, and is shown once', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.withholdAcks(PHONE, true);
    const text = stage.text();
    const answer = await stage.api.send('2', CUSTOMER, text, { wait_ms: 300 });
    expect(answer.body).toMatchObject({ success: true });
    stage.whatsapp.mishaps.withholdAcks(PHONE, false);
    stage.whatsapp.mishaps.cut(PHONE);
    const id = answer.body.message_id as string;
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    await stage.log.until('message_delivered', { org: '2' });
    expect(new Set(stage.whatsapp.customer(CUSTOMER).messages.map((message) => message.id))).toEqual(new Set([id]));
    expect(['sent', 'delivered']).toContain((await stage.api.message(id)).body.status);
  });

  it('never answered is unconfirmed after RESEND_WITHIN, never under a new id; a late receipt counts', async () => {
    stage = await Stage.set({ env: { RESEND_WITHIN: '1500' } });
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    stage.whatsapp.customer(CUSTOMER, { autoReceipts: false });
    stage.whatsapp.mishaps.withholdAcks(PHONE, true);
    const answer = await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0 });
    await stage.log.until('message_unconfirmed', { org: '2' });
    const id = answer.body.message_id as string;
    expect((await stage.api.message(id)).body.status).toBe('unconfirmed');
    stage.whatsapp.customer(CUSTOMER).read(id);
    await stage.log.until('message_read', { org: '2' });
    expect((await stage.api.message(id)).body.status).toBe('read');
    expect(stage.whatsapp.record.messagesOf(PHONE).filter((message) => message.id === id)).toHaveLength(1);
  });

  it('refused with 463 is recipient_refused, not retried; first contacts rest, known customers do not', async () => {
    stage = await Stage.set({ env: { FIRST_CONTACT_PAUSE: '3600000' } });
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    stage.whatsapp.mishaps.refuseAcks(PHONE, 463);
    const refused = await stage.api.send('2', OTHER, stage.text());
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ code: 'message_refused', ack_code: 463, error_code: 'recipient_refused' });
    const rests = await stage.api.send('2', '573109998855', stage.text(), { wait_ms: 300 });
    expect(rests.status).toBe(202);
    await stage.send('2', CUSTOMER);
    expect(stage.whatsapp.customer('573109998855').messages).toEqual([]);
  });

  it('refused with 479 is tried once more with fresh devices, under the same id', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    stage.whatsapp.mishaps.refuseAcks(PHONE, 479);
    const answer = await stage.api.send('2', CUSTOMER, stage.text());
    expect(answer.body).toMatchObject({ success: true, status: 'sent' });
    stage.whatsapp.mishaps.refuseAcks(PHONE, 479, 2);
    const twice = await stage.api.send('2', CUSTOMER, stage.text());
    expect(twice.body).toMatchObject({ code: 'message_refused', ack_code: 479 });
  });

  it('to a number without WhatsApp fails at once, unsent; variants of a number reach the right chat', async () => {
    stage = await Stage.set();
    stage.whatsapp.customer('573109990000', { onWhatsApp: false });
    stage.whatsapp.customer('551187654321', { aliases: ['5511987654321'] });
    await stage.pair('2', PHONE);
    const nobody = await stage.api.send('2', '573109990000', stage.text());
    expect(nobody.status).toBe(400);
    expect(nobody.body.code).toBe('not_on_whatsapp');
    expect(stage.whatsapp.record.messages).toEqual([]);
    const text = stage.text();
    const brazil = await stage.api.send('2', '+55 11 98765-4321', text);
    expect(brazil.body).toMatchObject({ status: 'sent', phone: '551187654321@s.whatsapp.net' });
    await stage.whatsapp.customer('551187654321').receivedText(text);
  });

  it('with an idempotency key is stored once, also at once and after a restart; another body is refused', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const text = stage.text();
    const ask = () => stage.api.send('2', CUSTOMER, text, { idempotency_key: 'booking-123' });
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    await stage.restartService();
    answers.push(await ask());
    expect(new Set(answers.map(({ body }) => body.message_id as string)).size).toBe(1);
    const other = await stage.api.send('2', CUSTOMER, stage.text(), { idempotency_key: 'booking-123' });
    expect(other.status).toBe(422);
    expect(other.body.code).toBe('idempotency_key_reused');
    await stage.api.ready('2');
    await stage.send('2', CUSTOMER);
    expect(stage.whatsapp.customer(CUSTOMER).messages.filter((message) => message.text === text)).toHaveLength(1);
  });

  it('expires, is cancelled or is replaced while it waits, and is then never sent', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.api.stop('2');
    const expiring = await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0, ttl_seconds: 1 });
    const cancelled = await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0 });
    const old = await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0, replace_key: 'booking:1' });
    const text = stage.text();
    const newer = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0, replace_key: 'booking:1' });
    expect((await stage.api.delete(`/api/messages/${cancelled.body.message_id}`)).body).toMatchObject({
      status: 'cancelled',
    });
    await stage.log.until('message_expired', { org: '2' });
    await stage.api.restart('2');
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(stage.whatsapp.customer(CUSTOMER).messages.map((message) => message.id)).toEqual([newer.body.message_id]);
    const state = async (answer: typeof old) => (await stage.api.message(answer.body.message_id as string)).body;
    expect(await state(expiring)).toMatchObject({ status: 'expired' });
    expect(await state(old)).toMatchObject({ status: 'cancelled', error: { code: 'replaced' } });
    const late = await stage.api.delete(`/api/messages/${newer.body.message_id}`);
    expect(late.status).toBe(409);
  });

  it('scheduled with send_at waits for its time and does not hold up the others', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const at = Date.now() + 1500;
    const text = stage.text();
    const later = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0, send_at: new Date(at).toISOString() });
    expect(later.body.status).toBe('queued');
    await stage.send('2', CUSTOMER);
    const received = await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(received.at).toBeGreaterThanOrEqual(at);
  });

  it('keeps its order per customer, and a stuck customer holds up nobody else; a full outbox says so', async () => {
    stage = await Stage.set({ env: { OUTBOX_LIMIT: '60' } });
    await stage.pair('2', PHONE);
    await stage.api.stop('2');
    const texts = Array.from({ length: 30 }, () => stage.text());
    for (const text of texts) {
      await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
      await stage.api.send('2', OTHER, text, { wait_ms: 0 });
    }
    const full = await stage.api.send('2', OTHER, stage.text(), { wait_ms: 0 });
    expect(full.status).toBe(429);
    expect(full.body.code).toBe('outbox_full');
    expect(full.headers.get('retry-after')).toMatch(/^\d+$/);
    await stage.api.start('2');
    for (const number of [CUSTOMER, OTHER]) {
      await stage.whatsapp.customer(number).received(30);
      expect(stage.whatsapp.customer(number).messages.map(({ text }) => text)).toEqual(texts);
    }
  });

  it('replaces what waits in a full outbox: only the newest leaves, and nothing else is lost', async () => {
    stage = await Stage.set({ env: { OUTBOX_LIMIT: '2' } });
    await stage.pair('2', PHONE);
    await stage.api.stop('2');
    const [old, kept, newer] = [stage.text(), stage.text(), stage.text()];
    const keyed = { wait_ms: 0, replace_key: 'booking:123' };
    const first = await stage.api.send('2', CUSTOMER, old, keyed);
    await stage.api.send('2', OTHER, kept, { wait_ms: 0 });
    expect((await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0 })).body.code).toBe('outbox_full');
    const second = await stage.api.send('2', CUSTOMER, newer, keyed);
    expect(second).toMatchObject({ status: 202, body: { success: true, status: 'queued' } });
    const replaced = await stage.api.get(`/api/messages/${first.body.message_id as string}`);
    expect(replaced.body).toMatchObject({ status: 'cancelled', error: { code: 'replaced' } });
    expect((await stage.api.send('2', OTHER, stage.text(), { wait_ms: 0, replace_key: 'other' })).status).toBe(429);
    await stage.api.start('2');
    await stage.whatsapp.customer(CUSTOMER).receivedText(newer);
    await stage.whatsapp.customer(OTHER).receivedText(kept);
    expect(stage.whatsapp.customer(CUSTOMER).messages.map(({ text }) => text)).toEqual([newer]);
  });

  it('asked for again by the customer is answered from the outbox, also after a restart', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    stage.whatsapp.customer(CUSTOMER).cannotRead(1);
    const text = stage.text();
    expect((await stage.api.send('2', CUSTOMER, text)).body.status).toBe('sent');
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
  });

  it('leaves only when it and its claim are on disk, and not at all when the disk refuses', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    // The sync of the outbox takes as long as the test likes; those of the keys go on.
    const journal = fs.statSync(path.join(stage.directory, 'data', 'outbox.sqlite-wal')).ino;
    const real = fs.fdatasync;
    let held: ((error: NodeJS.ErrnoException | null) => void) | undefined;
    let told = (): void => {};
    const spy = vi.spyOn(fs, 'fdatasync').mockImplementation((file, done) => {
      if (fs.fstatSync(file).ino !== journal) return real(file, done);
      held = (error) => (error ? done(error) : real(file, done));
      told();
    });
    onTestFinished(() => spy.mockRestore());
    const syncing = async (): Promise<void> => {
      if (!held) await new Promise<void>((resolve) => (told = resolve));
    };
    const customer = stage.whatsapp.customer(CUSTOMER);
    const before = customer.messages.length;

    const text = stage.text();
    const sending = stage.api.send('2', CUSTOMER, text);
    await syncing();
    // Its receipt takes the same way as the message would have, and comes after it.
    await stage.receive(PHONE, OTHER);
    expect(customer.messages).toHaveLength(before);
    spy.mockImplementation(real);
    held?.(null);
    expect((await sending).body).toMatchObject({ status: 'sent' });
    await customer.receivedText(text);

    spy.mockImplementation((file, done) => {
      if (fs.fstatSync(file).ino !== journal) return real(file, done);
      done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', errno: -5, syscall: 'fdatasync' }));
    });
    const refused = await stage.api.send('2', CUSTOMER, stage.text());
    expect(refused).toMatchObject({ status: 503, body: { code: 'storage_unavailable' } });
    await stage.receive(PHONE, OTHER);
    expect(customer.messages).toHaveLength(before + 1);
  });

  it("goes out at the organization's pace", async () => {
    stage = await Stage.set({ env: { SEND_RATE_PER_MINUTE: '600', SEND_BURST: '5' } });
    await stage.pair('2', PHONE);
    const begun = Date.now();
    await Promise.all(Array.from({ length: 15 }, (_, n) => stage.api.send('2', `5731099900${10 + n}`, stage.text())));
    // Five at once, ten more at ten a second with jitter.
    expect(Date.now() - begun).toBeGreaterThan(500);
    expect(stage.whatsapp.record.messagesOf(PHONE)).toHaveLength(15);
  });
});
