import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';

interface Listed {
  name: string;
  set_aside_at: string;
  phone_number: string | null;
  reason: string;
  size: number;
}

describe('backups and the way back', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage.end());

  const listed = async (id: string): Promise<Listed[]> => (await stage.api.backups(id)).body.backups as Listed[];
  const names = async (id: string): Promise<string[]> => (await listed(id)).map(({ name }) => name);
  const foldersOf = (id: string): string[] =>
    readdirSync(stage.authDirectory).filter((name) => name.startsWith(`${id}_corrupted_`));
  const registrations = (number: string): number =>
    stage.whatsapp.record.registrations.filter(({ org }) => org === number).length;

  /** After a restore: connected without a scan, and readable both ways. */
  async function expectBack(id: string, number: string, scans: number): Promise<void> {
    expect((await stage.api.ready(id)).body.status).toBe('connected');
    expect((await stage.api.status(id)).body).toMatchObject({ connected: true, has_qr: false, phone_number: number });
    expect(registrations(number)).toBe(scans);
    await stage.send(id, CUSTOMER);
    await stage.receive(number, CUSTOMER);
    await stage.send(id, CUSTOMER);
    expect(stage.log.events('fault_counted', id)).toEqual([]);
  }

  it('keeps the newest three: the fourth paired backup removes the oldest', async () => {
    const [id, number] = ['four', '573001120001'];
    const made: string[] = [];
    for (let round = 0; round < 4; round++) {
      await stage.pair(id, number);
      made.unshift((await stage.api.forceClean(id)).body.backup as string);
      expect(await names(id)).toEqual(made.slice(0, 3));
    }
    expect(existsSync(path.join(stage.authDirectory, made[3] as string))).toBe(false);
    expect(foldersOf(id).sort()).toEqual(made.slice(0, 3).sort());

    const { status, body } = await stage.api.backups(id);
    expect(status).toBe(200);
    expect(body).toMatchObject({ organization_id: id, total: 3 });
    for (const backup of body.backups as Listed[]) {
      expect(backup).toMatchObject({ reason: 'forced', phone_number: number });
      expect(Number(/\d+$/.exec(backup.name)?.[0])).toBe(Date.parse(backup.set_aside_at));
      expect(backup.size).toBeGreaterThan(50_000);
      const folder = path.join(stage.authDirectory, backup.name);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      for (const file of readdirSync(folder)) expect(statSync(path.join(folder, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('brings the session back without a scan, with what was written meanwhile', async () => {
    const [id, number] = ['back', '573001120002'];
    await stage.pair(id, number);
    await stage.send(id, CUSTOMER);
    await stage.receive(number, CUSTOMER);
    const cleaned = await stage.api.forceClean(id);
    expect(cleaned.body).toMatchObject({ status: 'qr_ready', has_qr: true });
    const customer = stage.whatsapp.customer(CUSTOMER);
    const meanwhile = await customer.write(number, stage.text('¿Hay alguien?'));

    const restored = await stage.api.restore(id);
    expect(restored).toMatchObject({
      status: 200,
      body: {
        success: true,
        organization_id: id,
        backup: cleaned.body.backup as string,
        status: 'connected',
        phone_number: number,
      },
    });
    await customer.delivered(meanwhile.id);
    await expectBack(id, number, 1);
    // It is the auth folder again, and no backup any more; the folder that had never been paired is gone.
    expect(await listed(id)).toEqual([]);
    expect(foldersOf(id)).toEqual([]);
  });

  it('puts back the backup that is named, and sets the paired folder in its place aside', async () => {
    const [id, first, second] = ['named', '573001120003', '573001120004'];
    await stage.pair(id, first);
    await stage.send(id, CUSTOMER);
    const older = (await stage.api.forceClean(id)).body.backup as string;
    await stage.scan(id, second);
    await stage.send(id, CUSTOMER);
    const newer = (await stage.api.forceClean(id)).body.backup as string;
    await stage.scan(id, second);

    expect((await stage.api.restore(id, older)).body).toMatchObject({ backup: older, phone_number: first });
    await expectBack(id, first, 1);
    const [replaced, ...others] = await listed(id);
    expect(replaced).toMatchObject({ reason: 'replaced_by_restore', phone_number: second });
    expect(others.map(({ name }) => name)).toEqual([newer]);

    // And the way back from the way back.
    expect((await stage.api.restore(id, replaced?.name)).body).toMatchObject({ phone_number: second });
    await expectBack(id, second, 2);
  });

  it('restores what an automatic cleaning set aside, also after restarts of the service', async () => {
    const [id, number] = ['automatic', '573001120005'];
    await stage.pair(id, number);
    await stage.send(id, CUSTOMER);
    await stage.log.until('session_stable', { org: id });
    stage.whatsapp.mishaps.badMac(number, 3);
    const customer = stage.whatsapp.customer(CUSTOMER);
    const written = [];
    for (let count = 0; count < 3; count++) written.push(await customer.write(number, stage.text()));
    const { backup } = await stage.log.until('session_cleaned', { org: id });
    expect(await listed(id)).toMatchObject([{ reason: 'bad_mac', phone_number: number }]);

    await stage.restartService();
    // The backup is not put back unasked.
    expect((await stage.api.ready(id)).body.status).toBe('qr_ready');
    const text = stage.text();
    expect(await stage.api.send(id, CUSTOMER, text, { wait_ms: 0 })).toMatchObject({
      status: 202,
      body: { success: true, status: 'queued' },
    });
    const restored = await stage.api.restore(id);
    expect(restored.body).toMatchObject({ success: true, backup: path.basename(backup as string) });
    expect((await stage.api.ready(id)).body.status).toBe('connected');
    // What could not be read before the cleaning was asked for again, and arrives now.
    for (const message of written) await customer.delivered(message.id);
    // And what waited in the outbox leaves with the keys that came back.
    await customer.receivedText(text);
    await stage.send(id, CUSTOMER);
    await stage.receive(number, CUSTOMER);

    await stage.restartService();
    expect((await stage.api.ready(id)).body).toMatchObject({ status: 'connected' });
    expect(registrations(number)).toBe(1);
    await stage.send(id, CUSTOMER);
    await stage.receive(number, CUSTOMER);
  });

  it('wakes a stopped and a logged-out session', async () => {
    const [id, number] = ['asleep', '573001120006'];
    await stage.pair(id, number);
    await stage.api.forceClean(id);
    await stage.api.stop(id);
    expect((await stage.api.restore(id)).body).toMatchObject({ success: true, status: 'connected' });
    await stage.api.forceClean(id);
    // Logging out of a folder that was never paired leaves the backups alone.
    await stage.api.logout(id);
    expect((await stage.api.restore(id)).body).toMatchObject({ success: true, status: 'connected' });
    await expectBack(id, number, 1);
  });

  it('says that the keys are dead when the phone has unlinked them meanwhile, and offers a scan', async () => {
    const [id, number] = ['dead', '573001120007'];
    await stage.pair(id, number);
    await stage.api.forceClean(id);
    await stage.whatsapp.phone(number).unlink();
    await stage.api.restore(id);
    await stage.log.until('session_unlinked', { org: id });
    expect((await stage.api.status(id)).body).toMatchObject({ status: 'logged_out', attention: { code: 'unlinked' } });
    expect((await stage.api.qr(id)).body).toMatchObject({ status: 'qr_ready', has_qr: true });
    await stage.scan(id, number);
  });

  describe('answers a clear error and moves nothing', () => {
    const [id, other] = ['errors', 'errors-other'];
    let before: string[];
    let foreign: string;
    beforeAll(async () => {
      await stage.pair(id, '573001120008');
      await stage.pair(other, '573001120009');
      foreign = (await stage.api.forceClean(other)).body.backup as string;
      before = readdirSync(stage.authDirectory).sort();
    });

    it('for an unknown organization', async () => {
      expect(await stage.api.restore('stranger')).toMatchObject({
        status: 404,
        body: { code: 'unknown_organization' },
      });
      expect(await stage.api.backups('stranger')).toMatchObject({
        status: 404,
        body: { code: 'unknown_organization' },
      });
    });

    it('for an organization without backups', async () => {
      expect(await stage.api.backups(id)).toMatchObject({ status: 200, body: { total: 0, backups: [] } });
      expect(await stage.api.restore(id)).toMatchObject({ status: 404, body: { code: 'no_backup' } });
    });

    it('for a backup that is not there, and for that of another organization', async () => {
      const wanted = [`${other}_corrupted_1`, `${id}_corrupted_1`, id, other];
      for (const name of wanted) {
        expect(await stage.api.restore(other, name)).toMatchObject({ status: 404, body: { code: 'unknown_backup' } });
      }
      expect(await stage.api.restore(id, foreign)).toMatchObject({ status: 404 });
    });

    it.each(['../errors-other', '/etc', '..', '.', '%2e%2e', 'errors-other/auth.sqlite', ''])(
      'for the name "%s"',
      async (name) => {
        const { status, body } = await stage.api.restore(other, name);
        expect({ status, body }).toMatchObject({
          status: 400,
          body: { fields: { backup: expect.any(String) as string } },
        });
      },
    );

    it('and the live session does not notice', async () => {
      expect(readdirSync(stage.authDirectory).sort()).toEqual(before);
      expect((await stage.api.status(id)).body.status).toBe('connected');
      await stage.send(id, CUSTOMER);
      await stage.receive('573001120008', CUSTOMER);
      expect(stage.whatsapp.record.loginsOf('573001120008')).toHaveLength(1);
      await stage.scan(other, '573001120009');
    });
  });
});
