import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { AuthFolderCorruptError, AuthFolderUnreadableError } from '../../../../src/store/ports/auth-folder-error.js';
import { AuthDatabase } from '../../../../src/store/sqlite/keys/auth-database.js';
import type { AuthFolders } from '../../../../src/store/sqlite/keys/auth-folders.js';
import type { ServiceError } from '../../../../src/errors.js';
import {
  PHONE,
  closing,
  entries,
  errorOf,
  folders,
  id,
  newCreds,
  pairedCreds,
  temporaryDirectory,
  writeFolder,
  writeLegacyFolder,
} from './fixtures.js';

const T = Date.parse('2026-01-02T03:04:05.678Z');

function markOf(directory: string, name = '2'): unknown {
  const { database } = folders(directory).open(id(name), () => newCreds('minted'));
  const mark = database.readCreds().mark;
  database.close();
  return mark;
}

describe('opening', () => {
  it('makes a new identity when nothing is there, and keeps it', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    const first = room.open(id('2'), () => newCreds('one'));
    expect(first).toMatchObject({ wasNew: true, imported: null });
    first.database.close();
    const makeCreds = vi.fn(() => newCreds('two'));
    const second = room.open(id('2'), makeCreds);
    expect(second).toMatchObject({ wasNew: false, imported: null });
    expect(makeCreds).not.toHaveBeenCalled();
    expect(closing(second.database).readCreds().mark).toBe('one');
  });

  it.each([
    ['empty', [] as string[]],
    ['left by a crash before the first use', ['auth.sqlite.new', 'auth.sqlite.new-journal']],
  ])('takes a folder that is %s for nothing', (_what, files) => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, '2'));
    for (const file of files) writeFileSync(join(directory, '2', file), 'half');
    const opened = folders(directory).open(id('2'), () => newCreds());
    expect(opened.wasNew).toBe(true);
    opened.database.close();
    expect(entries(join(directory, '2'))).toEqual(['auth.sqlite']);
  });

  it.each([
    ['an empty database', ['auth.sqlite'], 'EMPTY_FILE'],
    ['a WAL without its database', ['auth.sqlite-wal'], 'DATABASE_MISSING'],
    ['legacy keys without credentials', ['session-573009998877.0.json', 'pre-key-1.json'], 'CREDS_MISSING'],
    ['legacy credentials cut by a crash', ['creds.json'], 'UNPARSABLE_CREDS'],
    ['something unknown', ['notes.txt'], 'UNEXPECTED_FILES'],
  ])('calls %s damage and mints nothing', (_what, files, code) => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, '2'));
    for (const file of files) writeFileSync(join(directory, '2', file), '');
    const makeCreds = vi.fn(() => newCreds());
    const error = errorOf(() => folders(directory).open(id('2'), makeCreds));
    expect(error).toBeInstanceOf(AuthFolderCorruptError);
    expect(error.code).toBe(code);
    expect(makeCreds).not.toHaveBeenCalled();
    expect(entries(join(directory, '2'))).toEqual([...files].sort());
    // Not certain that it was never paired, so it is kept.
    expect(folders(directory).setAside(id('2'), { reason: 'damaged', now: T })).toMatchObject({
      name: `2_corrupted_${T}`,
    });
    expect(markOf(directory)).toBe('minted');
  });

  it('calls a file or a folder in the wrong place unreadable, and touches nothing', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    const makeCreds = vi.fn(() => newCreds());
    writeFileSync(join(directory, 'a'), 'file');
    mkdirSync(join(directory, 'b', 'auth.sqlite'), { recursive: true });
    mkdirSync(join(directory, 'c', 'creds.json'), { recursive: true });
    for (const name of ['a', 'b', 'c']) {
      expect(
        errorOf(() => room.open(id(name), makeCreds)),
        name,
      ).toBeInstanceOf(AuthFolderUnreadableError);
      expect(
        errorOf(() => room.peek(id(name))),
        name,
      ).toBeInstanceOf(AuthFolderUnreadableError);
      expect(errorOf(() => room.setAside(id(name), { reason: 'x', now: T }))).toBeInstanceOf(AuthFolderUnreadableError);
    }
    expect(makeCreds).not.toHaveBeenCalled();
    expect(entries(directory)).toEqual(['a', 'b', 'c']);
    expect(room.setAside(id('b'), { reason: 'by_hand', now: T, force: true })).toMatchObject({ reason: 'by_hand' });
    expect(entries(directory)).toEqual(['a', `b_corrupted_${T}`, 'c']);
  });

  it('tells missing permissions from damage', () => {
    const directory = temporaryDirectory();
    writeFolder(directory, '2', pairedCreds());
    writeFolder(directory, '3', pairedCreds());
    chmodSync(directory, 0o755);
    chmodSync(join(directory, '3'), 0o755);
    const script = `
      import { AuthFolders } from ${JSON.stringify(pathToFileURL(join(process.cwd(), 'src/store/sqlite/keys/auth-folders.ts')).href)};
      const room = new AuthFolders({ directory: process.argv[1], backupsToKeep: 3, logger: { warn() {}, info() {}, error() {} } });
      for (const id of ['2', '3', '4']) {
        for (const call of [() => room.open(id, () => ({ minted: true })), () => room.peek(id), () => room.setAside(id, { reason: 'x', now: 1 })]) {
          try { process.stdout.write(id + ' ' + JSON.stringify(call()) + '\\n'); } catch (error) { process.stdout.write(id + ' ' + error.name + '\\n'); }
        }
      }`;
    const child = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, directory], {
      uid: process.getuid?.() === 0 ? 65534 : undefined,
      encoding: 'utf8',
      env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    });
    if (process.getuid?.() !== 0) return;
    const unreadable = (name: string, times: number) => Array<string>(times).fill(`${name} AuthFolderUnreadableError`);
    expect(child.stdout.trim().split('\n'), child.stderr).toEqual([
      ...unreadable('2', 3),
      ...unreadable('3', 3),
      ...unreadable('4', 1),
      '4 {"paired":false,"phoneNumber":null}',
      '4 null',
    ]);
    expect(entries(directory)).toEqual(['2', '3']);
    expect(markOf(directory)).toBe('first');
  });

  it('clears a label that a stopped cleaning left', () => {
    const directory = temporaryDirectory();
    writeFolder(directory, '2', pairedCreds());
    writeFileSync(join(directory, '2', 'backup.json'), '{}');
    expect(markOf(directory)).toBe('first');
    expect(entries(join(directory, '2'))).toEqual(['auth.sqlite']);
  });
});

