import type { IncomingMessage } from 'node:http';
import type { AuthenticationCreds, WASocket } from '@whiskeysockets/baileys';
import type { Logger } from '../logger.js';
import type { BaileysOptions } from './baileys-options.js';
import { LoginWatch } from './login-watch.js';
import type { SilenceWatch } from './silence-watch.js';
import type { SocketKeys } from './socket-keys.js';
import { ownEnd, safeText, type SocketLife } from './socket-life.js';
import { phoneNumberOf } from './translate-events.js';

/** How long Baileys shows the first QR of a socket, and each further one (lib/Socket/socket.js, genPairQR). */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;

interface Connection {
  readonly sock: WASocket;
  readonly life: SocketLife;
  readonly settings: BaileysOptions;
  readonly logger: Logger;
}

/** What Baileys says of the connection: QR, paired, open, closed. Credentials that it changed are stored. */
export function followConnection(
  { sock, life, settings }: Connection,
  keys: SocketKeys,
  creds: AuthenticationCreds,
): void {
  const { ev } = sock;
  let qrs = 0;
  /** The credentials as they were put last; null when they are stored. */
  let stored: Promise<void> | null = null;
  ev.on('creds.update', () => {
    // Every frame that is sent from here on waits until they are durable. A failure ends the socket, which tells of it.
    const put = keys.put({ creds });
    stored = put;
    put.then(
      () => {
        if (stored === put) stored = null;
      },
      () => {},
    );
  });
  ev.on('connection.update', (update) => {
    if (update.qr) {
      const lastsMs = settings.qrTimeoutMs ?? (qrs === 0 ? FIRST_QR_MS : NEXT_QR_MS);
      qrs += 1;
      life.tell({ type: 'qr', text: update.qr, lastsMs });
    }
    const phoneNumber = phoneNumberOf(creds.me?.id ?? '');
    if (update.isNewLogin) life.tellWhenStored({ type: 'paired', phoneNumber }, stored);
    if (update.connection === 'open') life.tellWhenStored({ type: 'open', phoneNumber }, stored);
    if (update.connection === 'close') life.finish(ownEnd(update.lastDisconnect?.error));
  });
}

/**
 * When Baileys has decided to end the connection it waits up to 30 s for a farewell; without the TCP connection it need
 * not. It has decided so when these stanzas arrive, and whenever it closes by itself: a handshake that was never
 * answered, say.
 */
export function endWithoutFarewell({ sock: { ws }, life }: Connection): void {
  const hangUp = (): void => (ws as unknown as { socket: { terminate(): void } | null }).socket?.terminate();
  const close = ws.close.bind(ws);
  ws.close = async () => {
    const closed = close();
    hangUp();
    await closed;
  };
  ws.on('CB:stream:error', hangUp);
  ws.on('CB:failure', hangUp);
  ws.on('CB:xmlstreamend', hangUp);
  ws.on('unexpected-response', (_request: unknown, response: IncomingMessage) => {
    life.finish({ text: `HTTP ${response.statusCode} at the upgrade`, httpStatus: response.statusCode ?? 0 });
  });
}

/** Ends a socket whose login does not come to its end, and one from which nothing is heard. */
export function watchTime(connection: Connection, silenceWatch: SilenceWatch): void {
  const { sock, life, settings } = connection;
  /** Whether WhatsApp has said anything yet. */
  let isAnswered = false;
  let silentFor = 0;
  sock.ws.on('frame', () => {
    isAnswered = true;
    silentFor = 0;
  });
  const login = watchLogin(connection);
  const end = silenceWatch.add((elapsedMs) => {
    login.passed(elapsedMs);
    silentFor += elapsedMs;
    if (silentFor > (isAnswered ? settings.silenceTimeoutMs : settings.connectTimeoutMs))
      life.finish({ text: isAnswered ? 'Connection was lost' : 'Timed Out', code: 408 });
  });
  life.atEnd(end);
}

function watchLogin({ sock, life, settings, logger }: Connection): LoginWatch {
  return new LoginWatch({
    sock,
    handOverWaitMs: settings.handOverWaitMs,
    onIncomplete: (why) => life.finish({ text: `Login incomplete (${safeText(why)})` }),
    onStepFailed: (step, error) => {
      if (life.isOver) return;
      logger.debug({ event: 'login_step_failed', step }, `A step of the login failed: ${safeText(error)}`);
    },
  });
}
