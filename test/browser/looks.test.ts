import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, type Look, Visitor } from './browser.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001112244';
const CUSTOMER = '573109998877';

/** With `UPDATE_SCREENSHOTS=1` the pictures of the README are taken anew. */
const SCREENSHOTS = process.env.UPDATE_SCREENSHOTS === '1' ? path.resolve('docs/screenshots') : null;

/** A fault stays counted for as long as the tests look at it. */
const FAULTS_LAST = { HEALTH_STABLE_AFTER: '1000000', BAD_MAC_RESET_TIME: '300000' };

const PHONE_IN_HAND: Look = { width: 360, height: 740 };
const DESK: Look = { width: 1280, height: 800 };
/**
 * Each width, each language and each colour scheme once: what is too pale is so at any width, and what is too wide in
 * any colour.
 */
const LOOKS: readonly [name: string, Look][] = [
  ['a phone, dark, Spanish', { ...PHONE_IN_HAND, scheme: 'dark', locale: 'es-CO' }],
  ['a desk, light, English', { ...DESK, scheme: 'light', locale: 'en-US' }],
];
/** The longest id that there may be, without a place to break it. */
const LONG_ID = 'x'.repeat(64);

describeInBrowser('every view of the page', () => {
  let browser: Browser;
  let stage: Stage;

  beforeAll(async () => {
    [browser, stage] = await Promise.all([launch(), Stage.set({ env: FAULTS_LAST })]);
    await stage.pair('salon-norte', PHONE);
    await stage.pair('spa-12', OTHER_PHONE);
    await stage.api.ready('barberia-7');
    for (const last of [0, 1, 2]) await stage.send('salon-norte', `57310999887${last}`);
    await stage.receive(PHONE, CUSTOMER);
    // One fault, a backup, a message that waits, one that failed: no view is empty.
    stage.whatsapp.mishaps.badMac(PHONE, 1);
    await stage.receive(PHONE, CUSTOMER);
    stage.whatsapp.mishaps.refuseAcks(PHONE, 463, 1);
    await stage.api.send('salon-norte', '573109998874', stage.text());
    await stage.api.forceClean('spa-12');
    await stage.scan('spa-12', OTHER_PHONE);
    await stage.api.stop('spa-12');
    await stage.api.send('spa-12', CUSTOMER, stage.text(), { wait_ms: 0 });
  });
  afterAll(async () => {
    noteWhatWasTaken();
    await browser.close();
    await stage.end();
  });

  for (const [name, look] of LOOKS) {
    it(`on ${name}: nothing sideways, nothing for axe-core, nothing on the console`, async () => {
      const visitor = await Visitor.come(browser, stage, look);
      const { page } = visitor;
      const faults: string[] = [];
      const examine = async (view: string, selector: string): Promise<void> => {
        await page.locator(selector).first().waitFor();
        const tooWide = await visitor.tooWide();
        if (tooWide > 0) faults.push(`${view}: ${tooWide} px too wide`);
        faults.push(...(await visitor.accessibilityFaults()).map((fault) => `${view}: ${fault}`));
        await photograph(visitor, view, look);
      };

      await visitor.open();
      await examine('sign-in', 'input[type=password]');
      await visitor.signIn();
      await examine('organizations', '.organization .counter-some');
      await page.locator('.head-row button').click();
      await examine('new-organization', 'dialog[open]');
      await page.keyboard.press('Escape');

      await visitor.open('#/organizations/salon-norte');
      await examine('organization-connected', '.event-bad');
      await visitor.open('#/organizations/salon-norte/messages');
      await page.locator('.message summary').first().click();
      await examine('messages', '.message details[open]');
      await visitor.open('#/organizations/salon-norte/history');
      await examine('history', '.event');
      await visitor.open('#/organizations/salon-norte/charts');
      await page.locator('.charts .more > summary').first().click();
      await examine('charts', '.charts table');

      await visitor.open('#/organizations/spa-12/keys');
      await page.locator('.backup').waitFor();
      await examine('keys', '.backup');
      await page.locator('.danger button').first().click();
      await examine('confirm', 'dialog[open]');
      await page.keyboard.press('Escape');

      await visitor.open('#/organizations/barberia-7');
      await page.locator('img.qr').waitFor();
      await examine('organization-qr', 'img.qr');
      for (const more of await page.locator('.more > summary').all()) await more.click();
      await page.locator('.more button').last().click();
      await examine('organization-link', '.made-link input');

      const link = await page.locator('.made-link input').inputValue();
      await page.goto(link);
      await examine('shop', 'img.qr');
      expect(faults).toEqual([]);
      expect(visitor.problems).toEqual([]);
      await visitor.leave();
    });
  }

  it('holds the longest id on a phone, in every place that names it', async () => {
    await stage.api.ready(LONG_ID);
    const visitor = await Visitor.come(browser, stage, PHONE_IN_HAND);
    const { page } = visitor;
    await visitor.signIn();
    await page.getByRole('link', { name: LONG_ID }).waitFor();
    expect(await visitor.tooWide()).toBeLessThanOrEqual(0);
    await visitor.open(`#/organizations/${LONG_ID}/keys`);
    await page.locator('.danger button').first().click();
    await page.getByRole('dialog').waitFor();
    expect(await visitor.tooWide()).toBeLessThanOrEqual(0);
    expect(Number(await page.evaluate("document.querySelector('dialog').scrollWidth"))).toBeLessThanOrEqual(360);
    await stage.api.stop(LONG_ID);
    await visitor.leave();
  });

  it('would not pass with a fault: pale ink, a picture without words, an inline style, a foreign request', async () => {
    const visitor = await Visitor.come(browser, stage);
    await visitor.open();
    await visitor.page.locator('h1').waitFor();
    await visitor.page.evaluate(`document.querySelector('main').append(new Image());
      document.querySelector('h1').style.color = '#ccc'`);
    const faults = await visitor.accessibilityFaults();
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual(['color-contrast', 'image-alt']);

    expect(visitor.problems).toEqual([]);
    await visitor.page.evaluate("document.querySelector('main').setAttribute('style', 'width: 3000px')");
    await visitor.page.evaluate("fetch('https://example.invalid/').catch(() => {})");
    await expect.poll(() => visitor.problems.join('\n')).toMatch(/style-src[^]*connect-src/);
    await visitor.page.evaluate("document.querySelector('main').style.minWidth = '3000px'");
    expect(await visitor.tooWide()).toBeGreaterThan(0);
    await visitor.leave();
  });

  it('can be used with the keyboard alone: skip link, search, list, sections', async () => {
    const visitor = await Visitor.come(browser, stage);
    const { page } = visitor;
    await visitor.signIn();
    await page.locator('.organization').first().waitFor();
    await page.reload();
    await page.locator('.organization').first().waitFor();
    await page.keyboard.press('Tab');
    await visitor.button('Skip to the content').waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('New organization');
    await page.keyboard.press('Tab');
    await page.keyboard.type('salon');
    await page.locator('.organization').nth(1).waitFor({ state: 'detached' });
    for (let i = 0; i < 6; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Organization salon-norte' }).waitFor();
    expect(visitor.problems).toEqual([]);
    await visitor.leave();
  });
});

/** The pictures that the README shows, by the width of the look they are taken in. */
const PICTURES: Readonly<Record<number, readonly string[]>> = {
  1280: ['organizations', 'organization-qr', 'organization-connected', 'charts'],
  360: ['organizations', 'organization-connected', 'confirm', 'shop'],
};

const taken = new Set<string>();

/** Of which version the pictures are: `test/scenarios/claims.test.ts` holds that against the package. */
function noteWhatWasTaken(): void {
  if (SCREENSHOTS === null) return;
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const note = { version, pictures: [...taken].sort() };
  writeFileSync(path.join(SCREENSHOTS, 'taken.json'), `${JSON.stringify(note, null, 2)}\n`);
}

async function photograph({ page }: Visitor, view: string, { width, scheme }: Look): Promise<void> {
  if (SCREENSHOTS === null) return;
  if (width === undefined || !PICTURES[width]?.includes(view)) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  // A shop sees it in daylight.
  const isDark = scheme === 'dark' && view !== 'shop';
  await page.emulateMedia({ colorScheme: isDark ? 'dark' : 'light' });
  const name = `${view}${width === 360 ? '-phone' : ''}${isDark ? '-dark' : ''}.png`;
  await page.mouse.move(0, 0);
  taken.add(name);
  writeFileSync(path.join(SCREENSHOTS, name), await page.screenshot());
}
