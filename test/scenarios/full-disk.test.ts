import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../stage/api.js';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';
const isRoot = process.getuid?.() === 0;

/** Whether this machine lets us mount a small file system: a disk that is really full. */
function canMount(): boolean {
  if (!isRoot) return false;
  const probe = path.join(process.env.TMPDIR ?? '/tmp', `mount-probe-${process.pid}`);
  mkdirSync(probe);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(probe);
  }
}

describe.runIf(canMount())('a disk that is full', () => {
  let stage: Stage;
  const [ID, PHONE] = ['full', '573001190001'];
  const [OTHER, OTHER_PHONE] = ['full-other', '573001190002'];
  const ballast = (): string => path.join(stage.authDirectory, 'ballast');

  beforeAll(async () => {
    stage = await Stage.set();
    await stage.stopService();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', stage.authDirectory]);
    await stage.startService();
  });
  afterAll(async () => {
    await stage.stopService();
    // Its files have to be searched for keys with the output, so they move to where the stage expects them.
    const copy = `${stage.authDirectory}-copy`;
    execFileSync('cp', ['-a', stage.authDirectory, copy]);
    execFileSync('umount', [stage.authDirectory]);
    rmSync(stage.authDirectory, { recursive: true });
    renameSync(copy, stage.authDirectory);
    await stage.end();
  });

  /** Writes until not one byte more fits. */
  function fill(): void {
    for (const size of [1 << 20, 1 << 16, 4096]) {
      const chunk = Buffer.alloc(size);
      try {
        for (;;) writeFileSync(ballast(), chunk, { flag: 'a' });
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
      }
    }
  }

  it('stops the messages before anything unsaved leaves, and afterwards both ways are readable', async () => {
    for (const [id, number] of [
      [ID, PHONE],
      [OTHER, OTHER_PHONE],
    ] as const) {
      await stage.pair(id, number);
      await stage.send(id, CUSTOMER);
      await stage.receive(number, CUSTOMER);
    }
    const customer = stage.whatsapp.customer(CUSTOMER);
    const written: string[] = [];
    const confirmed: string[] = [];
    const waiting: string[] = [];
    const send = async (id: string): Promise<Answer> => {
      const text = stage.text();
      const answer = await stage.api.send(id, CUSTOMER, text, { wait_ms: 2000 });
      expect(answer.body).toMatchObject({ success: true });
      (answer.status === 200 ? confirmed : waiting).push(text);
      return answer;
    };
    const flow = async (): Promise<void> => {
      while (waiting.length === 0) {
        const [, { id }] = await Promise.all([send(ID), customer.write(PHONE, stage.text('¿Me oyen?'))]);
        written.push(id);
        if (confirmed.length === 10) fill();
      }
    };
    await Promise.all([flow(), flow(), flow()]);
    expect(confirmed.length).toBeGreaterThanOrEqual(10);
    const ended = await stage.log.until('session_disconnected', { org: ID, count: 2 });
    expect(ended).toMatchObject({ kind: 'auth_folder_failed', level: 'error' });
    expect(ended.msg).toContain('SQLITE_FULL');

    // Where nothing comes in, it is a send that meets the full disk.
    expect((await send(OTHER)).status).toBe(202);
    const ofTheOther = waiting.pop() as string;
    for (const id of [ID, OTHER]) {
      expect((await stage.api.status(id)).body).toMatchObject({
        status: 'disconnected',
        attention: { code: 'auth_folder_unreadable' },
      });
    }
    // While it is full, asking changes nothing.
    expect((await stage.api.restart(ID)).status).toBe(200);
    expect((await stage.api.ready(ID)).body.status).toBe('disconnected');
    expect(existsSync(path.join(stage.authDirectory, ID, 'auth.sqlite'))).toBe(true);
    const later = await customer.write(PHONE, stage.text('¿Y ahora?'));

    // By hand it is cleaned even so: keys are only renamed, and a new identity comes when there is room for it.
    const cleaned = await stage.api.forceClean(OTHER);
    expect(cleaned).toMatchObject({ status: 200, body: { success: true, has_qr: false, status: 'disconnected' } });
    expect(cleaned.body.backup).toMatch(/^full-other_corrupted_/);

    rmSync(ballast());
    await stage.api.restart(ID);
    expect((await stage.api.ready(ID)).body.status).toBe('connected');
    // What customers wrote meanwhile was never acknowledged unsaved, so it comes now.
    for (const id of [...written, later.id]) await customer.delivered(id);
    // The outbox lies on another disk here: what was accepted meanwhile arrives now, each under one id.
    for (const text of [...confirmed, ...waiting]) await customer.receivedText(text);
    const shown = customer.messages.filter(
      ({ text, duplicate }) => !duplicate && [...confirmed, ...waiting].includes(text),
    );
    expect(shown).toHaveLength(confirmed.length + waiting.length);
    await stage.send(ID, CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send(ID, CUSTOMER);

    expect(stage.whatsapp.record.registrations).toHaveLength(2);
    expect(stage.log.events('session_cleaned', ID)).toEqual([]);
    expect((await stage.api.backups(ID)).body.total).toBe(0);
    expect(stage.whatsapp.record.unreadable).toEqual([]);
    expect(stage.log.events('fault_counted', ID)).toEqual([]);
    await stage.api.restart(OTHER);
    expect((await stage.api.ready(OTHER)).body.status).toBe('qr_ready');
    expect((await stage.api.restore(OTHER)).body).toMatchObject({ status: 'connected' });
    // Cleaned and restored in between, and still accepted is accepted.
    await customer.receivedText(ofTheOther);
    await stage.send(OTHER, CUSTOMER);
    await stage.receive(OTHER_PHONE, CUSTOMER);
  });
});
