import type { CacheStore } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { sentAgain, type SentAgain } from './asked-again.js';
import { DeadDevices } from './dead-devices.js';
import { DeviceLists } from './device-lists.js';
import type { Audience } from './preparation.js';
import { UnreadableCustomers } from './unreadable-customers.js';
import { SuspectedStanzas } from './suspected-stanzas.js';
import { decryptedBefore, type DecryptedBefore } from './signal-repository.js';

const HOUR = 3_600_000;

/**
 * What of one organization outlives single sockets and is never shared with another organization. All of it is bounded.
 */
export interface OrganizationMemory {
  readonly decryptedBefore: DecryptedBefore;
  /** Messages that were told upwards, by id, until stored: one that is delivered twice is told once. */
  readonly received: LRUCache<string, Promise<void>>;
  readonly userDevices: DeviceLists;
  readonly deadDevices: DeadDevices;
  /** Whom the messages that were handed over lately went to, by message id. For the hash in WhatsApp's ack. */
  readonly handed: LRUCache<string, Audience>;
  readonly unreadable: UnreadableCustomers;
  readonly stanzas: SuspectedStanzas;
  /** How often a message was asked for again. */
  readonly retries: CacheStore;
  readonly sentAgain: SentAgain;
  readonly placeholders: CacheStore;
  readonly calls: CacheStore;
}

export function organizationMemory(): OrganizationMemory {
  return {
    decryptedBefore: decryptedBefore(),
    received: new LRUCache({ max: 5000 }),
    userDevices: new DeviceLists(),
    deadDevices: new DeadDevices(),
    handed: new LRUCache({ max: 1000, ttl: HOUR / 6 }),
    unreadable: new UnreadableCustomers(),
    stanzas: new SuspectedStanzas(),
    retries: cacheStore(2000, HOUR),
    sentAgain: sentAgain(),
    placeholders: cacheStore(500, HOUR),
    calls: cacheStore(100, HOUR / 12),
  };
}

/** Baileys' cache interface over a bounded cache without timers. */
function cacheStore(max: number, ttl: number): CacheStore {
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
