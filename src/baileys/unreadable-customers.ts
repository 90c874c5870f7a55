import { LRUCache } from 'lru-cache';

/**
 * A customer is asked so many times within an hour for messages that cannot be read; what comes beyond is refused. Five
 * are one message.
 */
export const ASKED_AGAIN_PER_HOUR = 30;

const HOUR = 3_600_000;
const MOST_CUSTOMERS = 2000;
/** A phone and its companions are five devices; who names more is not believed. */
const MOST_DEVICES = 20;

interface Unreadable {
  /** When the hour began in which he is asked (epoch ms), and how often he was. */
  since: number;
  asked: number;
  /** The devices whose messages could not be read, under every name of theirs. */
  jids: Set<string>;
}

/**
 * Customers whose messages cannot be read: how often each is asked for them again, and which Signal sessions to drop
 * when only they are to blame. One who sends garbage for ever is asked no more after a while. Bounded, in memory; pure
 * (`now` in epoch ms).
 */
export class UnreadableCustomers {
  private readonly customers = new LRUCache<string, Unreadable>({ max: MOST_CUSTOMERS });

  /**
   * A message could not be read.
   * @param jids the device that sent it, under the names that are known
   * @returns what is to be done: ask for it again, refuse it, or refuse it and say so (once within the hour)
   */
  failed(customer: string, jids: readonly string[], now: number): 'ask' | 'refuse' | 'refuse_and_say' {
    const one = this.customers.get(customer) ?? { since: now, asked: 0, jids: new Set() };
    this.customers.set(customer, one);
    for (const jid of jids) if (one.jids.size < MOST_DEVICES) one.jids.add(jid);
    if (now - one.since >= HOUR || now < one.since) Object.assign(one, { since: now, asked: 0 });
    one.asked += 1;
    if (one.asked <= ASKED_AGAIN_PER_HOUR) return 'ask';
    return one.asked === ASKED_AGAIN_PER_HOUR + 1 ? 'refuse_and_say' : 'refuse';
  }

  /** The devices whose sessions are to be dropped; each is named once. */
  takeDevices(customer: string): string[] {
    const one = this.customers.get(customer);
    if (!one) return [];
    const jids = [...one.jids];
    one.jids = new Set();
    return jids;
  }
}
