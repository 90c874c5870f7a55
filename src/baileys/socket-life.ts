import type { WASocket } from '@whiskeysockets/baileys';
import { redact } from '../logger.js';
import { disconnectReason, type ConnectionEnd } from '../session/disconnect-reason.js';
import { NotAnsweredError, type SocketEvent, type SocketListener } from '../session/whatsapp-socket.js';
import type { SuspectedStanzas } from './suspected-stanzas.js';
import { connectionEnd } from './translate-events.js';

/**
 * How long a send that met a closed socket waits for the socket's true end before it is taken for that end itself, ms.
 */
const TRUE_END_WAIT_MS = 500;

interface Parts {
  readonly listener: SocketListener;
  readonly stanzas: SuspectedStanzas;
  /** How long one question to WhatsApp may take, ms. */
  readonly queryTimeoutMs: number;
}

/** The auth folder failed under a running socket. */
export class KeysFailed extends Error {}

/**
 * The life of one socket. It ends once and tells why once. After its end nothing more is told, and nothing waits.
 */
export class SocketLife {
  private readonly onEnd = new Set<() => void>();
  private onUnlinked: (() => void) | undefined;
  private sock: WASocket | undefined;
  private ended = false;
  /** The session closed it: nothing is told any more. */
  private closed = false;
  /** What waits to be told; never rejects. The end comes after it. */
  private held: Promise<void> | null = null;

  constructor(private readonly parts: Parts) {}

  /** The socket whose life this is; before anything can end it. */
  begin(sock: WASocket): void {
    this.sock = sock;
  }

  get isOver(): boolean {
    return this.ended;
  }

  tell(event: SocketEvent): void {
    if (!this.ended) void this.parts.listener(event);
  }

  /** As `tell`; resolves when the listener has done its work. */
  async told(event: SocketEvent): Promise<void> {
    if (!this.ended) await this.parts.listener(event);
  }

  /**
   * As `tell`, when what it rests on is stored; never when that is refused, which ends the socket. A phone that linked
   * is told also when the connection is lost meanwhile, for its keys are there.
   */
  tellWhenStored(event: SocketEvent & { readonly type: 'paired' | 'open' }, stored: Promise<void> | null): void {
    if (!stored && !this.held) return this.tell(event);
    if (this.ended) return;
    const held = Promise.all([stored, this.held]).then(
      () => {
        if (!this.closed && (!this.ended || event.type === 'paired')) void this.parts.listener(event);
      },
      () => {},
    );
    this.held = held;
    void held.then(() => {
      if (this.held === held) this.held = null;
    });
  }

  atEnd(callback: () => void): void {
    this.onEnd.add(callback);
  }

  /** Called when the connection ends because this device is unlinked, before anything else hears of that end. */
  whenUnlinked(callback: () => void): void {
    this.onUnlinked = callback;
  }

  // --- the end ---

  /** The connection is over: tells why, once, and leaves nothing running. */
  finish(end: ConnectionEnd): void {
    if (this.ended) return;
    const { stanzas } = this.parts;
    const reason = disconnectReason(end, Date.now());
    if (reason.kind === 'unlinked') this.onUnlinked?.();
    this.tearDown();
    // Such an error may name the stanza that it complains of: `<ack class="message" id="…"/>`.
    const suspect = reason.kind === 'stream_error' ? stanzas.streamEnded(end.attrs ?? {}) : null;
    this.tellEnd({ type: 'closed', reason, suspect });
  }

  failKeys(error: unknown): never {
    if (!this.ended) {
      this.tearDown();
      const reason = { kind: 'auth_folder_failed', code: null, text: safeText(error), at: Date.now() } as const;
      this.tellEnd({ type: 'closed', reason });
    }
    throw new KeysFailed('The auth folder failed', { cause: error });
  }

  /** Nothing is told of it. */
  close(): void {
    if (!this.ended) this.tearDown();
    this.closed = true;
  }

  private tellEnd(event: SocketEvent): void {
    if (!this.held) return void this.parts.listener(event);
    void this.held.then(() => {
      if (!this.closed) void this.parts.listener(event);
    });
  }

  private tearDown(): void {
    const sock = this.sock as WASocket;
    // What Baileys still holds back was acknowledged to WhatsApp, and will not come again.
    sock.ev.flush();
    this.ended = true;
    // Baileys' own end() waits up to 30 s for a dead peer's farewell; with the TCP connection gone it ends at once.
    const { socket } = sock.ws as unknown as { socket: { terminate(): void } | null };
    void sock.end(undefined).catch(() => {});
    socket?.terminate();
    for (const callback of [...this.onEnd]) callback();
  }

  // --- waiting for WhatsApp ---

  /** Waits for work that asks WhatsApp; each question has a limit of its own, and a message may take several. */
  async answered<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      return await this.withDeadline(what, work, 2 * this.parts.queryTimeoutMs);
    } catch (error) {
      if (isClosedSocket(error)) await this.endOfClosedSocket();
      throw error;
    }
  }

  /** Rejects with NotAnsweredError when the time is over or the socket ends first. */
  async withDeadline<T>(what: string, work: Promise<T>, ms: number): Promise<T> {
    let stop = (): void => {};
    const given = new Promise<never>((_, reject) => {
      const giveUp = (): void => reject(new NotAnsweredError(what));
      const timer = setTimeout(giveUp, Math.max(0, ms));
      this.onEnd.add(giveUp);
      stop = () => {
        clearTimeout(timer);
        this.onEnd.delete(giveUp);
      };
      if (this.ended) giveUp();
    });
    // Whoever loses the race may still reject later; nobody waits for it then.
    work.catch(() => {});
    try {
      return await Promise.race([work, given]);
    } finally {
      stop();
    }
  }

  /** Resolves after so long, or when the socket ends. */
  wait(ms: number): Promise<void> {
    return this.withDeadline('the next try', new Promise<never>(() => {}), ms).catch(() => {});
  }

  /**
   * A send met a closed socket. Usually the socket's own end is on its way and says why; when it does not come, this is
   * the end.
   */
  private async endOfClosedSocket(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, TRUE_END_WAIT_MS);
      const { onEnd } = this;
      function done(): void {
        clearTimeout(timer);
        onEnd.delete(done);
        resolve();
      }
      onEnd.add(done);
      if (this.ended) done();
    });
    this.finish({ text: 'Connection Closed', code: 428 });
  }
}

/**
 * Baileys' own end of the connection. Its `Connection Closed` says that the TCP connection went away under the
 * handshake: a matter of the network. As a fault of the session it counts only where a send met it
 * (`endOfClosedSocket`).
 */
export function ownEnd(error: unknown): ConnectionEnd {
  return isClosedSocket(error) ? { text: 'Connection Terminated', code: 428 } : connectionEnd(error);
}

export function isClosedSocket(error: unknown): boolean {
  const { message, output } = (error ?? {}) as { message?: string; output?: { statusCode?: number } };
  return message === 'Connection Closed' && output?.statusCode === 428;
}

/** What failed, cut to what may be logged. */
export function safeText(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}
