import { writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { Browser, CDPSession } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

const PHONE = '573001112233';
const MANY = 1000;
/** Longer than two of the page's own looks at what changes without an event. */
const IDLE_MS = 33_000;
const IDLE_BYTES_PER_MINUTE = 100 * 1024;
/** With `PHOTOGRAPH=<folder>` what is seen is kept there, for people. */
const PHOTOGRAPH = process.env.PHOTOGRAPH;

/** Everything that comes over the network while it is counted: headers, bodies, and each piece of a stream. */
async function countBytes(session: CDPSession): Promise<{ bytes: number; requests: string[] }> {
  const count = { bytes: 0, requests: [] as string[] };
  session.on('Network.dataReceived', ({ dataLength, encodedDataLength }) => {
    count.bytes += Math.max(dataLength, encodedDataLength);
  });
  session.on('Network.responseReceivedExtraInfo', ({ headersText, headers }) => {
    count.bytes += (headersText ?? JSON.stringify(headers)).length;
  });
  session.on('Network.requestWillBeSent', ({ request }) => count.requests.push(request.url));
  await session.send('Network.enable');
  return count;
}

describeInBrowser('a thousand organizations on the page', () => {
  let browser: Browser;
  let stage: Stage;
  beforeAll(async () => {
    [browser, stage] = await Promise.all([launch(), Stage.set()]);
    await stage.pair('salon-norte', PHONE);
    await stage.stopService();
    // Known and stopped: they are held and shown like any other, and cost no pairing.
    const register = new Database(path.join(stage.directory, 'data', 'service.sqlite'));
    const stop = register.prepare("INSERT INTO organizations VALUES (?, 'stopped')");
    register.transaction(() => {
      for (let n = 1; n < MANY; n += 1) stop.run(`shop-${n}`);
    })();
    register.close();
    await stage.startService();
    await vi.waitFor(async () => expect((await stage.api.get('/health/ready')).status).toBe(200), 60_000);
    expect((await stage.api.get('/api/sessions?limit=1')).body).toMatchObject({ total: MANY });
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await stage.end();
  });

  async function come(width: number, height: number): Promise<Visitor> {
    const visitor = await Visitor.come(browser, stage, { width, height });
    await visitor.signIn();
    await visitor.page.locator('.organization').nth(29).waitFor();
    if (PHOTOGRAPH) {
      writeFileSync(path.join(PHOTOGRAPH, `many-${width}.png`), await visitor.page.screenshot());
    }
    return visitor;
  }

  it('are some screens high, and the rest comes when it is asked for, each once', async () => {
    const visitor = await come(1280, 800);
    const { page } = visitor;
    const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
    expect(height).toBeLessThan(7_000);
    const rows = page.locator('.organization');
    expect(await rows.count()).toBe(30);
    await visitor.sees(`30 of ${MANY} are shown`);
    await visitor.button('Show more').click();
    await rows.nth(59).waitFor();
    const names = await page.locator('.organization h2 a').allInnerTexts();
    expect(new Set(names).size).toBe(60);
    expect(visitor.problems).toEqual([]);
    await visitor.leave();
  });

  it('are sorted by need, and one that begins to need a person comes up, live', async () => {
    const visitor = await come(1280, 800);
    const { page } = visitor;
    const first = page.locator('.organization').first();
    // The one that is connected is the last of a thousand: nobody has to look at it.
    expect(await page.getByRole('link', { name: 'salon-norte' }).count()).toBe(0);
    await stage.whatsapp.phone(PHONE).unlink();
    await first.getByRole('link', { name: 'salon-norte' }).waitFor();
    expect(await page.locator('.organization').count()).toBeGreaterThanOrEqual(30);
    expect(visitor.problems).toEqual([]);
    await visitor.leave();
  });

  it(`cost less than ${IDLE_BYTES_PER_MINUTE / 1024} KB a minute while nothing happens`, async () => {
    const visitor = await come(1280, 800);
    const { page } = visitor;
    await page.waitForLoadState('load');
    const count = await countBytes(await visitor.context.newCDPSession(page));
    // This is a length of time and no wait for something: it is what is measured.
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const perMinute = (count.bytes * 60_000) / IDLE_MS;
    process.stderr.write(`idle: ${Math.round(perMinute / 1024)} KB a minute\n`);
    // It did look; an idle page that never asks could not be told from one that died.
    expect(count.requests.some((url) => url.includes('/api/sessions'))).toBe(true);
    expect(perMinute).toBeLessThan(IDLE_BYTES_PER_MINUTE);
    await visitor.leave();
  });

  it('are searched: each word is one question, and what fits it comes first', async () => {
    const visitor = await come(1280, 800);
    const { page } = visitor;
    const questions: string[] = [];
    page.on('request', (request) => {
      const asked = new URL(request.url()).searchParams;
      if (asked.has('search') && !asked.has('ids')) questions.push(asked.get('search') ?? '');
    });
    const words = ['shop-777', 'shop-31', 'SHOP-999', 'shop-500', 'shop-42'];
    for (const word of words) {
      await page.locator('input[type=search]').fill(word);
      const first = page.locator('.organization h2 a').first();
      await vi.waitFor(async () => expect((await first.innerText()).endsWith(word.toLowerCase())).toBe(true), 30_000);
    }
    expect(questions).toEqual(words);
    expect(visitor.problems).toEqual([]);
    await visitor.leave();
  });

  it('are three and more on the screen of a phone, without a fault for axe-core', async () => {
    const visitor = await come(360, 740);
    const { page } = visitor;
    const whole = await page.evaluate<number>(
      `[...document.querySelectorAll('.organization')]
        .filter((one) => one.getBoundingClientRect().bottom <= innerHeight).length`,
    );
    expect(whole).toBeGreaterThanOrEqual(3);
    expect(await visitor.tooWide()).toBeLessThanOrEqual(0);
    expect(await visitor.accessibilityFaults()).toEqual([]);
    await visitor.leave();
  });
});