describe('looking', () => {
  it('lists organizations only', () => {
    const directory = temporaryDirectory();
    for (const name of ['2', '22', 'b_c-d', '2_corrupted', '2_corrupted_5', '2.importing', '2.removed.0', '.x']) {
      mkdirSync(join(directory, name));
    }
    for (const name of ['.gitkeep', 'file', '2.restore']) writeFileSync(join(directory, name), '');
    const room = folders(directory);
    expect(room.list()).toEqual(['2', '22', '2_corrupted', 'b_c-d']);
    expect([room.exists(id('22')), room.exists(id('3'))]).toEqual([true, false]);
    expect(errorOf(() => folders(join(directory, 'none')).list())).toBeInstanceOf(AuthFolderUnreadableError);
  });

  it('peeks without creating anything, also beside an open connection and in legacy folders', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    const paired = { paired: true, phoneNumber: PHONE };
    const not = { paired: false, phoneNumber: null };
    writeFolder(directory, 'paired', pairedCreds());
    writeFolder(directory, 'fresh', newCreds());
    writeLegacyFolder(join(directory, 'legacy'), pairedCreds());
    writeLegacyFolder(join(directory, 'asked'), {
      me: { id: `${PHONE}@s.whatsapp.net`, name: '~' },
      pairingCode: 'ABCD1234',
    });
    mkdirSync(join(directory, 'empty'));
    const before = ['paired', 'fresh', 'legacy'].map((name) => entries(join(directory, name)));
    expect(['paired', 'fresh', 'legacy', 'asked', 'empty', 'none'].map((name) => room.peek(id(name)))).toEqual([
      paired,
      not,
      paired,
      not,
      not,
      not,
    ]);
    expect(['paired', 'fresh', 'legacy'].map((name) => entries(join(directory, name)))).toEqual(before);
    expect(room.exists(id('none'))).toBe(false);

    const { database } = room.open(id('fresh'), newCreds);
    database.writeCreds({ ...pairedCreds(), me: { id: '5215550001@s.whatsapp.net' } });
    expect(room.peek(id('fresh'))).toEqual({ paired: true, phoneNumber: '5215550001' });
    database.writeCreds(pairedCreds('still open'));
    expect(closing(database).readCreds().mark).toBe('still open');
  });
});

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
    room.open(id('2'), newCreds).database.close();
    room.setAside(id('2'), { reason: 'bad_mac', now: Date.now() + 1000 });
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
    expect(opened).toMatchObject({ wasNew: true, imported: null });
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

