import { LRUCache } from 'lru-cache';
import type { Audience, Preparation } from './preparation.js';

/** So often at most the devices of one customer are asked for because of a hash, ms. */
const ASK_AGAIN_MS = 60_000;
/** To so many missed devices a message is sent after its ack. */
const MOST_MISSED = 10;

interface Parts {
  readonly preparation: Preparation;
  /** Whom the messages of the last minutes went to, by message id. */
  readonly handed: LRUCache<string, Audience>;
  /** Sends the message to this device alone, under the same id. */
  readonly sendTo: (messageId: string, device: string) => Promise<void>;
  /** `sent`: the number of devices that a message was sent to afterwards. */
  readonly onStale: (messageId: string, sent: number) => void;
}

/**
 * The ack of a message may carry WhatsApp's hash of the devices that should have got it. When it is not that of our
 * list, the list is made fresh, and the message goes to the devices that it missed, to each once. A hash that is not
 * understood costs one question a minute and nothing else.
 */
export class MissedDevices {
  private readonly asked = new LRUCache<string, Promise<unknown>>({ max: 1000, ttl: ASK_AGAIN_MS });
  private readonly sentAgain = new LRUCache<string, true>({ max: 1000, ttl: ASK_AGAIN_MS * 10 });

  constructor(private readonly parts: Parts) {}

  /**
   * Whether the message went to single devices after its ack: a refusal that comes now speaks of that copy, not of the
   * message.
   */
  wasSentAgain(messageId: string): boolean {
    return this.sentAgain.has(messageId);
  }

  /** A copy of the message goes to a single device. */
  noteSentAgain(messageId: string): void {
    this.sentAgain.set(messageId, true);
  }

  /**
   * @throws NotAnsweredError; then the next message meets the old list, its ack the same hash, and the question is
   *   asked again
   */
  async acked(messageId: string, phash: string): Promise<void> {
    const { preparation, handed, sendTo, onStale } = this.parts;
    const before = handed.get(messageId);
    if (!before || preparation.isHashOf(before, phash)) return;
    const { chatId } = before;
    // The list may be fresh already, because of another message's ack.
    if (!preparation.isHashOf(await preparation.audience(chatId), phash)) await this.ask(chatId);
    // The sessions with its devices may still be under way.
    await preparation.complete(chatId, {});
    const now = await preparation.audience(chatId);
    // A customer's LID that became known meanwhile makes all addresses new; the devices are the same.
    if (now.wire !== before.wire) return;
    const missed = now.reached.filter((jid) => !before.reached.includes(jid)).slice(0, MOST_MISSED);
    if (missed.length === 0) return;
    handed.set(messageId, { ...now, reached: [...before.reached, ...missed] });
    this.noteSentAgain(messageId);
    for (const device of missed) await sendTo(messageId, device);
    onStale(messageId, missed.length);
  }

  private ask(chatId: string): Promise<unknown> {
    const asked = this.asked.get(chatId);
    if (asked) return asked;
    const asking = this.parts.preparation.complete(chatId, { fresh: true }).catch((error: unknown) => {
      this.asked.delete(chatId);
      throw error;
    });
    this.asked.set(chatId, asking);
    return asking;
  }
}
