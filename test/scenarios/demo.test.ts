import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
/** What `npm run demo` runs, without npm in between. */
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { demo: string } };
const [, ...DEMO] = scripts.demo.split(' ');
/** Each of these starts a demo of its own, which tells the whole story first. */
const TIME_LIMIT = 180_000;
/** What a passer-by would paste: whole lines under a `#` heading. */
const COMMAND = /^ {3}((?:curl|for) .*)$/gm;

/** `npm run demo` as a process of its own, started as npm starts it. */
class Demo {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(words: string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [...DEMO, ...words], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a signal reaches it as Ctrl+C in a terminal does: all of it.
      detached: true,
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
    const read = (chunk: string): void => {
      this.output += chunk;
      this.child.emit('output');
    };
    this.child.stdout?.setEncoding('utf8').on('data', read);
    this.child.stderr?.setEncoding('utf8').on('data', read);
  }

  async until(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      const ended = await Promise.race([once(this.child, 'output'), this.ended.then(() => 'ended' as const)]);
      if (ended === 'ended' && !this.output.includes(text)) throw new Error(`ended without "${text}":\n${this.output}`);
    }
  }

  interrupt(): void {
    process.kill(-(this.child.pid ?? 0), 'SIGINT');
  }

  kill(): void {
    if (this.child.exitCode === null) process.kill(-(this.child.pid ?? 0), 'SIGKILL');
  }

  get folder(): string {
    return /folders +(\S+)/.exec(this.output)?.[1] ?? '';
  }

  /** The lines under this heading. */
  commands(heading: string): string[] {
    const part = this.output.split(/^ {3}# /m).find((one) => one.startsWith(heading));
    if (!part) throw new Error(`the demo shows nothing about "${heading}"`);
    return [...part.matchAll(COMMAND)].map(([, line]) => line ?? '');
  }

  /** Pastes those lines into bash, one after another; answers with what they printed. */
  async paste(heading: string): Promise<string> {
    let printed = '';
    for (const line of this.commands(heading)) {
      printed += (await run('bash', ['-o', 'pipefail', '-c', line], { env: { PATH: process.env.PATH } })).stdout;
    }
    return printed;
  }

  /** Pastes until the answer says this; things take a moment. */
  async pasteUntil(heading: string, expected: string): Promise<string> {
    for (let tries = 0; tries < 100; tries++) {
      const printed = await this.paste(heading);
      if (printed.includes(expected)) return printed;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`"${heading}" never answered ${expected}`);
  }
}

describe('npm run demo', { timeout: TIME_LIMIT }, () => {
  let demo: Demo | undefined;
  afterEach(() => demo?.kill());

  it('--once tells the whole story, ends with 0 and leaves nothing behind', async () => {
    demo = new Demo(['--once']);
    const code = await demo.ended;
    const { output } = demo;
    expect(code, output).toBe(0);
    const told = [
      'status qr_ready: WhatsApp gave a QR',
      '██ ▄▄▄▄▄ █',
      'the phone read the QR from the PNG',
      '515 "restart required"',
      'reads: "Hello Ana, your appointment on Monday at 10:30 is confirmed."',
      'the service could decrypt it',
      'one login, no scan',
      'org_id_2 fault_counted: bad_mac 3 of 3',
      'org_id_2 session_cleaned: Limit reached (3 bad_mac, 0 stream_error)',
      'reason bad_mac',
      'accepted (202, status queued)',
      'with a QR of new keys',
      'verdict healthy, all counters zero',
      'reads: "Hello Ana, your appointment moved to eleven, as you wished."',
      'tried once',
      'reads: "We are back. See you on Monday at eleven."',
      'Everything held',
    ];
    let from = 0;
    for (const sentence of told) {
      const at = output.indexOf(sentence, from);
      expect(at, `"${sentence}" in its place in\n${output}`).toBeGreaterThanOrEqual(from);
      from = at;
    }
    expect(output).not.toContain('✗');
    // Nobody looks at a terminal here: no colours.
    expect(output).not.toContain('\x1b');
    expect(demo.folder).not.toBe('');
    expect(existsSync(demo.folder)).toBe(false);
  });

  it('ends with 1 and says what did not hold', async () => {
    // One more than the story's three, so that the session does not clean itself.
    demo = new Demo(['--once'], { BAD_MAC_ERROR_LIMIT: '4' });
    expect(await demo.ended).toBe(1);
    expect(demo.output).toContain('✗ the session cleans itself after three Bad MACs: this did not come about');
    expect(demo.output).toContain('fault_counted: bad_mac 3 of 4');
    expect(demo.output).not.toContain('Everything held');
    expect(existsSync(demo.folder)).toBe(false);
  });

  it('refuses what it does not know', async () => {
    demo = new Demo(['--twice']);
    expect(await demo.ended).toBe(2);
    expect(demo.output).toContain('does not know "--twice"');
  });

  it('stays up, every line that it shows works as it stands, and Ctrl+C ends it', async () => {
    demo = new Demo([]);
    await demo.until('Ctrl+C ends everything');

    expect(JSON.parse(await demo.paste('How is it?'))).toMatchObject({ status: 'connected' });
    const sent = await demo.paste('Send a message');
    expect(sent).toContain('"success":true');
    expect(sent).toContain('"status":"sent"');
    expect(sent).toContain('Your table is reserved.');
    expect(await demo.paste('What became')).toContain('"status":"delivered"');
    expect(await demo.paste('Write as the customer')).toContain('"id":');

    await demo.paste('Corrupt it');
    await demo.until('session_cleaned: Limit reached (3 bad_mac');
    await demo.pasteUntil('How is it?', '"status":"qr_ready"');
    const accepted = JSON.parse(await demo.paste('Send a message all the same')) as { message_id: string };
    expect(accepted).toMatchObject({ success: true, status: 'queued' });
    expect(await demo.paste('Scan the QR')).toContain('"deviceJid":"573001112233:');
    await demo.pasteUntil('How is it?', '"status":"connected"');
    await demo.pasteUntil('What became', `"message_id":"${accepted.message_id}"`);
    // Pasted again, it is the same message under the same key.
    const again = JSON.parse(await demo.pasteUntil('Send a message all the same', '"status":"')) as object;
    expect(again).toMatchObject({ success: true, message_id: accepted.message_id });

    expect(JSON.parse(await demo.paste('Clean it by hand'))).toMatchObject({ success: true, status: 'qr_ready' });
    const restored = await demo.paste('Bring back');
    expect(restored).toContain('"reason":"forced"');
    expect(restored).toContain('"success":true');
    await demo.pasteUntil('How is it?', '"status":"connected"');
    expect(await demo.paste('Send a message')).toContain('"success":true');
    expect(await demo.paste('What else')).toContain('POST /admin/mishaps/NAME');

    demo.interrupt();
    expect(await demo.ended).toBe(0);
    expect(existsSync(demo.folder)).toBe(false);
  });

  it('Ctrl+C in the middle of the story ends it at once', async () => {
    demo = new Demo([]);
    await demo.until('1. Organization');
    demo.interrupt();
    expect(await demo.ended).toBe(130);
    expect(existsSync(demo.folder)).toBe(false);
  });
});
