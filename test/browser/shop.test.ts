import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

const PHONE = '573001112233';

describeInBrowser('the link for the shop', () => {
  let browser: Browser;
  let stage: Stage;
  let shop: Visitor;
  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    stage = await Stage.set();
    shop = await Visitor.come(browser, stage, { width: 360, height: 740, locale: 'es-CO' });
  });
  afterEach(async () => {
    await shop.leave();
    await stage.end();
  });
  afterAll(() => browser.close());

  it('is made on the page, opens once, shows only the QR, and says when it is done', async () => {
    await stage.api.ready('7');
    const operator = await Visitor.come(browser, stage);
    await operator.signIn('#/organizations/7');
    await operator.page.getByText('Somebody else holds the phone?').click();
    await operator.page.getByLabel('Valid for').selectOption('15');
    await operator.button('Make a link').click();
    const url = await operator.page.getByLabel('Link for the shop').inputValue();
    await operator.sees(/Opens once, until/);

    await shop.page.goto(url);
    await shop.sees('Vincule el WhatsApp de la organización 7 con este código.');
    expect(shop.page.url()).toBe(`${stage.api.url}/shop`);
    expect(await shop.tooWide()).toBeLessThanOrEqual(0);

    // Nothing else can be reached with it.
    for (const path of [
      '/api/sessions',
      '/api/status/7',
      '/api/qr/7',
      '/api/events',
      '/api/messages?organization_id=7',
    ]) {
      const { status } = await shop.page.evaluate<{ status: number }>(
        `fetch('${path}').then(({ status }) => ({ status }))`,
      );
      expect([path, status]).toEqual([path, 401]);
    }
    shop.problems.length = 0;

    // Loading it again is no second opening.
    await shop.page.reload();
    await stage.whatsapp.phone(PHONE).scanQrPicture(await shop.photographQr());
    await shop.sees('¡Listo!');
    await shop.sees(`El teléfono ${PHONE} está vinculado.`);
    await operator.seesStatus('Connected');
    await operator.sees(`The phone ${PHONE} is linked.`);
    expect(shop.problems).toEqual([]);
    expect(operator.problems).toEqual([]);
    await operator.leave();

    const stranger = await Visitor.come(browser, stage, { locale: 'en-US' });
    await stranger.page.goto(url);
    await stranger.sees('This link does not work any more.');
    await stranger.sees('Ask the person who sent it for a new one.');
    expect(await stranger.page.locator('img.qr').count()).toBe(0);
    await stranger.leave();
  });

  it('takes a code on the phone itself, where no camera can see the screen', async () => {
    const { body } = await stage.api.post('/api/shop-links', { organization_id: '8' });
    await shop.page.goto(body.url);
    await shop.page.getByLabel('Número de ese teléfono, con código de país').fill(PHONE);
    await shop.button('Pedir un código').click();
    const code = await shop.page.locator('.code').innerText();
    await stage.whatsapp.phone(PHONE).enterPairingCode(code.replace('-', ''));
    await shop.sees('¡Listo!');
    expect(shop.problems).toEqual([]);
  });

  it('without a link says where to get one', async () => {
    await shop.page.goto(`${stage.api.url}/shop`);
    await shop.sees('Abra esta página con el enlace que le enviaron.');
  });
});
