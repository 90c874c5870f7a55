import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { derivedFiles, openApi } from '../../scripts/docs/derived.js';
import { COMMANDS } from '../../src/cli/commands/commands.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { CONFIG_VARIABLES } from '../../src/config.js';
import { ERROR_CODES } from '../../src/errors.js';
import { EVENT_NAMES } from '../../src/events/catalogue.js';
import { SENTENCES } from '../../src/api/sentences.js';
import { MESSAGE_STATES } from '../../src/outbox/outbox-message.js';
import { ATTENTION_CODES } from '../../src/session/session-view.js';
import { anchorsOf, EDITIONS, ENGLISH, linksOf, pagesOf, section, SPANISH, table, textOf } from '../stage/documents.js';

const LONGEST_FIRST_PAGE = 250;
const LONGEST_ARCHITECTURE = 120;

/** Every page for people: the two languages, and what is in English only. */
const EVERY_PAGE = [
  ...EDITIONS.flatMap(pagesOf),
  'docs/whatsapp.md',
  'docs/session-machine.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'ops/README.md',
  ...decisions(),
];

describe('a derived page', async () => {
  const derived = await derivedFiles();
  it.each(Object.keys(derived))('%s is what `npm run docs` makes', (file) => {
    expect(textOf(file)).toBe(derived[file]);
  });
});

