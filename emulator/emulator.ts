/**
 * A WhatsApp Web server with its phones and customers, for unmodified Baileys: give a socket the `url` as its
 * `waWebSocketUrl`. Everything runs in this process and in memory; several emulators do not know of each other.
 */
import { Curve } from '@whiskeysockets/baileys';
import { Accounts } from './accounts.js';
import { Changes } from './changes.js';
import { Channel, sendDirty } from './channels.js';
import type { Connection } from './connection.js';
import { startControl, type Control } from './control.js';
import type { Customer, CustomerOptions } from './customer.js';
import { Directory } from './directory.js';
import { Door, PATH } from './door.js';
import { Group, type GroupOptions } from './groups.js';
import { MediaHost } from './media-host.js';
import { Mishaps } from './mishaps.js';
import { PhoneLife } from './phone-life.js';
import type { Phone } from './phone.js';
import { Presences } from './presence.js';
import { EmulatorRecord } from './record.js';
import { Taps, type Tap } from './taps.js';
import type { World } from './world.js';

export type { CustomerOptions } from './customer.js';
export type { ReceivedMessage, UnreadableMessage } from './customer-inbox.js';
export type { Customer } from './customer.js';
export type { Channel } from './channels.js';
export type { Group, GroupOptions } from './groups.js';
export type { MediaHost } from './media-host.js';
export type { PhoneLife } from './phone-life.js';
export type { LinkedDevice, Paired, Phone } from './phone.js';
export type { BadMacOptions, LoginStreamErrorOptions, Mishaps, StreamErrorOptions } from './mishaps.js';
export type * from './record.js';
export type { PassingStanza, Tap } from './taps.js';

export interface EmulatorOptions {
  /** Of the websocket; default 0, any free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Whether to open the HTTP control port; default false. */
  control?: boolean | { port?: number };
  /**
   * The server-side life of a QR ref: the n-th of a registration expires after n times this. Default: the first after
   * 60 s, each further one 20 s later, which is how long Baileys shows them.
   */
  qrRefTtlMs?: number;
  /**
   * Default true. With false, customers acknowledge messages without reading them: for benchmarks of the service alone.
   */
  decryptMessages?: boolean;
  /**
   * How long messages, receipts and notifications take to a device that is there; default 0. Answers to questions, and
   * acks, take no time.
   */
  latencyMs?: number;
}

export interface Emulator {
  /** `ws://127.0.0.1:PORT/ws/chat` */
  readonly url: string;
  /** `http://127.0.0.1:PORT`, when the control port is open. */
  readonly controlUrl: string | undefined;
  /** An organization's phone, made on demand. */
  phone(number: string): Phone;
  /** A customer, made on demand; options of a later call change what they name. */
  customer(number: string, options?: CustomerOptions): Customer;
  /**
   * A chat of many by its jid: a group `…@g.us`, `status@broadcast`, a broadcast list `…@broadcast`. The first call
   * says who is in it.
   */
  group(jid: string, options?: GroupOptions): Group;
  /** A channel `…@newsletter`; the first call says whose phones follow it. */
  channel(jid: string, phones?: string[]): Channel;
  /** What else an organization's phone does: answers by hand, histories, settings. */
  life(number: string): PhoneLife;
  /** Tells an organization's devices that something changed since their last login. */
  sendDirty(number: string, type: 'groups' | 'account_sync'): void;
  /** Where media and histories lie, and are brought to. */
  readonly media: MediaHost;
  readonly mishaps: Mishaps;
  readonly record: EmulatorRecord;
  /** Shows each stanza as it passes; returns a function that ends it. */
  tap(tap: Tap): () => void;
  /** Ends all connections at once, and every wait with an error. */
  stop(): Promise<void>;
}

export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1' } = options;
  const connections = new Set<Connection>();
  const door = new Door(host, (connection) => connections.add(connection));
  const { world, accounts } = await makeWorld(options, host, connections, door);
  const { changes, media, mishaps, record, taps, groups } = world;
  door.world = world;
  await door.open(options.port ?? 0);
  const channels = new Map<string, Channel>();
  let control: Control | undefined;
  const emulator: Emulator = {
    url: `ws://${host}:${door.port}${PATH}`,
    get controlUrl() {
      return control?.url;
    },
    phone: (number) => accounts.phone(number),
    customer: (number, customerOptions) => accounts.customer(number, customerOptions),
    group: (jid, groupOptions) => madeOnce(groups, jid, () => new Group(world, jid, groupOptions ?? emptyGroup())),
    channel: (jid, phones = []) => madeOnce(channels, jid, () => new Channel(world, jid, phones)),
    life: (number) => new PhoneLife(world, media, accounts.phone(number)),
    sendDirty: (number, type) => sendDirty(world, number, type),
    media,
    mishaps,
    record,
    tap: (tap) => taps.add(tap),
    async stop() {
      changes.stop();
      await door.close();
      for (const connection of connections) connection.terminate();
      media.stop();
      await control?.stop();
    },
  };
  if (options.control) {
    control = await startControl(emulator, host, options.control === true ? 0 : (options.control.port ?? 0));
  }
  return emulator;
}

async function makeWorld(
  options: EmulatorOptions,
  host: string,
  connections: Set<Connection>,
  door: Door,
): Promise<{ world: World; accounts: Accounts }> {
  const changes = new Changes();
  const directory = new Directory();
  const accounts = new Accounts(directory);
  const world: World = {
    settings: {
      qrRefTtlMs: options.qrRefTtlMs,
      decryptMessages: options.decryptMessages ?? true,
      latencyMs: options.latencyMs ?? 0,
    },
    staticKey: Curve.generateKeyPair(),
    directory,
    record: new EmulatorRecord(changes),
    mishaps: new Mishaps(
      () => connections,
      (on) => (on ? door.open() : door.close()),
    ),
    changes,
    connections,
    registrations: new Set(),
    taps: new Taps(),
    media: await MediaHost.start(host, () => changes.notify()),
    groups: new Map(),
    presences: new Presences(directory, (number) => accounts.phone(number)),
    phone: (number) => accounts.phone(number),
    accountOf: (number) => accounts.accountOf(number),
  };
  accounts.world = world;
  return { world, accounts };
}

function madeOnce<T>(made: Map<string, T>, jid: string, make: () => T): T {
  const one = made.get(jid) ?? make();
  made.set(jid, one);
  return one;
}

function emptyGroup(): GroupOptions {
  throw new Error('the first call for a group must say who is in it');
}
