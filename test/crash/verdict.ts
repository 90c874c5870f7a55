import type { Shop, Traffic, Letter, Order } from './traffic.js';
import type { CrashStage } from './crash-stage.js';

/** One line of the table. */
export interface Verdict {
  readonly plan: string;
  readonly kills: number;
  /** Answered with 2xx, or with the fate of an accepted message. */
  readonly accepted: number;
  /** Read by the customer's phone. */
  readonly delivered: number;
  readonly expired: number;
  readonly unconfirmed: number;
  /** Accepted, and neither of the three. */
  readonly lost: number;
  /** Shown under two ids. */
  readonly doubled: number;
  /** Shown in another order than accepted, by customers of one shop. */
  readonly overtaken: number;
  /** By customers. */
  readonly written: number;
  /** For which the service sent a delivery receipt. */
  readonly read: number;
  /** Lie on the phone only: their device was cleaned away before it read them. */
  readonly onPhoneOnly: number;
  /**
   * Retry receipts of the service: its process died between reading a message and saying so, and it asked for it again.
   */
  readonly askedAgain: number;
  /** Of both sides, raw: what a customer's phone could not read at once, and Bad MACs that the service met. */
  readonly badMacs: number;
  /** Of both sides, at the end. */
  readonly unreadable: number;
  readonly opened: number;
  /** Requests that the service refused because the disk was full. */
  readonly refused: number;
  readonly struck: ReadonlyMap<string, number>;
  readonly seconds: number;
  readonly violations: readonly string[];
}

export interface Rules {
  readonly plan: string;
  readonly shops: readonly Shop[];
  readonly customers: readonly string[];
  /** Scaled RESEND_WITHIN, where WhatsApp's silence is part of the plan: only then may a message end as unconfirmed. */
  readonly resendWithinMs?: number;
  readonly begun: number;
}

const DRAIN_MS = 120_000;
/**
 * How long the dispatcher may take to notice that RESEND_WITHIN is over: its own tick of a second, and a busy machine.
 */
const GIVE_UP_SLACK_MS = 3000;

/** What each stanza id of a message went through, noted from the wire; the emulator's own lists are bounded. */
export class Wire {
  readonly lastTry = new Map<string, number>();
  retriesOfService = 0;
  readonly off: () => void;

  constructor(stage: CrashStage) {
    this.off = stage.whatsapp.tap(({ direction, stanza }) => {
      if (direction !== 'in') return;
      const { id = '', type } = stanza.attrs;
      if (stanza.tag === 'message') this.lastTry.set(id, Date.now());
      if (stanza.tag === 'receipt' && type === 'retry') this.retriesOfService++;
    });
  }
}

/** With the service running and nobody killing: waits until everything has come to rest, and judges. */
export async function judge(stage: CrashStage, traffic: Traffic, wire: Wire, rules: Rules): Promise<Verdict> {
  const { violations } = stage;
  await traffic.end();
  for (const { id, number } of rules.shops) await stage.connect(id, number);
  await ask(traffic.orders, (order) => askForFate(stage, traffic, order));
  await oneMoreEachWay(stage, traffic, rules);
  const missing = await shownInTheEnd(stage, traffic, rules);
  const { unread, onPhoneOnly } = await readInTheEnd(stage, traffic);

  const ids = idsByText(stage, rules.customers);
  const count = (fate: string): number => traffic.orders.filter((order) => order.fate === fate).length;
  const { lost, doubled } = judgeShown(traffic, ids, wire, violations);
  const overtaken = overtakings(stage, traffic, rules, violations);
  await judgeUnconfirmed(stage, traffic, wire, rules);
  const badMacs = judgeReading(stage);
  const accepted = traffic.orders.filter(({ messageId }) => messageId !== null).length;
  if (accepted < traffic.orders.length) violations.push('not every message was accepted in the end');
  await stage.stop();
  wire.off();
  return {
    plan: rules.plan,
    kills: stage.kills,
    accepted,
    delivered: traffic.orders.filter(({ text }) => ids.has(text)).length,
    expired: count('expired'),
    unconfirmed: count('unconfirmed'),
    lost: lost.length,
    doubled: doubled.length,
    overtaken,
    written: traffic.letters.length,
    read: traffic.letters.length - unread.length - onPhoneOnly,
    onPhoneOnly,
    askedAgain: wire.retriesOfService,
    badMacs,
    unreadable: unread.length + missing.length,
    opened: stage.opened,
    refused: stage.refused,
    struck: stage.struck,
    seconds: (Date.now() - rules.begun) / 1000,
    violations: [...violations],
  };
}

