import {
  extractDeviceJids,
  generateParticipantHashV2,
  jidDecode,
  jidEncode,
  jidNormalizedUser,
  type CacheStore,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { LRUCache } from 'lru-cache';
import { NotAnsweredError } from '../session/whatsapp-socket.js';
import { askForDevices, askForKeys, type DeviceAnswer } from './questions.js';
import { phoneNumberOf } from './translate-events.js';

/** For so long a device whose keys could not be had is skipped; then its keys are asked for again, ms. */
export const DEAD_DEVICE_MS = 15 * 60_000;

/** Devices whose keys cannot be had at the moment, by jid. Bounded; each entry ends after DEAD_DEVICE_MS. */
export type DeadDevices = LRUCache<string, true>;

/** A device as Baileys keeps it in its cache (lib/Socket/messages-send.js, getUSyncDevices). */
interface CachedDevice {
  readonly user: string;
  readonly device?: number;
  readonly server?: string;
}

/** Device lists by user; both by number and by LID. */
export interface DeviceLists extends CacheStore {
  get<T>(user: string): T | undefined;
}

interface Parts {
  readonly sock: WASocket;
  readonly devices: DeviceLists;
  readonly dead: DeadDevices;
  /** Whether the socket has ended, for whatever reason. */
  readonly isOver: () => boolean;
}

/**
 * Completes everything that a message needs before it is claimed: the customer's LID, the devices of customer and organization, and a Signal
 * session with each. Baileys then finds all of it in its caches and asks nothing between the claim and the stanza. What it would ask by
 * itself fails as a whole when one device's keys cannot be had; here that device is skipped.
 */
export class Preparation {
  constructor(private readonly parts: Parts) {}

  /** Where a chat goes on the wire: to the LID as soon as it is known. Local; asks nobody. */
  async wireAddress(chatId: string): Promise<string> {
    const lid = await this.parts.sock.signalRepository.lidMapping.getLIDForPN(chatId);
    return lid ?? chatId;
  }

  /**
   * @param fresh forget the customer's devices first
   * @param after when WhatsApp must be asked, it is not before this resolves
   * @throws NotAnsweredError
   */
  async complete(chatId: string, { fresh = false, after }: { fresh?: boolean; after?: Promise<void> }): Promise<void> {
    const me = this.ownNumber();
    if (fresh) await this.forget(chatId);
    let wire = await this.wireAddress(chatId);
    if (!this.areKnown([me, this.ownAddress(wire), chatId, wire])) {
      await after;
      await this.learnDevices(me, chatId);
      wire = await this.wireAddress(chatId);
    }
    const [own, theirs] = [this.addresses(this.ownAddress(wire)), this.addresses(wire)];
    const missing = await this.withoutSession([...own, ...theirs]);
    if (missing.length > 0) {
      await after;
      await this.beginSessions(missing);
    }
    if (!theirs.some((jid) => !this.parts.dead.has(jid))) {
      throw new NotAnsweredError('keys of any device', { reason: 'no_reachable_device' });
    }
  }

  async forget(chatId: string): Promise<void> {
    for (const user of await this.usersOf(chatId)) await this.parts.devices.del(user);
  }

  /**
   * Whether a hash of devices that WhatsApp gave with an ack is one of the list that is known, dead ones included. Nobody outside knows
   * exactly over which spelling of the addresses WhatsApp counts; any that is known counts, and one that does not match is only a reason to ask.
   */
  async isHashOf(chatId: string, phash: string): Promise<boolean> {
    const wire = await this.wireAddress(chatId);
    const others = [...this.addresses(this.ownAddress(wire)), ...this.addresses(wire)];
    const exact = wire.endsWith('@lid') ? this.parts.sock.user?.lid : this.parts.sock.user?.id;
    const lists = [others, ...(exact ? [[...others, exact]] : [])];
    return lists.some((list) => [list, list.map(withDevice), list.map(withAgent)].some((one) => hash(one) === phash));
  }

  /** The addresses of the customer's devices that a message reaches at the moment. */
  async reachableDevicesOf(chatId: string): Promise<string[]> {
    const devices = this.addresses(await this.wireAddress(chatId));
    return devices.filter((jid) => !this.parts.dead.has(jid));
  }

  // --- devices ---

  private async learnDevices(me: string, chatId: string): Promise<void> {
    const { sock } = this.parts;
    const answers = await askForDevices(sock, [...new Set([me, chatId])]);
    const [mine, theirs] = [answers.get(me), answers.get(chatId)];
    // A partial answer does not say that somebody has no devices.
    if (!mine || !theirs) throw new NotAnsweredError('devices', { reason: 'no_answer' });
    await this.learnLid(theirs, chatId);
    for (const answer of new Set([mine, theirs])) await this.remember(answer);
    if (theirs.devices.deviceList.length === 0) {
      throw new NotAnsweredError('any device', { reason: 'no_reachable_device' });
    }
  }

  /** The LID first: what is stored under the number moves there, and no new session is begun for it. */
  private async learnLid({ lid }: DeviceAnswer, chatId: string): Promise<void> {
    const { lidMapping, migrateSession } = this.parts.sock.signalRepository;
    if (!lid || (await lidMapping.getLIDForPN(chatId)) === lid) return;
    await lidMapping.storeLIDPNMappings([{ lid, pn: chatId }]);
    await migrateSession(chatId, lid);
  }

  private async remember(answer: DeviceAnswer): Promise<void> {
    const { sock, devices } = this.parts;
    const { id, lid } = sock.user as { id: string; lid?: string };
    for (const user of await this.usersOf(answer.id)) {
      const isLid = user !== phoneNumberOf(answer.id);
      const row = { ...answer, id: `${user}@${isLid ? 'lid' : 's.whatsapp.net'}` };
      const list = extractDeviceJids([row] as never, id, jidDecode(lid)?.user ?? '', false);
      // An empty list is stored as well: it was said.
      await devices.set(user, list);
      if (!isLid) {
        // Where Baileys looks for sessions that move from the number to the LID.
        const ids = list.map(({ device }) => String(device ?? 0));
        await sock.authState.keys.set({ 'device-list': { [user]: ids } });
      }
    }
  }

  private areKnown(jids: readonly string[]): boolean {
    return jids.every((jid) => this.parts.devices.get(phoneNumberOf(jid)) !== undefined);
  }

  /** The names under which a list is kept: the number, and the LID when it is known. */
  private async usersOf(jid: string): Promise<string[]> {
    const lid = await this.wireAddress(jid);
    return [...new Set([phoneNumberOf(jid), phoneNumberOf(lid)])];
  }

  private addresses(jid: string): string[] {
    return (this.parts.devices.get<CachedDevice[]>(phoneNumberOf(jid)) ?? []).map(addressOf);
  }

  private ownNumber(): string {
    return jidNormalizedUser(this.parts.sock.user?.id);
  }

  /** As Baileys addresses the organization's own devices in a chat: by LID in one that goes by LID. */
  private ownAddress(wire: string): string {
    const { lid } = this.parts.sock.user ?? {};
    return wire.endsWith('@lid') && lid ? jidNormalizedUser(lid) : this.ownNumber();
  }

  // --- sessions ---

  private async withoutSession(jids: readonly string[]): Promise<string[]> {
    const { sock, dead } = this.parts;
    const missing: string[] = [];
    for (const jid of jids) {
      if (dead.has(jid)) continue;
      const { exists } = await sock.signalRepository.validateSession(jid);
      if (!exists) missing.push(jid);
    }
    return missing;
  }

  private async beginSessions(jids: readonly string[]): Promise<void> {
    const { sock, dead } = this.parts;
    const bundles = await askForKeys(sock, jids);
    for (const jid of jids) {
      const bundle = bundles.get(jid);
      try {
        if (bundle) await sock.signalRepository.injectE2ESession({ jid, session: bundle as never });
        else dead.set(jid, true);
      } catch (error) {
        // The organization's own keys failed: that is no matter of this device.
        if (this.parts.isOver()) throw error;
        // libsignal refuses what is not signed by the identity.
        dead.set(jid, true);
      }
    }
  }
}

/** Baileys' view of the device lists: while a message is sent it does not see devices whose keys cannot be had. */
export function shownDevices(devices: DeviceLists, dead: DeadDevices, isSending: () => boolean): CacheStore {
  return {
    ...devices,
    get: <T>(user: string) => {
      const list = devices.get<T>(user);
      if (!isSending() || dead.size === 0 || !Array.isArray(list)) return list;
      return list.filter((one: CachedDevice) => !dead.has(addressOf(one))) as T;
    },
  };
}

function addressOf({ user, device, server }: CachedDevice): string {
  return jidEncode(user, (server ?? 's.whatsapp.net') as 's.whatsapp.net', device);
}

function hash(jids: readonly string[]): string {
  return generateParticipantHashV2([...jids]);
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
