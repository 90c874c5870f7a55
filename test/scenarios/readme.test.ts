import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Block, blocksOf, EDITIONS, type Edition, ENGLISH, pagesOf, SPANISH, textOf } from '../stage/documents.js';
import { Stage } from '../stage/stage.js';

const run = promisify(execFile);

const PHONE = '573001112233';
/** The phone that is linked by code in the documentation's own example. */
const PHONE_OF_CODE = '573001112244';

/** One service runs them all, so the pages have an order: each begins with what the one before left. */
const ORDER = [
  'sessions',
  'README',
  'sending',
  'cleaning',
  'events',
  'webhooks',
  'operating',
  'api',
  'troubleshooting',
];

const pageOf = (edition: Edition, name: string): string =>
  name === 'README' ? edition.firstPage : `${edition.folder}/${name}.md`;

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

describe.each(EDITIONS)('the examples of $firstPage and $folder', (edition) => {
  let stage: Stage;
  let cwd: string;
  /** What the latest example printed. */
  let printed = '';
  let answers = 0;
  beforeAll(async () => {
    stage = await Stage.set({ env: { DEFAULT_LANGUAGE: edition.language } });
    cwd = path.join(stage.directory, 'shell');
    mkdirSync(cwd);
  });
  afterAll(() => stage.end());

  /** The picture that the page before has stored, or else the one that is shown now. */
  const qrPicture = async (): Promise<Buffer> => {
    const file = path.join(cwd, 'qr.png');
    if (!existsSync(file)) {
      const { body } = await stage.api.get('/api/qr/2');
      return Buffer.from(String(body.qr).split(',')[1] ?? '', 'base64');
    }
    const picture = readFileSync(file);
    rmSync(file);
    return picture;
  };

  const doIt = async (block: Block, where: string): Promise<void> => {
    switch (block.kind) {
      case 'bash': {
        const env = { PATH: process.env.PATH, HOME: cwd, URL: stage.api.url, KEY: stage.api.key };
        printed = (await run('bash', ['-euo', 'pipefail', '-c', block.text], { cwd, env })).stdout;
        break;
      }
      case 'json':
        expect(comparable(JSON.parse(printed)), where).toEqual(comparable(JSON.parse(block.text)));
        answers += 1;
        break;
      case 'scan':
        expect(printed, where).toContain('█');
        await stage.whatsapp.phone(PHONE).scanQrPicture(await qrPicture());
        expect((await stage.api.ready('2')).body.status, where).toBe('connected');
        break;
      case 'code': {
        const { pairing_code: code } = JSON.parse(printed) as { pairing_code: string };
        await stage.whatsapp.phone(PHONE_OF_CODE).enterPairingCode(code);
        expect((await stage.api.ready('3')).body.status, where).toBe('connected');
      }
    }
  };

  it('do what they show: each runs in bash, in its order, and answers as written', { timeout: 240_000 }, async () => {
    for (const page of ORDER.map((name) => pageOf(edition, name))) {
      for (const block of blocksOf(edition, page)) await doIt(block, `${page}, line ${block.line}`);
    }
    expect(answers).toBeGreaterThan(20);
    const [read] = stage.whatsapp.customer('573004445566').messages;
    expect(textOf(edition.firstPage)).toContain(read?.text);
  });

  it('are all run: no page that has some is left out', () => {
    const withExamples = pagesOf(edition).filter((page) => blocksOf(edition, page).length > 0);
    expect(withExamples.sort()).toEqual(ORDER.map((name) => pageOf(edition, name)).sort());
  });
});

it('both languages have the same examples, but for the words of people', () => {
  const shape = (edition: Edition) =>
    ORDER.map((name) =>
      blocksOf(edition, pageOf(edition, name)).map((block) => [
        block.kind,
        'text' in block ? block.text.match(/[/?][a-z-]+|"\w+":/g) : null,
      ]),
    );
  expect(shape(SPANISH)).toEqual(shape(ENGLISH));
});
