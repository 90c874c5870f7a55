import { LRUCache } from 'lru-cache';

/** A device whose keys could not be had is asked for them again after this, then after twice as long, and so on, ms. */
export const DEAD_DEVICE_FIRST_MS = 5000;
export const DEAD_DEVICE_LONGEST_MS = 15 * 60_000;

/** One device costs one entry. */
const MOST_DEVICES = 5000;

/**
 * Devices whose keys cannot be had now (406, an incomplete bundle, no row in the answer). Messages skip them. A device
 * stays here until its keys were had, or it wrote by itself; when to ask again is this class's rule. In memory only:
 * after a restart each is asked once.
 */
export class DeadDevices {
  private readonly devices = new LRUCache<string, { askAgainAt: number; tries: number }>({ max: MOST_DEVICES });

  get size(): number {
    return this.devices.size;
  }

  has(jid: string): boolean {
    return this.devices.has(jid);
  }

  mayBeAsked(jid: string, now: number): boolean {
    return (this.devices.peek(jid)?.askAgainAt ?? now) <= now;
  }

  /** Its keys could not be had, once more. */
  noteDead(jid: string, now: number): void {
    const tries = this.devices.peek(jid)?.tries ?? 0;
    const wait = Math.min(DEAD_DEVICE_LONGEST_MS, DEAD_DEVICE_FIRST_MS * 2 ** Math.min(tries, 10));
    this.devices.set(jid, { askAgainAt: now + wait, tries: tries + 1 });
  }

  noteAlive(jid: string): void {
    this.devices.delete(jid);
  }
}
