/** The mishaps as JSON requests: which fields each takes, checked by name and type. */
import { ODD_HAND_OVERS, type Mishaps } from './mishaps.js';
import { ODDITIES, QUESTIONS } from './odd-answers.js';
import type { Attributes } from './wire.js';

type Kind = 'text' | 'number' | 'code' | 'switch' | 'attributes';

interface Fields {
  readonly org: string;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  code(name: string): string | number | undefined;
  on(name: string): boolean | undefined;
  attrs(name: string): Attributes | undefined;
}

interface Request {
  fields: Record<string, Kind>;
  strike: (mishaps: Mishaps, fields: Fields) => unknown;
}

const streamErrorOf = (f: Fields) => ({ code: f.code('code'), attrs: f.attrs('attrs') });

const requests: Record<string, Request> = {
  badMac: {
    fields: { n: 'number', type: 'text', from: 'text', retriesToo: 'switch' },
    strike: (mishaps, f) => {
      const type = f.text('type');
      if (type !== undefined && type !== 'pkmsg' && type !== 'msg') throw new Error('"type" must be pkmsg or msg');
      mishaps.badMac(f.org, f.number('n') ?? 1, { type, from: f.text('from'), retriesToo: f.on('retriesToo') });
    },
  },
  duplicate: { fields: { n: 'number' }, strike: (mishaps, f) => mishaps.duplicate(f.org, f.number('n') ?? 1) },
  streamError: {
    fields: { tag: 'text', code: 'code', attrs: 'attributes' },
    strike: (mishaps, f) => struck(mishaps.streamError(f.org, f.text('tag'), streamErrorOf(f))),
  },
  streamErrorAtLogin: {
    fields: { tag: 'text', code: 'code', attrs: 'attributes', times: 'number', afterOpenMs: 'number' },
    strike: (mishaps, f) =>
      mishaps.streamErrorAtLogin(f.org, f.text('tag'), {
        ...streamErrorOf(f),
        times: f.number('times'),
        afterOpenMs: f.number('afterOpenMs'),
      }),
  },
  failure: {
    fields: { reason: 'number', times: 'number', attrs: 'attributes' },
    strike: (mishaps, f) => {
      const reason = f.number('reason');
      if (reason === undefined) throw new Error('"reason" must be a number');
      mishaps.failure(f.org, reason, { times: f.number('times'), attrs: f.attrs('attrs') });
    },
  },
  poisonTo: {
    fields: { to: 'text', times: 'number', code: 'code' },
    strike: (mishaps, f) =>
      mishaps.poisonTo(f.org, f.text('to') ?? '', { times: f.number('times'), code: f.code('code') }),
  },
  poisonFrom: {
    fields: { from: 'text', times: 'number', named: 'switch' },
    strike: (mishaps, f) =>
      mishaps.poisonFrom(f.org, f.text('from') ?? '', { times: f.number('times'), named: f.on('named') }),
  },
  oddHandOver: {
    fields: { how: 'text', times: 'number' },
    strike: (mishaps, f) => {
      const how = ODD_HAND_OVERS.find((one) => one === f.text('how'));
      if (!how) throw new Error(`"how" must be one of ${ODD_HAND_OVERS.join(', ')}`);
      mishaps.oddHandOver(f.org, how, { times: f.number('times') });
    },
  },
  cut: { fields: {}, strike: (mishaps, f) => struck(mishaps.cut(f.org)) },
  endStream: { fields: {}, strike: (mishaps, f) => struck(mishaps.endStream(f.org)) },
  silence: {
    fields: { newLogins: 'switch' },
    strike: (mishaps, f) => struck(mishaps.silence(f.org, { newLogins: f.on('newLogins') })),
  },
  endSilence: { fields: {}, strike: (mishaps, f) => struck(mishaps.endSilence(f.org)) },
  refuseConnections: { fields: { on: 'switch' }, strike: (mishaps, f) => mishaps.refuseConnections(f.on('on')) },
  rejectUpgrade: {
    fields: { status: 'number', times: 'number', close: 'switch' },
    strike: (mishaps, f) => mishaps.rejectUpgrade(f.number('status'), f.number('times'), { close: f.on('close') }),
  },
  silentHandshake: { fields: { times: 'number' }, strike: (mishaps, f) => mishaps.silentHandshake(f.number('times')) },
  muteQueries: {
    fields: { xmlns: 'text', on: 'switch' },
    strike: (mishaps, f) => mishaps.muteQueries(f.org, { xmlns: f.text('xmlns'), on: f.on('on') }),
  },
  oddAnswer: {
    fields: { question: 'text', oddity: 'text', times: 'number', code: 'number', backoff: 'number' },
    strike: (mishaps, f) => {
      const question = QUESTIONS.find((one) => one === f.text('question'));
      const oddity = ODDITIES.find((one) => one === f.text('oddity'));
      if (!question) throw new Error(`"question" must be one of ${QUESTIONS.join(', ')}`);
      if (!oddity) throw new Error(`"oddity" must be one of ${ODDITIES.join(', ')}`);
      mishaps.oddAnswer(f.org, question, oddity, {
        times: f.number('times'),
        code: f.number('code'),
        backoff: f.number('backoff'),
      });
    },
  },
  withholdAcks: { fields: { on: 'switch' }, strike: (mishaps, f) => mishaps.withholdAcks(f.org, f.on('on')) },
  delayAcks: { fields: { ms: 'number' }, strike: (mishaps, f) => mishaps.delayAcks(f.org, f.number('ms') ?? 0) },
  refuseAcks: {
    fields: { code: 'number', times: 'number', to: 'text' },
    strike: (mishaps, f) => mishaps.refuseAcks(f.org, f.number('code') ?? 479, f.number('times'), { to: f.text('to') }),
  },
  clear: { fields: {}, strike: (mishaps) => mishaps.clear() },
  help: {
    fields: {},
    strike: () =>
      Object.fromEntries(
        Object.entries(requests).map(([name, { fields }]) => [name, { org: 'number or * (default)', ...fields }]),
      ),
  },
};

