/**
 * Questions (`iq`) that WhatsApp answers oddly: not at all, with an error, with nothing in it, or in part. Built from
 * what people report of the real one: a 429 stands inside `result` of a usync answer, lists come empty, rows are
 * missing.
 */
import { error } from './registration.js';
import { child, children, node, type BinaryNode } from './wire.js';

/** What is asked: about a number, for devices, for keys, to be active, for a pairing code, to unlink this device. */
export const QUESTIONS = ['number', 'devices', 'keys', 'active', 'pairing_code', 'unlink'] as const;
export type Question = (typeof QUESTIONS)[number];

export const ODDITIES = [
  'silence',
  /** An error in place of the answer; what was asked is not done. */
  'error',
  /** The TCP connection goes; what was asked is not done. */
  'cut',
  /** A stream error with the code; what was asked is not done. */
  'stream_error',
  /** It is done, and the connection ends as that of a device that was removed. */
  'device_removed',
  /** An error inside `result`, and an empty list (usync). */
  'result_error',
  /** An error in each row. */
  'row_error',
  /** A list without rows. */
  'empty',
  /** Somebody's list of devices is there, and empty: the last row's (devices). */
  'no_devices',
  /** Only the first row of several. */
  'first_only',
  /** Only the last row of several. */
  'last_only',
  /** "Not here", but for another number. */
  'other_number',
] as const;
export type Oddity = (typeof ODDITIES)[number];

export interface OddAnswer {
  question: Question;
  oddity: Oddity;
  /** Of an error; default 429. */
  code: number;
  /** Seconds that WhatsApp asks to wait. */
  backoff: number | undefined;
}

/** Oddities that end the connection in place of an answer. */
const ENDS = { cut: true, stream_error: true, device_removed: true } as const;
export type OddEnd = keyof typeof ENDS;

/** How the connection ends in place of an answer, if it does. */
export function endOf({ oddity }: OddAnswer): OddEnd | undefined {
  return oddity in ENDS ? (oddity as OddEnd) : undefined;
}

/** Whether what was asked is not done. */
export function isRefused({ oddity }: OddAnswer): boolean {
  return oddity === 'error' || oddity === 'cut' || oddity === 'stream_error';
}

/** Which of the questions this `iq` is, if any. */
export function questionOf(iq: BinaryNode): Question | undefined {
  const asked = children(child(child(iq, 'usync'), 'query') ?? node('query'), 'contact');
  switch (iq.attrs['xmlns']) {
    case 'usync':
      return asked.length > 0 ? 'number' : child(child(iq, 'usync') ?? iq, 'query') ? 'devices' : undefined;
    case 'encrypt':
      return child(iq, 'key') ? 'keys' : undefined;
    case 'passive':
      return child(iq, 'active') ? 'active' : undefined;
    case 'md':
      if (child(iq, 'remove-companion-device')) return 'unlink';
      return child(iq, 'link_code_companion_reg')?.attrs['stage'] === 'companion_hello' ? 'pairing_code' : undefined;
    default:
      return undefined;
  }
}

/** The answer as it goes out; undefined for silence. */
export function oddly(answer: BinaryNode, { question, oddity, code, backoff }: OddAnswer): BinaryNode | undefined {
  const failure = (): BinaryNode => {
    const plain = error(String(code), code === 429 ? 'rate-overlimit' : 'not-acceptable');
    return backoff === undefined ? plain : { ...plain, attrs: { ...plain.attrs, backoff: String(backoff) } };
  };
  const protocol = question === 'number' ? 'contact' : 'devices';
  switch (oddity) {
    case 'silence':
    case 'cut':
    case 'stream_error':
    case 'device_removed':
      return undefined;
    case 'error':
      return node('iq', {}, [failure()]);
    case 'result_error':
      return withRows(answer, () => [], [node('result', {}, [node(protocol, {}, [failure()])])]);
    case 'row_error':
      return withRows(answer, (rows) =>
        rows.map(({ attrs }) =>
          node('user', attrs, question === 'keys' ? [failure()] : [node(protocol, {}, [failure()])]),
        ),
      );
    case 'empty':
      return withRows(answer, () => []);
    case 'no_devices':
      return withRows(answer, (rows) => [
        ...rows.slice(0, -1),
        ...rows.slice(-1).map((row) => node('user', row.attrs, [node('devices', {}, [node('device-list', {}, [])])])),
      ]);
    case 'first_only':
      return withRows(answer, (rows) => rows.slice(0, 1));
    case 'last_only':
      return withRows(answer, (rows) => rows.slice(-1));
    case 'other_number':
      return withRows(answer, () => [
        node('user', { jid: '573000000001@s.whatsapp.net' }, [
          node('contact', { type: 'out' }, Buffer.from('+573000000001')),
        ]),
      ]);
  }
}

/** Rows stand in `usync/list`, or in `list` itself. */
function withRows(
  answer: BinaryNode,
  change: (rows: BinaryNode[]) => BinaryNode[],
  before: BinaryNode[] = [],
): BinaryNode {
  const usync = child(answer, 'usync');
  const list = node('list', {}, change(children(child(usync ?? answer, 'list'), 'user')));
  return node('iq', answer.attrs, usync ? [node('usync', usync.attrs, [...before, list])] : [list]);
}
