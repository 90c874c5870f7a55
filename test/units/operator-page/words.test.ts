import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENT_NAMES, EVENTS } from '../../../src/events/catalogue.js';
import { COUNTED_FAULTS, OTHER_FAULTS } from '../../../src/health/session-fault.js';
import { EVENT_NAMES as HEARD } from '../../../src/operator-page/live/event-names.js';
import { english } from '../../../src/operator-page/words/words-en.js';
import { spanish } from '../../../src/operator-page/words/words-es.js';
import { MESSAGE_STATES } from '../../../src/outbox/outbox-message.js';
import { DISCONNECT_KINDS } from '../../../src/session/disconnect-reason.js';
import { ATTENTION_CODES } from '../../../src/session/session-view.js';

const STATUSES = EVENTS['session.status'].data.shape.status.options;

describe.each([
  ['English', english],
  ['Spanish', spanish],
])('the words of the page in %s', (_, words) => {
  it.each([
    ['statuses', words.status, STATUSES],
    ['sentences of statuses', words.sentence, STATUSES],
    ['next steps', words.step, STATUSES],
    ['attention', words.attention, ATTENTION_CODES],
    ['states of messages', words.message, MESSAGE_STATES],
    ['reasons of disconnections', words.reason, DISCONNECT_KINDS],
    ['faults', words.reason, [...COUNTED_FAULTS, ...OTHER_FAULTS]],
  ] as const)('know everything that the service can say: %s', (_what, table, codes) => {
    expect(Object.keys(table)).toEqual(expect.arrayContaining([...codes]));
  });

  it('tell nobody to call a route: a person has buttons', () => {
    const { step, attention, faultHints } = words;
    expect(JSON.stringify([step, attention, faultHints])).not.toMatch(/\/api\/|POST|GET /);
  });
});

describe('the two languages', () => {
  it('have the same words, each translated', () => {
    expect(paths(spanish)).toEqual(paths(english));
    const same = texts(spanish).filter(
      ([name, text]) => text === texts(english).find(([other]) => other === name)?.[1],
    );
    // Names of errors and products, and what is written alike in both.
    expect(same.map(([name]) => name).sort()).toEqual([
      'charts.bad_mac',
      'charts.stream_error',
      'header.webhooks',
      'none',
      'webhooks.title',
    ]);
  });

  it('hold no word that the page does not use', () => {
    const page = path.resolve('src/operator-page');
    const code = fs
      .readdirSync(page, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('words'))
      .map((name) => fs.readFileSync(path.join(page, name), 'utf8'))
      .join('\n');
    // Tables are read by codes of the service; everything else by name.
    const tables = new RegExp(
      '^(status|sentence|step|logouts|attention|message|reason|faultHints|' +
        String.raw`list|charts|confirm|health|shopLink\.choices)\.`,
    );
    const unused = paths(english).filter(
      (name) => !tables.test(name) && !new RegExp(`\\b${name.split('.').at(-1)}\\b`).test(code),
    );
    expect(unused).toEqual([]);
  });
});

describe('the stream of the page', () => {
  it('listens for every event that there is', () => {
    expect([...HEARD]).toEqual(expect.arrayContaining([...EVENT_NAMES]));
  });
});

/** `header.theme.dark` and so on, of everything that is not a table or a list. */
function paths(tree: object, before = ''): string[] {
  return Object.entries(tree).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? paths(value, `${before}${name}.`)
      : [`${before}${name}`],
  );
}

function texts(tree: object, before = ''): [string, string][] {
  return Object.entries(tree).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    if (typeof value === 'string') return [[`${before}${name}`, value]];
    return typeof value === 'object' && value !== null ? texts(value, `${before}${name}.`) : [];
  });
}
