import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initAuthCreds, proto, useMultiFileAuthState, type SignalDataSet } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { AuthFolderCorruptError, AuthFolderUnreadableError } from '../../../../src/store/ports/auth-folder-error.js';
import { parseLegacyName } from '../../../../src/store/sqlite/keys/legacy-import.js';
import {
  closing,
  entries,
  errorOf,
  folders,
  id,
  newCreds,
  pairedCreds,
  storedKeys,
  temporaryDirectory,
  writeLegacyFolder,
} from './fixtures.js';

describe('names of legacy files', () => {
  it.each([
    ['pre-key', '17'],
    ['session', '573001112233.0'],
    ['session', '99887766_1.12'],
    ['identity-key', '99887766_1.0'],
    ['sender-key', '120363000000000001@g.us::573001112233::5'],
    ['sender-key', '573001112233-1600000000@g.us::99887766_1::0'],
    ['sender-key', 'status@broadcast::573001112233::0'],
    ['sender-key-memory', '120363000000000001@g.us'],
    ['sender-key-memory', '573001112233-1600000000@g.us'],
    ['app-state-sync-key', 'AAAAAKk/'],
    ['app-state-sync-key', '//8/+A=='],
    ['app-state-sync-key', 'a//b'],
    ['app-state-sync-version', 'critical_unblock_low'],
    ['lid-mapping', '573001112233'],
    ['lid-mapping', '99887766_reverse'],
    ['device-list', '573001112233'],
    ['tctoken', '__index'],
    ['tctoken', '99887766@lid'],
    ['tctoken', '573001112233:4@s.whatsapp.net'],
  ])('%s %s survives the way through a file name', (type, key) => {
    const name = `${type}-${key}.json`.replace(/\//g, '__').replace(/:/g, '-');
    expect(parseLegacyName(name)).toEqual({ type, id: key });
  });

  it.each(['creds.json', 'session-.json', 'session.json', 'pre-key-1.txt', 'package.json', '.json'])(
    '%s is no key',
    (name) => {
      expect(parseLegacyName(name)).toBeNull();
    },
  );
});

describe('the import', () => {
  it('brings everything that Baileys’ file store would read', async () => {
    const directory = temporaryDirectory();
    const folder = join(directory, '2');
    const { state, saveCreds } = await useMultiFileAuthState(folder);
    Object.assign(state.creds, { me: { id: '573001112233:3@s.whatsapp.net' }, account: { details: Buffer.from('d') } });
    await saveCreds();
    const written: SignalDataSet = {
      'pre-key': { 1: { private: Buffer.from([1]), public: Buffer.from([2]) } },
      session: { '573001112233.0': { _sessions: {}, version: 'v1' } as never, '99_1.3': { a: 1 } as never },
      'sender-key': { '1@g.us::573001112233::5': Buffer.from('[{}]') },
      'sender-key-memory': { '1@g.us': { '573001112233:5@s.whatsapp.net': true } },
      'app-state-sync-key': {
        'AA//+w==': proto.Message.AppStateSyncKeyData.fromObject({
          keyData: Buffer.from('raw'),
          timestamp: 1_700_000_000,
        }),
      },
      'app-state-sync-version': {
        regular_low: {
          version: 3,
          hash: Buffer.alloc(128, 7),
          indexValueMap: { 'a/b=': { valueMac: Buffer.from('m') } },
        },
      },
      'lid-mapping': { 573001112233: '99', '99_reverse': '573001112233' },
      'device-list': { 573001112233: ['0', '3'] },
      tctoken: { __index: { token: Buffer.from('["99@lid"]') }, '99@lid': { token: Buffer.from('t'), timestamp: '5' } },
      'identity-key': { '99_1.0': new Uint8Array([5, 6]) },
    };
    await state.keys.set(written);
    const again = (await useMultiFileAuthState(folder)).state;
    const expected: Record<string, unknown> = {};
    for (const [type, values] of Object.entries(written)) {
      expected[type] = await again.keys.get(type as 'session', Object.keys(values));
    }
    const files = entries(folder);

    const lines: string[] = [];
    const opened = folders(directory, { lines }).open(id('2'), newCreds, 1000);
    const database = closing(opened.database);
    expect(opened.wasNew).toBe(false);
    expect(toldImports(lines)).toMatchObject([{ backup: '2_corrupted_1000', files: files.length, skipped: 0 }]);
    expect(database.readCreds()).toEqual(again.creds);
    // The store keeps the protobuf's JSON form; making a protobuf of it is its reader's work.
    const revive = (key: unknown) => proto.Message.AppStateSyncKeyData.fromObject(key as object);
    for (const type of Object.keys(written)) {
      const stored = Object.entries(storedKeys(folder, type));
      const read = stored.map(([key, value]) => [key, type === 'app-state-sync-key' ? revive(value) : value]);
      expect(Object.fromEntries(read), type).toEqual(expected[type]);
    }
    expect(entries(directory)).toEqual(['2', '2_corrupted_1000']);
    expect(entries(join(directory, '2_corrupted_1000'))).toEqual([...files, 'backup.json'].sort());
    expect(folders(directory).listBackups(id('2'))).toMatchObject([
      { reason: 'imported', phone_number: '573001112233' },
    ]);
  });

  it('happens once', () => {
    const directory = temporaryDirectory();
    writeLegacyFolder(join(directory, '2'), pairedCreds());
    const lines: string[] = [];
    folders(directory, { lines }).open(id('2'), newCreds, 1000).database.close();
    const second = folders(directory, { lines }).open(id('2'), newCreds, 2000);
    closing(second.database);
    expect(second.wasNew).toBe(false);
    expect(toldImports(lines)).toMatchObject([{ backup: '2_corrupted_1000' }]);
    expect(entries(directory)).toEqual(['2', '2_corrupted_1000']);
  });

  it('takes a folder that was never paired for nothing', () => {
    const directory = temporaryDirectory();
    writeLegacyFolder(join(directory, '2'), initAuthCreds());
    const lines: string[] = [];
    const opened = folders(directory, { lines }).open(id('2'), () => newCreds('minted'), 1000);
    expect(opened.wasNew).toBe(true);
    expect(toldImports(lines)).toEqual([]);
    expect(closing(opened.database).readCreds().mark).toBe('minted');
    expect(entries(directory)).toEqual(['2']);
  });

  it('leaves out what is no JSON, counts it, and keeps it in the backup', () => {
    const directory = temporaryDirectory();
    const folder = join(directory, '2');
    writeLegacyFolder(folder, pairedCreds());
    writeFileSync(join(folder, 'session-57300.0.json'), '{"cut":');
    writeFileSync(join(folder, 'pre-key-6.json'), '');
    writeFileSync(join(folder, 'notes.txt'), 'hello');
    writeFileSync(join(folder, 'backup.json'), '{"stale":true}');
    const lines: string[] = [];
    const opened = folders(directory, { lines }).open(id('2'), newCreds, 7);
    expect(toldImports(lines)).toMatchObject([{ backup: '2_corrupted_7', files: 3, skipped: 3 }]);
    closing(opened.database);
    expect(storedKeys(folder, 'session')).toEqual({
      '573009998877.0': { chain: Buffer.from('ratchet'), mark: 'legacy' },
    });
    expect(readFileSync(join(directory, '2_corrupted_7', 'session-57300.0.json'), 'utf8')).toBe('{"cut":');
  });

  it('changes nothing when a file cannot be read or the credentials are cut', () => {
    const directory = temporaryDirectory();
    writeLegacyFolder(join(directory, '2'), pairedCreds());
    mkdirSync(join(directory, '2', 'session-573001112233.0.json'));
    writeLegacyFolder(join(directory, '3'), '{"me":');
    const before = ['2', '3'].map((name) => entries(join(directory, name)));
    const unreadable = errorOf(() => folders(directory).open(id('2'), newCreds, 1000));
    expect(unreadable).toBeInstanceOf(AuthFolderUnreadableError);
    expect(`${unreadable.message} ${String(unreadable.cause)}`).not.toContain('573001112233');
    expect(errorOf(() => folders(directory).open(id('3'), newCreds, 1000))).toBeInstanceOf(AuthFolderCorruptError);
    expect(['2', '3'].map((name) => entries(join(directory, name)))).toEqual(before);
    expect(entries(directory)).toEqual(['2', '3']);
  });
});

/** The lines of the log that tell of an import. */
function toldImports(lines: readonly string[]): unknown[] {
  return lines
    .map((line) => JSON.parse(line) as { event: string })
    .filter(({ event }) => event === 'auth_folder_imported');
}
