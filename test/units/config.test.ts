import fs from 'node:fs';
import { parse } from 'dotenv';
import { describe, expect, test } from 'vitest';
import { CONFIG_VARIABLES, ConfigError, readConfig } from '../../src/config.js';

const KEY = 'kY3-8fQz_71LmWb-Xr20pTsvN';

function problemsOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig({ API_KEY: KEY, ...environment });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  test('needs nothing but a key', () => {
    expect(readConfig({ API_KEY: KEY })).toEqual({
      PORT: 3000,
      HOST: '127.0.0.1',
      API_KEY: KEY,
      AUTH_DIR: './auth_sessions',
      DATA_DIR: './data',
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      DEFAULT_COUNTRY: 'CO',
      DEFAULT_LANGUAGE: 'es',
      WA_WEBSOCKET_URL: 'wss://web.whatsapp.com/ws/chat',
      BAD_MAC_ERROR_LIMIT: 3,
      BAD_MAC_RESET_TIME: 30_000,
      BAD_MAC_MIN_CUSTOMERS: 1,
      STREAM_ERROR_LIMIT: 2,
      STREAM_ERROR_RESET_TIME: 60_000,
      HEALTH_STABLE_AFTER: 10_000,
      BACKUPS_TO_KEEP: 3,
      OUTAGE_MIN_SESSIONS: 6,
      OUTAGE_SHARE: 1 / 3,
      MAX_CLEANINGS_PER_DAY: 3,
      RECONNECT_BASE_DELAY: 1000,
      RECONNECT_MAX_DELAY: 300_000,
      REPLACED_RETRY_DELAY: 60_000,
      MAX_LOGINS_PER_HOUR: 60,
      MAX_CONCURRENT_LOGINS: 4,
      KEEP_ALIVE_INTERVAL: 30_000,
      SILENCE_TIMEOUT: 35_000,
      CONNECT_TIMEOUT: 20_000,
      HAND_OVER_WAIT: 5000,
      QUERY_TIMEOUT: 15_000,
      SEND_WAIT: 8000,
      SEND_RATE_PER_MINUTE: 30,
      SEND_BURST: 20,
      MAX_IN_FLIGHT: 16,
      MESSAGE_TTL: 86_400_000,
      RESEND_WITHIN: 600_000,
      LATE_ANSWER_WAIT: 2000,
      FIRST_CONTACT_PAUSE: 3_600_000,
      OUTBOX_LIMIT: 10_000,
      EVENTS_KEPT: 1000,
      MESSAGE_RETENTION_DAYS: 7,
      CLEAN_WAIT: 5000,
      WEBHOOK_ALLOW_PRIVATE: false,
      WEBHOOK_TIMEOUT: 10_000,
      WEBHOOK_RETRY_BASE_DELAY: 5000,
      WEBHOOK_RETRY_MAX_DELAY: 3_600_000,
      WEBHOOK_RETRY_FOR: 86_400_000,
      WEBHOOK_BACKLOG: 100_000,
      WEBHOOK_RETENTION_DAYS: 7,
      UNDELIVERED_AFTER: 600_000,
    });
  });

  test('takes what is given, without the blanks around it', () => {
    const config = readConfig({
      API_KEY: ` ${KEY}\n`,
      PORT: ' 8080 ',
      HOST: '0.0.0.0',
      DEFAULT_COUNTRY: 'mx',
      DEFAULT_LANGUAGE: 'en',
      WA_VERSION: '2.3000.1043857760',
      WA_WEBSOCKET_URL: 'ws://127.0.0.1:9/ws/chat',
      OUTAGE_SHARE: '0.5',
      QR_TIMEOUT: '60000',
      BAD_MAC_ERROR_LIMIT: '5',
    });
    expect(config).toMatchObject({
      API_KEY: KEY,
      PORT: 8080,
      HOST: '0.0.0.0',
      DEFAULT_COUNTRY: 'MX',
      DEFAULT_LANGUAGE: 'en',
      WA_VERSION: [2, 3000, 1_043_857_760],
      WA_WEBSOCKET_URL: 'ws://127.0.0.1:9/ws/chat',
      OUTAGE_SHARE: 0.5,
      QR_TIMEOUT: 60_000,
      BAD_MAC_ERROR_LIMIT: 5,
    });
  });

  test.each(CONFIG_VARIABLES.filter((name) => name !== 'API_KEY'))('an empty %s is an absent one', (name) => {
    for (const empty of ['', '  ', undefined]) {
      expect(readConfig({ API_KEY: KEY, [name]: empty })).toEqual(readConfig({ API_KEY: KEY }));
    }
  });

  test('does not mind what else stands in the environment', () => {
    expect(problemsOf({ PATH: '/usr/bin', NODE_ENV: 'production' })).toEqual([]);
  });

  test('takes SEND_WAIT=0: then a send is answered as soon as the message is stored', () => {
    expect(readConfig({ API_KEY: KEY, SEND_WAIT: '0' }).SEND_WAIT).toBe(0);
  });
});

