import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';
const MISSING = { status: 'qr_required', has_qr: false, attention: { code: 'auth_folder_missing', until: null } };

describe("an organization's folder that somebody moved away", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage.end());

  const folder = (id: string): string => path.join(stage.authDirectory, id);
  const moved = (id: string): string => path.join(stage.directory, `moved-${id}`);
  const gone = (id: string) => stage.log.until('auth_folder_missing', { org: id });
  const statusOf = async (id: string): Promise<Record<string, unknown>> => (await stage.api.status(id)).body;

  async function pairAndMoveAway(id: string, number: string): Promise<void> {
    await stage.pair(id, number);
    renameSync(folder(id), moved(id));
    await gone(id);
  }

  it('gets no QR and no new folder by looking: only a start makes a new pairing', async () => {
    const [id, number] = ['looked-at', '573001220001'];
    await pairAndMoveAway(id, number);
    expect((await stage.api.qr(id)).body).toMatchObject({ status: 'qr_required', has_qr: false, qr: null });
    for (const format of ['png', 'text']) {
      expect((await stage.api.get(`/api/qr/${id}?format=${format}`)).status).toBe(409);
    }
    expect(existsSync(folder(id))).toBe(false);
    const status = await statusOf(id);
    const { sentence, hint } = status.attention as { sentence: string; hint: string };
    expect(status).toMatchObject({ ...MISSING, sentence, hint });
    expect(hint).toContain('start-session');
    expect(hint).not.toContain('/api/qr');

    expect((await stage.api.ready(id)).body).toMatchObject({ status: 'qr_ready' });
    await stage.scan(id, number);
    await stage.send(id, CUSTOMER);
  });

  it('is not missed where the phone was logged out, and nobody has scanned since', async () => {
    const [id, number] = ['logged-out', '573001220009'];
    await stage.pair(id, number);
    expect((await stage.api.logout(id)).body).toMatchObject({ outcome: 'unlinked' });
    await stage.api.ready(id);
    await stage.stopService();
    rmSync(folder(id), { recursive: true });
    await stage.startService();
    expect(await statusOf(id)).toMatchObject({ status: 'qr_required', attention: null });
    expect((await stage.api.logout(id)).body).toMatchObject({ outcome: 'nothing_linked' });
    // Linked again, its folder is missed like any other.
    await stage.pair(id, number);
    await stage.stopService();
    rmSync(folder(id), { recursive: true });
    await stage.startService();
    await gone(id);
    expect(await statusOf(id)).toMatchObject(MISSING);
  });

  it('is not waited for any more after a cleaning by hand, which gives a QR', async () => {
    const [id, number] = ['cleaned', '573001220002'];
    await pairAndMoveAway(id, number);
    expect((await stage.api.forceClean(id)).body).toMatchObject({ success: true, status: 'qr_ready', has_qr: true });
    expect(await statusOf(id)).toMatchObject({ status: 'qr_ready', attention: null });
    await stage.scan(id, number);
    await stage.send(id, CUSTOMER);
  });

  it('and back into a new one is not lost by a logout', async () => {
    const [id, number] = ['nested', '573001220003'];
    await pairAndMoveAway(id, number);
    await stage.api.ready(id);
    renameSync(moved(id), path.join(folder(id), 'moved'));
    const { body } = await stage.api.logout(id);
    expect(body).toMatchObject({ success: true, backup: expect.stringMatching(/^nested_corrupted_\d+$/) as string });
    expect(existsSync(folder(id))).toBe(false);
    // Whoever put it there finds it, and puts it where it belongs.
    renameSync(path.join(stage.authDirectory, String(body.backup), 'moved'), folder(id));
    expect((await stage.api.ready(id)).body.status).toBe('connected');
    await stage.send(id, CUSTOMER);
  });

  it('is set aside without the dead keys when a logout is confirmed and there is more in it', async () => {
    const [id, number] = ['kept-beside', '573001220004'];
    await stage.pair(id, number);
    mkdirSync(path.join(folder(id), 'mine'));
    expect((await stage.api.logout(id)).body).toMatchObject({ outcome: 'unlinked', backup: null });
    const { backups } = (await stage.api.get(`/api/backups/${id}`)).body as { backups: { name: string }[] };
    expect(backups).toMatchObject([{ reason: 'foreign_files', phone_number: null }]);
    expect(readdirSync(path.join(stage.authDirectory, backups[0]!.name)).sort()).toEqual(['backup.json', 'mine']);
  });

  describe('while the service was down', () => {
    const [LINKED, LINKED_PHONE] = ['linked', '573001220011'];
    const [LOST, STOPPED, NEVER, KEPT] = ['lost', 'stopped', 'never', 'set-aside'];

    beforeAll(async () => {
      await stage.pair(LINKED, LINKED_PHONE);
      await stage.pair(LOST, '573001220012');
      await stage.pair(STOPPED, '573001220013');
      await stage.api.stop(STOPPED);
      await stage.api.ready(NEVER);
      await stage.pair(KEPT, '573001220014');
      await stage.api.forceClean(KEPT);
      await stage.stopService();
      renameSync(folder(LINKED), moved(LINKED));
      for (const id of [LOST, STOPPED, NEVER, KEPT]) rmSync(folder(id), { recursive: true });
      await stage.startService();
    });

    it('leaves the name free, and says so where a phone was linked and nothing of its keys is left', async () => {
      await Promise.all([LINKED, LOST].map(gone));
      for (const id of [LINKED, LOST]) expect(await statusOf(id)).toMatchObject(MISSING);
      for (const id of [NEVER, KEPT]) {
        expect(await statusOf(id)).toMatchObject({ status: 'qr_required', has_qr: false, attention: null });
      }
      for (const id of [LINKED, LOST, STOPPED, NEVER, KEPT]) expect(existsSync(folder(id)), id).toBe(false);
      // They have had their try: the boot waits for none of them.
      await expect.poll(async () => (await stage.api.get('/health/ready')).status, { timeout: 15_000 }).toBe(200);
    });

    it('has a logout say that the device may still be linked, also of a stopped session', async () => {
      for (const id of [LOST, STOPPED]) {
        expect((await stage.api.logout(id)).body, id).toMatchObject({ outcome: 'keys_missing', backup: null });
      }
      expect((await stage.api.logout(NEVER)).body).toMatchObject({ outcome: 'nothing_linked' });
    });

    it('is used again by itself when it comes back', async () => {
      renameSync(moved(LINKED), folder(LINKED));
      await stage.log.until('session_connected', { org: LINKED, count: 2 });
      expect(await statusOf(LINKED)).toMatchObject({ phone_number: LINKED_PHONE, attention: null });
      await stage.send(LINKED, CUSTOMER);
      expect(stage.whatsapp.record.registrations.filter(({ org }) => org === LINKED_PHONE)).toHaveLength(1);
    });
  });
});
