import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Cli, like, MAIN, terminal, type Ended } from '../stage/terminal.js';

const HAS_ZSH = spawnSync('zsh', ['--version']).status === 0;
const CUSTOMER = '573109998877';

describe('the terminal program, where it stands', () => {
  const { on, environment, open, run } = terminal();
  beforeAll(async () => {
    await on.stage.pair('2', '573001112233');
  });

  it('takes the key and the address from .env, and --url before them', async () => {
    const folder = path.join(on.elsewhere, 'with-env');
    mkdirSync(folder);
    const { port } = new URL(on.stage.api.url);
    writeFileSync(path.join(folder, '.env'), `API_KEY=${on.stage.key}\nHOST=0.0.0.0\nPORT=${port}\n`, { mode: 0o600 });
    const inFolder = (words: string[], env: Record<string, string> = {}): Promise<Ended> =>
      new Cli(process.execPath, [MAIN, ...words], env, folder).end();
    expect(await inFolder(['status', '2'])).toMatchObject({ exitCode: 0 });
    expect(await inFolder(['status', '2'], { API_KEY: '' })).toMatchObject({ exitCode: 0 });
    expect(await inFolder(['status', '2', `--url=${on.stage.api.url}/`], { PORT: '1' })).toMatchObject({ exitCode: 0 });
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
    const other = await run('status', '--url', on.stage.whatsapp.url.replace(/^ws/, 'http'));
    expect(other.exitCode).toBe(3);
  });

  it('examines everything, and says what to do', async () => {
    const folder = path.join(on.elsewhere, 'doctor');
    mkdirSync(folder);
    const env = {
      ...environment(),
      AUTH_DIR: on.stage.authDirectory,
      DATA_DIR: path.join(on.stage.directory, 'data'),
      WA_WEBSOCKET_URL: on.stage.whatsapp.url,
    };
    const doctor = (more: Record<string, string> = {}, ...words: string[]): Promise<Ended> =>
      new Cli(process.execPath, [MAIN, 'doctor', ...words], { ...env, ...more }, folder).end();
    chmodSync(on.stage.authDirectory, 0o700);

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
    chmodSync(on.stage.authDirectory, 0o755);
    writeFileSync(path.join(folder, '.env'), 'BAD_MAC_ERROR_LIMIT=many\n', { mode: 0o644 });
    const ill = await doctor({
      API_KEY: 'a-wrong-but-long-enough-k3y',
      DATA_DIR: 'a-file',
      WA_VERSION: 'newest',
      WA_WEBSOCKET_URL: 'ws://127.0.0.1:2',
    });
    chmodSync(on.stage.authDirectory, 0o700);
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
      const script = [
        'source <("$NODE" "$MAIN" completion bash)',
        'COMP_WORDS=("$@")',
        'COMP_CWORD=$(($# - 1))',
        '_whatsapp_server',
        `printf '%s\\n' "\${COMPREPLY[@]}"`,
      ].join('; ');
      const env = { NODE: process.execPath, MAIN };
      const { stdout } = await new Cli(
        'bash',
        ['-c', script, 'bash', 'whatsapp-server', ...typed],
        env,
        on.elsewhere,
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
    const folder = path.join(on.elsewhere, 'site-functions');
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
    const { stdout, stderr } = await new Cli(
      'bash',
      ['-c', line],
      { NODE: process.execPath, MAIN },
      on.elsewhere,
    ).end();
    expect(stdout).toMatch(/^The WhatsApp service from the terminal.*\n0\n$/);
    expect(stderr).toBe('');
    expect(await run('--version')).toMatchObject({ exitCode: 0, stdout: like(/^\d+\.\d+\.\d+\n$/) });
    expect(await run()).toMatchObject({ exitCode: 2, stdout: '', stderr: like(/Commands:/) });
  });
});
