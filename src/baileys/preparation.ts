import { extractDeviceJids, jidDecode, jidNormalizedUser, type WASocket } from '@whiskeysockets/baileys';
import { NotAnsweredError } from '../session/whatsapp-socket.js';
import type { DeadDevices } from './dead-devices.js';
import { isHashOfAny, type DeviceLists } from './device-lists.js';
import { askForDevices, askForKeys, type DeviceAnswer } from './questions.js';
import { phoneNumberOf } from './translate-events.js';

interface Parts {
  readonly sock: WASocket;
  readonly devices: DeviceLists;
  readonly dead: DeadDevices;
  /** Whether the socket has ended, for whatever reason. */
  readonly isOver: () => boolean;
  /** Epoch ms. */
  readonly now: () => number;
}

/** The devices that a message goes to, as they are known when it is handed over. */
export interface Audience {
  readonly chatId: string;
  /** Where the message goes on the wire: the LID when it is known. */
  readonly wire: string;
  /** All devices of customer and organization but this one, dead ones included. */
  readonly all: readonly string[];
  /** The customer's devices that get the message. */
  readonly reached: readonly string[];
}

/**
 * Completes everything that a message needs before it is claimed: the customer's LID, the devices of customer and
 * organization, and a Signal session with each. Baileys then finds all of it in its caches and asks nothing between the
 * claim and the stanza. What it would ask by itself fails as a whole when one device's keys cannot be had; here that
 * device is skipped.
 */
export class Preparation {
  /** Sessions that are being begun, by jid: two messages at a time ask for the keys of one device once. */
  private readonly beginning = new Map<string, Promise<void>>();

  constructor(private readonly parts: Parts) {}

  /**
   * @param fresh ask for the devices, whatever is known
   * @param after when WhatsApp must be asked, it is not before this resolves
   * @returns the customer's LID, null when it is not known
   * @throws NotAnsweredError
   */
  async complete(
    chatId: string,
    { fresh = false, after }: { fresh?: boolean; after?: Promise<void> },
  ): Promise<string | null> {
    const { devices, dead } = this.parts;
    let wire = await this.wireAddress(chatId);
    if (fresh || !this.areKnown(chatId, wire) || this.isEmptyForLong(wire)) {
      await after;
      await this.learnDevices(chatId);
      wire = await this.wireAddress(chatId);
    }
    const theirs = devices.addresses(phoneNumberOf(wire));
    const missing = await this.withoutSession([...devices.addresses(phoneNumberOf(this.ownAddress(wire))), ...theirs]);
    if (missing.length > 0) {
      await after;
      await this.beginSessions(missing);
    }
    if (!theirs.some((jid) => !dead.has(jid))) {
      throw new NotAnsweredError('keys of any device', { reason: 'no_reachable_device' });
    }
    return wire.endsWith('@lid') ? wire : null;
  }

  /** Whom a message to this chat reaches now. Local; asks nobody. */
  async audience(chatId: string): Promise<Audience> {
    const { devices, dead } = this.parts;
    const wire = await this.wireAddress(chatId);
    const theirs = devices.addresses(phoneNumberOf(wire));
    const reached = dead.size === 0 ? theirs : theirs.filter((jid) => !dead.has(jid));
    return { chatId, wire, all: [...devices.addresses(phoneNumberOf(this.ownAddress(wire))), ...theirs], reached };
  }

  /**
   * Whether WhatsApp's hash is that of these devices: all of them, or those that got a copy; with this device or
   * without.
   */
  isHashOf({ wire, all }: Audience, phash: string): boolean {
    const { sock, dead } = this.parts;
    const self = wire.endsWith('@lid') ? sock.user?.lid : sock.user?.id;
    const alive = all.filter((jid) => !dead.has(jid));
    return isHashOfAny(phash, [
      all,
      alive,
      ...(self
        ? [
            [...all, self],
            [...alive, self],
          ]
        : []),
    ]);
  }

  /** WhatsApp told of a change under one name of a user: what is kept under the other name is old. */
  async changed(user: string): Promise<void> {
    const { lidMapping } = this.parts.sock.signalRepository;
    const [lid, number] = [
      await lidMapping.getLIDForPN(`${user}@s.whatsapp.net`),
      await lidMapping.getPNForLID(`${user}@lid`),
    ];
    for (const other of [lid, number]) if (other) this.parts.devices.forget(phoneNumberOf(other));
  }

