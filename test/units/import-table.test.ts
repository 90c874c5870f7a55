import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** ARCHITECTURE.md, "Who may import whom". A room is a folder of src/; the closed list is what everybody may use. */
const CLOSED_LIST = ['organization-id.ts', 'errors.ts', 'logger.ts', 'config.ts', 'phone-number.ts', 'random-hex.ts'];
/** Whole rooms that a room may use besides itself. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  api: ['session', 'outbox', 'events', 'webhooks', 'access', 'content'],
  session: ['health', 'content'],
  outbox: ['content'],
  store: ['content'],
  baileys: ['content'],
  // It counts facts that others know.
  metrics: ['session', 'outbox', 'health', 'events', 'webhooks'],
  webhooks: ['outbox', 'events'],
};
/** Single files of other rooms. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  // The carrier is the port that the sessions implement: the outbox sends without knowing them, and they without
  // knowing it.
  outbox: ['session/message-carrier.ts'],
  // It tells apart what the port throws.
  session: ['store/ports.ts'],
  // It implements session/whatsapp-socket.ts.
  baileys: ['session/whatsapp-socket.ts', 'session/disconnect-reason.ts', 'health/session-fault.ts'],
};
/** Words of another room: types only, so that nothing of it is there at run time. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  // Its ports speak the words of the rooms that use them.
  store: [
    'session/session-view.ts',
    'outbox/outbox-message.ts',
    'outbox/quiet-hours.ts',
    'access/shop-links.ts',
    'events/catalogue.ts',
    'webhooks/webhook.ts',
  ],
  session: ['events/catalogue.ts'],
  baileys: ['store/ports.ts'],
  outbox: ['store/ports.ts'],
  events: ['store/ports.ts'],
  webhooks: ['store/ports.ts'],
  access: ['store/ports.ts'],
  metrics: ['store/ports.ts'],
};
/** Runs in browsers: it knows no room, and nobody knows it. */
const PAGE = 'operator-page';
/** Whoever speaks HTTP to the service may know the contract, and so nothing else of `api` may be there with it. */
const CONTRACT = 'api/contract.ts';
const PAGE_LIBRARIES = ['preact', '@preact/signals'];
const WHATSAPP_LIBRARIES = ['@whiskeysockets/baileys', 'libsignal'];
/** The only wiring, and what starts it. */
const WIRING = ['service.ts', 'service', 'main.ts'];

/** Files by their path in the project, `src/api/app.ts` -> its text. */
type Files = Readonly<Record<string, string>>;

