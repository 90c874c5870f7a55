import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/commands.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { CONFIG_VARIABLES, readConfig } from '../../src/config.js';
import { ERROR_CODES } from '../../src/errors.js';
import { EVENT_NAMES } from '../../src/events/catalogue.js';
import { SENTENCES } from '../../src/api/sentences.js';
import { MESSAGE_STATES } from '../../src/outbox/outbox-message.js';
import { ATTENTION_CODES } from '../../src/session/session-view.js';
import { Stage } from '../stage/stage.js';

const run = promisify(execFile);

const READMES = [
  {
    file: 'README.md',
    language: 'en',
    api: 'The API',
    scan: '**Scan it**',
    typeCode: '**Type the code**',
  },
  {
    file: 'README.es.md',
    language: 'es',
    api: 'La API',
    scan: '**Escanéelo**',
    typeCode: '**Escriba el código**',
  },
] as const;
type Readme = (typeof READMES)[number];

const PHONE = '573001112233';
/** The phone that is linked by code in the README's own example. */
const PHONE_OF_CODE = '573001112244';

type Block = { kind: 'bash' | 'json'; text: string; line: number } | { kind: 'scan' | 'code'; line: number };

const textOf = ({ file }: Readme): string => readFileSync(file, 'utf8');

/** What is between this heading of the second level and the next one. */
function section(text: string, heading: string): string {
  const part = text.split(/^(?=## )/m).find((one) => one.startsWith(`## ${heading}\n`));
  if (!part) throw new Error(`there is no section "${heading}"`);
  return part;
}

/** The examples of the API section, and the moments at which a person does something, in their order. */
function blocksOf(readme: Readme): Block[] {
  const blocks: Block[] = [];
  let open: { kind: string; lines: string[]; line: number } | null = null;
  for (const [index, line] of section(textOf(readme), readme.api).split('\n').entries()) {
    if (open && line === '```') {
      if (open.kind === 'bash' || open.kind === 'json') {
        blocks.push({ kind: open.kind, text: open.lines.join('\n'), line: open.line });
      }
      open = null;
    } else if (open) open.lines.push(line);
    else if (line.startsWith('```')) open = { kind: line.slice(3), lines: [], line: index };
    else if (line.startsWith(readme.scan)) blocks.push({ kind: 'scan', line: index });
    else if (line.startsWith(readme.typeCode)) blocks.push({ kind: 'code', line: index });
  }
  return blocks;
}

/** Cells of the table whose first column has this head; backticks taken off the first one. */
function table(text: string, head: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => cells(line)[0]?.trim() === head);
  if (start < 0) throw new Error(`there is no table "${head}"`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((line) => cells(line).map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')));
}

function cells(line: string): string[] {
  return line.startsWith('|') ? line.slice(1, -1).split('|') : [];
}

/** Fields whose values differ from run to run: only what kind of thing they are is compared. */
const VARYING =
  /^(timestamp|since|at|set_aside_at|until|.*_at|message_id|request_id|backup|backup_path|name|size|qr|pairing_code|webhook_id|secret)$/;

/** What is compared of an answer: every field by name, and every value but the varying ones. */
function comparable(value: unknown, field = ''): unknown {
  // The newest event is whatever happened last: the connection may have lasted by now, or not yet.
  if (field === 'times' || field === 'last_event') return Object.keys(value as object);
  if (VARYING.test(field) && typeof value !== 'object') return typeof value;
  if (Array.isArray(value)) return value.map((one) => comparable(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, comparable(inner, name)]));
}

describe.each(READMES)('the API section of $file', (readme) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set({ env: { DEFAULT_LANGUAGE: readme.language } });
    mkdirSync(path.join(stage.directory, 'shell'));
  });
  afterAll(() => stage.end());

  it(
    'does what it shows: each example runs in bash, in its order, and answers as written',
    { timeout: 120_000 },
    async () => {
      const cwd = path.join(stage.directory, 'shell');
      const env = { PATH: process.env.PATH, HOME: cwd, URL: stage.api.url, KEY: stage.api.key };
      let printed = '';
      let answers = 0;
      for (const block of blocksOf(readme)) {
        const where = `${readme.file}, line ${block.line} of the section`;
        switch (block.kind) {
          case 'bash':
            printed = (await run('bash', ['-euo', 'pipefail', '-c', block.text], { cwd, env })).stdout;
            break;
          case 'json':
            expect(comparable(JSON.parse(printed)), where).toEqual(comparable(JSON.parse(block.text)));
            answers += 1;
            break;
          case 'scan':
            expect(printed, where).toContain('█');
            await stage.whatsapp.phone(PHONE).scanQrPicture(readFileSync(path.join(cwd, 'qr.png')));
            break;
          case 'code': {
            const { pairing_code: code } = JSON.parse(printed) as { pairing_code: string };
            await stage.whatsapp.phone(PHONE_OF_CODE).enterPairingCode(code);
            expect((await stage.api.ready('3')).body.status, where).toBe('connected');
          }
        }
      }
      expect(answers).toBeGreaterThan(20);
      const [read] = stage.whatsapp.customer('573004445566').messages;
      expect(textOf(readme)).toContain(read?.text);
    },
  );
});

