import type { Emulator } from '../../emulator/emulator.js';
import type { Chance } from '../crash/chance.js';
import { CrashStage } from '../crash/crash-stage.js';
import { People, type Order, type Shop } from './people.js';

/** Short where a real installation has seconds or minutes; all of it is ordinary configuration. */
const ENVIRONMENT: Record<string, string> = {
  HEALTH_STABLE_AFTER: '500',
  STREAM_ERROR_RESET_TIME: '2000',
  BAD_MAC_RESET_TIME: '2000',
  REPLACED_RETRY_DELAY: '1000',
  CONNECT_TIMEOUT: '3000',
  HAND_OVER_WAIT: '1000',
  QUERY_TIMEOUT: '2000',
  KEEP_ALIVE_INTERVAL: '800',
  SILENCE_TIMEOUT: '3000',
  FIRST_CONTACT_PAUSE: '1500',
  EVENTS_KEPT: '1000000',
};

/** Counted faults stay so far apart that no limit is ever reached: a cleaning is then always needless, ms. */
const COUNTED_APART_MS = 4000;
const BAD_MACS_AT_ONCE = 2;

/** Of what passed, for each message. */
const WIRE_KEPT = 40;

export interface WorldOptions {
  readonly organizations: number;
  readonly customers: number;
}

/** The service, WhatsApp and everybody who uses them; what was done to them is noted here. */
export class World {
  readonly people: People;
  /** What was done, in order. */
  readonly journal: string[] = [];
  /** By organization: what a test of its own does to it, and would not survive a second one of. */
  private readonly streamErrorAt = new Map<string, number>();
  private readonly owesStreamError = new Map<string, number>();
  private readonly badLetters = new Map<string, { id: string; customer: string; readAt: number | null }[]>();
  private readonly onceOnly = new Set<string>();
  private readonly reliefs = new Set<() => unknown>();
  /** How often WhatsApp ended the stream of an organization with an error, and when, epoch ms. */
  readonly streamErrors = new Map<string, number[]>();
  private readonly begun = Date.now();
  /**
   * By message id, off the wire: how often it was tried, with which codes it was refused, and whether a phone asked for
   * it again.
   */
  readonly tries = new Map<string, number>();
  readonly refusals = new Map<string, number[]>();
  readonly askedForAgain = new Set<string>();
  /** By message id: what passed, and when. */
  readonly wire = new Map<string, readonly string[]>();
  /** Organizations of which WhatsApp still had a dead connection when they logged in again. */
  readonly wentSilent = new Set<string>();
  /** Organizations that wait for a person, who may clean as well. */
  readonly needsPerson = new Set<string>();
  /** Customers whose phone's keys could not be had for a while: what was sent then went to their other devices. */
  readonly hadNoKeys = new Set<string>();
  /** Numbers that were asked about once, besides the customers. */
  readonly strangers = new Set<string>();

  private constructor(
    readonly stage: CrashStage,
    readonly shops: readonly Shop[],
    readonly customers: readonly string[],
  ) {
    this.people = new People(stage);
    stage.whatsapp.tap(({ direction, number = '', stanza: { tag, attrs } }) => {
      const { id = '', error, type } = attrs;
      if (['message', 'receipt', 'ack'].includes(tag)) {
        const why = [tag, type, attrs.class, error].filter((word) => word !== undefined && word !== 'text').join(' ');
        const past = this.wire.get(id) ?? [];
        if (past.length < WIRE_KEPT) this.wire.set(id, [...past, `${this.now()} ${direction} ${why}`]);
      }
      if (direction === 'in') {
        if (tag === 'message') this.tries.set(id, (this.tries.get(id) ?? 0) + 1);
        return;
      }
      if (tag === 'stream:error') this.noteStreamError(number);
      else if (tag === 'receipt' && type === 'retry') this.askedForAgain.add(id);
      else if (tag === 'ack' && error !== undefined) {
        this.refusals.set(id, [...(this.refusals.get(id) ?? []), Number(error)]);
      }
    });
  }

