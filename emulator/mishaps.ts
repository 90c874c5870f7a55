/**
 * What can go wrong on demand. Every mishap is for one organization, named by its phone number ('573001112233'), or
 * for all ('*'); it ends by count or with `clear()`. What acts at once returns how many connections it struck.
 */
import type { OddAnswer, Oddity, Question } from './odd-answers.js';
import type { Attributes } from './wire.js';

export interface BadMacOptions {
  /**
   * Only messages that go out as this type count. For `pkmsg` the customer opens a new session if need be; default:
   * any.
   */
  type?: 'pkmsg' | 'msg';
  /** Only messages of this customer (number). */
  from?: string;
  /** Only the message of this id. */
  id?: string;
  /** Also what is sent again after a retry receipt; default false: the second try arrives whole. */
  retriesToo?: boolean;
}

export interface StreamErrorOptions {
  /** The `code` attribute of the stream error; without it Baileys takes 440 for a conflict and 500 for the rest. */
  code?: number | string;
  /** Attributes of the element inside, e.g. `{ type: 'replaced' }`. */
  attrs?: Attributes;
}

export interface PoisonFromOptions {
  /** How many messages; default 1. */
  times?: number;
  /** Whether the stream error names the message, as WhatsApp's `<ack class="message" id="…"/>` does; default false. */
  named?: boolean;
}

export interface LoginStreamErrorOptions extends StreamErrorOptions {
  /** At how many logins; default 1. */
  times?: number;
  /** Wait for the login to be complete (Baileys says `open`), then this long. Without it: right after `success`. */
  afterOpenMs?: number;
}

/**
 * What follows the server's answer to `active`: what had waited comes without being announced (`ib offline`), or
 * nothing more comes at all. That the answer itself fails is an odd answer (odd-answers.ts).
 */
export const ODD_HAND_OVERS = ['unannounced', 'silence'] as const;
export type OddHandOver = (typeof ODD_HAND_OVERS)[number];

interface LiveConnection {
  readonly number: string | undefined;
  cut(): void;
  endStream(): void;
  silence(): void;
  endSilence(): void;
  streamError(tag: string | undefined, options: StreamErrorOptions): void;
}

interface Entry<T> {
  left: number;
  data: T;
}

class Countdowns<T> {
  private readonly entries = new Map<string, Entry<T>[]>();

  add(org: string, times: number, data: T): void {
    if (!(times > 0)) throw new Error(`times must be a positive number, not ${times}`);
    this.entries.set(org, [...(this.entries.get(org) ?? []), { left: times, data }]);
  }

  /** The first that fits, for this organization or for all; counts it down. */
  take(org: string | undefined, fits: (data: T) => boolean = () => true): T | undefined {
    if (this.entries.size === 0) return undefined;
    for (const key of org === undefined ? ['*'] : [org, '*']) {
      const entries = this.entries.get(key);
      const entry = entries?.find(({ data }) => fits(data));
      if (!entries || !entry) continue;
      if (--entry.left <= 0) entries.splice(entries.indexOf(entry), 1);
      if (entries.length === 0) this.entries.delete(key);
      return entry.data;
    }
    return undefined;
  }

  clear(org?: string): void {
    if (org === undefined) this.entries.clear();
    else this.entries.delete(org);
  }
}

class Switches<T> {
  private readonly values = new Map<string, T>();

  set(org: string, value: T | undefined): void {
    if (value === undefined) this.values.delete(org);
    else this.values.set(org, value);
  }

  get(org: string | undefined): T | undefined {
    if (this.values.size === 0) return undefined;
    return (org === undefined ? undefined : this.values.get(org)) ?? this.values.get('*');
  }

  clear(): void {
    this.values.clear();
  }
}

export class Mishaps {
  /** Read by the emulator's other rooms; tests use the methods below. */
  readonly pending = {
    oddAnswer: new Countdowns<OddAnswer>(),
    badMac: new Countdowns<BadMacOptions>(),
    duplicate: new Countdowns<true>(),
    streamErrorAtLogin: new Countdowns<{ tag: string | undefined } & LoginStreamErrorOptions>(),
    oddHandOver: new Countdowns<OddHandOver>(),
    failure: new Countdowns<{ reason: number; attrs: Attributes }>(),
    rejectUpgrade: new Countdowns<{ status: number; close: boolean }>(),
    silentHandshake: new Countdowns<true>(),
    refuseAcks: new Countdowns<{ code: number; to: string | undefined }>(),
    poisonTo: new Countdowns<{ to: string } & StreamErrorOptions>(),
    poisonFrom: new Countdowns<{ from: string; named: boolean }>(),
    withholdAcks: new Switches<true>(),
    delayAcks: new Switches<number>(),
    muteQueries: new Switches<{ xmlns?: string }>(),
    silentLogins: new Switches<true>(),
    withholdLids: new Switches<true>(),
  };

  constructor(
    private readonly connections: () => Iterable<LiveConnection>,
    private readonly listen: (on: boolean) => Promise<void>,
  ) {}

  /** The next `n` messages of customers to this organization arrive with a broken MAC. */
  badMac(org: string, n: number, options: BadMacOptions = {}): void {
    this.pending.badMac.add(org, n, options);
  }

  /** The next `n` messages of customers are delivered twice, the same ciphertext both times. */
  duplicate(org: string, n: number): void {
    this.pending.duplicate.add(org, n, true);
  }

