import { EventEmitter } from 'node:events';
import { LRUCache } from 'lru-cache';
import { isSettled, type OutboxMessage } from './outbox-message.js';

const WAITS_ENDED = Symbol('waits ended');

/** Tells whoever listens, or waits, how messages change. */
export class MessageNews {
  private readonly changes = new EventEmitter().setMaxListeners(0);
  /** Messages as they were told last, the latest ones. */
  private readonly latest = new LRUCache<string, OutboxMessage>({ max: 1000 });
  private waitsEnded = false;

  /** Calls back at every change of a message. Returns a function that ends it. */
  onChange(listener: (message: OutboxMessage) => void): () => void {
    this.changes.on('change', listener);
    return () => this.changes.off('change', listener);
  }

  /** A message changed, and that is on disk. */
  tell(message: OutboxMessage): void {
    this.latest.set(message.messageId, message);
    this.changes.emit('change', message);
    this.changes.emit(message.messageId, message);
  }

  /** A message as it was read; what was told of it is newer. */
  note(message: OutboxMessage): void {
    if (!this.latest.has(message.messageId)) this.latest.set(message.messageId, message);
  }

  /** A message is something else than was told, and nobody is told. */
  correct(message: OutboxMessage): void {
    this.latest.set(message.messageId, message);
  }

  lastOf(messageId: string): OutboxMessage | undefined {
    return this.latest.get(messageId);
  }

  /**
   * Resolves with the message as soon as its fate is known; with what it is then when `ms` are over, nobody waits any
   * more (`signal`), or `endWaits` was called.
   * @param now the message as it was told last
   */
  async settled(now: OutboxMessage, ms: number, signal?: AbortSignal): Promise<OutboxMessage> {
    if (isSettled(now.state) || ms <= 0 || this.waitsEnded || signal?.aborted) return now;
    const { messageId } = now;
    let last = now;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      const { changes } = this;
      function done(): void {
        clearTimeout(timer);
        changes.off(messageId, look);
        changes.off(WAITS_ENDED, done);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      function look(message: OutboxMessage): void {
        last = message;
        if (isSettled(message.state)) done();
      }
      changes.on(messageId, look);
      changes.on(WAITS_ENDED, done);
      signal?.addEventListener('abort', done);
    });
    return last;
  }

  /** Whoever waits is answered now, and nobody waits any more. */
  endWaits(): void {
    this.waitsEnded = true;
    this.changes.emit(WAITS_ENDED);
  }
}
