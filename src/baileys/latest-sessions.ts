import type SessionRecord from 'libsignal/src/session_record.js';
import { LRUCache } from 'lru-cache';

/**
 * Sessions as they stand in the store, the latest ones of one socket: Baileys asks for each before each message, and
 * each message writes it, so it would be read and parsed twice a message. Put here before the commit: when that fails,
 * the socket ends, and with it this.
 */
export class LatestSessions {
  // Some 10 KB each.
  private readonly records = new LRUCache<string, SessionRecord>({ max: 50 });
  private clearings = 0;

  get(address: string): SessionRecord | undefined {
    return this.records.get(address);
  }

  set(address: string, record: SessionRecord): void {
    this.records.set(address, record);
  }

  delete(address: string): void {
    this.records.delete(address);
  }

  /** For whoever changes the record: what an operation that fails has changed is not what is stored. */
  take(address: string): SessionRecord | undefined {
    const record = this.records.get(address);
    this.records.delete(address);
    return record;
  }

  /** Keeps what is found in the store, unless sessions were written past the repository while it was read. */
  async fill(address: string, find: () => Promise<SessionRecord | null>): Promise<SessionRecord | null> {
    const { clearings } = this;
    const record = await find();
    if (record && this.clearings === clearings) this.records.set(address, record);
    return record;
  }

  /** Called by whoever writes sessions past the repository. */
  clear(): void {
    this.clearings += 1;
    this.records.clear();
  }
}
