import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

describeInBrowser('signing in to the page', () => {
  let browser: Browser;
  let stage: Stage;
  let visitor: Visitor;
  beforeAll(async () => {
    [browser, stage] = await Promise.all([launch(), Stage.set()]);
  });
  afterEach(() => visitor.leave());
  afterAll(async () => {
    await browser.close();
    await stage.end();
  });

  it('takes the key once, keeps it nowhere in the browser, and lasts over a reload until signed out', async () => {
    visitor = await Visitor.come(browser, stage);
    const { page, context } = visitor;
    await visitor.open();
    const key = page.getByLabel('API key', { exact: true });

    await key.fill(`${stage.key}x`);
    await visitor.button('Sign in').click();
    await visitor.sees('The API key is wrong.');
    await visitor.sees('Copy the whole key');
    // The one thing that the browser says of itself about a 401.
    expect(visitor.problems.splice(0)).toEqual([expect.stringContaining('401')]);

    await key.fill(stage.key);
    await key.press('Enter');
    await visitor.sees('There is no organization yet.');
    await page.reload();
    await visitor.sees('There is no organization yet.');

    const cookies = await context.cookies();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookies[0]?.value).not.toContain(stage.key);
    const kept = String(
      await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])'),
    );
    expect(kept).not.toContain(stage.key);
    expect(page.url()).not.toContain(stage.key);

    await visitor.button('Sign out').click();
    await key.waitFor();
    await page.reload();
    await key.waitFor();
    expect(visitor.problems).toEqual([]);
  });

  it('works with a link out of the terminal, once, and the token leaves the address bar', async () => {
    const { body } = await stage.api.post('/api/sign-in-links', {});
    visitor = await Visitor.come(browser, stage, { locale: 'es-CO' });
    await visitor.page.goto(body.url);
    await visitor.sees('Todavía no hay organizaciones.');
    expect(visitor.page.url()).toBe(`${stage.api.url}/`);
    expect(visitor.problems).toEqual([]);

    await visitor.leave();
    visitor = await Visitor.come(browser, stage, { locale: 'es-CO' });
    await visitor.page.goto(body.url);
    await visitor.sees('Clave de API');
    await visitor.page.getByRole('alert').filter({ hasText: 'enlace' }).waitFor();
  });

  it('is asked for again when the sign-in ended meanwhile, and then shows what was asked for', async () => {
    await stage.api.ready('2');
    visitor = await Visitor.come(browser, stage);
    await visitor.signIn('#/organizations/2');
    await visitor.seesStatus('Waiting for the scan');
    await visitor.context.clearCookies();
    // Something happens, the page reads it, and is not let in.
    await stage.api.stop('2');
    await visitor.sees('Your session has ended.');
    await visitor.page.getByLabel('API key', { exact: true }).fill(stage.key);
    await visitor.button('Sign in').click();
    await visitor.page.getByRole('heading', { name: 'Organization 2' }).waitFor();
    await visitor.seesStatus('Stopped');
  });
});
