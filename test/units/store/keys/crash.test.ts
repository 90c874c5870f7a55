import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closing,
  entries,
  folders,
  id,
  integrityOf,
  newCreds,
  pairedCreds,
  temporaryDirectory,
  writeFolder,
  writeLegacyFolder,
} from './fixtures.js';

/*
 * The room and the child as plain JavaScript, made once: some thirty processes start here, and each would spend most of
 * its life in a TypeScript loader.
 */
const ROOT = join(import.meta.dirname, '../../../..');
const compiled = mkdtempSync(join(tmpdir(), 'auth-crash-'));
const CHILD = join(compiled, 'test/units/store/keys/crash-child.js');

beforeAll(() => {
  const room = readdirSync(join(ROOT, 'src/store/sqlite/keys')).map((name) => `src/store/sqlite/keys/${name}`);
  const others = [
    'src/errors.ts',
    'src/organization-id.ts',
    'src/store/ports/auth-folder-error.ts',
    'src/store/sqlite/group-commit.ts',
    'test/units/store/keys/crash-child.ts',
  ];
  for (const path of [...room, ...others]) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, path), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    const target = join(compiled, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(compiled, 'node_modules'));
});

afterAll(() => rmSync(compiled, { recursive: true, force: true }));

/** Runs one operation in a process of its own that is killed (SIGKILL) when it comes to `step` for the nth time. */
function dieAt(directory: string, operation: string, step: string, times = 1): void {
  const child = spawnSync(process.execPath, [CHILD, directory, operation, step, String(times)], {
    encoding: 'utf8',
  });
  expect(child.signal, `${operation} never came to ${step}: ${child.stderr}`).toBe('SIGKILL');
}

/** What a restarted service finds: the identity in use, and the reasons of the backups with the identity in each. */
function afterRestart(directory: string, times: { open?: boolean } = {}): { live: unknown; backups: string[] } {
  const room = folders(directory);
  room.prepare();
  expect(entries(directory).filter((name) => name.includes('.'))).toEqual([]);
  let live: unknown = null;
  if (times.open !== false && room.exists(id('2'))) {
    const { database } = room.open(id('2'), () => newCreds('MINTED'), 3000);
    live = database.readCreds().mark;
    expect(database.get('session', ['573009998877.0'])).toHaveProperty(
      ['573009998877.0', 'chain'],
      Buffer.from('ratchet'),
    );
    expect(integrityOf(join(directory, '2'))).toBe('ok');
    database.close();
    expect(entries(join(directory, '2'))).toEqual(['auth.sqlite']);
  }
  const backups = room.listBackups(id('2')).map((backup) => `${backup.reason}@${backup.name.split('_').at(-1)}`);
  return { live, backups };
}

function markOfBackup(directory: string, time: number): unknown {
  const room = folders(directory);
  room.restore(id('2'), `2_corrupted_${time}`, 9000);
  const { database } = room.open(id('2'), () => newCreds('MINTED'), 9500);
  closing(database);
  return database.readCreds().mark;
}

describe('kill -9 in an import', () => {
  it.each([
    ['import:built', ['imported@3000']],
    ['set_aside:labelled', ['imported@3000']],
    ['set_aside:moved', ['imported@2000']],
    ['import:old_set_aside', ['imported@2000']],
    ['import:done', ['imported@2000']],
  ])('at %s loses nothing', (step, backups) => {
    const directory = temporaryDirectory();
    writeLegacyFolder(join(directory, '2'), pairedCreds('old'));
    dieAt(directory, 'import', step);
    expect(afterRestart(directory)).toEqual({ live: 'old', backups });
  });

  it('at set_aside:moved is finished by the next open as well', () => {
    const directory = temporaryDirectory();
    writeLegacyFolder(join(directory, '2'), pairedCreds('old'));
    dieAt(directory, 'import', 'set_aside:moved');
    const { database, wasNew } = folders(directory).open(id('2'), () => newCreds('MINTED'), 9500);
    expect(closing(database).readCreds().mark).toBe('old');
    expect(wasNew).toBe(false);
  });
});

