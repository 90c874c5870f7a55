/**
 * The control port's requests about the rest of a phone's life: busy chats of many, answers by hand, histories and
 * settings.
 */
import { edit, image, reaction, revoke } from './contents.js';
import type { Emulator } from './emulator.js';
import { STATUS } from './groups.js';

/** A request's body, already an object, and its phone or customer. */
export interface LifeCall {
  emulator: Emulator;
  number: string;
  fields: Record<string, unknown>;
}

/** What one request may ask for. */
const MOST_MESSAGES = 10_000;
const MOST_MEMBERS = 500;
const LARGEST_HISTORY_MB = 200;

const JIDS = { group: '120363000000000001@g.us', status: STATUS, list: '1700000000@broadcast' };

/**
 * Many messages of many people, in `kind`: group, status, list (of a broadcast) or channel. Answers when all are handed
 * over.
 */
export async function bustle({ emulator, number, fields }: LifeCall): Promise<{ messages: number }> {
  const messages = whole(fields, 'messages', 100, MOST_MESSAGES);
  const members = whole(fields, 'members', 20, MOST_MEMBERS);
  const kind = choice(fields, 'kind', ['group', 'status', 'list', 'channel'] as const);
  if (kind === 'channel') {
    // One per phone: who follows is said once.
    const channel = emulator.channel(`${number}@newsletter`, [number]);
    for (let n = 0; n < messages; n++) channel.post(`post ${n}`);
    return { messages };
  }
  const [, server] = JIDS[kind].split('@');
  const jid = kind === 'status' ? STATUS : `${number}-${members}@${server}`;
  const numbers = Array.from({ length: members }, (_, n) => String(573_005_000_000 + n));
  await emulator.group(jid, { phones: [number], members: numbers }).chatter(messages);
  return { messages };
}

/** The owner answers a customer by hand: on the phone, or on a device that is linked for it (`browser: true`). */
export async function answerByHand({ emulator, number, fields }: LifeCall): Promise<{ id: string }> {
  const device = fields['browser'] === true ? emulator.phone(number).linkOwnersDevice() : 0;
  return { id: await emulator.life(number).write(word(fields, 'to'), word(fields, 'text'), device) };
}

/** Announces a history of `megabytes`, which lies on the media host. */
export async function announceHistory({ emulator, number, fields }: LifeCall): Promise<{ bytes: number }> {
  const megabytes = whole(fields, 'megabytes', 50, LARGEST_HISTORY_MB);
  return { bytes: await emulator.life(number).announceHistory({ bytes: megabytes * 1024 * 1024 }) };
}

/** A key for the account's settings, and the news that each collection of them has changed. */
export async function changeSettings({ emulator, number }: LifeCall): Promise<void> {
  await emulator.life(number).shareAppStateKey();
  emulator.life(number).tellOfAppState();
}

/** A customer edits, takes back or reacts to the message `id`, or sends a picture; `to` is the organization. */
export async function changeMessage({ emulator, number, fields }: LifeCall): Promise<{ id: string }> {
  const what = choice(fields, 'what', ['edit', 'revoke', 'reaction', 'image'] as const);
  const customer = emulator.customer(number);
  const id = what === 'image' ? '' : word(fields, 'id');
  const content =
    what === 'image'
      ? image(await emulator.media.store(Buffer.from('a picture'), 'image'))
      : what === 'edit'
        ? edit(customer.jid, id, word(fields, 'text'))
        : what === 'revoke'
          ? revoke(customer.jid, id)
          : reaction(customer.jid, id, word(fields, 'text'));
  return customer.write(word(fields, 'to'), '', { content });
}

function word(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || !value) throw new Error(`"${name}" must be a text`);
  return value;
}

function whole(fields: Record<string, unknown>, name: string, usual: number, most: number): number {
  const value = fields[name] ?? usual;
  if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > most)
    throw new Error(`"${name}" must be a whole number from 1 to ${most}`);
  return Number(value);
}

function choice<T extends string>(fields: Record<string, unknown>, name: string, among: readonly T[]): T {
  const value = among.find((one) => one === fields[name]);
  if (!value) throw new Error(`"${name}" must be one of ${among.join(', ')}`);
  return value;
}