describe.each(EDITIONS)('the tables of $folder', (edition) => {
  const { folder, language } = edition;
  const page = (name: string): string => textOf(`${folder}/${name}.md`);
  const say = <T>(english: T, spanish: T): T => (language === 'en' ? english : spanish);

  it('have every error code with its HTTP status', () => {
    const told = table(page('troubleshooting'), '`code`').map(([code, status]) => [code, Number(status)]);
    expect(told).toEqual(Object.entries(ERROR_CODES));
  });

  it('have every status', () => {
    const life = section(page('sessions'), say('The life of a session', 'La vida de una sesión'));
    const told = table(life, '`status`').map(([status]) => status);
    expect(told.sort()).toEqual(Object.keys(SENTENCES.en.statuses).sort());
    for (const status of told) expect(life).toMatch(new RegExp(`^ .*\\b${status}\\b`, 'm'));
  });

  it('have every status of a message, in the table and in the picture, and every code of what became of it', () => {
    const life = section(page('delivery'), say('The life of a message', 'La vida de un mensaje'));
    const told = table(life, say('message `status`', '`status` del mensaje')).map(([state]) => state);
    expect([...told].sort()).toEqual([...MESSAGE_STATES].sort());
    for (const state of told) expect(life).toMatch(new RegExp(`^ .*\\b${state}\\b`, 'm'));
    expect(table(life, '`error.code`').map(([code]) => code)).toEqual(Object.keys(SENTENCES.en.messageErrors));
  });

  it('have every field of a send', () => {
    const told = table(page('sending'), say('field', 'campo')).map(([field]) => field);
    const contract = section(page('api'), 'POST /api/send-message');
    const body = table(contract, say('field', 'campo')).filter(([, where]) => where === say('body', 'cuerpo'));
    expect(told.sort()).toEqual(body.map(([field]) => field).sort());
  });

  it('have every attention code', () => {
    expect(table(page('sessions'), '`attention.code`').map(([code]) => code)).toEqual([...ATTENTION_CODES]);
  });

  it('have every variable', () => {
    const told = [...page('configuration').matchAll(/^\| `([A-Z_]+)` /gm)].map(([, name]) => name);
    expect(told.sort()).toEqual([...CONFIG_VARIABLES].sort());
  });

  it('have every event that is logged at the usual level', () => {
    const told = table(page('troubleshooting'), '`event`').flatMap(([names]) =>
      [...`\`${names}\``.matchAll(/[a-z][a-z_]+/g)].map(([name]) => name),
    );
    expect(told.sort()).toEqual(eventsInSource());
  });

  it('have every event of the stream, every command of the terminal and every exit code', () => {
    expect(table(page('events'), '`name`').map(([name]) => name)).toEqual(EVENT_NAMES);
    const told = table(page('cli'), say('command', 'comando')).flatMap(([names]) => (names ?? '').split(/[`, ]+/));
    expect(told.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
    const codes = table(page('cli'), say('exit code', 'código de salida')).map(([code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT));
  });

  it('name only routes that exist, and every one is told of by a person', () => {
    const routes = Object.keys(openApi().paths)
      .filter((route) => /^\/(api|health|metrics|openapi|docs)/.test(route))
      .map((route) => route.replace(/\/\{.*$/, ''));
    const told = pagesOf(edition)
      .filter((name) => !name.endsWith('/api.md'))
      .flatMap((name) => [
        ...textOf(name).matchAll(
          /(?<!src)\/(?:api\/[a-z-]+(?:\/[a-z-]+)?|health(?:\/[a-z]+)?|metrics|openapi\.json|docs(?!\/))\b/g,
        ),
      ])
      .map(([route]) => route);
    expect(told.filter((route) => !routes.includes(route))).toEqual([]);
    expect([...new Set(routes)].filter((route) => !told.includes(route))).toEqual([]);
  });
});

describe.each(EVERY_PAGE)('%s', (page) => {
  const text = textOf(page);
  const folder = path.posix.dirname(page);

  it('leads only to files and headings that are there', () => {
    const missing = linksOf(text).filter((link) => {
      if (/^(https?|mailto):/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page : path.posix.join(folder, file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(textOf(target)).includes(decodeURIComponent(anchor));
    });
    expect(missing).toEqual([]);
  });

  it('names no file of this project that is not there', () => {
    // The past is told of in the changelog, and in what a decision came from.
    if (page === 'CHANGELOG.md') return;
    const named = [...text.matchAll(/`((?:src|test|scripts|emulator|demo|bench|ops|docs)\/[\w./-]+)`/g)];
    const missing = named.map(([, file]) => file ?? '').filter((file) => !existsSync(file));
    expect(missing).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  const text = textOf('ARCHITECTURE.md');
  const rooms = readdirSync('src', { withFileTypes: true })
    .filter((one) => one.isDirectory())
    .map(({ name }) => name);

  it('is one page', () => {
    expect(text.split('\n').length).toBeLessThanOrEqual(LONGEST_ARCHITECTURE);
  });

  it('says of every room what it does, and whom it may import', () => {
    const told = table(text, 'in `src/`').map(([name]) => name);
    expect(rooms.filter((room) => !told.some((names) => names?.includes(`${room}/`)))).toEqual([]);
    const rows = table(text, 'room').map(([names]) => `\`${names}\``);
    expect(rooms.filter((room) => !rows.some((names) => new RegExp(`\`${room}/?\``).test(names)))).toEqual([]);
  });
});

describe('both languages', () => {
  const spanishOf = (page: string): string =>
    page === ENGLISH.firstPage ? SPANISH.firstPage : page.replace(/^docs\//, `${SPANISH.folder}/`);

  it('have the same pages, each with the same headings', () => {
    expect(pagesOf(SPANISH)).toEqual(pagesOf(ENGLISH).map(spanishOf));
    const levels = (page: string) => [...textOf(page).matchAll(/^(#+) /gm)].map(([, marks]) => marks);
    for (const page of pagesOf(ENGLISH)) expect(levels(spanishOf(page)), page).toEqual(levels(page));
  });

  it('lead to each other, and the first page to all of them', () => {
    for (const page of pagesOf(ENGLISH)) {
      const other = spanishOf(page);
      const lead = (from: string, to: string) =>
        expect(linksOf(textOf(from)), from).toContain(path.posix.relative(path.posix.dirname(from), to));
      lead(page, other);
      lead(other, page);
    }
    for (const edition of EDITIONS) {
      const told = new Set(linksOf(textOf(edition.firstPage)));
      const untold = pagesOf(edition).filter((page) => page !== edition.firstPage && !told.has(page));
      expect(untold).toEqual([]);
    }
  });

  it(`have a first page of at most ${LONGEST_FIRST_PAGE} lines`, () => {
    for (const { firstPage } of EDITIONS) {
      expect(textOf(firstPage).split('\n').length, firstPage).toBeLessThanOrEqual(LONGEST_FIRST_PAGE);
    }
  });
});

function decisions(): string[] {
  const folder = 'docs/decisions';
  return existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [];
}

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
