import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';

describe("an organization's folder that is deleted under a live session", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage.end());

  const folder = (id: string): string => path.join(stage.authDirectory, id);
  const remove = (id: string): void => rmSync(folder(id), { recursive: true });
  const gone = (id: string, count = 1) => stage.log.until('auth_folder_missing', { org: id, count });

  async function expectMissing(id: string): Promise<void> {
    expect((await stage.api.status(id)).body).toMatchObject({
      status: 'qr_required',
      connected: false,
      has_qr: false,
      phone_number: null,
      attention: { code: 'auth_folder_missing', until: null, hint: expect.any(String) as string },
      backups: 0,
    });
    expect(existsSync(folder(id))).toBe(false);
    const needy = await stage.api.get('/api/sessions?group=attention&fields=attention');
    expect(needy.body.sessions).toContainEqual({ organization_id: id, attention: 'auth_folder_missing' });
  }

  const [ITSELF, ITSELF_PHONE] = ['by-itself', '573001210001'];
  const [BUSY, BUSY_PHONE] = ['busy', '573001210002'];
  let accepted = '';

  it('is noticed though nothing is written: the session ends, says why, and makes nothing by itself', async () => {
    await stage.pair(ITSELF, ITSELF_PHONE);
    await stage.send(ITSELF, CUSTOMER);
    const kept = `${folder(ITSELF)}.kept`;
    renameSync(folder(ITSELF), kept);
    expect(await gone(ITSELF)).toMatchObject({ level: 'error' });
    await expectMissing(ITSELF);
    expect(stage.whatsapp.record.loginsOf(ITSELF_PHONE)).toHaveLength(1);
    const told = await stage.api.get(`/api/events?organization_id=${ITSELF}`);
    expect(told.body.events).toContainEqual(
      expect.objectContaining({
        name: 'session.attention',
        data: expect.objectContaining({ code: 'auth_folder_missing' }) as object,
      }),
    );
    accepted = stage.text();
    expect((await stage.api.send(ITSELF, CUSTOMER, accepted, { wait_ms: 0 })).status).toBe(202);
    await expectMissing(ITSELF);
    // From here on it is there again, and nobody tells the service; see the last test.
    renameSync(kept, folder(ITSELF));
  });

  it('lets nothing leave whose keys are not on disk; what was accepted arrives after a new scan', async () => {
    const [id, number] = [BUSY, BUSY_PHONE];
    await stage.pair(id, number);
    await stage.send(id, CUSTOMER);
    await stage.receive(number, CUSTOMER);
    const customer = stage.whatsapp.customer(CUSTOMER);
    const before = customer.messages.length;
    remove(id);
    const texts = [stage.text(), stage.text(), stage.text()];
    for (const text of texts) {
      expect(await stage.api.send(id, CUSTOMER, text, { wait_ms: 0 })).toMatchObject({ status: 202 });
    }
    await gone(id);
    await expectMissing(id);
    expect(customer.messages).toHaveLength(before);

    const started = await stage.api.ready(id);
    expect(started.body).toMatchObject({ status: 'qr_ready' });
    expect((await stage.api.status(id)).body).toMatchObject({ status: 'qr_ready', attention: null });
    expect(readdirSync(folder(id))).toContain('auth.sqlite');
    await stage.scan(id, number);
    for (const text of texts) await customer.receivedText(text);
    await stage.receive(number, CUSTOMER);
    expect(stage.log.events('fault_counted', id)).toEqual([]);
  });

  it('is not acknowledged to a customer who writes: the message comes again', async () => {
    const [id, number] = ['incoming', '573001210003'];
    await stage.pair(id, number);
    await stage.receive(number, CUSTOMER);
    const kept = `${folder(id)}.kept`;
    renameSync(folder(id), kept);
    const { id: written } = await stage.whatsapp.customer(CUSTOMER).write(number, stage.text('¿Me oyen?'));
    await gone(id);
    await expectMissing(id);

    // Somebody puts it back: then the keys are good, and no scan is needed.
    renameSync(kept, folder(id));
    expect((await stage.api.ready(id)).body.status).toBe('connected');
    expect((await stage.api.status(id)).body).toMatchObject({ phone_number: number, attention: null });
    await stage.whatsapp.customer(CUSTOMER).delivered(written);
    await stage.send(id, CUSTOMER);
    expect(stage.whatsapp.record.registrations.filter(({ org }) => org === number)).toHaveLength(1);
    expect(stage.log.events('fault_counted', id)).toEqual([]);
  });

  it('of a session that only shows a QR costs nothing but that QR', async () => {
    const [id, number] = ['unpaired', '573001210004'];
    expect((await stage.api.ready(id)).body.status).toBe('qr_ready');
    const first = stage.log.events('qr_ready', id).length;
    remove(id);
    await stage.log.until('qr_ready', { org: id, count: first + 1 });
    await stage.scan(id, number);
    await stage.send(id, CUSTOMER);
    expect(stage.log.events('auth_folder_missing', id)).toEqual([]);
    expect(readdirSync(folder(id))).toContain('auth.sqlite');
  });

  it('of a session whose QR is scanned at that moment: no phone is linked whose keys are not stored', async () => {
    const [id, number] = ['scanned', '573001210006'];
    expect((await stage.api.ready(id)).body.status).toBe('qr_ready');
    const picture = await stage.api.qrPicture(id);
    remove(id);
    // The phone gets no answer, and says so to its owner.
    void stage.whatsapp
      .phone(number)
      .scanQrPicture(picture)
      .catch(() => {});
    await stage.log.until('qr_ready', { org: id, count: 2, timeoutMs: 20_000 });
    const told = (await stage.api.get(`/api/events?organization_id=${id}`)).body.events as { name: string }[];
    const names = told.map(({ name }) => name);
    expect(names).toContain('session.disconnected');
    expect(names).not.toContain('session.linked');
    expect((await stage.api.status(id)).body).toMatchObject({
      status: 'qr_ready',
      attention: null,
      phone_number: null,
    });
    expect(stage.log.events('phone_linked', id)).toEqual([]);
    await stage.scan(id, number);
    await stage.send(id, CUSTOMER);
  });

  it('can be stopped, logged out and cleaned, without a crash and without a folder made of nothing', async () => {
    const [id, number] = ['by-hand', '573001210005'];
    await stage.pair(id, number);
    // What is in it only, as by `rm auth_sessions/by-hand/*`.
    for (const file of readdirSync(folder(id))) rmSync(path.join(folder(id), file));
    await gone(id);
    expect((await stage.api.stop(id)).body).toMatchObject({ success: true });
    expect(readdirSync(folder(id))).toEqual([]);
    const out = await stage.api.logout(id);
    // Not "no phone was linked": the phone still lists the device.
    expect(out).toMatchObject({ status: 200, body: { success: true, outcome: 'keys_missing', backup: null } });
    expect((await stage.api.status(id)).body).toMatchObject({
      status: 'logged_out',
      logout: { outcome: 'keys_missing' },
    });
    expect(existsSync(folder(id))).toBe(false);
    const cleaned = await stage.api.forceClean(id);
    expect(cleaned.body).toMatchObject({ success: true, backup: null, status: 'qr_ready', has_qr: true });
    await stage.scan(id, number);
    await stage.send(id, CUSTOMER);
  });

  it('is used again by itself when it comes back, without a scan', async () => {
    await stage.log.until('session_connected', { org: ITSELF, count: 2 });
    await stage.whatsapp.customer(CUSTOMER).receivedText(accepted);
    await stage.receive(ITSELF_PHONE, CUSTOMER);
    await stage.send(ITSELF, CUSTOMER);
    expect(stage.whatsapp.record.registrations.filter(({ org }) => org === ITSELF_PHONE)).toHaveLength(1);
    expect(stage.log.events('fault_counted', ITSELF)).toEqual([]);
  });

  it('leaves the keys of the new scan whole on the disk: they outlive a restart of the service', async () => {
    await stage.restartService();
    expect((await stage.api.ready(BUSY)).body.status).toBe('connected');
    await stage.send(BUSY, CUSTOMER);
    await stage.receive(BUSY_PHONE, CUSTOMER);
    expect(stage.log.events('fault_counted', BUSY)).toEqual([]);
  });
});
