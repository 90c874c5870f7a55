import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuthDatabase } from '../../../../src/store/sqlite/keys/auth-database.js';
import type { AuthFolders } from '../../../../src/store/sqlite/keys/auth-folders.js';
import {
  PHONE,
  closing,
  entries,
  folders,
  id,
  markOf,
  newCreds,
  pairedCreds,
  temporaryDirectory,
  writeFolder,
  writeLegacyFolder,
} from './fixtures.js';

const T = Date.parse('2026-01-02T03:04:05.678Z');

describe('setting aside', () => {
  it('makes a labelled backup that can be listed', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    writeFolder(directory, '2', pairedCreds());
    const backup = room.setAside(id('2'), { reason: 'bad_mac', now: T });
    expect(backup).toEqual({
      name: `2_corrupted_${T}`,
      path: join(directory, `2_corrupted_${T}`),
      set_aside_at: '2026-01-02T03:04:05.678Z',
      phone_number: PHONE,
      reason: 'bad_mac',
      size: expect.any(Number) as number,
    });
    expect(backup!.size).toBeGreaterThan(8_000);
    expect(room.listBackups(id('2'))).toEqual([backup]);
    expect(room.exists(id('2'))).toBe(false);
    const label = join(backup!.path, 'backup.json');
    expect(statSync(label).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(label, 'utf8'))).toEqual({
      reason: 'bad_mac',
      set_aside_at: '2026-01-02T03:04:05.678Z',
      phone_number: PHONE,
    });
  });

  it('removes what was never paired, and pushes no paired backup out with it', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    for (const mark of ['a', 'b', 'c']) {
      writeFolder(directory, '2', pairedCreds(mark));
      room.setAside(id('2'), { reason: 'bad_mac', now: T });
    }
    const before = room.listBackups(id('2'));
    expect(before.map((backup) => backup.name)).toEqual([2, 1, 0].map((n) => `2_corrupted_${T + n}`));
    for (let n = 0; n < 5; n++) {
      writeFolder(directory, '2', newCreds());
      expect(room.setAside(id('2'), { reason: 'by_hand', now: T + 1000 + n })).toBeNull();
    }
    mkdirSync(join(directory, '2'));
    expect(room.setAside(id('2'), { reason: 'by_hand', now: T })).toBeNull();
    expect(room.setAside(id('2'), { reason: 'by_hand', now: T })).toBeNull();
    expect(room.listBackups(id('2'))).toEqual(before);
    expect(entries(directory)).toEqual(before.map((backup) => backup.name).sort());

    writeFolder(directory, '2', pairedCreds('d'));
    room.setAside(id('2'), { reason: 'bad_mac', now: T + 9000 });
    expect(room.listBackups(id('2')).map((backup) => backup.name)).toEqual(
      [9000, 2, 1].map((n) => `2_corrupted_${T + n}`),
    );
  });

  it('keeps what was set aside last, also when the clock went back', () => {
    const directory = temporaryDirectory();
    const room = folders(directory, { backupsToKeep: 1 });
    for (const [mark, now] of [
      ['a', T],
      ['b', 5],
    ] as const) {
      writeFolder(directory, '2', pairedCreds(mark));
      room.setAside(id('2'), { reason: 'bad_mac', now });
    }
    expect(room.listBackups(id('2'))).toMatchObject([
      { name: `2_corrupted_${T + 1}`, set_aside_at: '1970-01-01T00:00:00.005Z' },
    ]);
    room.restore(id('2'), undefined, T);
    expect(markOf(directory)).toBe('b');
  });

  it('counts a damaged folder as paired', () => {
    const directory = temporaryDirectory();
    writeFolder(directory, '2', newCreds());
    writeFileSync(join(directory, '2', 'auth.sqlite'), 'x'.repeat(8_192));
    expect(folders(directory).setAside(id('2'), { reason: 'damaged', now: T })).toMatchObject({ phone_number: null });
  });

  it('lists the predecessor’s backups, and lets its worthless ones go first', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    writeLegacyFolder(join(directory, `2_corrupted_${T}`), pairedCreds());
    writeLegacyFolder(join(directory, `2_corrupted_${T + 1}`), newCreds());
    writeLegacyFolder(join(directory, `2_corrupted_${T + 2}`), 'cut');
    mkdirSync(join(directory, `2_corrupted_${T + 3}`));
    mkdirSync(join(directory, '2_corrupted_99999999999999999'));
    writeFileSync(join(directory, '2_corrupted_7'), 'a file');
    expect(room.listBackups(id('2'))).toMatchObject([
      { name: `2_corrupted_${T + 3}`, reason: 'unknown', phone_number: null, size: 0 },
      { name: `2_corrupted_${T + 2}`, reason: 'unknown', phone_number: null },
      { name: `2_corrupted_${T + 1}`, reason: 'unknown', phone_number: null },
      { name: `2_corrupted_${T}`, reason: 'unknown', phone_number: PHONE, set_aside_at: new Date(T).toISOString() },
    ]);
    writeFolder(directory, '2', pairedCreds());
    room.setAside(id('2'), { reason: 'bad_mac', now: T + 4 });
    expect(room.listBackups(id('2')).map((backup) => backup.name)).toEqual(
      [4, 2, 0].map((n) => `2_corrupted_${T + n}`),
    );
  });

  it('does not depend on its label, which a full disk may refuse', () => {
    const directory = temporaryDirectory();
    const lines: string[] = [];
    writeFolder(directory, '2', pairedCreds());
    mkdirSync(join(directory, '2', 'backup.json.tmp'));
    const backup = folders(directory, { lines }).setAside(id('2'), { reason: 'bad_mac', now: T });
    expect(backup).toMatchObject({ name: `2_corrupted_${T}`, reason: 'unknown', phone_number: PHONE });
    expect(lines.join()).toContain('backup_label_not_written');
  });

  it('names nobody’s number and no key in the log', () => {
    const directory = temporaryDirectory();
    const lines: string[] = [];
    const room = folders(directory, { lines, backupsToKeep: 1 });
    writeLegacyFolder(join(directory, '2'), pairedCreds());
    room.open(id('2'), newCreds, T).database.close();
    room.setAside(id('2'), { reason: 'bad_mac', now: T + 1 });
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      'auth_folder_imported',
      'backup_pruned',
    ]);
    expect(JSON.parse(lines[0]!)).toMatchObject({ org: 'org_id_2', files: 3, skipped: 0 });
    expect(lines.join()).not.toContain(PHONE);
  });
});

