/**
 * Who is on this WhatsApp: phones of organizations and customers, by number, by LID, and by the old spellings of a
 * number (Brazil's ninth digit, Mexico's 521, Argentina's 549).
 */
import { createHash } from 'node:crypto';
import type { Companion } from './companion.js';
import type { KeyStates } from './key-states.js';
import type { PreKeyBundle } from './libsignal.js';
import type { SignalDevice } from './signal-device.js';
import type { BinaryNode, Jid } from './wire.js';

/** A stanza on its way to a device that lives in the emulator, and who sent it. */
export interface Delivery {
  stanza: BinaryNode;
  /** In a group, first what is for this device alone, if anything, then what is for all. */
  encs: readonly BinaryNode[];
  from: Companion;
  /** Which device of the account is meant. */
  device: number;
}

/** An account of this WhatsApp. Device 0 is its phone. */
export interface Account {
  readonly number: string;
  readonly lidUser: string;
  readonly onWhatsApp: boolean;
  /** Devices that live in the emulator. */
  readonly signalDevices: ReadonlyMap<number, SignalDevice>;
  /** Devices on the other side of a websocket; only phones of organizations have them. */
  readonly companions: ReadonlyMap<number, Companion>;
  /** What is answered when the keys of its devices are asked for. */
  readonly keyStates: KeyStates;
  /** WhatsApp tells nobody its LID. */
  readonly hidesLid?: boolean;
  receiveMessage(delivery: Delivery): void;
  /** A receipt that an organization's device sent to this account. */
  receiveReceipt(receipt: BinaryNode, from: Companion, device: number): void;
}

export function deviceJid(user: string, device: number, server: 's.whatsapp.net' | 'lid'): string {
  return device ? `${user}:${device}@${server}` : `${user}@${server}`;
}

/** A LID tells nothing of the number, but is the same at each run. */
export function lidUserOf(number: string): string {
  const digest = createHash('sha256').update(`lid of ${number}`).digest();
  return (100_000_000_000_000n + (digest.readBigUInt64BE(0) % 800_000_000_000_000n)).toString();
}

/** E.164 without the plus sign: 7 to 15 digits. */
export function isNumber(text: string): boolean {
  return /^[1-9]\d{6,14}$/.test(text);
}

export class Directory {
  private readonly byNumber = new Map<string, Account>();
  private readonly byLid = new Map<string, Account>();
  private readonly aliases = new Map<string, string>();

  add(account: Account): void {
    this.byNumber.set(account.number, account);
    this.byLid.set(account.lidUser, account);
  }

  addAlias(alias: string, number: string): void {
    this.aliases.set(alias, number);
  }

  /** The account of a number or alias. */
  number(number: string): Account | undefined {
    return this.byNumber.get(this.aliases.get(number) ?? number);
  }

  account(jid: Jid): Account | undefined {
    return jid.isLid ? this.byLid.get(jid.user) : this.number(jid.user);
  }

  /** A bundle of one device, undefined when there is no such device. */
  takeBundle(jid: Jid): PreKeyBundle | undefined {
    const account = this.account(jid);
    if (!account?.onWhatsApp) return undefined;
    return (account.signalDevices.get(jid.device) ?? account.companions.get(jid.device))?.takeBundle();
  }

  *accounts(): Iterable<Account> {
    yield* this.byNumber.values();
  }
}