  static async begin({ organizations, customers }: WorldOptions): Promise<World> {
    const stage = await CrashStage.set({ env: ENVIRONMENT });
    const shops = Array.from({ length: organizations }, (_, n) => ({
      id: String(n + 1),
      number: String(573_001_112_200 + n),
    }));
    const numbers = Array.from({ length: customers }, (_, n) => String(573_109_990_000 + n));
    const world = new World(stage, shops, numbers);
    await stage.start();
    for (const { id, number } of shops) await stage.connect(id, number);
    return world;
  }

  get whatsapp(): Emulator {
    return this.stage.whatsapp;
  }

  /** Everybody who may have got a message. */
  get readers(): string[] {
    return [...this.customers, ...this.strangers];
  }

  stranger(number: string, onWhatsApp = true): string {
    this.strangers.add(number);
    this.stage.customer(number);
    if (!onWhatsApp) this.whatsapp.customer(number, { onWhatsApp });
    return number;
  }

  shop(chance: Chance): Shop {
    return chance.of(this.shops);
  }

  customer(chance: Chance): string {
    return chance.of(this.customers);
  }

  /** Whether this organization may get a stream error that counts; the caller then causes it. */
  mayCountStreamError({ number }: Shop, errors = 1): boolean {
    const last = this.streamErrorAt.get(number) ?? 0;
    if (this.owesStreamError.has(number) || Date.now() - last < COUNTED_APART_MS) return false;
    this.owesStreamError.set(number, errors);
    return true;
  }

  /** Whether this organization may get a message that it cannot read. */
  mayGetBadMac({ number }: Shop): boolean {
    const open = (this.badLetters.get(number) ?? []).filter(
      ({ readAt }) => readAt === null || Date.now() - readAt < COUNTED_APART_MS,
    );
    this.badLetters.set(number, open);
    return open.length < BAD_MACS_AT_ONCE;
  }

  noteBadMac({ number }: Shop, customer: string, id: string): void {
    const bad = { id, customer, readAt: null as number | null };
    this.badLetters.get(number)?.push(bad);
    this.stage
      .customer(customer)
      .delivered(id, { timeoutMs: 600_000 })
      .then(
        () => (bad.readAt = Date.now()),
        () => {},
      );
  }

  private noteStreamError(number: string): void {
    this.streamErrors.set(number, [...(this.streamErrors.get(number) ?? []), Date.now()]);
    this.streamErrorAt.set(number, Date.now());
    const owed = (this.owesStreamError.get(number) ?? 0) - 1;
    if (owed > 0) this.owesStreamError.set(number, owed);
    else this.owesStreamError.delete(number);
  }

  hasRead({ customer, text }: Order): boolean {
    return this.whatsapp.customer(customer).messages.some((message) => message.text === text);
  }

  /** For the list of what was done. */
  note(what: string): void {
    this.journal.push(`${this.now()}  ${what}`);
  }

  /** What passed for this message, for whoever looks for a fault. */
  past(id: string | null): string {
    return `\n      ${(this.wire.get(id ?? '') ?? ['nothing passed']).join('\n      ')}`;
  }

  private now(): string {
    return `+${((Date.now() - this.begun) / 1000).toFixed(2)}`;
  }

  /** True the first time for this name. */
  once(name: string): boolean {
    if (this.onceOnly.has(name)) return false;
    this.onceOnly.add(name);
    return true;
  }

  /** To be done after so long, or when the mishaps end, whichever is first. */
  later(ms: number, relief: () => unknown): void {
    const act = (): void => {
      if (!this.reliefs.delete(act)) return;
      clearTimeout(timer);
      void relief();
    };
    const timer = setTimeout(act, ms);
    this.reliefs.add(act);
  }

  /** Ends all mishaps. */
  async relieve(): Promise<void> {
    for (const relief of [...this.reliefs]) relief();
    await this.whatsapp.mishaps.clear();
    this.owesStreamError.clear();
    this.streamErrorAt.clear();
  }
}
