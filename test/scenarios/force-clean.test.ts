import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';

/** What a shell says of a line that ops type. */
interface Said {
  exitCode: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** Runs the line as a person types it: in a shell, with real curl and wget. */
async function shell(line: string): Promise<Said> {
  const run = promisify(execFile);
  const { stdout, code } = (await run('sh', ['-c', line]).catch((error: unknown) => error)) as {
    stdout: string;
    code?: number;
  };
  return { exitCode: code ?? 0, body: JSON.parse(stdout) };
}

describe('force-clean', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set({ env: { CLEAN_WAIT: '3000', CONNECT_TIMEOUT: '1000' } });
  });
  afterAll(() => stage.end());

  const curl = (body: string, route = '/api/force-clean-session'): string =>
    `curl -s -X POST '${stage.api.url}${route}' -H 'Content-Type: application/json' ` +
    `-H 'x-api-key: ${stage.key}' -d '${body}'`;

  /** The newest backup's folder is there and paired, the session shows a QR, and scanning it connects again. */
  async function expectCleaned(id: string, number: string, said: Said): Promise<void> {
    expect(said).toMatchObject({
      exitCode: 0,
      body: { success: true, organization_id: id, status: 'qr_ready', has_qr: true },
    });
    const { backup, backup_path, qr, message } = said.body as Record<string, string>;
    expect(message).toMatch(/limpi/i);
    expect(backup).toMatch(new RegExp(`^${id}_corrupted_\\d{13}$`));
    expect(path.resolve(backup_path as string)).toBe(path.join(stage.authDirectory, backup as string));
    expect(readdirSync(backup_path as string)).toContain('auth.sqlite');
    expect((await stage.api.backups(id)).body.backups[0]).toMatchObject({
      name: backup,
      reason: 'forced',
      phone_number: number,
    });
    await stage.whatsapp.phone(number).scanQrPicture(qr as string);
    expect((await stage.api.ready(id)).body.status).toBe('connected');
  }

  describe('by the lines that ops type', () => {
    const ID = '2';
    const PHONE = '573001110001';
    beforeAll(() => stage.pair(ID, PHONE));

    const lines: [string, () => string][] = [
      ['curl, JSON with spaces', () => curl('{"organization_id": "2"}')],
      ['curl, JSON without spaces', () => curl('{"organization_id":"2"}')],
      ['curl, the id as a number', () => curl('{ "organization_id" : 2 }')],
      ['curl, first alias', () => curl('{"organization_id": "2"}', '/api/clear-corrupted-session')],
      ['curl, second alias', () => curl('{"organization_id":"2"}', '/api/clear-session')],
      [
        'curl --data, header in capitals',
        () =>
          `curl --silent --request POST --url ${stage.api.url}/api/force-clean-session ` +
          `--header "X-API-KEY: ${stage.key}" ` +
          `--header "content-type: application/json; charset=utf-8" --data "{\\"organization_id\\": \\"2\\"}"`,
      ],
      [
        'wget --post-data, with spaces',
        () =>
          `wget -qO- --header='Content-Type: application/json' --header='x-api-key: ${stage.key}' ` +
          `--post-data='{"organization_id": "2"}' ${stage.api.url}/api/force-clean-session`,
      ],
      [
        'wget --method and --body-data, without spaces, first alias',
        () =>
          `wget --quiet --output-document=- --method=POST --header='Content-Type: application/json' ` +
          `--header='Authorization: Bearer ${stage.key}' --body-data='{"organization_id":"2"}' ` +
          `${stage.api.url}/api/clear-corrupted-session`,
      ],
      [
        'wget, second alias',
        () =>
          `wget -q -O - --header "Content-Type: application/json" --header "x-api-key: ${stage.key}" ` +
          `--post-data "{\\"organization_id\\":\\"2\\"}" "${stage.api.url}/api/clear-session"`,
      ],
    ];
    it.each(lines)('%s', async (_name, line) => {
      await expectCleaned(ID, PHONE, await shell(line()));
    });

    it('leaves a session that talks both ways, with three backups and counters at zero', async () => {
      await stage.send(ID, CUSTOMER);
      await stage.receive(PHONE, CUSTOMER);
      const { body } = await stage.api.status(ID);
      expect(body).toMatchObject({
        status: 'connected',
        phone_number: PHONE,
        backups: 3,
        health: {
          counters: { bad_mac: { count: 0 }, stream_error: { count: 0 } },
          last_cleaning: { reason: 'forced', automatic: false },
          cleanings_24h: 0,
        },
      });
    });
  });

  it('answers 404 for an unknown organization, to curl and to wget, and makes nothing', async () => {
    const before = readdirSync(stage.authDirectory);
    const answer = { code: 'unknown_organization', error: expect.any(String) as string };
    expect(await shell(curl('{"organization_id": "nobody"}'))).toMatchObject({ exitCode: 0, body: answer });
    const status = await shell(`${curl('{"organization_id": "nobody"}')} -o /dev/null -w '%{http_code}'`);
    expect(status.body).toBe(404);
    const wget = await shell(
      `wget -q -O - --content-on-error --header='Content-Type: application/json' --header='x-api-key: ${stage.key}' ` +
        `--post-data='{"organization_id": "nobody"}' ${stage.api.url}/api/force-clean-session`,
    );
    // 8: "server issued an error response"
    expect(wget).toMatchObject({ exitCode: 8, body: answer });
    expect(readdirSync(stage.authDirectory)).toEqual(before);
  });

  it('is one cleaning for ten calls at once', async () => {
    const [id, number] = ['ten', '573001110002'];
    await stage.pair(id, number);
    // The first try to connect anew stays without a handshake, so that the QR cannot come before the tenth call has.
    stage.whatsapp.mishaps.silentHandshake();
    const answers = await Promise.all(Array.from({ length: 10 }, () => stage.api.forceClean(id)));
    const { backup } = answers[0]?.body as { backup: string };
    expect(backup).toMatch(/^ten_corrupted_\d+$/);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 200, body: { success: true, backup, status: 'qr_ready', has_qr: true } });
    }
    expect((await stage.api.backups(id)).body.total).toBe(1);
    expect(stage.log.events('session_cleaned', id)).toHaveLength(1);
    await stage.scan(id, number);
  });

  it('makes one backup for ten curl processes at once', async () => {
    const [id, number] = ['ten-curls', '573001110003'];
    await stage.pair(id, number);
    const said = await Promise.all(Array.from({ length: 10 }, () => shell(curl(`{"organization_id": "${id}"}`))));
    for (const each of said) expect(each).toMatchObject({ exitCode: 0, body: { success: true, has_qr: true } });
    expect((await stage.api.backups(id)).body.total).toBe(1);
    // Each of them that tells of a backup tells of that one; a process that came after the others' QR found nothing to
    // keep.
    const told = new Set(said.map(({ body }) => (body as { backup: string | null }).backup));
    told.delete(null);
    expect(told.size).toBe(1);
    await stage.scan(id, number);
  });

  it('pushes no paired backup out, five times in a row on a folder that was never paired', async () => {
    const [id, number] = ['five', '573001110004'];
    const paired: string[] = [];
    for (let round = 0; round < 3; round++) {
      await stage.pair(id, number);
      paired.unshift((await stage.api.forceClean(id)).body.backup as string);
    }
    for (let round = 0; round < 5; round++) {
      const said = await shell(curl(`{"organization_id": "${id}"}`));
      expect(said.body).toMatchObject({ success: true, backup: null, backup_path: null, has_qr: true });
    }
    const { body } = await stage.api.backups(id);
    expect((body.backups as { name: string }[]).map(({ name }) => name)).toEqual(paired);
    for (const name of paired) expect(existsSync(path.join(stage.authDirectory, name, 'auth.sqlite'))).toBe(true);
  });

  it('works for a folder with no session, paired or empty', async () => {
    const [id, number] = ['with-folder', '573001110005'];
    await stage.pair('its-source', number);
    await stage.api.stop('its-source');
    cpSync(path.join(stage.authDirectory, 'its-source'), path.join(stage.authDirectory, id), { recursive: true });
    mkdirSync(path.join(stage.authDirectory, 'empty-folder'));

    await expectCleaned(id, number, await shell(curl(`{"organization_id": "${id}"}`)));
    const empty = await shell(curl('{"organization_id": "empty-folder"}'));
    expect(empty.body).toMatchObject({ success: true, backup: null, status: 'qr_ready', has_qr: true });
  });

  it('works for a stopped session, which runs again afterwards', async () => {
    const [id, number] = ['stopped', '573001110006'];
    await stage.pair(id, number);
    await stage.api.stop(id);
    await expectCleaned(id, number, await shell(curl(`{"organization_id": "${id}"}`)));
  });

  it('works for a session that logged out, and for one that the phone unlinked', async () => {
    const [out, unlinked, number] = ['logged-out', 'unlinked', '573001110007'];
    await stage.pair(out, number);
    expect((await stage.api.logout(out)).status).toBe(200);
    const said = await shell(curl(`{"organization_id": "${out}"}`));
    // The keys are gone at WhatsApp and here, so there is nothing to keep.
    expect(said.body).toMatchObject({ success: true, backup: null, status: 'qr_ready', has_qr: true });
    await stage.scan(out, number);

    await stage.pair(unlinked, '573001110008');
    await stage.whatsapp.phone('573001110008').unlink();
    await stage.log.until('session_unlinked', { org: unlinked });
    const again = await shell(curl(`{"organization_id": "${unlinked}"}`));
    expect(again.body).toMatchObject({ success: true, backup: null, status: 'qr_ready', has_qr: true });
    expect((await stage.api.backups(unlinked)).body).toMatchObject({ total: 1, backups: [{ reason: 'unlinked' }] });
    await stage.scan(unlinked, '573001110008');
  });

  it('works for a session that cannot reach WhatsApp, in time, and the QR comes as soon as it can', async () => {
    const [id, number] = ['no-network', '573001110009'];
    await stage.pair(id, number);
    await stage.whatsapp.mishaps.refuseConnections();
    try {
      stage.whatsapp.mishaps.cut(number);
      await stage.log.until('session_disconnected', { org: id, count: 2 });
      const before = Date.now();
      const { body } = await shell(curl(`{"organization_id": "${id}", "force": true}`));
      expect(Date.now() - before).toBeLessThan(10_000);
      expect(body).toMatchObject({ success: true, has_qr: false, qr: null });
      expect(body.backup).toMatch(/^no-network_corrupted_/);
    } finally {
      await stage.whatsapp.mishaps.refuseConnections(false);
    }
    expect((await stage.api.ready(id)).body.status).toBe('qr_ready');
    await stage.scan(id, number);
  });

  it('is one cleaning when the service decides it and a person asks for it at the same time', async () => {
    const [id, number] = ['both', '573001110010'];
    await stage.pair(id, number);
    await stage.send(id, CUSTOMER);
    // A connection that has just become stable sets the counters to zero; not in the middle of this.
    await stage.log.until('session_stable', { org: id });
    stage.whatsapp.mishaps.badMac(number, 3, { retriesToo: true });
    const customer = stage.whatsapp.customer(CUSTOMER);
    for (let count = 0; count < 3; count++) await customer.write(number, stage.text());
    // The moment at which the third fault is counted is the one at which the service decides.
    await stage.log.until('fault_counted', { org: id, count: 3 });
    const { body } = await stage.api.forceClean(id);

    const cleaned = stage.log.events('session_cleaned', id);
    expect(cleaned).toHaveLength(1);
    expect(cleaned[0]).toMatchObject({ reason: 'bad_mac', counts: { bad_mac: 3, stream_error: 0 } });
    expect(body).toMatchObject({ success: true, has_qr: true });
    expect(cleaned[0]?.backup).toBe(body.backup_path);
    expect((await stage.api.backups(id)).body).toMatchObject({ total: 1, backups: [{ name: body.backup }] });
    expect((await stage.api.status(id)).body.health).toMatchObject({ cleanings_24h: 1 });
  });
});
