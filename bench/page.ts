/** Part 8: what a search on the operator's page costs among a thousand organizations, and among thirty. */
import path from 'node:path';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { launch } from '../test/browser/browser.js';
import { median, rotated } from './numbers.js';
import type { PartResult, Sizes } from './parts.js';
import { API_KEY, ServiceSide, type House } from './sides.js';

const FEW = 30;
const MANY = 1000;
/** What is looked for, one after another, in each round; all of it is among the few as well. */
const WANTED = ['shop-7', 'shop-12', 'SHOP-29', 'shop-3', 'shop-21'];

/** A service that knows so many organizations. They are stopped: held and shown like any other, without a pairing. */
async function serviceThatKnows({ urls, directory }: House, count: number): Promise<ServiceSide> {
  const folder = path.join(directory, `knows-${count}`);
  const name = `${count} organizations`;
  await (await ServiceSide.start(name, folder, urls)).stop();
  const register = new Database(path.join(folder, 'data', 'service.sqlite'));
  const insert = register.prepare("INSERT INTO organizations VALUES (?, 'stopped')");
  register.transaction(() => {
    for (let n = 0; n < count; n += 1) insert.run(`shop-${n}`);
  })();
  register.close();
  return ServiceSide.start(name, folder, urls);
}

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('input[type=password]').fill(API_KEY);
  await page.locator('button[type=submit]').click();
  await page
    .locator('.organization')
    .nth(FEW - 1)
    .waitFor();
}

/** ms from the letters to the picture. */
function search(page: Page, wanted: string): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const input = document.querySelector('input[type=search]');
    const began = performance.now();
    const look = () => {
      const first = document.querySelector('.organization h2 a');
      if (first?.textContent.endsWith(${JSON.stringify(wanted.toLowerCase())})) resolve(performance.now() - began);
      else requestAnimationFrame(look);
    };
    input.value = ${JSON.stringify(wanted)};
    input.dispatchEvent(new Event('input', { bubbles: true }));
    look();
  })`);
}

export async function pageSearch(house: House, { rounds }: Sizes): Promise<PartResult> {
  const services = [await serviceThatKnows(house, FEW), await serviceThatKnows(house, MANY)];
  const browser = await launch();
  const took: number[][] = services.map(() => []);
  try {
    const pages = await Promise.all(services.map(() => browser.newPage()));
    for (const [index, page] of pages.entries()) await signIn(page, (services[index] as ServiceSide).address);
    const turns = pages.map((page, index) => async () => {
      await page.bringToFront();
      for (const wanted of WANTED) (took[index] as number[]).push(await search(page, wanted));
    });
    for (let round = 0; round < rounds; round += 1) for (const turn of rotated(turns, round)) await turn();
  } finally {
    await browser.close();
    for (const service of services) await service.stop();
  }
  const [few, many] = took.map(median) as [number, number];
  return {
    title: '8. A search on the page, from the letters to the picture',
    columns: ['', 'median ms', 'slowest ms'],
    rows: services.map(({ name }, index) => [
      name,
      Math.round(median(took[index] as number[])),
      Math.round(Math.max(...(took[index] as number[]))),
    ]),
    targets: [
      { what: 'among 1,000', wanted: '<= 200 ms', got: `${Math.round(many)} ms`, holds: many <= 200 },
      { what: '1,000 : 30', wanted: '<= 2', got: (many / few).toFixed(2), holds: many / few <= 2 },
    ],
  };
}
