import { ServiceError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { SessionStatus } from './session-view.js';
import { PairingCodeRefusedError, type WhatsAppSocket } from './whatsapp-socket.js';

/** What a pairing code needs of its session. */
export interface CodeSession {
  readonly status: () => SessionStatus;
  readonly isPaired: () => boolean;
  /** The number of the socket that shows a QR now. */
  readonly socketWithQr: () => number | null;
  /** null when it is not the live one any more. */
  readonly socket: (number: number) => WhatsAppSocket | null;
  readonly codeGiven: (socket: number, code: string, phoneNumber: string) => void;
}

/** Asks WhatsApp for pairing codes, one after another: the last that it accepted is the one that it takes. */
export class PairingCodes {
  /** The latest request that is under way. */
  private asked: { readonly phoneNumber: string; readonly given: Promise<void> } | null = null;

  constructor(
    private readonly session: CodeSession,
    private readonly logger: Logger,
  ) {}

  /** Who asks for the same phone meanwhile is answered with the same code. @throws ServiceError */
  async ask(phoneNumber: string): Promise<void> {
    if (this.asked?.phoneNumber === phoneNumber) return this.asked.given;
    const before = this.asked?.given.catch(() => {}) ?? Promise.resolve();
    const asked = { phoneNumber, given: before.then(() => this.askWhatsApp(phoneNumber)) };
    this.asked = asked;
    await asked.given.finally(() => {
      if (this.asked === asked) this.asked = null;
    });
  }

  private async askWhatsApp(phoneNumber: string): Promise<void> {
    const { session } = this;
    if (session.isPaired()) throw new ServiceError('already_paired', { status: session.status() });
    const number = session.socketWithQr();
    const socket = number === null ? null : session.socket(number);
    if (number === null || !socket) throw this.notConnected();
    const code = await socket.requestPairingCode(phoneNumber).catch((error: unknown) => {
      throw this.refused(error);
    });
    // It belongs to a pairing that is over.
    if (!session.socket(number)) throw this.notConnected();
    session.codeGiven(number, code, phoneNumber);
  }

  private notConnected(): ServiceError {
    const facts = { reason: 'no_connection', retry_after: null };
    const status = this.session.status();
    return new ServiceError('whatsapp_unavailable', { status, reason: 'pairing_no_connection', facts });
  }

  private refused(error: unknown): unknown {
    if (!(error instanceof PairingCodeRefusedError)) return error;
    const { reason, errorCode, retryAfterMs } = error;
    this.logger.warn({ event: 'pairing_code_refused', reason, code: errorCode }, error.message);
    const retryAfterSeconds = retryAfterMs === null ? undefined : Math.ceil(retryAfterMs / 1000);
    return new ServiceError(
      'whatsapp_unavailable',
      {
        status: this.session.status(),
        reason: reason === 'rate_limited' && retryAfterSeconds ? 'pairing_rate_limited_for' : `pairing_${reason}`,
        values: { code: errorCode ?? '?', seconds: retryAfterSeconds ?? '?' },
        facts: { reason, retry_after: retryAfterSeconds ?? null },
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      },
      { cause: error },
    );
  }
}