/** As after `mv moved auth_sessions/2`, when a folder 2 had been made meanwhile. */
function putBackInto(directory: string, name: string): string {
  const moved = join(directory, name, 'moved');
  renameSync(join(directory, name), join(directory, 'moved'));
  writeFolder(directory, name, newCreds());
  renameSync(join(directory, 'moved'), moved);
  return moved;
}

describe('what is not of this service', () => {
  it.each<[string, (folder: string) => void]>([
    ['a folder', (folder) => mkdirSync(join(folder, 'moved'))],
    ['a file', (folder) => writeFileSync(join(folder, 'notes.txt'), 'mine')],
    ['a link', (folder) => symlinkSync('auth.sqlite', join(folder, '.DS_Store'))],
    ['credentials of the predecessor beside the database', (folder) => writeLegacyFolder(folder, pairedCreds())],
  ])('%s: a folder that was never paired is set aside with it', (_what, put) => {
    const directory = temporaryDirectory();
    const lines: string[] = [];
    writeFolder(directory, '2', newCreds());
    put(join(directory, '2'));
    const before = entries(join(directory, '2'));
    const backup = folders(directory, { lines }).setAside(id('2'), { reason: 'forced', now: T });
    expect(backup).toMatchObject({ name: `2_corrupted_${T}`, reason: 'forced', phone_number: null });
    expect(entries(backup!.path)).toEqual([...before, 'backup.json'].sort());
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['foreign_files_set_aside']);
  });

  it('keeps good keys that were put back into a folder made meanwhile, whatever is done next', () => {
    const acts = {
      setAside: (room: AuthFolders) => room.setAside(id('2'), { reason: 'logout_unconfirmed', now: T }),
      remove: (room: AuthFolders) => room.remove(id('2'), T),
      restore: (room: AuthFolders) => room.restore(id('2'), '2_corrupted_5', T),
    };
    for (const act of Object.values(acts)) {
      const directory = temporaryDirectory();
      const room = folders(directory);
      writeLegacyFolder(join(directory, '2_corrupted_5'), pairedCreds('other'));
      writeFolder(directory, '2', pairedCreds('good'));
      putBackInto(directory, '2');
      act(room);
      const kept = join(directory, `2_corrupted_${T}`, 'moved');
      expect(closing(AuthDatabase.open(kept)).readCreds().mark).toBe('good');
    }
  });

  it('outlives the keys that a logout removes', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    writeFolder(directory, '2', pairedCreds('dead'));
    mkdirSync(join(directory, '2', 'moved'));
    writeFileSync(join(directory, '2', 'notes.txt'), 'mine');
    expect(room.remove(id('2'), T)).toMatchObject({ name: `2_corrupted_${T}`, reason: 'foreign_files' });
    expect(entries(directory)).toEqual([`2_corrupted_${T}`]);
    expect(entries(join(directory, `2_corrupted_${T}`))).toEqual(['backup.json', 'moved', 'notes.txt']);
  });

  it('is kept of a folder of the predecessor that was never paired', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    writeLegacyFolder(join(directory, '2'), newCreds('old'));
    mkdirSync(join(directory, '2', 'moved'));
    const opened = room.open(id('2'), () => newCreds('minted'), T);
    expect(opened.wasNew).toBe(true);
    closing(opened.database);
    expect(entries(join(directory, `2_corrupted_${T}`))).toContain('moved');
  });

  it('does not keep the traces of a crash, nor the files of a predecessor that was never paired', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    writeFolder(directory, '2', newCreds());
    for (const name of ['auth.sqlite.new', 'auth.sqlite.new-journal', 'backup.json', 'backup.json.tmp', '.DS_Store']) {
      writeFileSync(join(directory, '2', name), '');
    }
    writeLegacyFolder(join(directory, '3'), newCreds());
    for (const name of ['2', '3']) expect(room.setAside(id(name), { reason: 'forced', now: T })).toBeNull();
    expect(entries(directory)).toEqual([]);
  });

  it('is not the first to go of many backups, also without a label', () => {
    const directory = temporaryDirectory();
    const room = folders(directory, { backupsToKeep: 1 });
    writeFolder(directory, '2', pairedCreds('good'));
    putBackInto(directory, '2');
    mkdirSync(join(directory, '2', 'backup.json.tmp'));
    room.setAside(id('2'), { reason: 'forced', now: T });
    writeLegacyFolder(join(directory, `2_corrupted_${T - 1}`), newCreds());
    writeLegacyFolder(join(directory, `2_corrupted_${T + 1}`), newCreds());
    writeFolder(directory, '2', newCreds());
    writeFolder(directory, '3', pairedCreds());
    renameSync(join(directory, '3'), join(directory, '2_corrupted_7'));
    room.restore(id('2'), '2_corrupted_7', T);
    expect(entries(directory)).toEqual(['2', `2_corrupted_${T}`]);
  });
});