describe('restoring', () => {
  it('puts the newest or the named one back, and sets a paired folder aside', () => {
    const directory = temporaryDirectory();
    const room = folders(directory, { backupsToKeep: 2 });
    for (const [n, mark] of ['a', 'b'].entries()) {
      writeFolder(directory, '2', pairedCreds(mark));
      room.setAside(id('2'), { reason: 'bad_mac', now: T + n });
    }
    writeFolder(directory, '2', pairedCreds('c'));
    // The limit is reached, and still the one being restored must not be pruned.
    expect(room.restore(id('2'), `2_corrupted_${T}`, T + 50)).toMatchObject({
      name: `2_corrupted_${T}`,
      reason: 'bad_mac',
    });
    expect(entries(join(directory, '2'))).toEqual(['auth.sqlite']);
    expect(markOf(directory)).toBe('a');
    expect(room.listBackups(id('2'))).toMatchObject([
      { name: `2_corrupted_${T + 50}`, reason: 'replaced_by_restore' },
      { name: `2_corrupted_${T + 1}`, reason: 'bad_mac' },
    ]);
    expect(room.restore(id('2'), undefined, T + 60).name).toBe(`2_corrupted_${T + 50}`);
    expect(markOf(directory)).toBe('c');
    room.remove(id('2'), T);
    writeFolder(directory, '2', newCreds('never paired'));
    room.restore(id('2'), undefined, T + 70);
    expect(markOf(directory)).toBe('a');
    expect(entries(directory)).toEqual(['2', `2_corrupted_${T + 1}`]);
  });

  it('refuses names that are not on the list', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    const codeOf = (name?: string) => (errorOf(() => room.restore(id('2'), name, T)) as ServiceError).code;
    writeFolder(directory, '22', pairedCreds());
    room.setAside(id('22'), { reason: 'bad_mac', now: T });
    expect([codeOf(), codeOf('2_corrupted_1')]).toEqual(['no_backup', 'no_backup']);
    writeFolder(directory, '2', pairedCreds());
    room.setAside(id('2'), { reason: 'bad_mac', now: T });
    for (const name of [`22_corrupted_${T}`, '../etc', '', '2_corrupted_', `./2_corrupted_${T}`, `2_corrupted_0${T}`]) {
      expect(codeOf(name), name).toBe('unknown_backup');
    }
    expect(entries(directory)).toEqual([`22_corrupted_${T}`, `2_corrupted_${T}`]);
  });

  it('brings a legacy backup back, which the next open imports', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    writeLegacyFolder(join(directory, `2_corrupted_${T}`), pairedCreds('old'));
    room.restore(id('2'), undefined, T);
    const opened = room.open(id('2'), newCreds, T + 1);
    expect(opened.imported).toMatchObject({ backup: `2_corrupted_${T + 1}` });
    expect(closing(opened.database).readCreds().mark).toBe('old');
  });

  it('forgets an intent that nobody can read', () => {
    const directory = temporaryDirectory();
    for (const text of ['', '{}', '{"backup":"../22","now":1}', '{"backup":"22_corrupted_1","now":1}']) {
      writeFileSync(join(directory, '2.restore'), text);
      folders(directory).prepare();
      expect(entries(directory)).toEqual([]);
    }
  });
});

describe('preparing', () => {
  it('makes a private directory and removes what was being deleted', () => {
    const directory = join(temporaryDirectory(), 'deep', 'auth_sessions');
    folders(directory).prepare();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    chmodSync(directory, 0o755);
    for (const name of ['2.removed.0', '22.removed.13', 'not ours.removed.0'])
      mkdirSync(join(directory, name, 'x'), { recursive: true });
    for (const name of ['2.restore.tmp', '.gitkeep']) writeFileSync(join(directory, name), 'x');
    folders(directory).prepare();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(entries(directory)).toEqual(['.gitkeep', 'not ours.removed.0']);
  });

  it('throws when the directory cannot be one', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(errorOf(() => folders(file).prepare())).toBeInstanceOf(AuthFolderUnreadableError);
  });

  it('removes an organization and leaves its backups', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    writeFolder(directory, '2', pairedCreds());
    room.setAside(id('2'), { reason: 'bad_mac', now: T });
    writeFolder(directory, '2', pairedCreds());
    room.remove(id('2'), T);
    room.remove(id('2'), T);
    expect(existsSync(join(directory, '2'))).toBe(false);
    expect(entries(directory)).toEqual([`2_corrupted_${T}`]);
    rmSync(directory, { recursive: true });
  });
});
