import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

const PHONE = '573001112233';

describeInBrowser('dangerous actions on the page', () => {
  let browser: Browser;
  let stage: Stage;
  let visitor: Visitor;
  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(async () => {
    stage = await Stage.set();
    visitor = await Visitor.come(browser, stage);
    await stage.pair('salon-2', PHONE);
    await visitor.signIn('#/organizations/salon-2/keys');
  });
  afterEach(async () => {
    await visitor.leave();
    await stage.end();
  });
  afterAll(() => browser.close());

  it('force-clean says what will happen, needs the right id, ends at a new QR; restore undoes it', async () => {
    const { page } = visitor;
    await visitor.button('Force-clean…').click();
    const dialog = page.getByRole('dialog', { name: 'Force-clean organization salon-2?' });
    await visitor.sees('The keys are set aside as a backup, if a phone was linked.', dialog);
    const id = dialog.getByLabel(/type the id of the organization/);
    const clean = dialog.getByRole('button', { name: 'Force-clean' });

    expect(await clean.isDisabled()).toBe(true);
    for (const wrong of ['salon-', 'SALON-2', 'salon-22', 'salon']) {
      await id.fill(wrong);
      expect(await clean.isDisabled()).toBe(true);
      await id.press('Enter');
    }
    expect((await stage.api.status('salon-2')).body.status).toBe('connected');
    expect(stage.log.events('session_cleaned')).toEqual([]);

    // Escape leaves everything as it was, and the focus goes back to the button.
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Force-clean…');

    await page.keyboard.press('Enter');
    await dialog.waitFor();
    // The focus is where the id is to be typed.
    await page.keyboard.type('salon-2');
    await page.keyboard.press('Enter');
    await visitor.seesStatus('Waiting for the scan');
    await page.locator('img.qr').waitFor();
    expect(stage.log.events('session_cleaned')).toHaveLength(1);

    await page.getByRole('link', { name: 'Keys and backups' }).click();
    const backup = visitor.panel('Backups').locator('.backup');
    await visitor.sees('by hand', backup);
    await visitor.sees(PHONE, backup);
    await backup.getByRole('button', { name: /Restore the backup of/ }).click();
    const restoring = page.getByRole('dialog', { name: 'Restore a backup of organization salon-2?' });
    await restoring.getByLabel(/type the id/).fill('salon-2');
    await restoring.getByRole('button', { name: 'Restore' }).click();
    await visitor.seesStatus('Connected');
    await visitor.sees('A backup was put back');
    expect(visitor.problems).toEqual([]);
  });

  it('logout needs the id as well, and says what is left', async () => {
    const { page } = visitor;
    await visitor.button('Log out…').click();
    const dialog = page.getByRole('dialog', { name: 'Log out organization salon-2?' });
    await dialog.getByLabel(/type the id/).fill('salon-2');
    await dialog.getByRole('button', { name: 'Log out' }).click();
    await visitor.seesStatus('Logged out');
    await visitor.sees('Logged out: WhatsApp unlinked this device, and its keys are removed.');
    await visitor.sees('No phone linked');
    expect(visitor.problems).toEqual([]);
  });

  it('what goes wrong in a dialog says so there, with what to do', async () => {
    await stage.api.forceClean('salon-2');
    const backup = visitor.panel('Backups').locator('.backup');
    await backup.getByRole('button', { name: /Restore the backup of/ }).click();
    const dialog = visitor.page.getByRole('dialog');
    await dialog.getByLabel(/type the id/).fill('salon-2');
    // Somebody else was faster.
    await stage.api.restore('salon-2');
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await visitor.sees(/no such backup|has no backups/, dialog);
    await visitor.sees('What to do:', dialog);
  });
});