/** The acquaintances themselves are whole: one more message each way, between everybody. */
async function oneMoreEachWay(stage: CrashStage, traffic: Traffic, rules: Rules): Promise<void> {
  for (const shop of rules.shops) {
    for (const customer of rules.customers) {
      await askForFate(stage, traffic, await traffic.send(shop, customer));
      await traffic.write(shop, customer);
    }
  }
}

/** Waits until customers were shown what was sent; returns what they were not. */
async function shownInTheEnd(stage: CrashStage, traffic: Traffic, rules: Rules): Promise<Order[]> {
  let missing = traffic.orders.filter(({ fate }) => fate === 'sent' || fate === 'delivered' || fate === 'read');
  const isAllShown = (): boolean => {
    const now = idsByText(stage, rules.customers);
    missing = missing.filter(({ text }) => !now.has(text));
    return missing.length === 0;
  };
  await stage.whatsapp.record.until(isAllShown, { timeoutMs: DRAIN_MS }).catch(() => {});
  return missing;
}

/** Waits until the service has read what customers wrote. */
async function readInTheEnd(
  stage: CrashStage,
  { letters }: Traffic,
): Promise<{ unread: Letter[]; onPhoneOnly: number }> {
  const unread: Letter[] = [];
  let onPhoneOnly = 0;
  await Promise.all(
    letters.map(async (letter) => {
      const customer = stage.customer(letter.customer);
      if (letter.at < deviceSince(stage, letter.shop)) {
        // Written for a device that is no more; the new one never gets it, whatever the service does.
        await customer.delivered(letter.id, { timeoutMs: 1 }).catch(() => onPhoneOnly++);
        return;
      }
      await customer.delivered(letter.id, { timeoutMs: DRAIN_MS }).catch(() => unread.push(letter));
    }),
  );
  for (const letter of unread)
    stage.violations.push(`a letter of ${letter.customer} to ${letter.shop.id} was never read`);
  return { unread, onPhoneOnly };
}

function judgeShown(
  { orders }: Traffic,
  ids: Map<string, Set<string>>,
  wire: Wire,
  violations: string[],
): { lost: Order[]; doubled: Order[] } {
  const lost = orders.filter((order) => isLost(order, ids, wire, violations));
  const doubled = orders.filter(({ text }) => (ids.get(text)?.size ?? 0) > 1);
  for (const order of lost)
    violations.push(`lost: ${order.key} of ${order.shop.id} to ${order.customer}, ${order.fate}`);
  for (const order of doubled) violations.push(`doubled: ${order.key}: ${[...(ids.get(order.text) ?? [])].join()}`);
  for (const order of orders) {
    const [id] = ids.get(order.text) ?? [];
    if (id !== undefined && id !== order.messageId)
      violations.push(`${order.key} was shown as ${id}, not ${order.messageId}`);
  }
  return { lost, doubled };
}

/** Whether everybody could read. Returns how often somebody could not at once, and the Bad MACs of the service. */
function judgeReading(stage: CrashStage): number {
  const { record } = stage.whatsapp;
  const ofService = stage.faultsSoFar().get('bad_mac') ?? 0;
  for (const { number, type, why } of record.unreadable)
    stage.violations.push(`${number} could not read a ${type}: ${why}`);
  if (ofService > 0) stage.violations.push('the service met Bad MACs');
  for (const { what } of record.problems) stage.violations.push(`the emulator stumbled: ${what}`);
  return record.totals.unreadable + ofService;
}

/** The same key again, which answers by what has become of the message, as soon as that is known. */
async function askForFate(stage: CrashStage, traffic: Traffic, order: Order): Promise<void> {
  const { status, body } = await traffic.ask(order, 30_000);
  order.fate = status === 200 ? String(body.status) : String(body.message_status ?? body.status ?? body.code);
  if (!['sent', 'delivered', 'read', 'expired', 'unconfirmed'].includes(order.fate)) {
    stage.violations.push(`${order.key} ended as ${order.fate}: ${status} ${JSON.stringify(body)}`);
  }
}