describe('kill -9 in a cleaning', () => {
  function withBackups(): string {
    const directory = temporaryDirectory();
    for (const [n, mark] of ['a', 'b', 'c'].entries()) {
      writeFolder(directory, '2', pairedCreds(mark));
      folders(directory).setAside(id('2'), { reason: 'bad_mac', now: 1000 + n });
    }
    return directory;
  }

  it.each([
    ['set_aside:labelled', 'live', ['bad_mac@1002', 'bad_mac@1001', 'bad_mac@1000']],
    // One more than is kept: the oldest goes with the next cleaning.
    ['set_aside:moved', null, ['bad_mac@2000', 'bad_mac@1002', 'bad_mac@1001', 'bad_mac@1000']],
    ['discard:moved', null, ['bad_mac@2000', 'bad_mac@1002', 'bad_mac@1001']],
    ['discard:done', null, ['bad_mac@2000', 'bad_mac@1002', 'bad_mac@1001']],
  ])('at %s keeps the keys under one name', (step, live, backups) => {
    const directory = withBackups();
    writeFolder(directory, '2', pairedCreds('live'));
    dieAt(directory, 'setAside', step);
    expect(afterRestart(directory)).toEqual({ live, backups });
    if (live === null) expect(markOfBackup(directory, 2000)).toBe('live');
  });

  it('of a folder that was never paired leaves no trace of it', () => {
    const directory = withBackups();
    writeFolder(directory, '2', newCreds());
    dieAt(directory, 'setAside', 'discard:moved');
    expect(afterRestart(directory)).toEqual({ live: null, backups: ['bad_mac@1002', 'bad_mac@1001', 'bad_mac@1000'] });
  });
});

describe('kill -9 in a restore', () => {
  const before = ['restore:intended', 'set_aside:labelled', 'set_aside:moved', 'restore:cleared'];
  const after = ['restore:moved', 'restore:unlabelled', 'restore:done'];

  function stage(current: Record<string, unknown> | null): string {
    const directory = temporaryDirectory();
    writeFolder(directory, '2', pairedCreds('wanted'));
    folders(directory).setAside(id('2'), { reason: 'bad_mac', now: 1000 });
    if (current) writeFolder(directory, '2', current);
    return directory;
  }

  it.each([...before, ...after])('at %s is finished at the next start', (step) => {
    const directory = stage(pairedCreds('current'));
    dieAt(directory, 'restore', step);
    expect(afterRestart(directory)).toEqual({ live: 'wanted', backups: ['replaced_by_restore@2000'] });
    expect(markOfBackup(directory, 2000)).toBe('current');
  });

  it.each(['restore:intended', 'discard:moved', 'restore:cleared', 'restore:moved'])(
    'at %s is finished over a folder that was never paired',
    (step) => {
      const directory = stage(newCreds());
      dieAt(directory, 'restore', step);
      expect(afterRestart(directory)).toEqual({ live: 'wanted', backups: [] });
    },
  );

  it('and again while the next start finishes it', () => {
    const directory = stage(pairedCreds('current'));
    dieAt(directory, 'restore', 'restore:intended');
    dieAt(directory, 'prepare', 'set_aside:moved');
    dieAt(directory, 'prepare', 'restore:moved');
    expect(afterRestart(directory)).toEqual({ live: 'wanted', backups: ['replaced_by_restore@2000'] });
  });
});

describe('kill -9', () => {
  it('in a removal leaves nothing behind', () => {
    const directory = temporaryDirectory();
    writeFolder(directory, '2', pairedCreds());
    dieAt(directory, 'remove', 'discard:moved');
    expect(afterRestart(directory)).toEqual({ live: null, backups: [] });
    expect(entries(directory)).toEqual([]);
  });

  it('while keys are written keeps every commit that was told, whole', async () => {
    const directory = temporaryDirectory();
    writeFolder(directory, '2', pairedCreds());
    const child = spawn(process.execPath, [CHILD, directory, 'write'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told = Number(text.trim().split('\n').at(-1));
      if (told >= 200) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.on('close', resolve));
    // Looking first, as a restarted service does.
    expect(folders(directory).peek(id('2'))).toEqual({ paired: false, phoneNumber: null });
    const { database } = folders(directory).open(id('2'), () => newCreds('MINTED'), 9500);
    closing(database);
    const { a, b } = database.get('session', ['a', 'b']) as Record<string, { n: number }>;
    expect(a!.n).toBeGreaterThanOrEqual(told);
    expect(b!.n).toBe(a!.n);
    expect(database.readCreds().n).toBe(a!.n);
    expect(integrityOf(join(directory, '2'))).toBe('ok');
  });
});
