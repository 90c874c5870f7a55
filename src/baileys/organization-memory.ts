import type { CacheStore } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { DEAD_DEVICE_MS, type DeadDevices, type DeviceLists } from './preparation.js';
import { decryptedBefore, type DecryptedBefore } from './signal-repository.js';

const HOUR = 3_600_000;

/** What of one organization outlives single sockets and is never shared with another organization. All of it is bounded. */
export interface OrganizationMemory {
  readonly decryptedBefore: DecryptedBefore;
  /** Ids of messages that were told upwards: one that is delivered twice is told once. */
  readonly received: LRUCache<string, true>;
  /**
   * Device lists of customers. Baileys' own cache forgets them after five minutes and then opens a new Signal session with every
   * customer it writes to (`assertSessions(…, true)`), which uses up their pre-keys and can itself cause a Bad MAC. Changes are told
   * by WhatsApp (`devices` notifications), so a day is safe.
   */
  readonly userDevices: DeviceLists;
  readonly deadDevices: DeadDevices;
  /** Of messages that were handed over lately: the chat, and the customer's devices that got them. For the hash in WhatsApp's ack. */
  readonly handed: LRUCache<string, HandedMessage>;
  /** How often a message was asked for again. */
  readonly retries: CacheStore;
  readonly placeholders: CacheStore;
  readonly calls: CacheStore;
}

export interface HandedMessage {
  readonly chatId: string;
  readonly devices: readonly string[];
}

export function organizationMemory(): OrganizationMemory {
  return {
    decryptedBefore: decryptedBefore(),
    received: new LRUCache({ max: 5000 }),
    userDevices: cacheStore(5000, 24 * HOUR),
    deadDevices: new LRUCache({ max: 5000, ttl: DEAD_DEVICE_MS }),
    handed: new LRUCache({ max: 1000, ttl: HOUR / 6 }),
    retries: cacheStore(2000, HOUR),
    placeholders: cacheStore(500, HOUR),
    calls: cacheStore(100, HOUR / 12),
  };
}

/** Baileys' cache interface over a bounded cache without timers. */
function cacheStore(max: number, ttl: number): DeviceLists {
  const cache = new LRUCache<string, NonNullable<unknown>>({ max, ttl });
  return {
    get: <T>(key: string) => cache.get(key) as T | undefined,
    set: (key, value) => {
      cache.set(key, value as NonNullable<unknown>);
    },
    del: (key) => {
      cache.delete(key);
    },
    flushAll: () => cache.clear(),
  };
}