describe('is refused by the name of the variable', () => {
  test.each([
    ['PORT', ['-1', '65536', '80.5', 'http', '3000a', 'Infinity']],
    ['LOG_LEVEL', ['verbose', 'INFO']],
    ['LOG_FORMAT', ['xml']],
    ['DEFAULT_COUNTRY', ['Colombia', 'ZZ', '57']],
    ['DEFAULT_LANGUAGE', ['fr', 'español']],
    ['WA_WEBSOCKET_URL', ['https://web.whatsapp.com', 'web.whatsapp.com', 'ws//x']],
    ['WA_VERSION', ['2.3000', 'latest', '2.3000.1-beta', '2,3000,1']],
    ['BAD_MAC_ERROR_LIMIT', ['0', '-3', '2.5', 'three']],
    ['BAD_MAC_RESET_TIME', ['30s', '0', '99', '999999999999']],
    ['BAD_MAC_MIN_CUSTOMERS', ['0', '1.5', 'two']],
    ['STREAM_ERROR_LIMIT', ['0', 'NaN']],
    ['STREAM_ERROR_RESET_TIME', ['1 min', '-60000']],
    ['HEALTH_STABLE_AFTER', ['-1', 'soon']],
    ['BACKUPS_TO_KEEP', ['0', '101']],
    ['OUTAGE_MIN_SESSIONS', ['1']],
    ['OUTAGE_SHARE', ['0', '1.1', '33%', '1/3']],
    ['MAX_CLEANINGS_PER_DAY', ['-1']],
    ['RECONNECT_BASE_DELAY', ['0']],
    ['RECONNECT_MAX_DELAY', ['0']],
    ['REPLACED_RETRY_DELAY', ['0']],
    ['MAX_LOGINS_PER_HOUR', ['0']],
    ['MAX_CONCURRENT_LOGINS', ['0']],
    ['KEEP_ALIVE_INTERVAL', ['0']],
    ['SILENCE_TIMEOUT', ['1', '700000']],
    ['CONNECT_TIMEOUT', ['0', '120001']],
    ['HAND_OVER_WAIT', ['0', '60001']],
    ['QUERY_TIMEOUT', ['0', '120001']],
    ['QR_TIMEOUT', ['0', 'never']],
    ['SEND_WAIT', ['-1', '9001', '8s']],
    ['SEND_RATE_PER_MINUTE', ['0', '0.5', '1000001', 'unlimited']],
    ['SEND_BURST', ['0', '-20']],
    ['MAX_IN_FLIGHT', ['0', '1001']],
    ['MESSAGE_TTL', ['999', '2592000001', '24h']],
    ['RESEND_WITHIN', ['0', '999', '3600001']],
    ['LATE_ANSWER_WAIT', ['-1', '60001']],
    ['FIRST_CONTACT_PAUSE', ['-1', '604800001']],
    ['OUTBOX_LIMIT', ['0', '1000001']],
    ['MESSAGE_RETENTION_DAYS', ['0', '3651', 'forever']],
    ['CLEAN_WAIT', ['-1', '9001']],
    ['WEBHOOK_ALLOW_PRIVATE', ['yes', '1', 'TRUE']],
    ['WEBHOOK_TIMEOUT', ['99', '60001']],
    ['WEBHOOK_RETRY_BASE_DELAY', ['0', '5s']],
    ['WEBHOOK_RETRY_MAX_DELAY', ['0']],
    ['WEBHOOK_RETRY_FOR', ['0', '604800001']],
    ['WEBHOOK_BACKLOG', ['0', '9']],
    ['WEBHOOK_RETENTION_DAYS', ['0', '366']],
    ['UNDELIVERED_AFTER', ['-1', '604800001', 'never']],
  ] as const)('%s', (name, values) => {
    for (const value of values) {
      const problems = problemsOf({ [name]: value });
      expect([value, problems.length]).toEqual([value, 1]);
      expect(problems[0]).toMatch(new RegExp(`^${name} `));
    }
  });

  test('all at once, one line each, in one error', () => {
    const problems = problemsOf({ PORT: 'x', LOG_LEVEL: 'x', BACKUPS_TO_KEEP: '0' });
    expect(problems.map((problem) => problem.split(' ', 1)[0])).toEqual(['PORT', 'LOG_LEVEL', 'BACKUPS_TO_KEEP']);
    const { message } = new ConfigError(problems);
    for (const problem of problems) expect(message).toContain(`\n  - ${problem}`);
  });

  test.each([
    ['RECONNECT_MAX_DELAY', { RECONNECT_BASE_DELAY: '5000', RECONNECT_MAX_DELAY: '4999' }],
    ['RECONNECT_MAX_DELAY', { RECONNECT_MAX_DELAY: '999' }],
    ['WEBHOOK_RETRY_MAX_DELAY', { WEBHOOK_RETRY_MAX_DELAY: '4999' }],
    ['SILENCE_TIMEOUT', { SILENCE_TIMEOUT: '30000' }],
    ['SILENCE_TIMEOUT', { KEEP_ALIVE_INTERVAL: '35000' }],
    ['DATA_DIR', { DATA_DIR: './auth_sessions/data' }],
    ['DATA_DIR', { DATA_DIR: '/var/wa/', AUTH_DIR: '/var/wa' }],
    ['DATA_DIR', { AUTH_DIR: '/', DATA_DIR: '/data' }],
  ])('a contradiction: %s in %j', (name, environment) => {
    const problems = problemsOf(environment);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} `));
  });

  test.each([
    { RECONNECT_BASE_DELAY: '5000', RECONNECT_MAX_DELAY: '5000' },
    { KEEP_ALIVE_INTERVAL: '1000', SILENCE_TIMEOUT: '1001' },
    { AUTH_DIR: './data/auth', DATA_DIR: './data' },
    { AUTH_DIR: '/srv/auth', DATA_DIR: '/srv/auth-data' },
  ])('what only looks like a contradiction is none: %j', (environment) => {
    expect(problemsOf(environment)).toEqual([]);
  });
});

describe('the API key', () => {
  test.each([undefined, '', '   '])('is asked for when it is %j, with the way to get one', (key) => {
    expect(problemsOf({ API_KEY: key })).toEqual(['API_KEY is missing; `npm start` generates one into .env']);
  });

  test('is refused when it is short, by one character too', () => {
    expect(problemsOf({ API_KEY: KEY.slice(0, 23) })).toEqual(['API_KEY is too short: 23 characters, at least 24']);
    // Also when it looks like an example, or has few different characters: what is wrong first is told.
    for (const key of ['secret', 'abcab', 'aaaaaaaaaaaa']) {
      expect(problemsOf({ API_KEY: key })).toEqual([`API_KEY is too short: ${key.length} characters, at least 24`]);
    }
    expect(problemsOf({ API_KEY: KEY.repeat(100) })[0]).toMatch(/^API_KEY is too long: \d+ characters, at most 512$/);
    expect(problemsOf({ API_KEY: KEY.slice(0, 24) })).toEqual([]);
  });

  test.each([
    'change-me-change-me-change-me',
    'CHANGEME_CHANGEME_CHANGEME',
    'change_this_to_something_random',
    'your-secret-api-key-goes-here',
    'your_api_key_here_1234567890',
    '<your-api-key-with-24-characters>',
    'my-super-secret-api-key-for-whatsapp',
    'replace-with-your-own-key-please',
    'insert-your-key-in-this-place',
    'secret-secret-very-secret-key',
    'example-key-for-documentation',
    'test-key-for-the-test-server-1',
    'demo-api-key-0123456789abcdef',
    'password1234567890password',
    'admin-admin-admin-admin-2024',
    'api-key-api-key-api-key-2024',
    '123456789012345678901234567890',
    'abcdefghijklmnopqrstuvwxyz',
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    '00000000000000000000000000000000',
  ])('is refused when it looks like an example: %s', (key) => {
    expect(problemsOf({ API_KEY: key })).toEqual(['API_KEY looks like an example; use a random one']);
  });

  test('is refused when it has few different characters, and that is said', () => {
    expect(problemsOf({ API_KEY: 'kqkqkqkqkqkqkqkqkqkqkqkqkqkqkqkq' })).toEqual([
      'API_KEY is too easy to guess: 2 different characters, at least 8; use a random one',
    ]);
  });

  test('never stands in the refusal', () => {
    for (const key of ['kY3-8fQz_71LmWb', 'change-me-Zq81mPx0-change-me', KEY.repeat(100)]) {
      const text = new ConfigError(problemsOf({ API_KEY: key, PORT: 'x' })).message;
      expect(text).toContain('API_KEY');
      expect(text).not.toContain(key.slice(-12));
    }
  });

  test.each([
    ['openssl rand -hex 24', '9f1c0be47a52d8863e0d5b7791a4c2f86b13e95d027ac841'],
    ['openssl rand -base64 24', 'Zq81mPx0+Lk/9vTb3nWc7RyGdE2sJh5u'],
    ['npm start', 'Ub0x-T9_qVn2LkWc83RyMd5sJhEoPz7A'],
    ['uuidgen', '0b6f2c1e-94d7-4a38-8e51-c7d20f9a63b4'],
    ['a password manager', '}t7&Lq!v2#Rk9@Wz4^Yp6*Nb'],
  ])('is accepted when it is random, as from %s', (_tool, key) => {
    expect(readConfig({ API_KEY: key }).API_KEY).toBe(key);
  });
});

describe('.env.example', () => {
  const text = fs.readFileSync('.env.example', 'utf8');
  const lines = text.split('\n');
  /** Lines that set a variable once their `# ` is taken away. */
  const settings = lines.filter((line) => /^#? ?[A-Z][A-Z0-9_]*=/.test(line)).map((line) => line.replace(/^# ?/, ''));

  test('names every variable once, and no other', () => {
    const names = settings.map((line) => line.split('=', 1)[0]);
    expect([...names].sort()).toEqual([...CONFIG_VARIABLES].sort());
  });

  test('shows the values that hold when nothing is set', () => {
    const shown = readConfig({ ...parse(settings.join('\n')), API_KEY: KEY });
    expect(shown).toEqual(readConfig({ API_KEY: KEY }));
    // What has a default is shown with it, so that nobody has to look for it.
    const empty = settings.filter((line) => line.endsWith('=')).map((line) => line.slice(0, -1));
    expect(empty).toEqual(['API_KEY', 'PUBLIC_URL', 'WA_VERSION', 'QR_TIMEOUT']);
  });

  test('says before each variable what it means', () => {
    for (const [index, line] of lines.entries()) {
      if (/^#? ?[A-Z][A-Z0-9_]*=/.test(line))
        expect([line, lines[index - 1]]).toEqual([line, expect.stringMatching(/^# \S/)]);
    }
    expect(text).toContain('`npm start` generates one into .env');
  });

  test('sets nothing by itself: a copy of it changes nothing', () => {
    expect(parse(text)).toEqual({});
  });
});