interface Import {
  readonly from: string;
  /** A path in the project, or the name of a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string, text: string): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (name: ts.Node | undefined, typeOnly: boolean): void => {
    if (name && ts.isStringLiteralLike(name)) found.push({ from: file, to: resolved(file, name.text), typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node)) {
      const isDynamic = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      const isRequire = /^(require|\w+\.resolve|import\.meta\.resolve)$/.test(node.expression.getText(source));
      if (isDynamic || isRequire) add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = importClause.namedBindings;
  if (importClause.name || !bindings || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

function resolved(from: string, name: string): string {
  if (!name.startsWith('.')) return name;
  return path.posix.join(path.posix.dirname(from), name).replace(/\.js$/, '.ts');
}

function isPackage(to: string, name: string): boolean {
  return to === name || to.startsWith(`${name}/`);
}

/** `src/api/app.ts` -> `api`; `src/errors.ts` -> `errors.ts`. */
function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

/** What a file of src/ may not import, in a few words; null when all is well. */
function complaint({ from, to, typeOnly }: Import): string | null {
  if (from.startsWith('emulator/')) return to.startsWith('src/') ? 'the emulator never imports src/' : null;
  if (!from.startsWith('src/')) return null;
  const room = roomOf(from);
  if (WHATSAPP_LIBRARIES.some((name) => isPackage(to, name))) {
    return room === 'baileys' ? null : `only src/baileys imports ${WHATSAPP_LIBRARIES.join(' and ')}`;
  }
  if (PAGE_LIBRARIES.some((name) => isPackage(to, name)))
    return room === PAGE ? null : `only src/${PAGE} imports preact`;
  if (from === `src/${CONTRACT}` && !typeOnly) return 'the contract imports only types';
  if (to === `src/${CONTRACT}` && (room === PAGE || room === 'cli')) return null;
  if (room === PAGE && !to.startsWith(`src/${PAGE}/`)) return `the page imports nothing but itself and preact`;
  if (/^(emulator|test|demo|bench|scripts)\//.test(to)) return `src/ imports nothing of ${to.split('/')[0]}/`;
  if (!to.startsWith('src/') || WIRING.includes(room)) return null;
  const target = roomOf(to);
  const inside = to.slice('src/'.length);
  if (WIRING.includes(target)) return 'nobody imports the wiring';
  if (target === room || CLOSED_LIST.includes(target)) {
    return null;
  }
  if (CLOSED_LIST.includes(room)) return 'the closed list imports no room';
  if (ROOMS[room]?.includes(target) || FILES[room]?.includes(inside)) return null;
  if (TYPES[room]?.includes(inside)) return typeOnly ? null : `${room} takes only types of ${inside}`;
  return `${room} does not know ${target}`;
}

function violations(files: Files): string[] {
  return Object.entries(files)
    .flatMap(([file, text]) => importsOf(file, text))
    .flatMap((one) => {
      const why = complaint(one);
      return why === null ? [] : [`${one.from} imports ${one.to}: ${why}`];
    });
}

/** Files that reach themselves through imports that are there at run time. */
function circles(files: Files): string[] {
  const graph = new Map(
    Object.entries(files).map(([file, text]) => [
      file,
      importsOf(file, text)
        .filter(({ to, typeOnly }) => !typeOnly && to in files)
        .map(({ to }) => to),
    ]),
  );
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    (graph.get(from) ?? []).some((to) => {
      if (to === goal) return true;
      if (seen.has(to)) return false;
      seen.add(to);
      return reaches(to, goal, seen);
    });
  return [...graph.keys()].filter((file) => reaches(file, file));
}

function read(...folders: string[]): Files {
  const names = folders.flatMap((folder) =>
    fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => path.posix.join(folder, name.split(path.sep).join('/'))),
  );
  return Object.fromEntries(
    names
      .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
      // An import says `.js` for both.
      .map((name) => [name.replace(/\.tsx$/, '.ts'), fs.readFileSync(name, 'utf8')]),
  );
}

describe('the rooms of this project', () => {
  test('are read: src/ and the emulator are not empty, and their imports are found', () => {
    const files = read('src', 'emulator');
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['src/service.ts', 'emulator/emulator.ts']));
    const found = Object.entries(files).flatMap(([file, text]) => importsOf(file, text));
    expect(found).toContainEqual({ from: 'src/main.ts', to: 'src/service.ts', typeOnly: false });
    expect(found).toContainEqual(
      expect.objectContaining({ from: 'src/baileys/baileys-socket.ts', to: '@whiskeysockets/baileys' }),
    );
  });

  test('import only what the table allows', () => {
    expect(violations(read('src', 'emulator'))).toEqual([]);
  });

  test('name only files that are there', () => {
    const files = read('src', 'emulator');
    const missing = Object.entries(files)
      .flatMap(([file, text]) => importsOf(file, text))
      .filter(({ to }) => /^(src|emulator)\//.test(to) && !(to in files) && !/\.(json|css)$/.test(to));
    expect(missing).toEqual([]);
  });

  test('have no circle at run time in src/', () => {
    expect(circles(read('src'))).toEqual([]);
  });
});