async function ask<T>(things: readonly T[], work: (thing: T) => Promise<void>): Promise<void> {
  const queue = [...things];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

function idsByText(stage: CrashStage, customers: readonly string[]): Map<string, Set<string>> {
  const ids = new Map<string, Set<string>>();
  for (const number of customers) {
    for (const { text, id } of stage.customer(number).messages) {
      const known = ids.get(text);
      if (known) known.add(id);
      else ids.set(text, new Set([id]));
    }
  }
  return ids;
}

/** When the device that the shop's phone has now was linked; what was written before may have been for another. */
function deviceSince(stage: CrashStage, shop: Shop): number {
  const linked = stage.whatsapp.record.registrations.filter(({ org }) => org === shop.number);
  // The first device never replaced another.
  return linked.length > 1 ? (linked.at(-1)?.at ?? 0) : 0;
}

function isLost(order: Order, ids: Map<string, unknown>, wire: Wire, violations: string[]): boolean {
  if (ids.has(order.text)) {
    if (order.fate === 'expired') violations.push(`${order.key} is expired, and its customer has it`);
    return false;
  }
  if (order.fate === 'unconfirmed') return false;
  if (order.fate !== 'expired') return true;
  if (order.ttlSeconds === undefined) violations.push(`${order.key} expired before its day was over`);
  if (wire.lastTry.has(order.messageId ?? '')) violations.push(`${order.key} is expired, and was sent`);
  return false;
}

/**
 * Of two messages of one shop to one customer, the one that was accepted before the other was asked for is shown first.
 */
function overtakings(stage: CrashStage, traffic: Traffic, rules: Rules, violations: string[]): number {
  let overtaken = 0;
  for (const number of rules.customers) {
    const position = new Map<string, number>();
    stage.customer(number).messages.forEach(({ text }, index) => {
      if (!position.has(text)) position.set(text, index);
    });
    for (const shop of rules.shops) {
      const shown = traffic.orders
        .filter((order) => order.shop === shop && order.customer === number && position.has(order.text))
        .map((order) => ({ order, at: position.get(order.text) as number }));
      for (const late of shown) {
        const early = shown.find(
          ({ order, at }) => (order.acceptedAt ?? Infinity) < late.order.askedAt && at > late.at,
        );
        if (!early) continue;
        overtaken++;
        violations.push(`${late.order.key} to ${number} was shown before ${early.order.key}, accepted earlier`);
      }
    }
  }
  return overtaken;
}

/**
 * Unconfirmed only where WhatsApp was silent (or the message's own time is over), only after RESEND_WITHIN, and never
 * sent again after it.
 */
async function judgeUnconfirmed(stage: CrashStage, traffic: Traffic, wire: Wire, rules: Rules): Promise<void> {
  const api = await stage.api();
  for (const order of traffic.orders) {
    if (order.fate !== 'unconfirmed') continue;
    const { body } = await api.message(order.messageId ?? '');
    const gaveUp = Date.parse(body.times.unconfirmed as string);
    // Tried, unanswered, and its own time is over: it may not be repeated.
    if (order.ttlSeconds !== undefined && gaveUp >= Date.parse(body.expires_at as string)) continue;
    if (rules.resendWithinMs === undefined) {
      stage.violations.push(`${order.key} is unconfirmed, and WhatsApp was not silent`);
    } else if (gaveUp - Date.parse(body.first_try_at as string) < rules.resendWithinMs) {
      stage.violations.push(`${order.key} was given up too early`);
    }
  }
  if (rules.resendWithinMs === undefined) return;
  for (const { messageId, key } of traffic.orders) {
    const last = wire.lastTry.get(messageId ?? '');
    if (last === undefined) continue;
    const { body } = await api.message(messageId ?? '');
    const late = last - Date.parse(body.first_try_at as string) - rules.resendWithinMs;
    if (late > GIVE_UP_SLACK_MS) stage.violations.push(`${key} was repeated ${late} ms after RESEND_WITHIN`);
  }
}
