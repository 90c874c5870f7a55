import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';
import type { Logger } from '../logger.js';
import { isClosedSocket, KeysFailed, safeText, type SocketLife } from './socket-life.js';

/**
 * Errors in what Baileys does because of a frame. Each would become an unhandled rejection without an organization
 * (B#2311); here it is logged.
 */
export class FrameErrors {
  constructor(
    private readonly sock: WASocket,
    private readonly life: SocketLife,
    private readonly logger: Logger,
  ) {}

  /** Those of Baileys' frame handler. */
  catchOfFrames(): void {
    const { ws } = this.sock;
    for (const handler of ws.listeners('message') as ((data: Buffer) => unknown)[]) {
      ws.off('message', handler);
      ws.on('message', (data: Buffer) => {
        void Promise.resolve(handler(data)).catch((error: unknown) => this.failed(error));
      });
    }
  }

  /**
   * Those of Baileys' listeners to stanzas: nobody waits for them, and some answer without a catch. To be called before
   * any other listener is added.
   */
  catchOfListeners(): void {
    const { ws } = this.sock;
    for (const event of ws.eventNames()) {
      if (typeof event !== 'string' || !event.startsWith('CB:')) continue;
      const listeners = ws.listeners(event) as ((node: BinaryNode) => unknown)[];
      ws.removeAllListeners(event);
      for (const listener of listeners) {
        ws.on(event, (node: BinaryNode) => {
          const work = listener(node);
          if (work instanceof Promise) work.catch((error: unknown) => this.failed(error));
        });
      }
    }
  }

  private failed(error: unknown): void {
    if (this.life.isOver || error instanceof KeysFailed) return;
    // The end of the connection follows, and says why.
    const level = isClosedSocket(error) || isBrokenWrite(error) ? 'debug' : 'warn';
    this.logger[level]({ event: 'frame_error' }, `A frame from WhatsApp could not be handled: ${safeText(error)}`);
  }
}

/** Somebody wrote to a connection that the peer had just reset. */
function isBrokenWrite(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes((error as { code?: string } | undefined)?.code ?? '');
}
