import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

const PHONE = '573001112233';

describeInBrowser('what holds up an organization, on the page', () => {
  let browser: Browser;
  let stage: Stage;
  beforeAll(async () => {
    browser = await launch();
  });
  afterEach(() => stage.end());
  afterAll(() => browser.close());

  it('is said in a sentence while it lasts', async () => {
    stage = await Stage.set({ env: { QUERY_TIMEOUT: '60000' } });
    await stage.pair('2', PHONE);
    const visitor = await Visitor.come(browser, stage);
    await visitor.signIn('#/organizations/2');
    await visitor.seesStatus('Connected');
    const held = visitor.page.getByText('WhatsApp has not completed the login yet.');
    expect(await held.count()).toBe(0);
    stage.whatsapp.mishaps.muteQueries(PHONE, { xmlns: 'encrypt' });
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_held_up', { org: '2' });
    await held.waitFor();
    stage.whatsapp.mishaps.muteQueries(PHONE, { on: false });
    stage.whatsapp.mishaps.cut(PHONE);
    await visitor.seesStatus('Connected');
    await held.waitFor({ state: 'detached' });
    expect(visitor.problems).toEqual([]);
    await visitor.leave();
  });
});
