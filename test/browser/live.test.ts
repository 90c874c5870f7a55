import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001112244';
const CUSTOMER = '573109998877';

describeInBrowser('all organizations on the page', () => {
  let browser: Browser;
  let stage: Stage;
  let visitor: Visitor;
  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    stage = await Stage.set({ env: { HEALTH_STABLE_AFTER: '100000' } });
    visitor = await Visitor.come(browser, stage);
  });
  afterEach(async () => {
    await visitor.leave();
    await stage.end();
  });
  afterAll(() => browser.close());

  const card = (id: string) =>
    visitor.page.locator('.organization').filter({ has: visitor.page.getByRole('link', { name: id, exact: false }) });

  it('follow what happens without a reload, and are found by id and by phone', async () => {
    await visitor.signIn();
    await visitor.sees('There is no organization yet.');

    await stage.pair('salon-norte', PHONE);
    await card('salon-norte').getByText('Connected', { exact: true }).waitFor();
    await card('salon-norte').getByText(PHONE).waitFor();
    await card('salon-norte').getByText('Bad MAC 0/3').waitFor();
    await stage.api.ready('spa-7');
    await card('spa-7').getByText('Waiting for the scan').first().waitFor();
    await card('spa-7').getByText('Scan the QR with the phone of the shop.').waitFor();

    await stage.api.stop('salon-norte');
    await card('salon-norte').getByText('Stopped', { exact: true }).waitFor();
    await stage.api.send('salon-norte', CUSTOMER, stage.text(), { wait_ms: 0 });
    await stage.api.start('salon-norte');
    await card('salon-norte').getByText('Connected', { exact: true }).waitFor();

    await stage.pair('barberia', OTHER_PHONE);
    stage.whatsapp.mishaps.badMac(OTHER_PHONE, 1);
    await stage.whatsapp.customer(CUSTOMER).write(OTHER_PHONE, stage.text());
    await card('barberia').getByText('Bad MAC 1/3').waitFor();

    const search = visitor.page.getByLabel('Search by id or phone');
    await search.fill('SPA');
    await card('salon-norte').waitFor({ state: 'detached' });
    expect(await visitor.page.locator('.organization').count()).toBe(1);
    await search.fill('+57 300 1112233');
    await card('spa-7').waitFor({ state: 'detached' });
    await card('salon-norte').waitFor();
    await search.fill('nobody');
    await visitor.sees('Nothing fits the search.');
    await visitor.button('Show all').click();
    await visitor.page.getByRole('button', { name: /^To scan/ }).click();
    await card('salon-norte').waitFor({ state: 'detached' });
    await card('spa-7').getByRole('link').click();
    await visitor.page.getByRole('heading', { name: 'Organization spa-7' }).waitFor();
    // Whoever cannot see the page change is at its heading.
    await visitor.page.locator('h1:focus', { hasText: 'Organization spa-7' }).waitFor();
    expect(visitor.problems).toEqual([]);
  });

  it('list messages and history page by page, live, and take back what waits', async () => {
    await stage.pair('2', PHONE);
    const before = Array.from({ length: 55 }, (_, number) => `5731000000${String(number).padStart(2, '0')}`);
    for (const phone of before) await stage.api.send('2', phone, stage.text(), { wait_ms: 0 });
    await stage.api.stop('2');
    await visitor.signIn('#/organizations/2/messages');
    const messages = visitor.page.locator('.message');
    await messages.nth(49).waitFor();
    expect(await messages.count()).toBe(50);
    await visitor.button('Show older ones').click();
    await messages.nth(54).waitFor();
    await visitor.page.getByText('Show older ones').waitFor({ state: 'detached' });

    await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0 });
    await messages.filter({ hasText: CUSTOMER }).waitFor();
    const phones = await visitor.page.locator('.message-phone').allInnerTexts();
    expect(phones).toEqual([CUSTOMER, ...before.reverse()]);
    await visitor.button(`Take back the message to ${CUSTOMER}`).click();
    await messages.first().getByText('Cancelled').first().waitFor();
    await messages.first().getByText('It was cancelled by request.').waitFor();
    expect(await messages.count()).toBe(56);

    await visitor.page.getByRole('link', { name: 'History' }).click();
    await visitor.page.locator('.event').nth(59).waitFor();
    expect(await visitor.page.locator('.event').count()).toBe(60);
    await visitor.button('Show older ones').click();
    await visitor.page.locator('.event').nth(60).waitFor();
    await visitor.button('Session').click();
    await visitor.sees('Stopped (before: Connected)');
    expect(visitor.problems).toEqual([]);
  });

  it('say when the service cannot be reached, and recover by themselves', async () => {
    await stage.pair('2', PHONE);
    await visitor.signIn();
    await card('2').getByText('Connected', { exact: true }).waitFor();
    const { port } = new URL(stage.api.url);

    await stage.stopService();
    await visitor.sees('No connection to the service.');
    await stage.startService({ PORT: port });
    await visitor.page.getByText('No connection to the service.').waitFor({ state: 'detached' });
    await stage.api.stop('2');
    // Who is signed in is not known after a restart of the service, or still is; both are said.
    await visitor.page
      .getByText('Your session has ended.')
      .or(card('2').getByText('Stopped', { exact: true }))
      .waitFor();
  });

  it('speak the chosen language and wear the chosen colours, also after a reload', async () => {
    await stage.pair('2', PHONE);
    await visitor.signIn();
    await visitor.button('Español').click();
    await visitor.page.getByRole('heading', { name: 'Organizaciones' }).waitFor();
    await card('2').getByText('Conectada', { exact: true }).waitFor();
    expect(await visitor.page.evaluate('document.documentElement.lang')).toBe('es');
    await visitor.button(/^Colores: los del sistema/).click();
    await visitor.button(/^Colores: claros/).click();
    const ground = 'getComputedStyle(document.body).backgroundColor';
    const colour = await visitor.page.evaluate(ground);
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: 'Organizaciones' }).waitFor();
    expect(await visitor.page.evaluate(ground)).toBe(colour);
    expect(colour).toBe('rgb(15, 21, 19)');
    expect(visitor.problems).toEqual([]);
  });
});
