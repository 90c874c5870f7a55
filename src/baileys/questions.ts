import {
  getBinaryNodeChild,
  getBinaryNodeChildBuffer,
  getBinaryNodeChildren,
  getBinaryNodeChildUInt,
  generateSignalPubKey,
  jidDecode,
  S_WHATSAPP_NET,
  type BinaryNode,
  type WASocket,
} from '@whiskeysockets/baileys';
import { NotAnsweredError } from '../session/whatsapp-socket.js';

/**
 * What is asked of WhatsApp about customers: numbers, devices, keys. Baileys' own questions take an empty or partial
 * answer for a "no" (lib/WAUSync/USyncQuery.js leaves errors out). Here each answer is read for the very number or
 * device that was asked about, and what it does not say stays unknown: a `NotAnsweredError`.
 */

/** WhatsApp's code for "too much" (`rate-overlimit`). */
const RATE_LIMITED = 429;
/** Errors that speak of what was asked for; others speak of WhatsApp, or of this client. */
const ABOUT_THE_DEVICE = [400, 404, 406];
/** Longest pause that WhatsApp's `backoff` is believed, ms. */
const LONGEST_BACKOFF_MS = 3_600_000;

type Query = Pick<WASocket, 'sendNode' | 'waitForMessage' | 'generateMessageTag'>;

/** WhatsApp answered with an error. */
class RefusedError extends NotAnsweredError {
  readonly code: number;

  constructor(what: string, { code, retryAfterMs }: WhatsAppsError) {
    super(`${what} (error ${code})`, {
      reason: code === RATE_LIMITED ? 'rate_limited' : 'no_answer',
      retryAfterMs: retryAfterMs && Math.min(retryAfterMs, LONGEST_BACKOFF_MS),
    });
    this.code = code;
  }
}

/** A device's keys, as libsignal's `initOutgoing` takes them. */
export interface KeyBundle {
  readonly registrationId: number;
  readonly identityKey: Uint8Array;
  readonly signedPreKey: { readonly keyId: number; readonly publicKey: Uint8Array; readonly signature: Uint8Array };
  readonly preKey: { readonly keyId: number; readonly publicKey: Uint8Array };
}

/** What WhatsApp said of one person's devices. */
export interface DeviceAnswer {
  /** The answer as Baileys' `extractDeviceJids` takes it. */
  readonly id: string;
  readonly devices: { readonly deviceList: { id: number; keyIndex: number; isHosted: boolean }[] };
  /** The LID, when it was told. */
  readonly lid: string | null;
}

/**
 * The chat id of a number (digits); null only when WhatsApp said `out` for that very number.
 * The contact element of an answer repeats the number as it was asked, while `jid` may be spelled otherwise (Brazil,
 * Mexico, Argentina).
 * @throws NotAnsweredError `rate_limited`, `number_not_known_yet`, `no_answer`
 */
export async function askForNumber(sock: Query, digits: string): Promise<string | null> {
  const list = await usync(
    sock,
    'interactive',
    ['contact'],
    [{ tag: 'user', attrs: {}, content: [{ tag: 'contact', attrs: {}, content: `+${digits}` }] }],
  );
  for (const user of list) {
    const contact = getBinaryNodeChild(user, 'contact');
    if (!contact || !isAbout(user, contact, digits, list.length)) continue;
    throwError(contact, 'chat id');
    if (contact.attrs.type === 'in' && jidDecode(user.attrs.jid)?.server === 's.whatsapp.net')
      return user.attrs.jid ?? null;
    if (contact.attrs.type === 'out') return null;
  }
  throw new NotAnsweredError('chat id', { reason: 'number_not_known_yet' });
}

/**
 * Whether a row speaks of this number: by the number it repeats, by its jid, or because one row answers one question
 * with an `in`.
 */
function isAbout(user: BinaryNode, contact: BinaryNode, digits: string, rows: number): boolean {
  const repeated = textOf(contact)?.replace(/^\+/, '');
  if (repeated) return repeated === digits;
  if (jidDecode(user.attrs.jid)?.user === digits) return true;
  // Another spelling of the number. A "no" for another number is no answer to this one.
  return rows === 1 && contact.attrs.type === 'in';
}

