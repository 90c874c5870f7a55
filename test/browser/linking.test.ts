import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001112244';
const CUSTOMER = '573109998877';

describeInBrowser('linking a phone on the page', () => {
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

  it('goes from a new organization over the QR on screen to a test message that is delivered, all live', async () => {
    await visitor.signIn();
    await visitor.button('New organization').click();
    await visitor.page.getByLabel('Organization id').fill('salon-norte');
    await visitor.button('Start').click();

    await visitor.page.getByRole('heading', { name: 'Organization salon-norte' }).waitFor();
    await visitor.seesStatus('Waiting for the scan');
    const first = await visitor.photographQr();
    await visitor.sees(/A new code comes in \d+ s/);
    await stage.whatsapp.phone(PHONE).scanQrPicture(first);

    await visitor.sees(`The phone ${PHONE} is linked.`);
    await visitor.seesStatus('Connected');

    const send = visitor.panel('Send a test message');
    await send.getByLabel('To the number').fill(CUSTOMER);
    const text = stage.text();
    await send.getByLabel('Message').fill(text);
    await send.getByRole('button', { name: 'Send' }).click();
    await send.locator('.badge', { hasText: 'Delivered' }).waitFor();
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);

    await visitor.page.getByRole('link', { name: 'Messages' }).click();
    const messages = visitor.panel('Messages');
    await messages.locator('.message', { hasText: CUSTOMER }).getByText('Delivered').first().waitFor();
    await messages.getByLabel('State').selectOption('failed');
    await visitor.sees('No message fits.');
    await messages.getByLabel('State').selectOption('');
    await messages.getByLabel('Phone number or message id').fill('573109990000');
    await messages.getByRole('button', { name: 'Search' }).click();
    await visitor.sees('No message fits.');
    await messages.getByLabel('Phone number or message id').fill(CUSTOMER);
    await messages.getByRole('button', { name: 'Search' }).click();
    await messages.locator('.message', { hasText: CUSTOMER }).waitFor();
    // The service never tells texts, and so the page cannot.
    expect(await visitor.page.content()).not.toContain(text);
    expect(visitor.problems).toEqual([]);
  });

  it('works with a code instead of the camera', async () => {
    await visitor.signIn();
    await stage.api.ready('3');
    await visitor.open('#/organizations/3');
    await visitor.page.getByText('Without a camera: with a code').click();
    await visitor.page.getByLabel('Number of that phone, with country code').fill(OTHER_PHONE);
    await visitor.button('Get a code').click();
    const code = await visitor.page.locator('.code').innerText();
    expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await stage.whatsapp.phone(OTHER_PHONE).enterPairingCode(code.replace('-', ''));
    await visitor.sees(`The phone ${OTHER_PHONE} is linked.`);
    expect(visitor.problems).toEqual([]);
  });

  it('watches Bad MACs being counted, the session clean itself, and the scan that heals it', async () => {
    await stage.pair('2', PHONE);
    await stage.receive(PHONE, CUSTOMER);
    await visitor.signIn('#/organizations/2');
    const health = visitor.panel('Health');
    await visitor.sees('0 of 3 within 30 s', health);

    stage.whatsapp.mishaps.badMac(PHONE, 3);
    const customer = stage.whatsapp.customer(CUSTOMER);
    for (const count of [1, 2]) {
      await customer.write(PHONE, stage.text());
      await visitor.sees(`${count} of 3 within 30 s`, health);
    }
    await visitor.sees('Faults are being counted.', health);
    await customer.write(PHONE, stage.text());

    await visitor.seesStatus('Waiting for the scan');
    await visitor.sees('Cleaned (unreadable messages)');
    await visitor.sees('1 of 3', health);
    await stage.whatsapp.phone(PHONE).scanQrPicture(await visitor.photographQr());
    await visitor.sees(`The phone ${PHONE} is linked.`);
    await visitor.sees('Healthy: no faults are counted.', health);

    await visitor.page.getByRole('link', { name: 'Charts' }).click();
    const faults = visitor.panel('Faults');
    await faults.locator('.legend li', { hasText: 'Bad MAC 3' }).waitFor();
    await visitor.panel('Reconnections and cleanings').locator('.legend li', { hasText: 'Cleanings 1' }).waitFor();
    await visitor.page.getByRole('link', { name: 'Keys and backups' }).click();
    await visitor.panel('Backups').locator('.backup', { hasText: 'unreadable messages' }).waitFor();
    expect(visitor.problems).toEqual([]);
  });
});

describeInBrowser('a QR that nobody scans', () => {
  it('is followed by the next by itself, also into a new pairing; the one on the screen links', async () => {
    // Six codes of a pairing: six seconds instead of three minutes.
    const stage = await Stage.set({ env: { QR_TIMEOUT: '1000' } });
    const browser = await launch();
    try {
      const visitor = await Visitor.come(browser, stage);
      await stage.api.ready('2');
      await visitor.signIn('#/organizations/2');
      const qr = visitor.page.locator('img.qr');
      const first = await qr.getAttribute('src');
      await visitor.page.locator(`img.qr:not([src="${first}"])`).waitFor();

      // Nobody but the page asks for another pairing.
      await stage.log.until('qr_ready', { org: '2', count: 2 });
      // Who is too slow for one code scans the next.
      for (let tries = 1, linked = false; !linked; tries += 1) {
        const scanned = stage.whatsapp.phone(PHONE).scanQrPicture(await visitor.photographQr());
        linked = await scanned.then(
          () => true,
          (error: unknown) => {
            if (tries === 10) throw error;
            return false;
          },
        );
      }
      await visitor.sees(`The phone ${PHONE} is linked.`);
      expect(visitor.problems).toEqual([]);
    } finally {
      await browser.close();
      await stage.end();
    }
  });
});
