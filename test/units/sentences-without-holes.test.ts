import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EVENT_NAMES, EVENTS, eventSentence, type EventName } from '../../src/events/catalogue.js';
import { SENTENCES } from '../../src/api/sentences.js';
import type { ServiceEvent } from '../../src/operator-page/answers.js';

/** What a reader sees where a value should be. */
const HOLE = /—|\bnull\b|\bundefined\b|\bNaN\b|\(\s*\)|\s\s|[{}[\]|]|: *[.,)]|\s[.,;:]|, *[.)]|^\s|\s$/;
const NOTHING = [null, undefined, '', ' '] as const;

/** A value for each field of an event's data, of the kind that it has. */
function example(name: EventName): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(EVENTS[name].data.shape).map((field) => [
      field,
      field.endsWith('_at') ? '2026-01-02T03:04:05Z' : 'one',
    ]),
  );
}

/** The data of an event: whole, with nothing in one place or two, and with nothing in any. */
function withNothing(name: EventName): Record<string, unknown>[] {
  const whole = example(name);
  const fields = Object.keys(whole);
  const found = [whole];
  for (const nothing of NOTHING) {
    for (const one of fields) for (const other of fields) found.push({ ...whole, [one]: nothing, [other]: nothing });
    found.push(Object.fromEntries(fields.map((field) => [field, nothing])));
  }
  return found;
}

describe.each(EVENT_NAMES)('the sentence of %s', (name) => {
  it.each(['en', 'es'] as const)('has no hole, whatever has no value (%s)', (language) => {
    for (const data of withNothing(name)) {
      expect(eventSentence({ name, data: data as never }, language), JSON.stringify(data)).not.toMatch(HOLE);
    }
  });

  it('has brackets around everything that may be null', () => {
    const shape = EVENTS[name].data.shape as Record<string, { safeParse: (value: unknown) => { success: boolean } }>;
    for (const language of ['en', 'es'] as const) {
      const bare = EVENTS[name][language].replace(/\[[^\]]*\]/g, '');
      for (const [, field = ''] of bare.matchAll(/\{(\w+)\}/g)) {
        expect(shape[field]?.safeParse(null).success, `${language}: ${field}`).toBe(false);
      }
    }
  });
});

it('the folder of a session that was never paired was not kept, and says so', () => {
  const data = { reason: 'forced', automatic: false, backup: null, bad_mac: 0, stream_error: 0 };
  expect(eventSentence({ name: 'session.cleaned', data }, 'es')).toBe(
    'La carpeta se quitó, pues no había un teléfono vinculado (forced); hace falta escanear de nuevo.',
  );
  expect(eventSentence({ name: 'session.cleaned', data: { ...data, backup: '2_corrupted_1' } }, 'es')).toBe(
    'La carpeta se guardó como 2_corrupted_1 (forced); hace falta escanear de nuevo.',
  );
});

it('a value that looks like a placeholder or a bracket is told as it is', () => {
  const data = { reason: '{text}', code: null, text: '[a|b]', next_try_at: null };
  expect(eventSentence({ name: 'session.disconnected', data }, 'en')).toBe('The connection ended: {text} ([a|b]).');
});

describe.each(['en', 'es'] as const)("the service's own sentences (%s)", (language) => {
  /** Those that the code fills in, each with a value that its type forbids to be null. */
  const PLACEHOLDERS = ['fields', 'at', 'backup', 'code', 'seconds', 'phone', 'former', 'messages', 'unconfirmed'];

  it('have no hole, and no placeholder that nobody fills in', () => {
    const texts = [...leaves(SENTENCES[language])];
    expect(texts.length).toBeGreaterThan(150);
    for (const text of texts) {
      const filled = text.replace(/\{(\w+)\}/g, (whole, name: string) => (PLACEHOLDERS.includes(name) ? 'x' : whole));
      // Examples of JSON are no holes, nor is a null that may be given.
      const prose = filled
        .replace(/\{"[^}]*\}/g, 'x')
        .replace(/"[^"]*"/g, 'x')
        .replace(/\b(or|o) null\b/g, 'x');
      expect(prose).not.toMatch(HOLE);
    }
  });
});

describe('the words of the page', () => {
  let eventWords: (event: ServiceEvent) => string;
  let chooseLanguage: (language: 'en' | 'es') => void;
  beforeAll(async () => {
    vi.stubGlobal('navigator', { languages: ['en'] });
    vi.stubGlobal('document', { documentElement: { dataset: {} } });
    vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
    // By names that the type checker does not follow: these are files for a browser.
    const page = (name: string): Promise<unknown> => import(/* @vite-ignore */ `../../src/operator-page/${name}.ts`);
    ({ eventWords } = (await page('event-words')) as { eventWords: typeof eventWords });
    ({ chooseLanguage } = (await page('settings')) as { chooseLanguage: typeof chooseLanguage });
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  it.each(EVENT_NAMES)('tell %s without a hole, whatever has no value', (name) => {
    for (const language of ['en', 'es'] as const) {
      chooseLanguage(language);
      for (const data of withNothing(name)) {
        const sentence = eventSentence({ name, data: data as never }, language);
        const event = {
          id: '1',
          name,
          organization_id: '2',
          at: '2026-01-02T03:04:05Z',
          data: data as never,
          sentence,
        };
        expect(eventWords(event), JSON.stringify(data)).not.toMatch(HOLE);
      }
    }
  });
});

function* leaves(tree: object): Generator<string> {
  for (const value of Object.values(tree) as unknown[]) {
    if (typeof value === 'string') yield value;
    else if (typeof value === 'object' && value !== null) yield* leaves(value);
  }
}
