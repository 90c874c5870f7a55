import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogger, maskPhone, redact } from '../../src/logger.js';

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

describe('a phone number in the log', () => {
  test.each([
    ['573001112233', '…2233'],
    ['+57 300 111 22 33', '…2233'],
    ['+57-300-111-2233', '…2233'],
    ['573001112233@s.whatsapp.net', '…2233'],
    ['12345', '…2345'],
    ['1234', '…'],
    ['', '…'],
    ['none', '…'],
  ])('%s -> %s', (number, masked) => {
    expect(maskPhone(number)).toBe(masked);
  });
});

describe('redact takes out', () => {
  test.each([
    ['a phone number', 'No answer from 573001112233', 'No answer from …2233'],
    ['one with a plus', 'No answer from +573001112233.', 'No answer from …2233.'],
    ['one with blanks', 'Number +57 300 111 2233 is unknown', 'Number …2233 is unknown'],
    ['one with dashes', 'Number 300-111-2233 is unknown', 'Number …2233 is unknown'],
    ['one of seven digits', 'Number 1112233', 'Number …2233'],
    ['a chat id', '573001112233@s.whatsapp.net failed', '…2233@s.whatsapp.net failed'],
    ['a device of it', '573001112233:12@s.whatsapp.net failed', '…2233:12@s.whatsapp.net failed'],
    ['a LID', '123456789012345@lid failed', '…2345@lid failed'],
    ['a group', '120363041234567890@g.us failed', '…7890@g.us failed'],
    ['several', '573001112233 and 573004445566', '…2233 and …5566'],
  ])('%s', (_what, text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });

  test.each(['base64', 'base64url', 'hex'] as const)('a key in %s', (spelling) => {
    for (const length of [24, 32, 33, 64, 500]) {
      const key = randomBytes(length).toString(spelling);
      expect(redact(`privKey: ${key} end`)).toBe('privKey: [redacted] end');
      expect(redact(`"rootKey":"${key}"`)).toBe('"rootKey":"[redacted]"');
    }
  });

  test('the two parts of a Signal address, or of a QR', () => {
    const [one, two] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    expect(redact(`2@abc,${one},${two}`)).toBe('2@abc,[redacted],[redacted]');
  });
});

describe('redact leaves', () => {
  test.each([
    'Stream Errored (ack)',
    'Stream Errored (restart required)',
    'Connection Failure',
    'Connection Terminated by Server',
    'WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)',
    'WebSocket Error (connect ECONNREFUSED 127.0.0.1:3000)',
    'HTTP 503 at the upgrade',
    'QR refs attempts ended',
    'Bad MAC',
    'Key used already or never filled',
    'No matching sessions found for message',
    'Invalid PreKey ID',
    'Over 2000 messages into the future!',
    'SQLITE_FULL: database or disk is full',
    "ENOSPC: no space left on device, open 'auth.sqlite'",
    'EACCES: permission denied',
    'Attempt 3 of 5 in 20 s, 1024 bytes, code 515',
    'Se cerró la conexión; próximo intento en 2,5 s',
    '',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('any sentence of short words and small numbers', () => {
    const word = fc.oneof(fc.stringMatching(/^[a-z]{1,12}$/), fc.stringMatching(/^[0-9]{1,6}[a-z.,]$/));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const sentence = words.join(' ');
        expect(redact(sentence)).toBe(sentence);
      }),
    );
  });
});

describe('redact, whatever comes in', () => {
  test('no phone number passes, however it is grouped and whatever stands around it', () => {
    const number = fc.stringMatching(/^[1-9][0-9]{6,14}$/);
    const gap = fc.constantFrom('', ' ', '-', '  ', ' - ', '\u00a0');
    const around = fc.stringMatching(/^[a-z @:.,()]{0,20}$/);
    fc.assert(
      fc.property(
        number,
        fc.array(gap, { minLength: 15, maxLength: 15 }),
        around,
        around,
        (digits, gaps, before, after) => {
          const written = [...digits].map((digit, index) => (index === 0 ? '' : gaps[index]) + digit).join('');
          expect(digitsOf(redact(`${before}${written}${after}`)).length).toBeLessThanOrEqual(4);
        },
      ),
    );
  });

  test('no key passes, whatever stands around it', () => {
    const around = fc.stringMatching(/^[ {}"':,;()]{0,10}$/);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 64 }),
        fc.constantFrom('hex', 'base64', 'base64url'),
        around,
        around,
        (bytes, spelling, before, after) => {
          const key = Buffer.from(bytes).toString(spelling);
          expect(redact(before + key + after)).toBe(`${before}[redacted]${after}`);
        },
      ),
    );
  });

  test('what comes out is short, and redacting it again changes nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d +-]{0,60}$/)), fc.nat(100), (text, times) => {
        const once = redact(text.repeat(times));
        expect(once.length).toBeLessThanOrEqual(500);
        expect(redact(redact(once))).toBe(redact(once));
      }),
    );
  });

  test('a long text is cut after it was redacted, so that no half of a key passes', () => {
    const key = randomBytes(32).toString('hex');
    for (let at = 430; at < 505; at += 1) {
      const text = redact(`${'word '.repeat(at).slice(0, at)} ${key}`);
      expect(text.length).toBeLessThanOrEqual(500);
      for (let index = 0; index + 8 <= key.length; index += 1) expect(text).not.toContain(key.slice(index, index + 8));
    }
  });

  test('the work grows with the text, not with its square', () => {
    // Processor time, for the machine may be busy with others. A megabyte takes about 0.1 s; its square would take
    // hours.
    const before = process.cpuUsage();
    for (const text of ['1', '1 ', '1-', ' ', 'a', '1'.repeat(6) + ' x']) {
      redact(text.repeat(Math.ceil(1_000_000 / text.length)));
    }
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000);
  });
});

describe('a log line', () => {
  function linesOf(
    work: (logger: ReturnType<typeof createLogger>) => void,
    format: 'json' | 'pretty' = 'json',
  ): string[] {
    const lines: string[] = [];
    const logger = createLogger({
      level: 'info',
      format,
      destination: { write: (line: string) => void lines.push(line) },
    });
    work(logger);
    return lines;
  }

  test('is one JSON object with level, time, organization, event and sentence, and nothing of the machine', () => {
    const lines = linesOf((logger) =>
      logger.child({ org: 'org_id_2' }).warn({ event: 'fault_counted' }, 'A sentence.'),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('\n')).toBe(true);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(Object.keys(line).sort()).toEqual(['event', 'level', 'msg', 'org', 'time']);
    expect(line).toMatchObject({ level: 'warn', org: 'org_id_2', event: 'fault_counted', msg: 'A sentence.' });
    expect(new Date(String(line.time)).toISOString()).toBe(line.time);
  });

  test('below the level is not written', () => {
    expect(linesOf((logger) => logger.debug({ event: 'x' }, 'x'))).toEqual([]);
  });
});
