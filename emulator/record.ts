/**
 * Everything that happened, to assert on. Lists keep their last entries only (`ENTRIES_KEPT`), counters keep counting.
 * An organization is named by its phone number, as on WhatsApp: the emulator does not know the service's ids.
 */
import type { Changes, WaitOptions } from './changes.js';

/** Per list; a benchmark sends hundreds of thousands of messages. */
const ENTRIES_KEPT = 10_000;

export interface LoginEntry {
  at: number;
  org: string;
  deviceJid: string;
}

export interface RegistrationEntry {
  at: number;
  org: string;
  deviceJid: string;
  how: 'qr' | 'pairing-code';
}

/**
 * A message that a device of an organization sent. `types` are those of its ciphertexts, `acked` what the server
 * answered.
 */
export interface MessageEntry {
  at: number;
  org: string;
  deviceJid: string;
  to: string;
  id: string;
  types: string[];
  acked: 'yes' | 'withheld' | 'delayed' | 'never' | number;
}

/** A receipt that a device of an organization sent; `type` is '' for a plain delivery receipt. */
export interface ReceiptEntry {
  at: number;
  org: string;
  deviceJid: string;
  to: string;
  id: string;
  type: string;
}

/** An ack that a device of an organization sent, with the error if it refused the stanza. */
export interface AckEntry {
  at: number;
  org: string;
  id: string;
  class: string;
  error?: string;
}

/** A message of an organization that a receiving device could not read, and why. */
export interface UnreadableEntry {
  at: number;
  org: string;
  number: string;
  device: number;
  id: string;
  type: string;
  why: string;
}

export interface RecordedLists {
  logins: LoginEntry[];
  registrations: RegistrationEntry[];
  failedLogins: { at: number; org: string; device: number; reason: string }[];
  messages: MessageEntry[];
  receipts: ReceiptEntry[];
  acks: AckEntry[];
  unreadable: UnreadableEntry[];
  unlinked: { at: number; org: string; deviceJid: string; by: 'phone' | 'service' }[];
  replaced: { at: number; org: string; deviceJid: string }[];
  /** What the emulator itself stumbled over: a stanza that it could not handle. Empty in a good run. */
  problems: { at: number; org: string; what: string }[];
}

export class EmulatorRecord implements RecordedLists {
  readonly logins: LoginEntry[] = [];
  readonly registrations: RegistrationEntry[] = [];
  readonly failedLogins: RecordedLists['failedLogins'] = [];
  readonly messages: MessageEntry[] = [];
  readonly receipts: ReceiptEntry[] = [];
  readonly acks: AckEntry[] = [];
  readonly unreadable: UnreadableEntry[] = [];
  readonly unlinked: RecordedLists['unlinked'] = [];
  readonly replaced: RecordedLists['replaced'] = [];
  readonly problems: RecordedLists['problems'] = [];
  /** How many entries each list has had in all, those dropped included. */
  readonly totals: { [List in keyof RecordedLists]: number } = {
    logins: 0,
    registrations: 0,
    failedLogins: 0,
    messages: 0,
    receipts: 0,
    acks: 0,
    unreadable: 0,
    unlinked: 0,
    replaced: 0,
    problems: 0,
  };
  /** Websockets accepted since the start, whatever became of them. */
  upgrades = 0;
  private readonly open = new Map<string, number>();
  private readonly highest = new Map<string, number>();

  constructor(private readonly changes: Changes) {}

  /** Resolves as soon as the predicate holds; asked again at every change, no polling. */
  until(predicate: (record: EmulatorRecord) => boolean, options: WaitOptions = {}): Promise<void> {
    return this.changes.until(() => predicate(this), options);
  }

  /** Until this organization has logged in `count` times since the emulator started. */
  untilLogins(org: string, count: number, options: WaitOptions = {}): Promise<void> {
    return this.until(() => this.loginsOf(org).length >= count, { what: `login ${count} of ${org}`, ...options });
  }

  loginsOf(org: string): LoginEntry[] {
    return this.logins.filter((login) => login.org === org);
  }

  messagesOf(org: string): MessageEntry[] {
    return this.messages.filter((message) => message.org === org);
  }

  /** Logged-in connections of a device at this moment. */
  openConnections(deviceJid: string): number {
    return this.open.get(deviceJid) ?? 0;
  }

  /** Logged-in connections at this moment, all devices together. */
  get connections(): number {
    let sum = 0;
    for (const count of this.open.values()) sum += count;
    return sum;
  }

  /**
   * The highest number of connections that a device ever had at one time; 2 means that a second login replaced a live
   * one.
   */
  maxConcurrentConnections(deviceJid: string): number {
    return this.highest.get(deviceJid) ?? 0;
  }

  add<List extends keyof RecordedLists>(
    list: List,
    entry: Omit<RecordedLists[List][number], 'at'>,
  ): RecordedLists[List][number] {
    const entries = this[list] as unknown[];
    const added = { at: Date.now(), ...entry } as RecordedLists[List][number];
    entries.push(added);
    // Trimmed in blocks, since a shift per message would cost more than the message.
    if (entries.length >= ENTRIES_KEPT + 1000) entries.splice(0, entries.length - ENTRIES_KEPT);
    this.totals[list]++;
    this.changes.notify();
    return added;
  }

  connectionOpened(deviceJid: string): void {
    const count = this.openConnections(deviceJid) + 1;
    this.open.set(deviceJid, count);
    this.highest.set(deviceJid, Math.max(count, this.maxConcurrentConnections(deviceJid)));
    this.changes.notify();
  }

  connectionClosed(deviceJid: string): void {
    const count = this.openConnections(deviceJid) - 1;
    if (count > 0) this.open.set(deviceJid, count);
    else this.open.delete(deviceJid);
    this.changes.notify();
  }

  /** For the control port: the lists' tails and the totals. */
  toJSON() {
    const tail = <T>(entries: T[]) => entries.slice(-100);
    return {
      totals: this.totals,
      connections: Object.fromEntries(this.open),
      logins: tail(this.logins),
      registrations: tail(this.registrations),
      failedLogins: tail(this.failedLogins),
      messages: tail(this.messages),
      receipts: tail(this.receipts),
      unreadable: tail(this.unreadable),
      unlinked: tail(this.unlinked),
      replaced: tail(this.replaced),
      problems: tail(this.problems),
    };
  }
}