  /** Where a chat goes on the wire: to the LID as soon as it is known. Local; asks nobody. */
  private async wireAddress(chatId: string): Promise<string> {
    return (await this.parts.sock.signalRepository.lidMapping.getLIDForPN(chatId)) ?? chatId;
  }

  // --- devices ---

  private areKnown(chatId: string, wire: string): boolean {
    const { devices } = this.parts;
    return [this.ownNumber(), this.ownAddress(wire), chatId, wire].every((jid) => devices.get(phoneNumberOf(jid)));
  }

  /** Somebody without devices may have some by now; asked again as seldom as a dead device. */
  private isEmptyForLong(wire: string): boolean {
    const { devices, dead } = this.parts;
    return devices.addresses(phoneNumberOf(wire)).length === 0 && dead.mayBeAsked(wire, this.parts.now());
  }

  private async learnDevices(chatId: string): Promise<void> {
    const { sock, dead, now } = this.parts;
    const me = this.ownNumber();
    const answers = await askForDevices(sock, [...new Set([me, chatId])]);
    const [mine, theirs] = [answers.get(me), answers.get(chatId)];
    // A partial answer does not say that somebody has no devices.
    if (!mine || !theirs) throw new NotAnsweredError('devices', { reason: 'no_answer' });
    for (const answer of new Set([mine, theirs])) {
      await this.learnLid(answer);
      await this.remember(answer);
    }
    const wire = await this.wireAddress(chatId);
    if (theirs.devices.deviceList.length > 0) return;
    dead.noteDead(wire, now());
    throw new NotAnsweredError('any device', { reason: 'no_reachable_device' });
  }

  /**
   * What is stored under the number follows: the session (two-names.ts), and the list of devices, which comes with this
   * answer.
   */
  private async learnLid({ id, lid }: DeviceAnswer): Promise<void> {
    if (lid) await this.parts.sock.signalRepository.lidMapping.storeLIDPNMappings([{ lid, pn: id }]);
  }

  private async remember(answer: DeviceAnswer): Promise<void> {
    const { sock, devices } = this.parts;
    const { id, lid } = sock.user as { id: string; lid?: string };
    const number = phoneNumberOf(answer.id);
    const ownLid = number === phoneNumberOf(id) ? lid : undefined;
    const names = [answer.id, await this.wireAddress(answer.id), ...(ownLid ? [jidNormalizedUser(ownLid)] : [])];
    for (const name of new Set(names)) {
      const list = extractDeviceJids([{ ...answer, id: name }] as never, id, jidDecode(lid)?.user ?? '', false);
      devices.set(phoneNumberOf(name), list);
    }
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

  /**
   * The devices whose keys must be asked for: those without a session, but of the dead only those whose time has come.
   */
  private async withoutSession(jids: readonly string[]): Promise<string[]> {
    const { sock, dead, now } = this.parts;
    const missing: string[] = [];
    for (const jid of jids) {
      const { exists } = await sock.signalRepository.validateSession(jid);
      // It wrote by itself, or asked for a message again.
      if (exists) dead.noteAlive(jid);
      else if (dead.mayBeAsked(jid, now())) missing.push(jid);
    }
    return missing;
  }

  private async beginSessions(jids: readonly string[]): Promise<void> {
    const mine = jids.filter((jid) => !this.beginning.has(jid));
    const others = jids.flatMap((jid) => this.beginning.get(jid) ?? []);
    const work = mine.length > 0 ? this.askAndBegin(mine) : Promise.resolve();
    for (const jid of mine) this.beginning.set(jid, work);
    try {
      await Promise.all([work, ...others]);
    } finally {
      for (const jid of mine) this.beginning.delete(jid);
    }
  }

  private async askAndBegin(jids: readonly string[]): Promise<void> {
    const { sock, dead, now } = this.parts;
    const bundles = await askForKeys(sock, jids);
    for (const jid of jids) {
      const bundle = bundles.get(jid);
      try {
        if (!bundle) {
          dead.noteDead(jid, now());
          continue;
        }
        // It may have written while it was asked: that session is as good, and the device knows it already.
        const { exists } = await sock.signalRepository.validateSession(jid);
        if (!exists) await sock.signalRepository.injectE2ESession({ jid, session: bundle });
        dead.noteAlive(jid);
      } catch (error) {
        // The organization's own keys failed: that is no matter of this device.
        if (this.parts.isOver()) throw error;
        // Keys that libsignal cannot begin a session with.
        dead.noteDead(jid, now());
      }
    }
  }
}