/**
 * The devices of persons, by the jid that was asked for. A person of whom nothing was said is absent.
 * @throws NotAnsweredError `rate_limited`, `no_answer`
 */
export async function askForDevices(sock: Query, jids: readonly string[]): Promise<Map<string, DeviceAnswer>> {
  const users = jids.map((jid): BinaryNode => ({ tag: 'user', attrs: { jid } }));
  const list = await usync(sock, 'message', ['devices', 'lid'], users);
  const answers = new Map<string, DeviceAnswer>();
  for (const jid of jids) {
    const row = list.find((user) => jidDecode(user.attrs.jid)?.user === jidDecode(jid)?.user);
    const devices = row && getBinaryNodeChild(row, 'devices');
    if (!row || !devices) continue;
    throwError(row, 'devices');
    throwError(devices, 'devices');
    const told = getBinaryNodeChild(devices, 'device-list');
    if (!told) continue;
    const deviceList = getBinaryNodeChildren(told, 'device').map(({ attrs }) => ({
      id: Number(attrs.id),
      keyIndex: Number(attrs['key-index']),
      isHosted: attrs.is_hosted === 'true',
    }));
    const lid = getBinaryNodeChild(row, 'lid')?.attrs.val;
    answers.set(jid, { id: jid, devices: { deviceList }, lid: lid?.endsWith('@lid') ? lid : null });
  }
  return answers;
}

/**
 * The keys of devices, each judged by itself: null for one whose keys cannot be had now (an error, an incomplete
 * bundle, nothing said). When the question as a whole is refused because of something that it names, each device is
 * asked for alone.
 * @throws NotAnsweredError when WhatsApp did not answer the question
 */
export async function askForKeys(sock: Query, jids: readonly string[]): Promise<Map<string, KeyBundle | null>> {
  try {
    return await askForKeysOf(sock, jids);
  } catch (error) {
    if (!(error instanceof RefusedError) || !ABOUT_THE_DEVICE.includes(error.code)) throw error;
    if (jids.length === 1) return new Map(jids.map((jid) => [jid, null]));
    const each = new Map<string, KeyBundle | null>();
    for (const jid of jids) for (const [one, keys] of await askForKeys(sock, [jid])) each.set(one, keys);
    return each;
  }
}

async function askForKeysOf(sock: Query, jids: readonly string[]): Promise<Map<string, KeyBundle | null>> {
  const answer = await ask(sock, 'keys', 'encrypt', [
    { tag: 'key', attrs: {}, content: jids.map((jid) => ({ tag: 'user', attrs: { jid } })) },
  ]);
  const list = getBinaryNodeChild(answer, 'list');
  if (!list) throw new NotAnsweredError('keys', { reason: 'no_answer' });
  const bundles = getBinaryNodeChildren(list, 'user').map((user) => [user.attrs.jid, bundleOf(user)] as const);
  // One "too much" speaks of the question, not of the device.
  for (const user of getBinaryNodeChildren(list, 'user')) throwError(user, 'keys', [RATE_LIMITED]);
  return new Map(jids.map((jid) => [jid, bundles.find(([told]) => isSameDevice(told, jid))?.[1] ?? null]));
}

/**
 * A bundle without a one-time pre-key is not used: a message begun with it can be repeated by whoever has recorded it.
 */
