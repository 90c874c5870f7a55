import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Receiver } from '../stage/receiver.js';
import { Stage } from '../stage/stage.js';

const MAIN = path.resolve('dist/cli/main.js');
const HAS_ZSH = spawnSync('zsh', ['--version']).status === 0;
const PHONE = '573001112233';
const OTHER_PHONE = '573001112244';
const CUSTOMER = '573109998877';
const NOBODY = '573109990000';

/** A terminal's light and dark, as a camera sees them. */
function photograph(blocks: string): Buffer {
  const rows = blocks
    .split('\n')
    .flatMap((line) => [[...line].map((c) => '▀█'.includes(c)), [...line].map((c) => '▄█'.includes(c))]);
  const scale = 4;
  const width = Math.max(...rows.map((row) => row.length));
  const picture = new PNG({ width: width * scale, height: rows.length * scale });
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const isLight = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? false;
      picture.data.fill(isLight ? 255 : 0, (y * picture.width + x) * 4, (y * picture.width + x) * 4 + 3);
      picture.data[(y * picture.width + x) * 4 + 3] = 255;
    }
  }
  return PNG.sync.write(picture);
}

/** Every QR that was drawn so far, one after another. */
function drawnQrs(output: string): string[] {
  const lines = stripVTControlCharacters(output)
    .split(/\r?\n/)
    .map((line) => (/^[ ▀▄█]{20,}$/.test(line) ? line : ''));
  return lines
    .join('\n')
    .split(/\n{2,}/)
    .map((blocks) => blocks.replace(/^\n|\n$/g, ''))
    .filter((blocks) => blocks.split('\n').length > 20);
}

/** A pattern inside an object; a bare one would match everything there. */
const like = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** The first line of stdout. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any;
}

/** Everything that any of them wrote, to be searched for the key at the end. */
let written = '';

