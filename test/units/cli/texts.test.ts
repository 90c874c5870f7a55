import { describe, expect, it } from 'vitest';
import { facts, localTime, printable, readDuration, readTime, size, table } from '../../../src/cli/format.js';
import { chooseLanguage } from '../../../src/cli/language.js';
import { mergeEnvironment, readUrl, serviceUrl } from '../../../src/cli/settings.js';
import { inTerminalWords } from '../../../src/cli/terminal-words.js';
import { SENTENCES } from '../../../src/api/sentences.js';

describe('texts for a terminal', () => {
  it('line up, whatever their colours', () => {
    expect(
      table(
        ['A', 'LONG'],
        [
          ['\u001b[32mgreen\u001b[0m', 'x'],
          ['b', 'ñandú'],
        ],
      ),
    ).toBe('A      LONG\n\u001b[32mgreen\u001b[0m  x\nb      ñandú');
    expect(
      facts([
        ['a:', '1'],
        ['long:', '2'],
      ]),
    ).toBe('a:     1\nlong:  2');
  });

  it('never carry what could steer the terminal', () => {
    expect(printable('a\u001b[2Jb\u001b]0;title\u0007c\r\nd\u009be')).toBe('abc  d e');
    expect(printable('¿Viene mañana? 👍')).toBe('¿Viene mañana? 👍');
    expect(printable('\u202egnp.exe')).toBe(' gnp.exe');
  });

  it('read durations and times', () => {
    expect(['90', '90s', '30m', '2h', '1d', '0'].map(readDuration)).toEqual([90, 90, 1800, 7200, 86_400, 0]);
    expect(['', '-5', '1.5h', '2w', 'h', '1e3'].map(readDuration)).toEqual([null, null, null, null, null, null]);
    expect(readTime('+2h', 0)).toBe('1970-01-01T02:00:00.000Z');
    expect(readTime('2026-01-31T10:00:00-05:00', 0)).toBe('2026-01-31T10:00:00-05:00');
    expect(readTime('+soon', 0)).toBe(null);
  });

  it('tell sizes and times', () => {
    expect([0, 1023, 1536, 5 * 2 ** 20, 300 * 2 ** 30].map(size)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KB',
      '5.0 MB',
      '300 GB',
    ]);
    expect(localTime('2026-01-31T10:00:05.123Z')).toMatch(/^2026-0\d-\d\d \d\d:\d0:05$/);
    expect([localTime(null), localTime('x\u001b[2J')]).toEqual(['—', 'x']);
  });

  it('speak of commands wherever the service speaks of calls', () => {
    const said = (text: string): string => inTerminalWords(text, 'whatsapp-server', { org: '2', message: 'A1' });
    expect(said('Call POST /api/start-session, or POST /api/logout.')).toBe(
      'Call `whatsapp-server start 2`, or `whatsapp-server logout 2`.',
    );
    for (const sentences of Object.values(SENTENCES)) {
      const strings = JSON.stringify(sentences, (_name, value: unknown) =>
        typeof value === 'string' ? said(value) : value,
      );
      expect(strings.match(/.{30}\/api\/.{30}/g)).toBe(null);
    }
    expect(inTerminalWords('GET /api/qr/:organization_id', 'npx x')).toBe('`npx x qr <org>`');
  });
});

describe('the language', () => {
  it.each([
    ['en', { LANG: 'es_CO.UTF-8' }, 'en'],
    [undefined, { LANG: 'en_US.UTF-8' }, 'en'],
    [undefined, { LANG: 'en_US.UTF-8', LC_ALL: 'es_CO' }, 'es'],
    [undefined, { LANG: 'en_US.UTF-8', LC_ALL: '', LC_MESSAGES: 'es' }, 'es'],
    [undefined, { LANG: 'C.UTF-8', DEFAULT_LANGUAGE: 'en' }, 'en'],
    [undefined, { LANG: 'fr_FR' }, 'es'],
    [undefined, {}, 'es'],
  ])('with --lang %s and %j is %s', (asked, environment, expected) => {
    expect(chooseLanguage(asked, environment)).toBe(expected);
  });
});

describe('the settings', () => {
  it('are those of the environment, then those of .env', () => {
    expect(mergeEnvironment({ API_KEY: '', PORT: '1' }, { API_KEY: 'k', PORT: '2' })).toEqual({
      API_KEY: 'k',
      PORT: '1',
    });
  });

  it.each([
    [{}, 'http://127.0.0.1:3000'],
    [{ HOST: '0.0.0.0', PORT: '80' }, 'http://127.0.0.1:80'],
    [{ HOST: '::' }, 'http://127.0.0.1:3000'],
    [{ HOST: '::1', PORT: '3001' }, 'http://[::1]:3001'],
    [{ HOST: 'wa.internal' }, 'http://wa.internal:3000'],
    [{ PORT: '0' }, null],
  ])('%j lead to %s', (environment, url) => {
    expect(serviceUrl(environment)).toBe(url);
  });

  it('take an address of a web server, and nothing else', () => {
    expect(readUrl('https://wa.example.com/service/')).toBe('https://wa.example.com/service');
    for (const text of ['localhost:3000', 'ftp://x', 'http://user:pw@x', 'x', 'http://x?y', ''])
      expect(readUrl(text)).toBe(null);
  });
});