function bundleOf(user: BinaryNode): KeyBundle | null {
  const skey = getBinaryNodeChild(user, 'skey');
  const key = getBinaryNodeChild(user, 'key');
  const identity = getBinaryNodeChildBuffer(user, 'identity');
  const registrationId = getBinaryNodeChildUInt(user, 'registration', 4);
  if (getBinaryNodeChild(user, 'error') || !skey || !key || identity?.length !== 32) return null;
  const signedKeyId = getBinaryNodeChildUInt(skey, 'id', 3);
  const signedKey = getBinaryNodeChildBuffer(skey, 'value');
  const signature = getBinaryNodeChildBuffer(skey, 'signature');
  const keyId = getBinaryNodeChildUInt(key, 'id', 3);
  const publicKey = getBinaryNodeChildBuffer(key, 'value');
  if (registrationId === undefined || signedKeyId === undefined || keyId === undefined) return null;
  if (signedKey?.length !== 32 || signature?.length !== 64 || publicKey?.length !== 32) return null;
  return {
    registrationId,
    identityKey: generateSignalPubKey(identity),
    signedPreKey: { keyId: signedKeyId, publicKey: generateSignalPubKey(signedKey), signature },
    preKey: { keyId, publicKey: generateSignalPubKey(publicKey) },
  };
}

// --- the questions themselves ---

/**
 * The rows of a usync answer (lib/WAUSync/USyncQuery.js). An error may stand for the whole, or inside `result` for one
 * protocol.
 */
async function usync(sock: Query, context: string, protocols: string[], users: BinaryNode[]): Promise<BinaryNode[]> {
  const query = protocols.map((tag): BinaryNode => ({ tag, attrs: tag === 'devices' ? { version: '2' } : {} }));
  const attrs = { context, mode: 'query', sid: sock.generateMessageTag(), last: 'true', index: '0' };
  const content: BinaryNode[] = [
    { tag: 'query', attrs: {}, content: query },
    { tag: 'list', attrs: {}, content: users },
  ];
  const answer = await ask(sock, protocols[0] === 'contact' ? 'chat id' : 'devices', 'usync', [
    { tag: 'usync', attrs, content },
  ]);
  const told = getBinaryNodeChild(answer, 'usync');
  const result = told && getBinaryNodeChild(told, 'result');
  for (const protocol of children(result)) throwError(protocol, protocol.tag);
  const list = told && getBinaryNodeChild(told, 'list');
  return list ? getBinaryNodeChildren(list, 'user') : [];
}

/** As Baileys' `query` (lib/Socket/socket.js), which of an error keeps the code only. */
async function ask(sock: Query, what: string, xmlns: string, content: BinaryNode[]): Promise<BinaryNode> {
  const id = sock.generateMessageTag();
  const answered = sock.waitForMessage<BinaryNode | undefined>(id);
  const iq: BinaryNode = { tag: 'iq', attrs: { to: S_WHATSAPP_NET, type: 'get', xmlns, id }, content };
  const [answer] = await Promise.all([answered, sock.sendNode(iq)]);
  // Nothing came within Baileys' own time.
  if (answer === undefined) throw new NotAnsweredError(what, { reason: 'no_answer' });
  throwError(answer, what);
  return answer;
}

/** @param only codes; all when absent */
function throwError(node: BinaryNode, what: string, only?: readonly number[]): void {
  const error = errorOf(node);
  if (!error || (only && !only.includes(error.code))) return;
  throw new RefusedError(what, error);
}

interface WhatsAppsError {
  readonly code: number;
  /** When WhatsApp said how long to wait, ms. */
  readonly retryAfterMs: number | undefined;
}

/** The error that stands in a node. */
export function errorOf(node: BinaryNode): WhatsAppsError | null {
  const error = getBinaryNodeChild(node, 'error');
  if (!error) return null;
  const seconds = Number(error.attrs.backoff);
  return { code: Number(error.attrs.code), retryAfterMs: seconds > 0 ? seconds * 1000 : undefined };
}

function children(node: BinaryNode | undefined): BinaryNode[] {
  return Array.isArray(node?.content) ? node.content : [];
}

function textOf({ content }: BinaryNode): string | undefined {
  if (typeof content === 'string') return content;
  return content instanceof Uint8Array ? Buffer.from(content).toString() : undefined;
}

function isSameDevice(told: string | undefined, asked: string): boolean {
  const [one, other] = [jidDecode(told), jidDecode(asked)];
  return one?.user === other?.user && (one?.device ?? 0) === (other?.device ?? 0) && one?.server === other?.server;
}
