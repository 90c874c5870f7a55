/**
 * A WhatsApp Web server with its phones and customers, for unmodified Baileys: give a socket the `url` as its
 * `waWebSocketUrl`. Everything runs in this process and in memory; several emulators do not know of each other.
 */
import { createServer, STATUS_CODES, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Curve } from '@whiskeysockets/baileys';
import { WebSocketServer } from 'ws';
import { Changes } from './changes.js';
import { Connection } from './connection.js';
import { startControl, type Control } from './control.js';
import { Customer, type CustomerOptions } from './customer.js';
import { Directory, isNumber, type Account } from './directory.js';
import { Channel, Group, sendDirty, type GroupOptions } from './groups.js';
import { MediaHost } from './media-host.js';
import { Mishaps } from './mishaps.js';
import { PhoneLife } from './phone-life.js';
import { Phone } from './phone.js';
import { Presences } from './presence.js';
import { EmulatorRecord } from './record.js';
import { Taps, type Tap } from './taps.js';
import type { World } from './world.js';

export type { CustomerOptions, ReceivedMessage, UnreadableMessage } from './customer.js';
export type { Customer } from './customer.js';
export type { Channel, Group, GroupOptions } from './groups.js';
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

const PATH = '/ws/chat';

export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1' } = options;
  const changes = new Changes();
  const directory = new Directory();
  const connections = new Set<Connection>();
  const record = new EmulatorRecord(changes);
  const taps = new Taps();
  const door = new Door(host, (connection) => connections.add(connection));
  const mishaps = new Mishaps(
    () => connections,
    (on) => (on ? door.open() : door.close()),
  );
  const media = await MediaHost.start(host, () => changes.notify());
  const world: World = {
    settings: {
      qrRefTtlMs: options.qrRefTtlMs,
      decryptMessages: options.decryptMessages ?? true,
      latencyMs: options.latencyMs ?? 0,
    },
    staticKey: Curve.generateKeyPair(),
    directory,
    record,
    mishaps,
    changes,
    connections,
    registrations: new Set(),
    taps,
    media,
    groups: new Map(),
    presences: new Presences(directory, phone),
    phone,
    accountOf: (number) => directory.number(number) ?? (isNumber(number) ? customer(number) : undefined),
  };
  door.world = world;

  function known<T extends Account>(number: string, kind: new (...args: never[]) => T, name: string): T | undefined {
    if (!isNumber(number)) throw new Error(`${number} is not a phone number: 7 to 15 digits, no plus sign`);
    const account = directory.number(number);
    if (account && !(account instanceof kind)) throw new Error(`${number} is already in use, but not as a ${name}`);
    return account;
  }

  function phone(number: string): Phone {
    const existing = known(number, Phone, 'phone');
    if (existing) return existing;
    const made = new Phone(world, number);
    directory.add(made);
    return made;
  }

  function customer(number: string, customerOptions: CustomerOptions = {}): Customer {
    const existing = known(number, Customer, 'customer');
    existing?.configure(customerOptions);
    if (existing) return existing;
    const made = new Customer(world, number, customerOptions);
    directory.add(made);
    return made;
  }

  const channels = new Map<string, Channel>();
  await door.open(options.port ?? 0);
  const url = `ws://${host}:${door.port}${PATH}`;
  let control: Control | undefined;
  const emulator: Emulator = {
    url,
    get controlUrl() {
      return control?.url;
    },
    phone,
    customer,
    group: (jid, groupOptions) =>
      madeOnce(world.groups, jid, () => new Group(world, jid, groupOptions ?? emptyGroup())),
    channel: (jid, phones = []) => madeOnce(channels, jid, () => new Channel(world, jid, phones)),
    life: (number) => new PhoneLife(world, media, phone(number)),
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

function madeOnce<T>(made: Map<string, T>, jid: string, make: () => T): T {
  const one = made.get(jid) ?? make();
  made.set(jid, one);
  return one;
}

function emptyGroup(): GroupOptions {
  throw new Error('the first call for a group must say who is in it');
}

/** While the port is closed a connection of somebody else may have it for a moment. */
const TRY_AGAIN_MS = 50;
const MOST_TRIES = 100;

/** False when the port is in use. */
function listens(server: Server, port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

/** The listening port, which can be closed and opened again while connections go on. */
class Door {
  world: World | undefined;
  port = 0;
  private server: Server | undefined;
  private readonly refused = new Set<Socket>();
  private readonly websockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  constructor(
    private readonly host: string,
    private readonly onConnection: (connection: Connection) => void,
  ) {}

  async open(port = this.port): Promise<void> {
    if (this.server) return;
    const server = createServer((_request, response) => response.writeHead(426).end());
    this.server = server;
    server.on('upgrade', (request, socket: Socket, head) => {
      const { world } = this;
      if (!world) return;
      const refusal = world.mishaps.pending.rejectUpgrade.take(undefined);
      if (refusal || !request.url?.startsWith(PATH)) {
        this.refuse(socket, refusal ?? { status: 404, close: true });
        return;
      }
      world.record.upgrades++;
      socket.setNoDelay(true);
      this.websockets.handleUpgrade(request, socket, head, (websocket) => {
        this.onConnection(new Connection(world, websocket, socket));
        world.changes.notify();
      });
    });
    for (let tries = 1; !(await listens(server, port, this.host)); tries++) {
      if (tries >= MOST_TRIES) throw new Error(`port ${port} is in use`);
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
    this.port = (server.address() as AddressInfo).port;
  }

  /** The port is closed as soon as this returns its promise; live websockets stay. */
  async close(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    server.closeAllConnections();
    server.close();
    for (const socket of this.refused) socket.destroy();
  }

  private refuse(socket: Socket, { status, close }: { status: number; close: boolean }): void {
    this.refused.add(socket);
    socket.on('close', () => this.refused.delete(socket));
    socket.on('error', () => undefined);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Length: 0\r\n\r\n`);
    if (close) socket.end();
  }
}
