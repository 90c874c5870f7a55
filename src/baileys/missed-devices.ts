import { LRUCache } from 'lru-cache';
import type { HandedMessage } from './organization-memory.js';
import type { Preparation } from './preparation.js';

/** So often at most the devices of one customer are asked for because of a hash, ms. */
const ASK_AGAIN_MS = 60_000;
/** To so many missed devices a message is sent after its ack. */
const MOST_MISSED = 10;

interface Parts {
  readonly preparation: Preparation;
  readonly handed: { get(messageId: string): HandedMessage | undefined };
  /** Sends the message to this device alone, under the same id. */
  readonly sendTo: (messageId: string, device: string) => Promise<void>;
  /** `sent`: the number of devices that a message was sent to afterwards. */
  readonly onStale: (messageId: string, sent: number) => void;
}

/**
 * The ack of a message may carry WhatsApp's hash of the devices that should have got it. When it is not that of our list, the list is made
 * fresh, and the message goes to the devices that it missed. A hash that is not understood costs one question a minute and nothing else.
 */
export class MissedDevices {
  private readonly asked = new LRUCache<string, true>({ max: 1000, ttl: ASK_AGAIN_MS });

  constructor(private readonly parts: Parts) {}

  /** @throws NotAnsweredError; then the next message meets the old list, and its ack the same hash */
  async acked(messageId: string, phash: string): Promise<void> {
    const { preparation, handed, sendTo, onStale } = this.parts;
    const message = handed.get(messageId);
    if (!message || this.asked.has(message.chatId) || (await preparation.isHashOf(message.chatId, phash))) return;
    this.asked.set(message.chatId, true);
    await preparation.complete(message.chatId, { fresh: true });
    const devices = await preparation.reachableDevicesOf(message.chatId);
    const missed = devices.filter((jid) => !message.devices.includes(jid)).slice(0, MOST_MISSED);
    for (const device of missed) await sendTo(messageId, device);
    onStale(messageId, missed.length);
  }
}
