import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { AuthFolderCorruptError, AuthFolderUnreadableError } from '../../../../src/store/ports/auth-folder-error.js';
import type { ServiceError } from '../../../../src/errors.js';
import {
  PHONE,
  closing,
  entries,
  errorOf,
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

describe('opening', () => {
  it('makes a new identity when nothing is there, and keeps it', () => {
    const directory = temporaryDirectory();
    const room = folders(directory);
    const first = room.open(id('2'), () => newCreds('one'), T);
    expect(first.wasNew).toBe(true);
    first.database.close();
    const makeCreds = vi.fn(() => newCreds('two'));
    const second = room.open(id('2'), makeCreds, T);
    expect(second.wasNew).toBe(false);
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
    const opened = folders(directory).open(id('2'), () => newCreds(), T);
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
    const error = errorOf(() => folders(directory).open(id('2'), makeCreds, T));
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
        errorOf(() => room.open(id(name), makeCreds, T)),
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
    const source = pathToFileURL(join(process.cwd(), 'src/store/sqlite/keys/auth-folders.ts')).href;
    const script = `
      import { AuthFolders } from ${JSON.stringify(source)};
      const logger = { warn() {}, info() {}, error() {} };
      const room = new AuthFolders({ directory: process.argv[1], backupsToKeep: 3, logger });
      const tell = (id, text) => process.stdout.write(id + ' ' + text + '\\n');
      for (const id of ['2', '3', '4']) {
        const open = () => room.open(id, () => ({ minted: true }), 1);
        const setAside = () => room.setAside(id, { reason: 'x', now: 1 });
        for (const call of [open, () => room.peek(id), setAside]) {
          try { tell(id, JSON.stringify(call())); } catch (error) { tell(id, error.name); }
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

  it('peeks without creating anything, also beside an open connection and in legacy folders', async () => {
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

    const { database } = room.open(id('fresh'), newCreds, T);
    await database.put({ creds: { ...pairedCreds(), me: { id: '5215550001@s.whatsapp.net' } } });
    expect(room.peek(id('fresh'))).toEqual({ paired: true, phoneNumber: '5215550001' });
    await database.put({ creds: pairedCreds('still open') });
    expect(closing(database).readCreds().mark).toBe('still open');
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
    expect(opened.wasNew).toBe(false);
    expect(room.listBackups(id('2'))).toMatchObject([{ name: `2_corrupted_${T + 1}`, reason: 'imported' }]);
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
