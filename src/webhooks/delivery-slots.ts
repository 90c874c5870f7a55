import PQueue from 'p-queue';

/**
 * Requests of one webhook at one time: a receiver for all organizations gets several lines side by side, and not all
 * of them at once.
 */
const PER_WEBHOOK = 4;
/**
 * In the process at one time: to receivers that answer well, and to those that fail or are slow, who wait among
 * themselves and take nobody's place.
 */
const WELL_AT_ONCE = 64;
const ILL_AT_ONCE = 32;
/** ms. Whoever took longer for its last answer is slow. */
const SLOW_MS = 1000;

/**
 * Who may send now: bounded for each webhook and in all, and so that nobody who answers well waits for somebody who
 * does not.
 */
export class DeliverySlots {
  private readonly perWebhook = new Map<string, PQueue>();
  private readonly well = new PQueue({ concurrency: WELL_AT_ONCE });
  private readonly ill = new PQueue({ concurrency: ILL_AT_ONCE });
  /** Webhooks whose receiver took long for its last answer. */
  private readonly slow = new Set<string>();

  constructor(private readonly now: () => number) {}

  /** Runs `send` as soon as it may, in the order of asking. */
  async run<T>(webhookId: string, inTrouble: boolean, send: () => Promise<T>): Promise<T> {
    return this.queueOf(webhookId).add(() => {
      const slots = inTrouble || this.slow.has(webhookId) ? this.ill : this.well;
      return slots.add(async () => {
        const begun = this.now();
        const answer = await send();
        if (this.now() - begun > SLOW_MS) this.slow.add(webhookId);
        else this.slow.delete(webhookId);
        return answer;
      });
    });
  }

  /** Of a webhook that was removed nothing is remembered. */
  forget(webhookId: string): void {
    this.slow.delete(webhookId);
  }

  private queueOf(webhookId: string): PQueue {
    let queue = this.perWebhook.get(webhookId);
    if (!queue) {
      const made = new PQueue({ concurrency: PER_WEBHOOK });
      made.on('idle', () => {
        if (this.perWebhook.get(webhookId) === made) this.perWebhook.delete(webhookId);
      });
      queue = made;
      this.perWebhook.set(webhookId, made);
    }
    return queue;
  }
}