  /**
   * Now, on the live connection: `<stream:error code><tag .../></stream:error>`, then the connection closes. An empty
   * tag means none.
   */
  streamError(org: string, tag: string | undefined, options: StreamErrorOptions = {}): number {
    return this.strike(org, (connection) => connection.streamError(tag || undefined, options));
  }

  streamErrorAtLogin(org: string, tag: string | undefined, options: LoginStreamErrorOptions = {}): void {
    this.pending.streamErrorAtLogin.add(org, options.times ?? 1, { ...options, tag: tag || undefined });
  }

  /** The next logins are answered with `<failure reason .../>`; `attrs` may hold e.g. `{ expire: '3600' }`. */
  failure(org: string, reason: number, { times = 1, attrs = {} }: { times?: number; attrs?: Attributes } = {}): void {
    this.pending.failure.add(org, times, { reason, attrs });
  }

  /**
   * The next `times` messages to this customer (number) end the sender's stream, and are neither acked nor delivered.
   */
  poisonTo(org: string, to: string, { times = 1, ...options }: { times?: number } & StreamErrorOptions = {}): void {
    this.pending.poisonTo.add(org, times, { to, ...options });
  }

  /**
   * The next messages of this customer (number) end the stream with every answer but a plain ack: a receipt of any
   * type, or an ack with an error. Until the plain ack each login offers them again.
   */
  poisonFrom(org: string, from: string, { times = 1, named = false }: PoisonFromOptions = {}): void {
    this.pending.poisonFrom.add(org, times, { from, named });
  }

  /** The next logins are accepted and then go half-way only; see OddHandOver. */
  oddHandOver(org: string, how: OddHandOver, { times = 1 }: { times?: number } = {}): void {
    this.pending.oddHandOver.add(org, times, how);
  }

  /** TCP reset, now. */
  cut(org: string): number {
    return this.strike(org, (connection) => connection.cut());
  }

  cutAll(): number {
    return this.cut('*');
  }

  /** The end of the stream as an orderly server announces it, now. */
  endStream(org: string): number {
    return this.strike(org, (connection) => connection.endStream());
  }

  /**
   * Half-open: the live connections stay up, but nothing is read or answered any more, the closing handshake included.
   * A new login works, as it does after a dead peer, unless `newLogins` is set.
   */
  silence(org: string, { newLogins = false }: { newLogins?: boolean } = {}): number {
    if (newLogins) this.pending.silentLogins.set(org, true);
    return this.strike(org, (connection) => connection.silence());
  }

  /** Those connections that still stand go on where they stopped. */
  endSilence(org: string): number {
    this.pending.silentLogins.set(org, undefined);
    return this.strike(org, (connection) => connection.endSilence());
  }

  /** Closes the port: new connections are refused, live ones go on. */
  refuseConnections(on = true): Promise<void> {
    return this.listen(!on);
  }

  /**
   * The next websocket upgrades are answered with this HTTP status. With `close` the TCP connection ends as well:
   * then Baileys, which listens to `unexpected-response` and does nothing, never ends by itself.
   */
  rejectUpgrade(status = 503, times = 1, { close = false }: { close?: boolean } = {}): void {
    this.pending.rejectUpgrade.add('*', times, { status, close });
  }

  /** The next connections are accepted, but the Noise handshake is never answered. */
  silentHandshake(times = 1): void {
    this.pending.silentHandshake.add('*', times, true);
  }

  /** Queries (`iq`) are never answered, all or those of one `xmlns`. `on: false` ends it. */
  muteQueries(org: string, { xmlns, on = true }: { xmlns?: string; on?: boolean } = {}): void {
    this.pending.muteQueries.set(org, on ? { xmlns } : undefined);
  }

  /** The next questions of this kind are answered oddly; see odd-answers.ts. */
  oddAnswer(
    org: string,
    question: Question,
    oddity: Oddity,
    { times = 1, code = 429, backoff }: { times?: number; code?: number; backoff?: number } = {},
  ): void {
    this.pending.oddAnswer.add(org, times, { question, oddity, code, backoff });
  }

  /** Messages of the organization are taken and delivered, but not acknowledged. */
  withholdAcks(org: string, on = true): void {
    this.pending.withholdAcks.set(org, on ? true : undefined);
  }

  /**
   * Asked for somebody's devices, the server does not name the LID with them. Where it does, Baileys begins a new
   * Signal session with that customer (`getUSyncDevices`), after each restart for example, and a ratchet that was not
   * saved goes unnoticed. Strangers need theirs.
   */
  withholdLids(org: string, on = true): void {
    this.pending.withholdLids.set(org, on ? true : undefined);
  }

  delayAcks(org: string, ms: number): void {
    this.pending.delayAcks.set(org, ms > 0 ? ms : undefined);
  }

  /**
   * The next messages, all or those to one customer (number), are refused with this error (463, 479...) and not
   * delivered.
   */
  refuseAcks(org: string, code: number, times = 1, { to }: { to?: string | undefined } = {}): void {
    this.pending.refuseAcks.add(org, times, { code, to });
  }

  /** Ends everything that is still pending; silent connections go on and the port is open. */
  async clear(): Promise<void> {
    for (const pending of Object.values(this.pending)) pending.clear();
    this.endSilence('*');
    await this.listen(true);
  }

  private strike(org: string, act: (connection: LiveConnection) => void): number {
    const struck = [...this.connections()].filter((c) => org === '*' || c.number === org);
    for (const connection of struck) act(connection);
    return struck.length;
  }
}