/** Throws with a sentence for people when the name or a field is not known or of the wrong type. */
export async function invoke(mishaps: Mishaps, name: string, body: Record<string, unknown>): Promise<unknown> {
  const request = Object.hasOwn(requests, name) ? requests[name] : undefined;
  if (!request) throw new Error(`no mishap "${name}"; there are: ${Object.keys(requests).join(', ')}`);
  for (const field of Object.keys(body)) {
    if (field !== 'org' && !Object.hasOwn(request.fields, field)) throw new Error(`${name} has no field "${field}"`);
  }
  return (await request.strike(mishaps, fieldsOf(body))) ?? { ok: true };
}

function fieldsOf(body: Record<string, unknown>): Fields {
  const typed =
    <T>(is: (value: unknown) => value is T, what: string) =>
    (name: string): T | undefined => {
      const value = body[name];
      if (value !== undefined && !is(value)) throw new Error(`"${name}" must be ${what}`);
      return value;
    };
  const isText = (value: unknown): value is string => typeof value === 'string';
  const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
  const isCode = (value: unknown): value is string | number => isText(value) || isNumber(value);
  const isSwitch = (value: unknown): value is boolean => typeof value === 'boolean';
  const isAttributes = (value: unknown): value is Attributes =>
    typeof value === 'object' && value !== null && Object.values(value).every(isText);
  const text = typed(isText, 'a text');
  return {
    org: text('org') ?? '*',
    text,
    number: typed(isNumber, 'a number'),
    code: typed(isCode, 'a number or text'),
    on: typed(isSwitch, 'true or false'),
    attrs: typed(isAttributes, 'an object of texts'),
  };
}

function struck(connections: number): { connections: number } {
  return { connections };
}
