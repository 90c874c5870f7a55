import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';
import { describeInBrowser, launch, Visitor } from './browser.js';

/** Somebody else's server: takes what is sent to it, as long as it wants to. */
class Receiver {
  status = 200;
  readonly types: string[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        this.types.push(String((JSON.parse(text) as { type?: unknown }).type));
        response.writeHead(this.status).end();
      });
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

describeInBrowser('webhooks on the page', () => {
  const receiver = new Receiver();
  let browser: Browser;
  let stage: Stage;
  let url: string;
  beforeAll(async () => {
    [browser, stage, url] = await Promise.all([
      launch(),
      Stage.set({ env: { WEBHOOK_ALLOW_PRIVATE: 'true' } }),
      receiver.open(),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await stage.end();
    await receiver.close();
  });

  it('are added with a secret that is shown once, tested, switched off, sent again and removed', async () => {
    const visitor = await Visitor.come(browser, stage);
    const { page } = visitor;
    await stage.pair('2', '573001112233');
    await visitor.signIn();
    await page.locator('.organization').waitFor();
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await visitor.sees('There is no webhook.');

    await visitor.button('Add a webhook').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address (https://…)').fill(url);
    await dialog.getByLabel('Events').fill('session.nonsense');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await dialog.locator('.field-fault').waitFor();
    visitor.problems.length = 0;
    await dialog.getByLabel('Events').fill('session.status');
    await dialog.getByRole('button', { name: 'Add' }).click();
    expect(await page.getByLabel('Secret', { exact: true }).inputValue()).toMatch(/^whsec_/);

    const webhook = visitor.panel(`Webhook ${url}`);
    await webhook.getByText('Not used yet').waitFor();
    await webhook.getByRole('button', { name: 'Send a test' }).click();
    await webhook.getByText(/The test arrived \(HTTP 200/).waitFor();
    receiver.status = 500;
    await webhook.getByRole('button', { name: 'Send a test' }).click();
    await webhook.getByRole('alert').filter({ hasText: /./ }).waitFor();

    // What waits while the receiver fails is given up when it is switched off, and sent again when it is back.
    await stage.api.stop('2');
    await webhook.getByText('Failing').waitFor();
    await webhook.getByRole('button', { name: 'Switch off' }).click();
    await webhook.getByText('Switched off').waitFor();
    await webhook.getByText(/given up/).click();
    await webhook.getByText('session.status').first().waitFor();
    await webhook.getByRole('button', { name: 'Switch on' }).click();
    receiver.status = 200;
    receiver.types.length = 0;
    await webhook.getByRole('button', { name: 'Send all again' }).click();
    await webhook.getByText('Works').waitFor();
    expect(receiver.types).toContain('session.status');
    expect(await visitor.accessibilityFaults()).toEqual([]);

    await page.reload();
    await webhook.waitFor();
    expect(await page.getByLabel('Secret', { exact: true }).count()).toBe(0);
    await webhook.getByRole('button', { name: 'Remove…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await visitor.sees('There is no webhook.');
    expect(visitor.problems).toEqual([]);
    await visitor.leave();
  });
});
