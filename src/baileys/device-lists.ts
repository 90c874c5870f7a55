import { generateParticipantHashV2, jidDecode, jidEncode, type CacheStore } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import type { DeadDevices } from './dead-devices.js';

/** A device as Baileys keeps it in its cache (lib/Socket/messages-send.js, getUSyncDevices). */
export interface CachedDevice {
  readonly user: string;
  readonly device?: number;
  readonly server?: string;
}

/** Lists by user: under the number, and under the LID when it is known. */
const MOST_LISTS = 5000;
const DAY = 24 * 3_600_000;

/**
 * Device lists of customers, and of the organization itself. Baileys' own cache forgets them after five minutes and
 * then opens a new Signal session with every customer it writes to (`assertSessions(…, true)`), which uses up their
 * pre-keys and can itself cause a Bad MAC. Changes are told by WhatsApp (`devices` notifications, `phash` in an ack),
 * so a day is safe.
 */
export class DeviceLists {
  private readonly lists = new LRUCache<string, readonly CachedDevice[]>({ max: MOST_LISTS, ttl: DAY });
  private readonly jids = new WeakMap<readonly CachedDevice[], readonly string[]>();

  get(user: string): readonly CachedDevice[] | undefined {
    return this.lists.get(user);
  }

  /** An empty list is one, too: WhatsApp said so. */
  set(user: string, list: readonly CachedDevice[]): void {
    this.lists.set(user, list);
  }

  forget(user: string): void {
    this.lists.delete(user);
  }

  clear(): void {
    this.lists.clear();
  }

  /** The addresses of a user's devices; none when the list is not known. */
  addresses(user: string): readonly string[] {
    const list = this.lists.get(user);
    if (!list) return [];
    let jids = this.jids.get(list);
    if (!jids) this.jids.set(list, (jids = list.map(addressOf)));
    return jids;
  }
}

/**
 * What was prepared for a message is not there any more. Baileys would ask WhatsApp for it, between the claim and the
 * stanza.
 */
export class PreparedNoMore extends Error {
  constructor(what: string) {
    super(`${what} went away after the message was prepared`);
    this.name = 'PreparedNoMore';
  }
}

/**
 * The lists as Baileys sees them (its option `userDevicesCache`). While a message of ours is sent it does not see
 * devices whose keys cannot be had, and it must not ask for a list: a missing one throws. What it changes by itself,
 * after a notification, is `onChanged`: the list under the other name of that user is old now.
 */
export function shownDevices(
  lists: DeviceLists,
  dead: DeadDevices,
  isSending: () => boolean,
  onChanged: (user: string) => Promise<void>,
): CacheStore {
  return {
    get: <T>(user: string) => {
      const list = lists.get(user);
      if (!isSending()) return list as T | undefined;
      if (!list) throw new PreparedNoMore('The list of devices');
      if (dead.size === 0) return list as T;
      return list.filter((one) => !dead.has(addressOf(one))) as T;
    },
    set: async (user, list) => {
      lists.set(user, list as CachedDevice[]);
      await onChanged(user);
    },
    del: async (user) => {
      lists.forget(user);
      await onChanged(user);
    },
    flushAll: () => lists.clear(),
  };
}

/**
 * Whether a hash that WhatsApp gave with an ack (`phash`) is that of one of these lists of addresses. Nobody outside
 * knows over which spelling of the addresses WhatsApp counts: any that other clients are known to use will do, and one
 * that does not match is only a reason to ask.
 */
export function isHashOfAny(phash: string, lists: readonly (readonly string[])[]): boolean {
  const spellings = (list: readonly string[]): string[][] => [[...list], list.map(withDevice), list.map(withAgent)];
  return lists.some((list) => spellings(list).some((one) => generateParticipantHashV2(one) === phash));
}

function addressOf({ user, device, server }: CachedDevice): string {
  return jidEncode(user, (server ?? 's.whatsapp.net') as 's.whatsapp.net', device);
}

/** `573001112233:0@s.whatsapp.net`: with the device, also the first. */
function withDevice(jid: string): string {
  const { user, server, device } = jidDecode(jid) ?? { user: '', server: '', device: 0 };
  return `${user}:${device ?? 0}@${server}`;
}

/** `573001112233.0:0@s.whatsapp.net`: as other clients spell it. */
function withAgent(jid: string): string {
  const { user, server, device } = jidDecode(jid) ?? { user: '', server: '', device: 0 };
  return `${user}.${server === 'lid' ? 1 : 0}:${device ?? 0}@${server}`;
}