describe.each(READMES)('the tables of $file', (readme) => {
  const text = textOf(readme);

  it('have every error code with its HTTP status', () => {
    const told = table(text, '`code`').map(([code, status]) => [code, Number(status)]);
    expect(told).toEqual(Object.entries(ERROR_CODES));
  });

  it('have every status', () => {
    const life = section(text, readme.language === 'en' ? 'The life of a session' : 'La vida de una sesión');
    const told = table(life, '`status`').map(([status]) => status);
    expect(told.sort()).toEqual(Object.keys(SENTENCES.en.statuses).sort());
    for (const status of told) expect(life).toMatch(new RegExp(`^ .*\\b${status}\\b`, 'm'));
  });

  it('have every status of a message, in the table and in the picture, and every code of what became of it', () => {
    const [states, codes, life] =
      readme.language === 'en'
        ? (['message `status`', '`error.code`', 'The life of a message'] as const)
        : (['`status` del mensaje', '`error.code`', 'La vida de un mensaje'] as const);
    const told = table(text, states).map(([state]) => state);
    expect([...told].sort()).toEqual([...MESSAGE_STATES].sort());
    for (const state of told) expect(section(text, life)).toMatch(new RegExp(`^ .*\\b${state}\\b`, 'm'));
    expect(table(text, codes).map(([code]) => code)).toEqual(Object.keys(SENTENCES.en.messageErrors));
  });

  it('have every field of a send', () => {
    const told = table(text, readme.language === 'en' ? 'field' : 'campo').map(([field]) => field);
    const route = readFileSync('src/api/operations/messages/send-message.ts', 'utf8');
    const body = /z\s*\.strictObject\(\{([^}]*)\}\)/.exec(route)?.[1] ?? '';
    expect(told.sort()).toEqual([...body.matchAll(/^\s*(\w+)[:,]/gm)].map(([, field]) => field).sort());
  });

  it('have every attention code', () => {
    expect(table(text, '`attention.code`').map(([code]) => code)).toEqual([...ATTENTION_CODES]);
  });

  it('have every variable with its default', () => {
    const told = table(text, 'variable');
    const defaults = readConfig({ API_KEY: 'qmZ3vT8kXc1LrP0sWn5yBd7e' });
    expect(told.map(([name]) => name).sort()).toEqual([...CONFIG_VARIABLES].sort());
    const shown = (value: unknown): string =>
      typeof value === 'number' ? String(Math.round(value * 10_000) / 10_000) : String((value as string) ?? '');
    for (const [name, value] of told) {
      if (name !== 'API_KEY') expect(value, name).toBe(shown(defaults[name as keyof typeof defaults]));
    }
  });

  it('have every event that is logged at the usual level', () => {
    const told = table(text, '`event`').flatMap(([names]) =>
      [...`\`${names}\``.matchAll(/[a-z][a-z_]+/g)].map(([name]) => name),
    );
    expect(told.sort()).toEqual(eventsInSource());
  });

  it('have every event of the stream, every command of the terminal and every exit code', () => {
    expect(table(text, '`name`').map(([name]) => name)).toEqual(EVENT_NAMES);
    const [commands, codes] =
      readme.language === 'en' ? (['command', 'exit code'] as const) : (['comando', 'código de salida'] as const);
    const told = table(text, commands).flatMap(([names]) => (names ?? '').split(/[`, ]+/));
    expect(told.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
    expect(table(text, codes).map(([code]) => Number(code))).toEqual(Object.values(EXIT));
  });

  it('name only routes that exist', () => {
    const routes = sources('src/api/operations').flatMap((code) =>
      [...code.matchAll(/'(\/(?:api|health|metrics|openapi|docs)[^']*)'/g)].map(([, route]) =>
        (route ?? '').replace(/\/:\w+(\/.*)?$/, ''),
      ),
    );
    const told = [
      ...text.matchAll(/\/(?:api\/[a-z-]+(?:\/[a-z-]+)?|health(?:\/[a-z]+)?|metrics|openapi\.json|docs)\b/g),
    ].map(([route]) => route);
    expect(told.filter((route) => !routes.includes(route))).toEqual([]);
    expect([...new Set(routes)].filter((route) => !told.includes(route))).toEqual([]);
  });
});

describe('both languages', () => {
  const [english, spanish] = READMES;

  it('have the same examples, but for the words of people', () => {
    const shape = (readme: Readme) =>
      blocksOf(readme).map((block) => [block.kind, 'text' in block ? block.text.match(/[/?][a-z-]+|"\w+":/g) : null]);
    expect(shape(spanish)).toEqual(shape(english));
  });

  it('have the same structure, and every link inside leads somewhere', () => {
    const levels = (text: string) => [...text.matchAll(/^(#+) /gm)].map(([, marks]) => marks);
    expect(levels(textOf(spanish))).toEqual(levels(textOf(english)));
    for (const readme of READMES) {
      const text = textOf(readme);
      const slugs = [...text.matchAll(/^#+ (.*)$/gm)].map(
        ([, title]) =>
          `#${(title ?? '')
            .toLowerCase()
            .replace(/[^\p{L}\p{N} _-]/gu, '')
            .replaceAll(' ', '-')}`,
      );
      const links = [...text.matchAll(/\]\((#[^)]+)\)/g)].map(([, link]) => link ?? '');
      expect(links.filter((link) => !slugs.includes(link))).toEqual([]);
    }
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'));
}

/** Of everything in src/ that is an event: those of libraries appear at debug only. */
function eventsInSource(): string[] {
  const debugOnly = ['baileys', 'console_silenced'];
  const found = sources('src').flatMap((code) =>
    [...code.matchAll(/\bevent: '([a-z_]+)'/g)].map(([, name]) => name ?? ''),
  );
  // The one place that puts an event together: every change of a message that ends something.
  expect(sources('src').filter((code) => code.includes('event: `message_${state}`'))).toHaveLength(1);
  expect(
    sources('src')
      .join('\n')
      .match(/\bevent: `/g),
  ).toHaveLength(1);
  found.push(
    ...MESSAGE_STATES.filter((state) => state !== 'queued' && state !== 'sending').map((state) => `message_${state}`),
  );
  return [...new Set(found)].filter((name) => !debugOnly.includes(name)).sort();
}