describe('the checker', () => {
  test.each([
    ['src/api/app.ts', "import { SessionHealth } from '../health/session-health.js';", 'api does not know health'],
    [
      'src/api/operations/sessions/get-qr.ts',
      "import { AuthFolders } from '../../../store/sqlite/keys/auth-folders.js';",
      'api does not know store',
    ],
    [
      'src/api/app.ts',
      "import type { SessionRegister } from '../store/sqlite/register-store.js';",
      'api does not know store',
    ],
    ['src/api/app.ts', "import { BaileysSockets } from '../baileys/baileys-socket.js';", 'api does not know baileys'],
    ['src/api/app.ts', "export { startService } from '../service.js';", 'nobody imports the wiring'],
    ['src/cli/doctor.ts', "import { backups } from '../store/sqlite/keys/backups.js';", 'cli does not know store'],
    [
      'src/session/organization-session.ts',
      "import { makeWASocket } from '@whiskeysockets/baileys';",
      'only src/baileys imports',
    ],
    [
      'src/session/organization-session.ts',
      "const { proto } = await import('@whiskeysockets/baileys');",
      'only src/baileys imports',
    ],
    ['src/session/x.ts', "import { A } from '../store/sqlite/keys/auth-folders.js';", 'session does not know store'],
    ['src/session/x.ts', "type A = import('@whiskeysockets/baileys').WASocket;", 'only src/baileys imports'],
    ['src/service.ts', "import { SessionCipher } from 'libsignal';", 'only src/baileys imports'],
    ['src/store/x.ts', "const record = require('libsignal/src/session_record.js');", 'only src/baileys imports'],
    [
      'src/session/x.ts',
      "import { BaileysSockets } from '../baileys/baileys-socket.js';",
      'session does not know baileys',
    ],
    ['src/session/x.ts', "import { createApp } from '../api/app.js';", 'session does not know api'],
    [
      'src/health/session-health.ts',
      "import { reactionTo } from '../session/reconnect-policy.js';",
      'health does not know session',
    ],
    [
      'src/health/session-health.ts',
      "import type { SessionStatus } from '../session/session-view.js';",
      'health does not know session',
    ],
    [
      'src/store/sqlite/keys/backups.ts',
      "import { OrganizationSession } from '../../../session/organization-session.js';",
      'store does not know session',
    ],
    [
      'src/store/sqlite/register-store.ts',
      "import { ATTENTION_CODES } from '../../session/session-view.js';",
      'store takes only types',
    ],
    [
      'src/store/sqlite/register-store.ts',
      "import type { LoginGovernor } from '../../session/login-governor.js';",
      'store does not know session',
    ],
    [
      'src/baileys/baileys-socket.ts',
      "import { OrganizationSession } from '../session/organization-session.js';",
      'baileys does not know session',
    ],
    [
      'src/baileys/baileys-socket.ts',
      "import { AuthDatabase } from '../store/sqlite/keys/auth-database.js';",
      'baileys does not know store',
    ],
    [
      'src/session/organization-session.ts',
      "import type { Outbox } from '../outbox/outbox.js';",
      'session does not know outbox',
    ],
    [
      'src/outbox/dispatcher.ts',
      "import { SessionDirectory } from '../session/session-directory.js';",
      'outbox does not know session',
    ],
    [
      'src/outbox/x.ts',
      "import { AuthDatabase } from '../store/sqlite/keys/auth-database.js';",
      'outbox does not know store',
    ],
    [
      'src/outbox/x.ts',
      "import { SessionRegister } from '../store/sqlite/register-store.js';",
      'outbox does not know store',
    ],
    ['src/outbox/x.ts', "import type { Sentences } from '../api/sentences.js';", 'outbox does not know api'],
    ['src/webhooks/x.ts', "import type { Sentences } from '../api/sentences.js';", 'webhooks does not know api'],
    ['src/outbox/x.ts', "import { Webhooks } from '../webhooks/webhooks.js';", 'outbox does not know webhooks'],
    [
      'src/operator-page/x.ts',
      "import { EVENTS } from '../events/catalogue.js';",
      'the page imports nothing but itself',
    ],
    ['src/operator-page/x.ts', "import fs from 'node:fs';", 'the page imports nothing but itself'],
    ['src/operator-page/x.ts', "import type { S } from '../api/sentences.js';", 'the page imports nothing but itself'],
    ['src/api/contract.ts', "import { OPERATIONS } from './operations/index.js';", 'the contract imports only types'],
    ['src/cli/x.ts', "import type { Sentences } from '../api/sentences.js';", 'cli does not know api'],
    ['src/api/x.ts', "import { words } from '../operator-page/words/words-en.js';", 'api does not know operator-page'],
    ['src/api/x.ts', "import { render } from 'preact';", 'only src/operator-page imports preact'],
    [
      'src/store/sqlite/group-commit.ts',
      "import { Outbox } from '../../outbox/outbox.js';",
      'store does not know outbox',
    ],
    [
      'src/baileys/x.ts',
      "import { GroupCommit } from '../store/sqlite/group-commit.js';",
      'baileys does not know store',
    ],
    ['src/content/text.ts', "import type { A } from '../outbox/outbox-message.js';", 'content does not know outbox'],
    ['src/content/text.ts', "import { proto } from '@whiskeysockets/baileys';", 'only src/baileys imports'],
    ['src/logger.ts', "import type { FaultKind } from './health/session-fault.js';", 'the closed list imports no room'],
    [
      'src/session/x.ts',
      "import { startEmulator } from '../../emulator/emulator.js';",
      'src/ imports nothing of emulator/',
    ],
    ['src/service.ts', "import { Stage } from '../test/stage/stage.js';", 'src/ imports nothing of test/'],
    ['emulator/emulator.ts', "import { readConfig } from '../src/config.js';", 'the emulator never imports src/'],
    ['emulator/emulator.ts', "import type { Config } from '../src/config.js';", 'the emulator never imports src/'],
  ])('complains when %s holds %s', (file, text, why) => {
    const found = violations({ [file]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${file} imports `);
    expect(found[0]).toContain(why);
  });

  test.each([
    ['src/operator-page/x.ts', "import { type AnswerOf, targetOf } from '../api/contract.js';"],
    ['src/cli/x.ts', "import { type AnswerOf, targetOf } from '../api/contract.js';"],
    ['src/api/contract.ts', "import type { OPERATIONS } from './operations/index.js';"],
    [
      'src/api/app.ts',
      "import type { Sessions } from '../session/session-view.js'; import { redact } from '../logger.js';",
    ],
    ['src/session/x.ts', "import { B } from '../health/b.js'; import { C } from '../store/ports.js';"],
    [
      'src/outbox/x.ts',
      "import type { OutboxStore } from '../store/ports.js'; import type { A } from '../session/message-carrier.js';",
    ],
    [
      'src/api/operations/messages/send-message.ts',
      "import { MESSAGE_STATES } from '../../../outbox/outbox-message.js'; " +
        "import { D } from '../../../outbox/dispatcher.js';",
    ],
    [
      'src/operator-page/x.ts',
      "import { useState } from 'preact/hooks'; import { y } from './y.js'; import './style/z.css';",
    ],
    ['src/store/sqlite/keys/auth-database.ts', "import { GroupCommit } from '../group-commit.js';"],
    ['src/store/sqlite/register-store.ts', "import { type CleaningRecord } from '../../session/session-view.js';"],
    [
      'src/baileys/x.ts',
      "import { disconnectReason } from '../session/disconnect-reason.js'; import { x } from 'libsignal';",
    ],
    [
      'src/service.ts',
      "import { A } from './store/a.js'; import { B } from './baileys/b.js'; import { C } from './api/c.js';",
    ],
    ['emulator/x.ts', "import { proto } from '@whiskeysockets/baileys'; import { y } from './y.js';"],
    [
      'test/stage/stage.ts',
      "import { startService } from '../../src/service.js'; import { e } from '../../emulator/emulator.js';",
    ],
    ['src/api/app.ts', "// import { A } from '../store/a.js';\nconst text = \"import { A } from '../store/a.js'\";"],
  ])('has nothing against %s with %s', (file, text) => {
    expect(violations({ [file]: text })).toEqual([]);
  });

  test('finds a circle', () => {
    const files = {
      'src/a.ts': "import { b } from './b.js';",
      'src/b.ts': "export { c } from './c.js';",
      'src/c.ts': "import { a } from './a.js';",
      'src/d.ts': "import { a } from './a.js';",
      'src/e.ts': "import type { f } from './f.js';",
      'src/f.ts': "import { e } from './e.js';",
    };
    expect(circles(files).sort()).toEqual(['src/a.ts', 'src/b.ts', 'src/c.ts']);
  });
});
