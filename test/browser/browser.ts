import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { describe } from 'vitest';
import type { Stage } from '../stage/stage.js';

/** Real Chromium, from Debian's package. `CHROMIUM_PATH` names another one, and then only that one will do. */
const PLACES = process.env.CHROMIUM_PATH
  ? [process.env.CHROMIUM_PATH]
  : ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** ms until something that is awaited on the page must be there; the machine may be busy. */
const PATIENCE = 30_000;

const executablePath = PLACES.find((place) => existsSync(place));
const MISSING =
  'The browser tests need Chromium, and there is none: `apt-get install chromium`, ' +
  'or set CHROMIUM_PATH to one that is installed.';

/**
 * Tests in a real browser. Without one they are skipped, and the reason is said; in continuous integration (`CI=true`)
 * they fail, for there nobody would notice.
 */
export function describeInBrowser(name: string, tests: () => void): void {
  if (executablePath !== undefined) {
    describe(name, tests);
  } else if (process.env.CI) {
    throw new Error(MISSING);
  } else {
    process.stderr.write(`\n${MISSING} Skipped: ${name}\n`);
    describe.skip(`${name} (${MISSING})`, tests);
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? 'chromium', args: FLAGS });
}

export interface Look {
  width?: number;
  height?: number;
  scheme?: 'light' | 'dark';
  locale?: 'es-CO' | 'en-US';
}

/**
 * Somebody with a browser of her own: nothing is shared with other visitors. Notes everything that a browser complains
 * of.
 */
export class Visitor {
  /**
   * Errors on the console (with those of the Content-Security-Policy), in the page's code, and requests that failed or
   * left this service.
   */
  readonly problems: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly stage: Stage,
  ) {}

  static async come(browser: Browser, stage: Stage, look: Look = {}): Promise<Visitor> {
    const { width = 1280, height = 800, scheme = 'light', locale = 'en-US' } = look;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      locale,
      timezoneId: 'America/Bogota',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const visitor = new Visitor(context, page, stage);
    const service = stage.api.url;
    page.on('console', (message) => {
      const { url } = message.location();
      if (message.type() === 'error') visitor.note(`console: ${message.text()} ${url}`);
    });
    page.on('pageerror', (error) => visitor.note(`page: ${error.stack ?? error.message}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(service) && !request.url().startsWith('data:')) {
        visitor.note(`asked elsewhere: ${request.url()}`);
      }
    });
    page.on('requestfailed', (request) => {
      // The page itself breaks off what it no longer needs.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') visitor.note(`failed: ${request.url()}`);
    });
    return visitor;
  }

  private note(problem: string): void {
    this.problems.push(problem);
  }

  /** Opens the operator's page and signs in, as a person does. */
  async signIn(hash = ''): Promise<void> {
    await this.open(hash);
    await this.page.locator('input[type=password]').fill(this.stage.key);
    await this.page.locator('button[type=submit]').click();
    await this.page.locator('header button').nth(2).waitFor();
  }

  async open(hash = ''): Promise<void> {
    await this.page.goto(`${this.stage.api.url}/${hash}`);
  }

  /** What is shown under a heading. */
  panel(title: string): Locator {
    return this.page.getByRole('region', { name: title, exact: true });
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Waits until a text can be seen; parts of a sentence are enough. */
  async sees(text: string | RegExp, within: Page | Locator = this.page): Promise<void> {
    await within.getByText(text).filter({ visible: true }).first().waitFor();
  }

  /** The status as a badge says it. */
  async seesStatus(word: string): Promise<void> {
    await this.page.locator('.status-panel .badge', { hasText: word }).waitFor();
  }

  /** The QR as it stands on the screen. */
  async photographQr(): Promise<Buffer> {
    const qr = this.page.locator('img.qr');
    await qr.waitFor();
    return qr.screenshot();
  }

  /** Pixels by which the page is wider than the window. */
  async tooWide(): Promise<number> {
    return Number(await this.page.evaluate('document.documentElement.scrollWidth - window.innerWidth'));
  }

  /** What axe-core finds, one line for each rule with the elements that break it. */
  async accessibilityFaults(): Promise<string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate<string[]>(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map(({ id, help, nodes }) => {
          const places = nodes.map(({ html, failureSummary }) => html.slice(0, 160) + ' ' + failureSummary);
          return id + ': ' + help + ' ' + places.join(' | ');
        }))`,
    );
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}

/** Given to the debugger and not to the page, so the page's Content-Security-Policy stays as it is. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
