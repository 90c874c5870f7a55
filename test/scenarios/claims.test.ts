import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownVersion } from '../../src/cli/version.js';
import { EDITIONS, linksOf, pagesOf, textOf } from '../stage/documents.js';
import { Stage } from '../stage/stage.js';

/** What is claimed of this service where nothing else would notice that it is no longer true. */

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const PAGES = EDITIONS.flatMap(pagesOf);
const PICTURES = 'docs/screenshots';

describe('the version', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage.end());

  it("is that of package.json in the page's footer, in the terminal and in the lock file", async () => {
    expect((await stage.api.get('/api/service')).body.version).toBe(version);
    expect(ownVersion()).toBe(version);
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      version: string;
      packages: Record<string, { version: string }>;
    };
    expect([lock.version, lock.packages['']?.version]).toEqual([version, version]);
    // The description has the contract's own version, and no other place has it.
    expect((await stage.api.get('/openapi.json')).body.info.version).toMatch(/^1\.\d+\.\d+$/);
  });

  it('has its part of the changelog, or the changelog has one for what comes next', () => {
    const [newest] = /^## .*$/m.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? [];
    expect(newest).toMatch(new RegExp(`${version.replaceAll('.', '\\.')}|Unreleased`, 'i'));
  });
});

describe.each(PAGES)('%s', (file) => {
  const text = textOf(file);

  it('promises nothing for a later version, and names no version of its own that is not this one', () => {
    expect(text).not.toMatch(/not yet here|comes with the next version|coming soon|todavía no está|próxima versión/i);
    const own = [...text.matchAll(/(?:version|versión|service|servicio) `?v?(\d+\.\d+\.\d+)\b/gi)].map(
      ([, one]) => one,
    );
    expect(own.filter((one) => one !== version)).toEqual([]);
  });
});

it('the pictures are of this version of the page (UPDATE_SCREENSHOTS=1 and looks.test.ts take them anew)', () => {
  const taken = JSON.parse(readFileSync(path.join(PICTURES, 'taken.json'), 'utf8')) as {
    version: string;
    pictures: string[];
  };
  expect(taken.version).toBe(version);
  const there = readdirSync(PICTURES).filter((name) => name.endsWith('.png'));
  expect([...taken.pictures].sort()).toEqual(there.sort());
});

it.each(EDITIONS)('$folder shows pictures of the page', (edition) => {
  const links = pagesOf(edition).flatMap((page) => linksOf(textOf(page)));
  expect(new Set(links.filter((link) => link.includes(path.basename(PICTURES)))).size).toBeGreaterThan(4);
});
