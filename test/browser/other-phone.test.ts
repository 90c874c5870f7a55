import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001112244';
const CUSTOMER = '573109998877';
const STRANGER = '573109998866';

describeInBrowser('messages for another phone, and no new customers, on the page', () => {
  let browser: Browser;
  let stage: Stage;
  beforeAll(async () => {
    browser = await launch();
  });
  afterEach(() => stage.end());
  afterAll(() => browser.close());

  it('a person reads which phones, is told what each button does, and sends them', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.api.stop('2');
    const text = stage.text();
    await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
    await stage.api.forceClean('2');
    const visitor = await Visitor.come(browser, stage);
    await visitor.signIn('#/organizations/2');
    await stage.scan('2', OTHER_PHONE);
    const { page } = visitor;
    await page.getByText(/phone …2244 was linked last; messages .* to the phone …2233 wait, 1 in all/).waitFor();
    await page.getByRole('button', { name: 'Cancel them…' }).click();
    await page.getByText('are taken back and not sent').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Send all the same…' }).click();
    await page.getByText('leave from the phone that is linked now').waitFor();
    await page.getByRole('button', { name: 'Send all the same', exact: true }).click();
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    await page.getByRole('button', { name: 'Send all the same…' }).waitFor({ state: 'detached' });
    await page.getByText('The messages of the former phone leave from the phone that is linked now.').waitFor();
    expect(visitor.problems).toEqual([]);
    await visitor.leave();
  });

  it('the pause of first contacts is said with its end, and is gone when it is over', async () => {
    stage = await Stage.set({ env: { FIRST_CONTACT_PAUSE: '6000' } });
    await stage.pair('2', PHONE);
    const visitor = await Visitor.come(browser, stage);
    await visitor.signIn('#/organizations/2');
    await visitor.seesStatus('Connected');
    const paused = visitor.page.getByText(/no new customers are written to until \d/);
    expect(await paused.count()).toBe(0);
    stage.whatsapp.mishaps.refuseAcks(PHONE, 463);
    await stage.api.send('2', STRANGER, stage.text());
    await paused.waitFor();
    await paused.waitFor({ state: 'detached' });
    expect(visitor.problems).toEqual([]);
    await visitor.leave();
  });
});
