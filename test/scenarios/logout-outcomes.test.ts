import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { questionOf, type Oddity } from '../../emulator/odd-answers.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('a logout answers by what happened', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const folders = () =>
    readdirSync(path.join(stage.directory, 'auth_sessions')).filter((name) => name === '2' || name.startsWith('2_'));

  it.each([
    ['WhatsApp says yes', undefined],
    ['WhatsApp ends the connection because the device is unlinked', 'device_removed'],
  ] as const)('%s: the keys are removed', async (_what, oddity) => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    if (oddity) stage.whatsapp.mishaps.oddAnswer(PHONE, 'unlink', oddity);
    const { status, body } = await stage.api.logout('2');
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      message: 'Logged out: WhatsApp unlinked this device, and its keys are removed.',
      organization_id: '2',
      outcome: 'unlinked',
      backup: null,
    });
    expect(folders()).toEqual([]);
    expect(stage.whatsapp.phone(PHONE).devices()).toEqual([]);
    expect((await stage.api.status('2')).body).toMatchObject({
      status: 'logged_out',
      sentence: 'Logged out: WhatsApp unlinked this device, and its keys are removed.',
      logout: { outcome: 'unlinked', backup: null },
    });
  });

  it.each<[string, Oddity, number | undefined]>([
    ['it is silent', 'silence', undefined],
    ['it answers with an error', 'error', 429],
    ['the connection is cut', 'cut', undefined],
    ['the connection ends with a stream error', 'stream_error', 503],
    ['the connection ends with a stream error that says 401', 'stream_error', 401],
    ['WhatsApp asks for a restart', 'stream_error', 515],
  ])(
    'WhatsApp does not confirm, for %s: the keys are in a backup, and restore finds them good',
    async (_what, oddity, code) => {
      stage = await Stage.set();
      await stage.pair('2', PHONE);
      stage.whatsapp.mishaps.oddAnswer(PHONE, 'unlink', oddity, { code });
      const { body } = await stage.api.logout('2');
      const backup = body.backup as string;
      expect(backup).toMatch(/^2_corrupted_\d+$/);
      const sentence =
        'Logged out, but WhatsApp did not confirm it: this device may still be linked. ' +
        `Its keys are in the backup ${backup}.`;
      expect(body).toEqual({
        success: true,
        message: sentence,
        organization_id: '2',
        outcome: 'not_confirmed',
        backup,
      });
      const hint = expect.stringContaining('Remove the device on the phone') as unknown;
      const told = { status: 'logged_out', sentence, hint, logout: { outcome: 'not_confirmed', backup } };
      expect((await stage.api.status('2')).body).toMatchObject(told);
      expect(folders()).toEqual([backup]);

      await stage.restartService();
      expect((await stage.api.status('2')).body).toMatchObject(told);
      const events = await stage.api.get('/api/events?organization_id=2');
      expect(events.body.events).toContainEqual(
        expect.objectContaining({ name: 'session.logged_out', data: { outcome: 'not_confirmed', backup } }),
      );
      if (oddity === 'silence') return; // It was done, though nothing was said of it.
      await stage.api.restore('2');
      await stage.api.ready('2');
      expect((await stage.api.status('2')).body).toMatchObject({ status: 'connected', logout: null });
      await stage.send('2', CUSTOMER);
      expect(stage.whatsapp.record.registrations).toHaveLength(1);
    },
  );

  it('a session with a phone that is not connected is not confirmed', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.api.stop('2');
    const { body } = await stage.api.logout('2');
    expect(body).toMatchObject({ outcome: 'not_confirmed', backup: expect.stringMatching(/^2_corrupted_/) as unknown });
    await stage.api.restore('2');
    expect((await stage.api.ready('2')).body.status).toBe('connected');
  });

  it.each(['a QR waits', 'a code was given out', 'it was stopped before anybody scanned', 'it is logged out already'])(
    'nothing was linked (%s): no backup, and no word of unlinking',
    async (when) => {
      stage = await Stage.set();
      await stage.api.start('2', when === 'a code was given out' ? { pairing_phone: PHONE } : { wait_ms: 10_000 });
      if (when.startsWith('it was stopped')) await stage.api.stop('2');
      if (when.startsWith('it is logged out')) await stage.api.logout('2');
      const { body } = await stage.api.logout('2');
      const sentence = 'Logged out: no phone was linked, so there was nothing to unlink and nothing to keep.';
      expect(body).toMatchObject({ success: true, message: sentence, outcome: 'nothing_linked', backup: null });
      expect(folders()).toEqual([]);
      expect((await stage.api.status('2')).body).toMatchObject({ status: 'logged_out', sentence });
      const { msg } = await stage.log.until('session_logged_out', { org: '2' });
      expect(msg).toContain('no phone was linked');
    },
  );

  it('the phone unlinked the device: the status says that, also after a restart of the service', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.whatsapp.phone(PHONE).unlink();
    await stage.log.until('session_unlinked', { org: '2' });
    const backup = (await stage.api.backups('2')).body.backups[0].name as string;
    await stage.restartService();
    expect((await stage.api.status('2')).body).toMatchObject({
      status: 'logged_out',
      sentence: 'WhatsApp said twice that this device is not linked any more.',
      logout: { outcome: 'found_unlinked', backup },
    });
  });

  it('what is asked meanwhile comes after it; a second logout has the same answer', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'unlink', 'silence');
    const asked = new Promise<void>((resolve) => {
      stage.whatsapp.tap(({ stanza }) => {
        if (questionOf(stanza) === 'unlink') resolve();
      });
    });
    const first = stage.api.logout('2');
    await asked;
    const [second, started] = await Promise.all([stage.api.logout('2'), stage.api.start('2', { wait_ms: 10_000 })]);
    expect(second.body).toEqual((await first).body);
    expect(second.body).toMatchObject({ outcome: 'not_confirmed' });
    expect(started.body).toMatchObject({ status: 'qr_ready' });
    expect((await stage.api.backups('2')).body.total).toBe(1);
  });

  it('a message that arrives while WhatsApp is asked is told', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'unlink', 'silence');
    const logout = stage.api.logout('2');
    const { id } = await stage.whatsapp.customer(CUSTOMER).write(PHONE, 'Sí');
    await logout;
    const events = await stage.api.get('/api/events?organization_id=2');
    expect(events.body.events).toContainEqual(
      expect.objectContaining({ name: 'message.received', data: { message_id: id } }),
    );
  });

  it('asked again, it tells the first outcome: what must be done on the phone is not forgotten', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'unlink', 'silence');
    const first = await stage.api.logout('2');
    expect((await stage.api.logout('2')).body).toEqual(first.body);
    await stage.restartService();
    expect((await stage.api.logout('2')).body).toEqual(first.body);
    expect(stage.log.events('session_logged_out', '2')).toHaveLength(1);
    expect((await stage.api.status('2')).body).toMatchObject({ logout: { outcome: 'not_confirmed' } });
  });
});