/** The program as a person or a script runs it. */
class Cli {
  stdout = '';
  stderr = '';
  private readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(file: string, words: string[], env: Record<string, string>, directory: string, input?: string) {
    this.child = spawn(file, words, {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', LANG: 'en_US.UTF-8', ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.end(input);
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
    const read = (name: 'stdout' | 'stderr') => (chunk: string) => {
      this[name] += chunk;
      written += chunk;
      this.child.emit('output');
    };
    this.child.stdout?.setEncoding('utf8').on('data', read('stdout'));
    this.child.stderr?.setEncoding('utf8').on('data', read('stderr'));
  }

  async until(holds: (cli: this) => boolean): Promise<void> {
    while (!holds(this)) {
      const ended = await Promise.race([once(this.child, 'output'), this.ended.then(() => 'ended' as const)]);
      if (ended === 'ended' && !holds(this)) throw new Error(`it ended:\n${this.stdout}\n${this.stderr}`);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async end(): Promise<Ended> {
    const exitCode = await this.ended;
    const { stdout, stderr } = this;
    const [line = ''] = stdout.split('\n');
    return { exitCode, stdout, stderr, json: line.startsWith('{') ? JSON.parse(line) : undefined };
  }
}

describe('the terminal program', { timeout: 120_000 }, () => {
  let stage: Stage;
  /** A folder that is not the service's, with nothing in it. */
  let elsewhere: string;

  beforeAll(async () => {
    stage = await Stage.set({ env: { QR_TIMEOUT: '6000', WEBHOOK_ALLOW_PRIVATE: 'true' } });
    elsewhere = mkdtempSync(path.join(tmpdir(), 'whatsapp-cli-'));
    stage.whatsapp.customer(NOBODY, { onWhatsApp: false });
  });
  afterAll(async () => {
    rmSync(elsewhere, { recursive: true, force: true });
    const { key } = stage;
    await stage.end();
    expect(written).not.toContain(key);
  });

  const environment = (): Record<string, string> => ({ API_KEY: stage.key, PORT: new URL(stage.api.url).port });
  const open = (words: string[], env = environment(), input?: string): Cli =>
    new Cli(process.execPath, [MAIN, ...words], env, elsewhere, input);
  const run = (...words: string[]): Promise<Ended> => open(words).end();
  const runWith = (input: string, ...words: string[]): Promise<Ended> => open(words, environment(), input).end();
  const statusOf = async (id: string): Promise<string> => (await stage.api.status(id)).body.status as string;

  it('finds nothing to show before anything is started, and says how to start', async () => {
    expect(await run('status')).toMatchObject({
      exitCode: 0,
      stdout: like(/No organization has a session.*start <org>/),
    });
    const unknown = await run('status', '2');
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stdout).toMatch(/not_started: .*\n(.*\n)*What to do: +Start one with `whatsapp-server start 2`/);
    const qr = await run('qr', '2');
    expect(qr).toMatchObject({ exitCode: 1, stdout: '' });
    expect(qr.stderr).toMatch(/That organization is not known here\.\n.*`whatsapp-server start 2`/);
  });

  it('starts, draws the QR, draws the next one when it runs out, and ends when a phone has scanned it', async () => {
    const started = await run('start', '2');
    expect(started).toMatchObject({ exitCode: 0, stderr: '' });
    expect(started.stdout).toMatch(/^qr_ready: A QR code is ready.*\n.*`whatsapp-server qr 2`/);

    const qr = open(['qr', '2']);
    // Twice, and to its last line.
    await qr.until(({ stdout }) => stdout.split('Ctrl+C ends.').length > 2);
    expect(new Set(drawnQrs(qr.stdout)).size).toBe(2);
    await stage.whatsapp.phone(PHONE).scanQrPicture(photograph(drawnQrs(qr.stdout).at(-1) as string));
    const { exitCode, stdout, stderr } = await qr.end();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain("On organization 2's phone: WhatsApp > Linked devices > Link a device.");
    expect(stdout).toMatch(new RegExp(`Connected with ${PHONE}\\.\n$`));

    // Once more: nothing to scan any more.
    expect(await run('qr', '2')).toMatchObject({ exitCode: 0, stdout: `Connected with ${PHONE}.\n` });
  });

  it.runIf(process.platform === 'linux')('draws in colours of its own in a terminal, in one place', async () => {
    await run('start', 'tty');
    const line = `stty cols 100 rows 50; ${process.execPath} ${MAIN} qr tty`;
    const qr = new Cli('script', ['-qec', line, '/dev/null'], { ...environment(), TERM: 'xterm' }, elsewhere, '');
    // Twice, and to its last line.
    await qr.until(({ stdout }) => stdout.split('Ctrl+C ends.').length > 2);
    expect(new Set(drawnQrs(qr.stdout)).size).toBe(2);
    const drawn = drawnQrs(qr.stdout).at(-1) as string;
    await stage.whatsapp.phone(OTHER_PHONE).scanQrPicture(photograph(drawn));
    const { exitCode, stdout } = await qr.end();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('\u001b[38;5;231;48;5;16m█');
    // Up over all that was drawn, and nothing more.
    const height = drawn.split('\n').length + 2;
    expect(stdout).toContain(`\u001b[${height}A\u001b[0J`);
    expect(stdout).toContain(`\u001b[32mConnected with ${OTHER_PHONE}.\u001b[0m`);
    await stage.api.logout('tty');
  });

  it('shows how it is: one, all, in Spanish, and as the very JSON of the service', async () => {
    const one = await run('status', '2');
    expect(one.exitCode).toBe(0);
    expect(one.stdout).toMatch(/^Status: +connected: The session is connected to WhatsApp\.\nPhone: +573001112233\n/);
    expect(one.stdout).toMatch(/Health: +healthy, bad_mac 0\/3, stream_error 0\/2\n/);
    const all = await run('status');
    expect(all.stdout).toMatch(/^ORGANIZATION +STATUS +PHONE +SINCE/);
    expect(all.stdout).toMatch(/^2 +connected +573001112233 +20\d\d-/m);
    expect((await run('status', '2', '--lang', 'es')).stdout).toMatch(/^Estado: +connected: La sesión está conectada/);
    const spanish = await open(['status', '2'], { ...environment(), LANG: 'es_CO.UTF-8' }).end();
    expect(spanish.stdout).toMatch(/Qué hacer: +No hace falta hacer nada/);
    expect((await run('status', '2', '--json')).json).toEqual((await stage.api.status('2')).body);
    expect((await run('status', '--json')).json).toEqual((await stage.api.get('/api/sessions')).body);
  });

  it('watches, and shows what changes', async () => {
    const watch = open(['status', '2', '--watch', '--interval', '1', '--json']);
    await watch.until(({ stdout }) => stdout.includes('"status":"connected"'));
    await stage.api.stop('2');
    await watch.until(({ stdout }) => stdout.includes('"status":"stopped"'));
    await stage.api.ready('2');
    await watch.until(({ stdout }) => stdout.trimEnd().split('\n').at(-1)?.includes('"status":"connected"') === true);
    watch.kill('SIGINT');
    expect((await watch.end()).exitCode).toBe(null);
  });

  it('sends, once under one key, and tells what became of it', async () => {
    const text = stage.text();
    const sent = await run('send', '2', '310 999 8877', text);
    expect(sent).toMatchObject({ exitCode: 0, stderr: '' });
    expect(sent.stdout).toMatch(/^(sent|delivered|read): Message sent|^(delivered|read): /);
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);

    const again = ['send', '2', CUSTOMER, stage.text(), '--idempotency-key', 'booking-1', '--ttl', '2h', '--json'];
    const [first, second] = [await run(...again), await run(...again)];
    expect(first.json).toMatchObject({ success: true });
    expect(second.json.message_id).toBe(first.json.message_id);

    const piped = stage.text('-- leído de la entrada');
    expect(await runWith(`${piped}\n`, 'send', '2', CUSTOMER, '-')).toMatchObject({ exitCode: 0 });
    await stage.whatsapp.customer(CUSTOMER).receivedText(piped);

    const id = first.json.message_id as string;
    const message = await run('message', id);
    expect(message.exitCode).toBe(0);
    expect(message.stdout).toMatch(new RegExp(`^Message: +${id}\nOrganization: +2\nPhone: +${CUSTOMER}\nStatus: `));
    expect((await run('message', id, '--json')).json).toMatchObject({ message_id: id, organization_id: '2' });
    // There are none of their texts.
    expect(message.stdout).not.toContain(again[3]);

    const list = await run('messages', '2');
    expect(list.stdout.split('\n')).toHaveLength(5);
    expect(list.stdout).toMatch(new RegExp(`^MESSAGE +PHONE +STATUS +ACCEPTED.*\n(.*\n)*${id} +${CUSTOMER} `));
    const newest = await run('messages', '2', '--limit', '1');
    expect(newest.stdout).not.toContain(id);
    expect(newest.stderr).toContain('The newest 1 of 3 are shown');
    expect((await run('messages', '2', '--phone', '3001112299', '--json')).json).toEqual({ messages: [], total: 0 });
    expect((await run('messages', '2', '--phone', '3001112299')).stdout).toBe('There are no such messages.\n');
  });

  it('makes a webhook, tests it, shows what was delivered, and removes it', async () => {
    expect((await run('webhooks', 'list')).stdout).toBe('There are no webhooks.\n');
    const backend = await Receiver.start();
    const added = await run('webhooks', 'add', backend.url, '--org', '2', '--events', 'message.received', '--json');
    expect(added).toMatchObject({ exitCode: 0, json: { organization_id: '2', event_types: ['message.received'] } });
    const { webhook_id: id, secret } = added.json as { webhook_id: string; secret: string };
    expect(await run('webhooks', 'test', id)).toMatchObject({
      exitCode: 0,
      stdout: like(/^The receiver took the test\.\n204, \d+ ms\n$/),
    });
    backend.verify(secret);
    await stage.receive(PHONE, CUSTOMER);
    await backend.until((came) => came.length >= 2, 'the event');
    const list = await run('webhooks', 'list');
    expect(list.stdout).toMatch(/^WEBHOOK +ORGANIZATION +ENABLED/);
    expect(list.stdout).toMatch(new RegExp(`^${id} +2 +yes +\\d +0 .*${backend.url}$`, 'm'));
    const deliveries = await run('webhooks', 'deliveries', id);
    expect(deliveries.stdout).toMatch(/^msg_\w+ +2 +message\.received +20/m);
    const one = /msg_\w+/.exec(deliveries.stdout)?.[0] as string;
    expect((await run('webhooks', 'redeliver', id, one)).exitCode).toBe(0);
    await backend.until((came) => came.filter((each) => each.id === one).length >= 2, 'the same again');
    expect((await run('webhooks', 'rotate', id)).stdout).toMatch(/\nSecret: whsec_/);
    await backend.close();
    const failed = await run('webhooks', 'test', id);
    expect(failed).toMatchObject({
      exitCode: 1,
      stdout: like(/did not take the test\.\n\d+ ms: The receiver could not/),
    });
    expect((await run('webhooks', 'disable', id)).stdout).toMatch(/ENABLED: +by_request/);
    expect((await run('webhooks', 'redeliver', id)).stderr).toContain('`whatsapp-server webhooks enable <webhook>`');
    expect((await run('webhooks', 'enable', id)).stdout).toMatch(/ENABLED: +yes/);
    expect((await run('webhooks', 'show', id)).stdout).toContain(backend.url);
    expect((await run('webhooks', 'show')).exitCode).toBe(2);
    expect((await run('webhooks', 'add', 'ftp://x')).exitCode).toBe(2);
    expect((await run('webhooks', 'remove', id)).exitCode).toBe(0);
    expect((await run('webhooks', 'show', id)).stderr).toContain('`whatsapp-server webhooks list`');
  });

  it('ends with 1 when a message will not arrive, and with 2 when it was written wrong', async () => {
    const nobody = await run('send', '2', NOBODY, stage.text());
    expect(nobody).toMatchObject({ exitCode: 1, stdout: '' });
    expect(nobody.stderr).toMatch(/^Error: That number is not on WhatsApp\.\nConfirm the number/);
    const { json } = await run('messages', '2', '--status', 'failed', '--json');
    expect((await run('message', json.messages[0].message_id as string)).exitCode).toBe(1);

    const wrong = await run('send', '2', 'not-a-phone', stage.text());
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toMatch(/^phone: This cannot be a phone number/m);
    expect((await run('send', '2', CUSTOMER, 'x', '--ttl', 'soon')).exitCode).toBe(2);
    expect((await run('send', '2', CUSTOMER, 'x', '--send-at', 'tomorrow')).exitCode).toBe(2);
    expect((await run('send', '2', CUSTOMER)).stderr).toMatch(
      /<message> is missing.*\nUsage: whatsapp-server send <org>/,
    );
    expect(await run('send', 'nobody', CUSTOMER, stage.text(), '--json')).toMatchObject({
      exitCode: 1,
      json: { code: 'session_not_started', status: 'not_started' },
    });
    expect(await run('message', '3EB0FFFFFFFFFFFFFFFFFF', '--json')).toMatchObject({
      exitCode: 1,
      // As the service says it; people read the command.
      json: { code: 'unknown_message', hint: like(/^GET \/api\/messages\?/) },
    });
  });

  it('schedules, replaces and cancels', async () => {
    const later = ['send', '2', CUSTOMER, stage.text(), '--send-at', '+2h', '--replace-key', 'booking:9'];
    const first = await run(...later, '--json');
    expect(first).toMatchObject({ exitCode: 0, json: { status: 'queued' } });
    const second = await run(...later);
    expect(second).toMatchObject({ exitCode: 0 });
    expect(second.stdout).toMatch(/^queued: .*\nThe message is scheduled and leaves at /);
    const [, id] = /`whatsapp-server message (\w+)`/.exec(second.stdout) as unknown as [string, string];
    expect((await run('message', first.json.message_id as string)).stdout).toMatch(/Status: +cancelled/);

    expect(await run('cancel', id)).toMatchObject({ exitCode: 0, stdout: like(/Status: +cancelled/) });
    const { json } = await run('messages', '2', '--status', 'read,delivered,sent', '--json');
    expect(await run('cancel', json.messages[0].message_id as string)).toMatchObject({
      exitCode: 1,
      stderr: like(/cannot be taken back/),
    });
  });

  it('stops, accepts what is sent meanwhile, and restarts', async () => {
    expect(await run('stop', '2')).toMatchObject({ exitCode: 0, stdout: like(/^Session stopped/) });
    expect((await run('status', '2')).exitCode).toBe(1);
    const qr = await run('qr', '2');
    expect(qr.exitCode).toBe(1);
    expect(qr.stderr).toMatch(/^Error: There is no QR code\. The session is stopped.*\n.*`whatsapp-server start 2`/);

    const text = stage.text();
    const waiting = await run('send', '2', CUSTOMER, text, '--wait', '2s');
    expect(waiting).toMatchObject({ exitCode: 0, stdout: like(/^queued|Status: +queued/) });
    expect(waiting.stdout).toContain('whatsapp-server start 2');
    // Another one waits for as long as it takes.
    const patient = open(['send', '2', CUSTOMER, stage.text(), '--json']);
    expect(await run('restart', '2', '--json')).toMatchObject({ exitCode: 0, json: { success: true } });
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(await patient.end()).toMatchObject({ exitCode: 0, json: { status: like(/sent|delivered|read/) } });
    await stage.api.ready('2');
  });

  it('cleans only when the id was typed, and puts the backup back', async () => {
    const refused = await runWith('3\n', 'clean', '2');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /somebody will have to scan a new QR\.\nTo go on, type the organization's id \(2\): /,
    );
    expect(refused.stderr).toMatch(/It was not confirmed; nothing was done\./);
    expect(await run('clean', '2', '--json')).toMatchObject({ exitCode: 1, json: { code: 'not_confirmed' } });
    expect(await statusOf('2')).toBe('connected');
    expect(await run('backups', '2')).toMatchObject({ exitCode: 0, stdout: 'There are no backups.\n' });

    const cleaned = await runWith('2\n', 'clean', '2');
    expect(cleaned.exitCode).toBe(0);
    expect(cleaned.stdout).toMatch(
      /^Session cleaned: .*\nBackup: 2_corrupted_\d+\nScan the QR: `whatsapp-server qr 2`/,
    );
    const [, backup] = /Backup: (\S+)/.exec(cleaned.stdout) as unknown as [string, string];
    const list = await run('backups', '2');
    expect(list.stdout).toMatch(new RegExp(`^BACKUP .*\n${backup} +20.* +${PHONE} +forced +\\d`));

    expect(await runWith('', 'restore', '2')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await run('restore', '2', '2_corrupted_1', '--yes', '--json')).toMatchObject({
      exitCode: 1,
      json: { code: 'unknown_backup' },
    });
    const restored = await run('restore', '2', backup, '--yes');
    expect(restored).toMatchObject({ exitCode: 0, stdout: like(/^Backup restored\. /) });
    expect(await run('start', '2')).toMatchObject({ exitCode: 0, stdout: like(/^connected: /) });
  });

  it('tells what happened, and what happens', async () => {
    const past = await run('events', '2', '--limit', '1000');
    expect(past.exitCode).toBe(0);
    expect(past.stdout).toMatch(
      /^20\d\d-\S+ \S+ {2}The folder was set aside as 2_corrupted_\d+ .* {2}session\.cleaned$/m,
    );
    expect(past.stdout).toMatch(/The backup 2_corrupted_\d+ was put back/);

    const live = open(['events', '2', '--follow', '--json', '--limit', '1']);
    await live.until(({ stdout }) => stdout.includes('\n'));
    const before = live.stdout;
    await stage.api.stop('2');
    await live.until(({ stdout }) => stdout.slice(before.length).includes('"status":"stopped"'));
    await stage.api.ready('2');
    await live.until(({ stdout }) => stdout.slice(before.length).includes('"name":"session.connected"'));
    live.kill('SIGTERM');
    const lines = (await live.end()).stdout.trimEnd().split('\n');
    const told = lines.map((line) => JSON.parse(line) as { id: string; organization_id: string });
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    expect(told.every((event) => event.organization_id === '2')).toBe(true);
  });

  it('links without a camera', async () => {
    const started = await run('start', 'by-code', '--pairing-phone', '300 111 2255');
    expect(started.exitCode).toBe(0);
    const [, code] = /^Code: (\S+)$/m.exec(started.stdout) as unknown as [string, string];
    await stage.whatsapp.phone('573001112255').enterPairingCode(code);
    expect(await run('qr', 'by-code')).toMatchObject({ exitCode: 0, stdout: 'Connected with 573001112255.\n' });
    expect(await run('start', 'by-code', '--pairing-phone', '3001112255', '--json')).toMatchObject({
      exitCode: 1,
      json: { code: 'already_paired' },
    });
  });

  it('gives up when nobody scans, and tells each QR as JSON', async () => {
    await run('start', 'unseen');
    const qr = await run('qr', 'unseen', '--timeout', '2s');
    expect(qr).toMatchObject({ exitCode: 1, stderr: like(/^Error: Nobody scanned the code in time\./) });
    expect(drawnQrs(qr.stdout).length).toBeGreaterThan(0);
    const once = await run('qr', 'unseen', '--once', '--json');
    expect(once).toMatchObject({ exitCode: 0, json: { status: 'qr_ready', has_qr: true } });
    await stage.whatsapp.phone('573001112266').scanQrPicture(once.json.qr as string);
    await stage.api.ready('unseen');
    const connected = await run('qr', 'unseen', '--json');
    expect(connected).toMatchObject({ exitCode: 0, json: { status: 'connected', qr: null } });
  });

  it('logs out only when the id was typed', async () => {
    expect(await runWith('by_code\n', 'logout', 'by-code')).toMatchObject({ exitCode: 1 });
    expect(await statusOf('by-code')).toBe('connected');
    expect(await runWith('by-code\n', 'logout', 'by-code')).toMatchObject({ exitCode: 0, stdout: like(/^Logged out/) });
    expect(await statusOf('by-code')).toBe('logged_out');
    expect(await run('logout', 'nobody', '--yes', '--json')).toMatchObject({
      exitCode: 1,
      json: { code: 'unknown_organization' },
    });
  });

  it('takes the key and the address from .env, and --url before them', async () => {
    const folder = path.join(elsewhere, 'with-env');
    mkdirSync(folder);
    const { port } = new URL(stage.api.url);
    writeFileSync(path.join(folder, '.env'), `API_KEY=${stage.key}\nHOST=0.0.0.0\nPORT=${port}\n`, { mode: 0o600 });
    const inFolder = (words: string[], env: Record<string, string> = {}): Promise<Ended> =>
      new Cli(process.execPath, [MAIN, ...words], env, folder).end();
    expect(await inFolder(['status', '2'])).toMatchObject({ exitCode: 0 });
    expect(await inFolder(['status', '2'], { API_KEY: '' })).toMatchObject({ exitCode: 0 });
    expect(await inFolder(['status', '2', `--url=${stage.api.url}/`], { PORT: '1' })).toMatchObject({ exitCode: 0 });
    expect(await inFolder(['status', '2'], { API_KEY: 'another-key' })).toMatchObject({ exitCode: 4 });
  });

  it('ends with 4 for a wrong key or none, and with 3 where no service is', async () => {
    const wrong = await open(['status'], { ...environment(), API_KEY: 'wrong-clé' }).end();
    expect(wrong).toMatchObject({ exitCode: 4, stdout: '', stderr: like(/^Error: The API key is wrong\.\n/) });
    const none = await open(['status', '--json'], { PORT: environment().PORT as string }).end();
    expect(none).toMatchObject({ exitCode: 4, json: { code: 'missing_api_key' } });

    const nobody = await run('status', '--url', 'http://127.0.0.1:2');
    expect(nobody).toMatchObject({ exitCode: 3, stdout: '' });
    expect(nobody.stderr).toMatch(
      /^Error: The service at http:\/\/127\.0\.0\.1:2 could not be reached: nobody listens/,
    );
    expect(await run('send', '2', CUSTOMER, 'x', '--json', '--url', 'http://127.0.0.1:2')).toMatchObject({
      exitCode: 3,
      json: { code: 'not_reachable', reason: 'ECONNREFUSED' },
    });
    // Something else answers there: the emulator.
    const other = await run('status', '--url', stage.whatsapp.url.replace(/^ws/, 'http'));
    expect(other.exitCode).toBe(3);
  });

  it('examines everything, and says what to do', async () => {
    const folder = path.join(elsewhere, 'doctor');
    mkdirSync(folder);
    const env = {
      ...environment(),
      AUTH_DIR: stage.authDirectory,
      DATA_DIR: path.join(stage.directory, 'data'),
      WA_WEBSOCKET_URL: stage.whatsapp.url,
    };
    const doctor = (more: Record<string, string> = {}, ...words: string[]): Promise<Ended> =>
      new Cli(process.execPath, [MAIN, 'doctor', ...words], { ...env, ...more }, folder).end();
    chmodSync(stage.authDirectory, 0o700);

    const well = await doctor();
    expect(well.exitCode, well.stdout).toBe(0);
    for (const line of [
      /^✓ Node\.js 2\d/m,
      /^✓ The configuration is valid$/m,
      /^✓ whatsapp-server \d\S+, Baileys \d\S+, WhatsApp Web 2\.\d+\.\d+$/m,
      /^✓ AUTH_DIR \//m,
      /^[✓!] .* free in \//m,
      /^✓ WhatsApp answers at 127\.0\.0\.1:\d+ \(\d+ ms\)$/m,
      /^✓ The service answers at http:\/\/127\.0\.0\.1:\d+, sessions: \d+$/m,
      /^✓ The service takes the key$/m,
      /^✓ The clock agrees/m,
    ]) {
      expect(well.stdout).toMatch(line);
    }

    writeFileSync(path.join(folder, 'a-file'), '');
    chmodSync(stage.authDirectory, 0o755);
    writeFileSync(path.join(folder, '.env'), 'BAD_MAC_ERROR_LIMIT=many\n', { mode: 0o644 });
    const ill = await doctor({
      API_KEY: 'a-wrong-but-long-enough-k3y',
      DATA_DIR: 'a-file',
      WA_VERSION: 'newest',
      WA_WEBSOCKET_URL: 'ws://127.0.0.1:2',
    });
    chmodSync(stage.authDirectory, 0o700);
    expect(ill.exitCode).toBe(1);
    for (const lines of [
      /^! .*\.env can be read by other users.*\n {2}→ chmod 600 /m,
      /^✗ Configuration: BAD_MAC_ERROR_LIMIT .*\n {2}→ .*\.env\.example/m,
      /^✗ Configuration: WA_VERSION must look like/m,
      /^! AUTH_DIR .* is open to other users.*\n {2}→ chmod 700 /m,
      /^✗ DATA_DIR .*a-file is not a folder\n {2}→ Correct DATA_DIR/m,
      /^✗ WhatsApp cannot be reached at 127\.0\.0\.1:2: ECONNREFUSED\n {2}→ Check network and firewall/m,
      /^✗ The API key is wrong\.\n {2}→ /m,
      /^Problems: 5; warnings: 2\.$/m,
    ]) {
      expect(ill.stdout).toMatch(lines);
    }

    const away = await doctor({ PORT: '2' }, '--json', '--lang=es');
    expect(away).toMatchObject({ exitCode: 1, json: { ok: false } });
    expect(away.json.checks).toContainEqual({
      check: 'service',
      grade: 'problem',
      text: 'El servicio no responde en http://127.0.0.1:2: ECONNREFUSED',
      hint: expect.stringContaining('npm start') as string,
    });
  });

  it('completes in bash', async () => {
    const complete = async (...typed: string[]): Promise<string[]> => {
      const script = `source <("$NODE" "$MAIN" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _whatsapp_server; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const env = { NODE: process.execPath, MAIN };
      const { stdout } = await new Cli(
        'bash',
        ['-c', script, 'bash', 'whatsapp-server', ...typed],
        env,
        elsewhere,
      ).end();
      return stdout.trim().split('\n');
    };
    expect(await complete('re')).toEqual(['restart', 'restore']);
    expect(await complete('send', '2', '--re')).toEqual(['--replace-key']);
    expect(await complete('messages', '2', '--status', 'c')).toEqual(['cancelled']);
    expect(await complete('messages', '2', '--status', '=', 'q')).toEqual(['queued']);
    expect(await complete('completion', 'z')).toEqual(['zsh']);
    expect(await complete('help', 'oth')).toEqual(['other-phone']);
  });

  it.skipIf(!HAS_ZSH)('completes in zsh (skipped where zsh is not installed)', async () => {
    const { stdout: script } = await run('completion', 'zsh');
    const folder = path.join(elsewhere, 'site-functions');
    mkdirSync(folder);
    const file = path.join(folder, '_whatsapp-server');
    writeFileSync(file, script);
    const pressTab = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await new Cli('zsh', ['-f', 'test/stage/press-tab.zsh', ...args], {}, process.cwd()).end();
      return [...stdout.matchAll(/^\[(.*)\]$/gm)].map(([, line = '']) => line.replace(/^whatsapp-server /, ''));
    };
    const typed: [string, string][] = [
      // The very first Tab is the one that loads the file.
      ['doc', 'doctor '],
      ['re', 'rest'],
      ['--json stat', '--json status '],
      ['--lang en stat', '--lang en status '],
      ['--ver', '--version '],
      ['help oth', 'help other-phone '],
      ['send --re', 'send --replace-key='],
      ['send 2 300 hola --js', 'send 2 300 hola --json '],
      ['status --json --w', 'status --json --watch '],
      ['clean -y 2 --js', 'clean -y 2 --json '],
      ['messages 2 --status c', 'messages 2 --status cancelled '],
      ['messages 2 --json --status=q', 'messages 2 --json --status=queued '],
      ['completion z', 'completion zsh '],
      ['webhooks deli', 'webhooks deliveries '],
    ];
    const lines = typed.map(([line]) => `whatsapp-server ${line}`);
    expect(await pressTab(folder, '', ...lines)).toEqual(typed.map(([, line]) => line));
    expect(await pressTab('', file, 'whatsapp-server doc')).toEqual(['doctor ']);
  });

  it('minds no pipe that closes, and says its version and help', async () => {
    const line = `"$NODE" "$MAIN" --help | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await new Cli('bash', ['-c', line], { NODE: process.execPath, MAIN }, elsewhere).end();
    expect(stdout).toMatch(/^The WhatsApp service from the terminal.*\n0\n$/);
    expect(stderr).toBe('');
    expect(await run('--version')).toMatchObject({ exitCode: 0, stdout: like(/^\d+\.\d+\.\d+\n$/) });
    expect(await run()).toMatchObject({ exitCode: 2, stdout: '', stderr: like(/Commands:/) });
  });
});
