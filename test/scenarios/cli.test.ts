import { beforeAll, describe, expect, it } from 'vitest';
import { Receiver } from '../stage/receiver.js';
import { Cli, like, MAIN, terminal } from '../stage/terminal.js';
import { drawnQrs, photograph } from '../stage/terminal-qr.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001112244';
const CUSTOMER = '573109998877';
const NOBODY = '573109990000';

describe('the terminal program', () => {
  const { on, environment, open, run, runWith } = terminal({ QR_TIMEOUT: '6000', WEBHOOK_ALLOW_PRIVATE: 'true' });
  const statusOf = async (id: string): Promise<string> => (await on.stage.api.status(id)).body.status as string;
  beforeAll(() => {
    on.stage.whatsapp.customer(NOBODY, { onWhatsApp: false });
  });

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
    await on.stage.whatsapp.phone(PHONE).scanQrPicture(photograph(drawnQrs(qr.stdout).at(-1) as string));
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
    const qr = new Cli('script', ['-qec', line, '/dev/null'], { ...environment(), TERM: 'xterm' }, on.elsewhere, '');
    // Twice, and to its last line.
    await qr.until(({ stdout }) => stdout.split('Ctrl+C ends.').length > 2);
    expect(new Set(drawnQrs(qr.stdout)).size).toBe(2);
    const drawn = drawnQrs(qr.stdout).at(-1) as string;
    await on.stage.whatsapp.phone(OTHER_PHONE).scanQrPicture(photograph(drawn));
    const { exitCode, stdout } = await qr.end();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('\u001b[38;5;231;48;5;16m█');
    // Up over all that was drawn, and nothing more.
    const height = drawn.split('\n').length + 2;
    expect(stdout).toContain(`\u001b[${height}A\u001b[0J`);
    expect(stdout).toContain(`\u001b[32mConnected with ${OTHER_PHONE}.\u001b[0m`);
    await on.stage.api.logout('tty');
  });

  it('shows how it is: one, all, in Spanish, and as the very JSON of the service', async () => {
    const one = await run('status', '2');
    expect(one.exitCode).toBe(0);
    expect(one.stdout).toMatch(/^Status: +connected: The session is connected to WhatsApp\.\nPhone: +573001112233\n/);
    expect(one.stdout).toMatch(/Health: +healthy, bad_mac 0\/3, stream_error 0\/2\n/);
    const all = await run('status');
    expect(all.stdout).toMatch(/^ORGANIZATION +STATUS +PHONE +SINCE/);
    expect(all.stdout).toMatch(/^2 +connected +573001112233 +20\d\d-/m);
    const inSpanish = await run('status', '2', '--lang', 'es');
    expect(inSpanish.stdout).toMatch(/^Estado: +connected: La sesión está conectada/);
    const spanish = await open(['status', '2'], { ...environment(), LANG: 'es_CO.UTF-8' }).end();
    expect(spanish.stdout).toMatch(/Qué hacer: +No hace falta hacer nada/);
    expect((await run('status', '2', '--json')).json).toEqual((await on.stage.api.status('2')).body);
    expect((await run('status', '--json')).json).toEqual((await on.stage.api.get('/api/sessions')).body);
  });

  it('watches, and shows what changes', async () => {
    const watch = open(['status', '2', '--watch', '--interval', '1', '--json']);
    await watch.until(({ stdout }) => stdout.includes('"status":"connected"'));
    await on.stage.api.stop('2');
    await watch.until(({ stdout }) => stdout.includes('"status":"stopped"'));
    await on.stage.api.ready('2');
    await watch.until(({ stdout }) => stdout.trimEnd().split('\n').at(-1)?.includes('"status":"connected"') === true);
    watch.kill('SIGINT');
    expect((await watch.end()).exitCode).toBe(null);
  });

  it('sends, once under one key, and tells what became of it', async () => {
    const text = on.stage.text();
    const sent = await run('send', '2', '310 999 8877', text);
    expect(sent).toMatchObject({ exitCode: 0, stderr: '' });
    expect(sent.stdout).toMatch(/^(sent|delivered|read): Message sent|^(delivered|read): /);
    await on.stage.whatsapp.customer(CUSTOMER).receivedText(text);

    const again = ['send', '2', CUSTOMER, on.stage.text(), '--idempotency-key', 'booking-1', '--ttl', '2h', '--json'];
    const [first, second] = [await run(...again), await run(...again)];
    expect(first.json).toMatchObject({ success: true });
    expect(second.json.message_id).toBe(first.json.message_id);

    const piped = on.stage.text('-- leído de la entrada');
    expect(await runWith(`${piped}\n`, 'send', '2', CUSTOMER, '-')).toMatchObject({ exitCode: 0 });
    await on.stage.whatsapp.customer(CUSTOMER).receivedText(piped);

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
    await on.stage.receive(PHONE, CUSTOMER);
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
    const nobody = await run('send', '2', NOBODY, on.stage.text());
    expect(nobody).toMatchObject({ exitCode: 1, stdout: '' });
    expect(nobody.stderr).toMatch(/^Error: That number is not on WhatsApp\.\nConfirm the number/);
    const { json } = await run('messages', '2', '--status', 'failed', '--json');
    expect((await run('message', json.messages[0].message_id as string)).exitCode).toBe(1);

    const wrong = await run('send', '2', 'not-a-phone', on.stage.text());
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toMatch(/^phone: This cannot be a phone number/m);
    expect((await run('send', '2', CUSTOMER, 'x', '--ttl', 'soon')).exitCode).toBe(2);
    expect((await run('send', '2', CUSTOMER, 'x', '--send-at', 'tomorrow')).exitCode).toBe(2);
    expect((await run('send', '2', CUSTOMER)).stderr).toMatch(
      /<message> is missing.*\nUsage: whatsapp-server send <org>/,
    );
    expect(await run('send', 'nobody', CUSTOMER, on.stage.text(), '--json')).toMatchObject({
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
    const later = ['send', '2', CUSTOMER, on.stage.text(), '--send-at', '+2h', '--replace-key', 'booking:9'];
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

    const text = on.stage.text();
    const waiting = await run('send', '2', CUSTOMER, text, '--wait', '2s');
    expect(waiting).toMatchObject({ exitCode: 0, stdout: like(/^queued|Status: +queued/) });
    expect(waiting.stdout).toContain('whatsapp-server start 2');
    // Another one waits for as long as it takes.
    const patient = open(['send', '2', CUSTOMER, on.stage.text(), '--json']);
    expect(await run('restart', '2', '--json')).toMatchObject({ exitCode: 0, json: { success: true } });
    await on.stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(await patient.end()).toMatchObject({ exitCode: 0, json: { status: like(/sent|delivered|read/) } });
    await on.stage.api.ready('2');
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
    await on.stage.api.stop('2');
    await live.until(({ stdout }) => stdout.slice(before.length).includes('"status":"stopped"'));
    await on.stage.api.ready('2');
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
    await on.stage.whatsapp.phone('573001112255').enterPairingCode(code);
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
    await on.stage.whatsapp.phone('573001112266').scanQrPicture(once.json.qr as string);
    await on.stage.api.ready('unseen');
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
});
