import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import {
  DEFAULT_CONNECTION_CONFIG,
  generateWAMessageContent,
  getBinaryNodeChildren,
  initAuthCreds,
  jidDecode,
  makeWASocket,
  S_WHATSAPP_NET,
  type AuthenticationCreds,
  type BinaryNode,
  type MessageContentGenerationOptions,
  type WAMessage,
  type WAMessageKey,
  type WASocket,
} from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import { maskPhone, redact, type Logger } from '../logger.js';
import { disconnectReason, type ConnectionEnd } from '../session/disconnect-reason.js';
import {
  NotAnsweredError,
  NothingLeftError,
  PairingCodeRefusedError,
  type AuthKeys,
  type InboundSuspect,
  type MessageToHand,
  type OpenSocketOptions,
  type SocketEvent,
  type WhatsAppSocket,
  type WhatsAppSockets,
} from '../session/whatsapp-socket.js';
import { AskedAgain } from './asked-again.js';
import { baileysLogger } from './baileys-logger.js';
import { shownDevices } from './device-lists.js';
import { LoginWatch } from './login-watch.js';
import { MessagesUnderWay } from './messages-under-way.js';
import { organizationMemory, type OrganizationMemory } from './organization-memory.js';
import { MissedDevices } from './missed-devices.js';
import { askForPairingCode } from './pairing-code.js';
import { Preparation } from './preparation.js';
import { askForNumber } from './questions.js';
import { directKeyStore, makeSignalRepository, type SendUnderWay } from './signal-repository.js';
import { latestSessions } from './signal-transaction.js';
import { stanzaOf } from './suspected-stanzas.js';
import { SilenceWatch } from './silence-watch.js';
import { ASKED_AGAIN_PER_HOUR } from './unreadable-customers.js';
import { sendSingleCopy } from './single-copy.js';
import { connectionEnd, phoneNumberOf } from './translate-events.js';
import { personalName, TwoNames } from './two-names.js';
import {
  ignoreUnusedTraffic,
  isChatOfMany,
  isCustomersMessage,
  isHistoryInline,
  isMessageOfAChat,
  keepFromBaileys,
} from './unused-traffic.js';

export interface BaileysOptions {
  /** `wss://web.whatsapp.com/ws/chat`, or the emulator. */
  readonly url: string;
  /** WhatsApp Web's version to announce; Baileys' own when undefined. Never fetched. */
  readonly version: [number, number, number] | undefined;
  /** All in ms. */
  readonly keepAliveIntervalMs: number;
  readonly silenceTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  /** How long a login waits for the first of what had waited for this device, after WhatsApp's answer to `active`. */
  readonly handOverWaitMs: number;
  /** How long each QR is shown; WhatsApp's own times (60 s the first, 20 s each further one) when undefined. */
  readonly qrTimeoutMs?: number | undefined;
}

/** How long a send that met a closed socket waits for the socket's true end before it is taken for that end itself, ms. */
const TRUE_END_WAIT_MS = 500;

/** A pairing code is made here and announced to WhatsApp in one stanza; no answer is waited for. */
const PAIRING_CODE_DEADLINE_MS = 3000;

/** How long Baileys shows the first QR of a socket, and each further one (lib/Socket/socket.js, genPairQR). */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;

/** A text uploads nothing. */
const NO_MEDIA: MessageContentGenerationOptions = {
  upload: () => Promise.reject(new Error('A text has no media')),
};

/** Sockets over Baileys. */
export class BaileysSockets implements WhatsAppSockets {
  private readonly memories = new Map<string, OrganizationMemory>();
  private readonly silenceWatch: SilenceWatch;

  constructor(private readonly options: BaileysOptions) {
    this.silenceWatch = new SilenceWatch(
      Math.min(1000, options.silenceTimeoutMs / 8, options.connectTimeoutMs / 4, options.handOverWaitMs / 4),
    );
  }

  newCredentials(): Record<string, unknown> {
    return initAuthCreds();
  }

  open(options: OpenSocketOptions): WhatsAppSocket {
    let memory = this.memories.get(options.organizationId);
    if (!memory) {
      memory = organizationMemory();
      this.memories.set(options.organizationId, memory);
    }
    return new BaileysSocket(this.options, options, memory, this.silenceWatch);
  }

  accuse(organizationId: string, suspect: InboundSuspect): void {
    this.memories.get(organizationId)?.stanzas.accuse(suspect);
  }

  forget(organizationId: string): void {
    this.memories.delete(organizationId);
  }
}

/** The connection itself, below Baileys' websocket client. */
interface FrameSocket {
  send(frame: Uint8Array, told: (error?: Error) => void): void;
}

/** What a chain of asynchronous calls through Baileys is: a send of ours, or work inside one of Baileys' transactions. */
interface Call {
  readonly socket: BaileysSocket;
  readonly send?: SendUnderWay;
}

/**
 * One for the whole process. In Node 20 every promise costs time for each AsyncLocalStorage that was ever used (lib/async_hooks.js, storageList),
 * and Baileys' own transactions would use one for each socket there ever was (lib/Utils/auth-utils.js).
 */
const calls = new AsyncLocalStorage<Call>();

/** The auth folder failed under a running socket. */
class KeysFailed extends Error {}

class BaileysSocket implements WhatsAppSocket {
  private readonly sock: WASocket;
  private readonly preparation: Preparation;
  private readonly missedDevices: MissedDevices;
  private readonly logger: Logger;
  private readonly onEnd = new Set<() => void>();
  /** Called when the connection ends because this device is unlinked. */
  private onUnlinked: (() => void) | undefined;
  private readonly messagesUnderWay = new MessagesUnderWay();
  private readonly latestSessions = latestSessions();
  private endSilenceWatch: () => void = () => {};
  private silentFor = 0;
  /** Whether WhatsApp has said anything yet. */
  private isAnswered = false;
  private qrs = 0;
  private ended = false;

  constructor(
    private readonly settings: BaileysOptions,
    private readonly options: OpenSocketOptions,
    private readonly memory: OrganizationMemory,
    silenceWatch: SilenceWatch,
  ) {
    this.logger = options.logger;
    const keys = this.guardedKeys(options.keys);
    const creds = pairedOrFresh(keys.readCreds() as unknown as AuthenticationCreds);
    this.sock = makeWASocket({
      auth: { creds, keys: directKeyStore(keys, new Mutex()) },
      waWebSocketUrl: settings.url,
      version: settings.version ?? DEFAULT_CONNECTION_CONFIG.version,
      logger: baileysLogger(this.logger),
      // The silence watch has it. Baileys would also take the time of every frame it sends, each with a timer and two stack traces.
      connectTimeoutMs: 0,
      keepAliveIntervalMs: settings.keepAliveIntervalMs,
      defaultQueryTimeoutMs: settings.queryTimeoutMs,
      ...(settings.qrTimeoutMs !== undefined && { qrTimeout: settings.qrTimeoutMs }),
      // For a service that mostly sends (docs/whatsapp.md, section 6): the owner's phone keeps ringing, no years of history arrive.
      markOnlineOnConnect: false,
      syncFullHistory: false,
      emitOwnEvents: false,
      shouldIgnoreJid: isChatOfMany,
      shouldSyncHistoryMessage: isHistoryInline,
      userDevicesCache: shownDevices(
        memory.userDevices,
        memory.deadDevices,
        () => calls.getStore()?.send !== undefined,
        (user) => this.preparation.changed(user),
      ),
      msgRetryCounterCache: memory.retries,
      placeholderResendCache: memory.placeholders,
      callOfferCache: memory.calls,
      getMessage: async (key) => {
        const text = key.id ? options.sentText(key.id) : undefined;
        return text === undefined ? undefined : { conversation: text };
      },
      makeSignalRepository: makeSignalRepository({
        keys,
        decryptedBefore: memory.decryptedBefore,
        latestSessions: this.latestSessions,
        onDecrypted: (ciphertext, plaintext, isOwn) => {
          const message = this.messagesUnderWay.read(ciphertext, plaintext, isOwn);
          if (message) this.hear(message);
        },
        messageIdOf: (ciphertext) => this.messagesUnderWay.idOf(ciphertext),
        isAskedAgain: (customer, jids) => this.isAskedAgain(customer, jids),
        sendUnderWay: () => calls.getStore()?.send,
        onFault: (fault) => this.tell({ type: 'fault', fault }),
      }),
    });
    this.catchListenerErrors();
    this.answerRetryReceipts();
    this.setSuspectsAside();
    ignoreUnusedTraffic(this.sock);
    this.preparation = new Preparation({
      sock: this.sock,
      devices: memory.userDevices,
      dead: memory.deadDevices,
      isOver: () => this.ended,
      now: () => Date.now(),
    });
    this.missedDevices = this.followMissedDevices();
    this.takeKeysOutOfTransactions(keys);
    this.holdFramesUntilDurable(keys);
    this.listen(keys, creds);
    const login = this.watchLogin();
    this.endSilenceWatch = silenceWatch.add((elapsedMs) => {
      login.passed(elapsedMs);
      this.silentFor += elapsedMs;
      if (this.silentFor > (this.isAnswered ? settings.silenceTimeoutMs : settings.connectTimeoutMs))
        this.finish({ text: this.isAnswered ? 'Connection was lost' : 'Timed Out', code: 408 });
    });
  }

  async resolveChat(phoneNumber: string): Promise<string | null> {
    return this.answered('chat id', askForNumber(this.sock, phoneNumber));
  }

  async prepare(chatId: string, options: { fresh?: boolean; after?: Promise<void> } = {}): Promise<string | null> {
    return this.answered('devices and keys', this.preparation.complete(chatId, options));
  }

  async hand({ messageId, chatId, text, after }: MessageToHand): Promise<void> {
    const audience = await this.preparation.audience(chatId);
    this.memory.handed.set(messageId, audience);
    const send: SendUnderWay = { chatId: audience.wire, after, encrypted: false, left: false };
    let isOver = false;
    const relay = async (): Promise<unknown> =>
      this.sock.relayMessage(send.chatId, await messageOf(text), { messageId });
    const relaying = calls.run({ socket: this, send }, relay).finally(() => (isOver = true));
    try {
      await this.answered('message', relaying);
    } catch (error) {
      // What goes on after its deadline may still be sent.
      if (isOver && !send.left) throw new NothingLeftError(error);
      throw error;
    }
  }

  /** To one device that a message has missed, or that asks for it again (`count`). */
  private async sendTo(messageId: string, device: string, count?: string): Promise<void> {
    const text = this.options.sentText(messageId);
    if (text === undefined) return;
    const copy = sendSingleCopy(
      { sock: this.sock, messageId, device, ...(count !== undefined && { count }) },
      await messageOf(text),
    );
    await this.answered('message for one device', copy);
  }

  async resetCustomer(customer: string): Promise<void> {
    // 99 is the customer's device that a business platform hosts; its session is of another kind.
    const jids = this.memory.unreadable.takeDevices(customer).filter((jid) => jidDecode(jid)?.device !== 99);
    await this.sock.signalRepository.deleteSession(jids);
  }

  /** A customer whose messages can never be read is asked for them no more after a while. */
  private isAskedAgain(customer: string, jids: readonly string[]): boolean {
    const what = this.memory.unreadable.failed(customer, jids, Date.now());
    if (what === 'refuse_and_say') {
      this.logger.warn(
        { event: 'customer_asked_no_more', customer: maskPhone(jidDecode(jids.at(-1))?.user ?? '') },
        `Messages of this customer cannot be read; he was asked ${ASKED_AGAIN_PER_HOUR} times within the hour, and is asked no more in it.`,
      );
    }
    return what === 'ask';
  }

  async requestPairingCode(phoneNumber: string): Promise<string> {
    const { sock } = this;
    const parts = { sock, creds: sock.authState.creds, browser: DEFAULT_CONNECTION_CONFIG.browser };
    try {
      const asked = askForPairingCode(parts, phoneNumber, PAIRING_CODE_DEADLINE_MS);
      return await this.withDeadline('pairing code', asked, 2 * PAIRING_CODE_DEADLINE_MS);
    } catch (error) {
      if (error instanceof PairingCodeRefusedError) throw error;
      throw new PairingCodeRefusedError('no_answer', { cause: error });
    }
  }

  async unlink(deadlineMs: number): Promise<boolean> {
    const jid = this.sock.user?.id;
    if (!jid || this.ended) return false;
    const request: BinaryNode = {
      tag: 'iq',
      attrs: { to: S_WHATSAPP_NET, type: 'set', xmlns: 'md' },
      content: [{ tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }],
    };
    const confirmed = new Promise<boolean>((resolve) => {
      // WhatsApp may end the connection before it answers; an end that says "unlinked" confirms it as well, and no
      // other does.
      this.onUnlinked = () => resolve(true);
      this.sock.query(request).then(
        (answer: BinaryNode | undefined) => resolve(answer?.attrs.type === 'result'),
        (error: unknown) => {
          if (!isClosedSocket(error)) resolve(false);
        },
      );
    });
    const result = await this.withDeadline('unlink', confirmed, deadlineMs).catch(() => false);
    this.close();
    return result;
  }

  close(): void {
    if (this.ended) return;
    this.tearDown();
  }

  // --- the end ---

  /** The connection is over: tells why, once, and leaves nothing running. */
  private finish(end: ConnectionEnd): void {
    if (this.ended) return;
    const reason = disconnectReason(end, Date.now());
    if (reason.kind === 'unlinked') this.onUnlinked?.();
    this.tearDown();
    // Such an error may name the stanza that it complains of: `<ack class="message" id="…"/>`.
    const suspect = reason.kind === 'stream_error' ? this.memory.stanzas.streamEnded(end.attrs ?? {}) : null;
    this.options.listener({ type: 'closed', reason, suspect });
  }

  private failKeys(error: unknown): never {
    if (!this.ended) {
      this.tearDown();
      const text = redact(error instanceof Error ? error.message : String(error));
      this.options.listener({
        type: 'closed',
        reason: { kind: 'auth_folder_failed', code: null, text, at: Date.now() },
      });
    }
    throw new KeysFailed('The auth folder failed', { cause: error });
  }

  private tearDown(): void {
    // What Baileys still holds back was acknowledged to WhatsApp, and will not come again.
    this.sock.ev.flush();
    this.ended = true;
    this.endSilenceWatch();
    // Baileys' own end() waits up to 30 s for a dead peer's farewell; with the TCP connection gone it ends at once.
    const { socket } = this.sock.ws as unknown as { socket: { terminate(): void } | null };
    void this.sock.end(undefined).catch(() => {});
    socket?.terminate();
    for (const callback of [...this.onEnd]) callback();
  }

  private tell(event: SocketEvent): void {
    if (!this.ended) this.options.listener(event);
  }

  // --- what comes in ---

  private listen(keys: AuthKeys, creds: AuthenticationCreds): void {
    const { ev, ws } = this.sock;
    // Synchronous, so that credentials are on disk before the next write to the network.
    ev.on('creds.update', () => keys.writeCreds(creds as unknown as Record<string, unknown>));
    ev.on('connection.update', (update) => {
      if (update.qr) {
        const lastsMs = this.settings.qrTimeoutMs ?? (this.qrs === 0 ? FIRST_QR_MS : NEXT_QR_MS);
        this.qrs += 1;
        this.tell({ type: 'qr', text: update.qr, lastsMs });
      }
      if (update.isNewLogin) this.tell({ type: 'paired', phoneNumber: phoneNumberOf(creds.me?.id ?? '') });
      if (update.connection === 'open') this.tell({ type: 'open', phoneNumber: phoneNumberOf(creds.me?.id ?? '') });
      if (update.connection === 'close') this.finish(ownEnd(update.lastDisconnect?.error));
    });
    ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) {
        if (message.key.id && isMessageOfAChat(message)) void this.tellAcquainted(message.key);
        // Those that the phone passes on, because they came without content.
        this.hear(message);
      }
    });
    ws.on('frame', () => {
      this.isAnswered = true;
      this.silentFor = 0;
    });
    ws.prependListener('CB:message', (node: BinaryNode) => this.messagesUnderWay.note(node));
    // Straight from the wire: Baileys raises no event for a good ack, and buffers and merges receipts.
    ws.on('CB:ack,class:message', ({ attrs: { id, error, phash } }: BinaryNode) => {
      if (!id || (error && this.missedDevices.wasSentAgain(id))) return;
      this.tell({ type: 'ack', messageId: id, errorCode: error ? Number(error) : null });
      if (error || !phash) return;
      this.missedDevices.acked(id, phash).catch((failure: unknown) => {
        if (this.ended) return;
        const text = redact(failure instanceof Error ? failure.message : String(failure));
        this.logger.info({ event: 'devices_not_known', message_id: id }, `The list of devices stays as it is: ${text}`);
      });
    });
    ws.on('CB:receipt', (node: BinaryNode) => {
      const status = isChatOfMany(node.attrs.from) ? null : receiptStatus(node.attrs.type);
      if (status) this.tell({ type: 'receipt', messageIds: receiptIds(node), status });
    });
    // When Baileys has decided to end it waits up to 30 s for a farewell; without the TCP connection it need not. That is so when these arrive,
    // and whenever it closes by itself: a handshake that was never answered, say.
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
      this.finish({ text: `HTTP ${response.statusCode} at the upgrade`, httpStatus: response.statusCode ?? 0 });
    });
    this.catchFrameErrors();
  }

  /**
   * Tells a new message of a customer, once. Not at this socket's end: then its receipt does not leave, and WhatsApp
   * delivers it again.
   */
  private hear(message: WAMessage): void {
    const { id } = message.key;
    if (this.ended || !id || !isCustomersMessage(message) || this.memory.received.has(id)) return;
    this.memory.received.set(id, true);
    this.tell({ type: 'message_received', messageId: id });
  }

  /** Whose chat it is, under both of his names when the other is known. */
  private async tellAcquainted({ remoteJid, remoteJidAlt }: WAMessageKey): Promise<void> {
    if (!remoteJid) return;
    const others = remoteJidAlt
      ? [remoteJidAlt]
      : await new TwoNames(this.sock.signalRepository).all(remoteJid).catch(() => []);
    this.tell({ type: 'acquainted', names: [...new Set([remoteJid, ...others].map(personalName))] });
  }

  /**
   * What ends the stream again and again gets a plain ack, which takes it off WhatsApp's list, and Baileys does not see
   * it.
   */
  private setSuspectsAside(): void {
    const { stanzas } = this.memory;
    stanzas.begin();
    for (const tag of ['message', 'receipt', 'notification', 'call'])
      keepFromBaileys(this.sock, `CB:${tag}`, (node) => {
        if (this.ended) return undefined;
        const what = stanzas.delivered(node);
        if (what === 'pass') return undefined;
        if (what === 'set_aside_and_say') this.tell({ type: 'stanza_set_aside', stanza: stanzaOf(node) });
        return this.sock.sendMessageAck(node);
      });
    this.sock.ws.on('CB:ib,,offline', () => {
      if (!this.ended && stanzas.allHaveCome()) this.tell({ type: 'suspects_stayed_away' });
    });
  }

  private followMissedDevices(): MissedDevices {
    return new MissedDevices({
      preparation: this.preparation,
      handed: this.memory.handed,
      sendTo: (messageId, device) => this.sendTo(messageId, device),
      onStale: (messageId, sent) =>
        this.logger.info(
          { event: 'devices_were_stale', message_id: messageId, sent },
          'WhatsApp counts other devices than we did: the list is fresh, and the message went to those it had missed.',
        ),
    });
  }

  private answerRetryReceipts(): void {
    const asked = new AskedAgain({
      sock: this.sock,
      sentAgain: this.memory.sentAgain,
      isOver: () => this.ended,
      textOf: (messageId) => this.options.sentText(messageId),
      sendTo: async (messageId, device, count) => {
        this.missedDevices.noteSentAgain(messageId);
        await this.sendTo(messageId, device, count);
      },
      onAnswer: (receipt) => {
        if (!this.ended) this.memory.stanzas.answering(receipt);
      },
      wait: (ms) => this.withDeadline('the next try', new Promise<never>(() => {}), ms).catch(() => {}),
    });
    keepFromBaileys(this.sock, 'CB:receipt', (node) => {
      if (!asked.takes(node)) return undefined;
      this.memory.stanzas.held(node);
      return asked.answer(node);
    });
  }

  private watchLogin(): LoginWatch {
    return new LoginWatch({
      sock: this.sock,
      handOverWaitMs: this.settings.handOverWaitMs,
      onIncomplete: (why) => this.finish({ text: `Login incomplete (${redact(why)})` }),
      onStepFailed: (step, error) => {
        if (this.ended) return;
        const text = redact(error instanceof Error ? error.message : String(error));
        this.logger.debug({ event: 'login_step_failed', step }, `A step of the login failed: ${text}`);
      },
    });
  }

  /** An error inside Baileys' frame handler would become an unhandled rejection without an organization (B#2311). */
  private catchFrameErrors(): void {
    const { ws } = this.sock;
    for (const handler of ws.listeners('message') as ((data: Buffer) => unknown)[]) {
      ws.off('message', handler);
      ws.on('message', (data: Buffer) => {
        void Promise.resolve(handler(data)).catch((error: unknown) => this.frameFailed(error));
      });
    }
  }

  /**
   * The same of what Baileys does because of a stanza: nobody waits for its listeners, and some answer without a catch.
   * Before all others.
   */
  private catchListenerErrors(): void {
    const { ws } = this.sock;
    for (const event of ws.eventNames()) {
      if (typeof event !== 'string' || !event.startsWith('CB:')) continue;
      const listeners = ws.listeners(event) as ((node: BinaryNode) => unknown)[];
      ws.removeAllListeners(event);
      for (const listener of listeners) {
        ws.on(event, (node: BinaryNode) => {
          const work = listener(node);
          if (work instanceof Promise) work.catch((error: unknown) => this.frameFailed(error));
        });
      }
    }
  }

  private frameFailed(error: unknown): void {
    if (this.ended || error instanceof KeysFailed) return;
    const text = redact(error instanceof Error ? error.message : String(error));
    // The end of the connection follows, and says why.
    const level = isClosedSocket(error) || isBrokenWrite(error) ? 'debug' : 'warn';
    this.logger[level]({ event: 'frame_error' }, `A frame from WhatsApp could not be handled: ${text}`);
  }

  // --- what goes out ---

  /** Waits for work that asks WhatsApp; each question has a limit of its own, and a message may take several. */
  private async answered<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      return await this.withDeadline(what, work, 2 * this.settings.queryTimeoutMs);
    } catch (error) {
      if (isClosedSocket(error)) await this.endOfClosedSocket();
      throw error;
    }
  }

  /**
   * A send met a closed socket. Usually the socket's own end is on its way and says why; when it does not come, this is the end.
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

  /** Rejects with NotAnsweredError when the time is over or the socket ends first. */
  private async withDeadline<T>(what: string, work: Promise<T>, ms: number): Promise<T> {
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

  // --- keys ---

  /** The organization's keys: after the socket's end nothing is read or written, and a failure of the folder ends the socket at once. */
  private guardedKeys(keys: AuthKeys): AuthKeys {
    const guard = <T>(work: () => T): T => {
      if (this.ended) throw new KeysFailed('The socket has ended');
      try {
        return work();
      } catch (error) {
        return this.failKeys(error);
      }
    };
    return {
      readCreds: () => keys.readCreds(),
      writeCreds: (creds) => guard(() => keys.writeCreds(creds)),
      get: (type, ids) => guard(() => keys.get(type, ids)),
      set: (data) => {
        // Baileys deletes sessions, and moves them from phone number to LID.
        if (data.session) this.latestSessions.clear();
        guard(() => keys.set(data));
      },
      setSoon: async (data) => {
        await guard(() => keys.setSoon(data)).catch((error: unknown) => this.failKeys(error));
      },
      durable: () => keys.durable(),
    };
  }

  /**
   * Nothing leaves before all that was written until then is on disk: frames wait, in their order, for the open commit. So an encryption
   * need not wait for its own, and those of many messages share one.
   */
  private holdFramesUntilDurable(keys: AuthKeys): void {
    const { socket } = this.sock.ws as unknown as { socket: FrameSocket };
    const send = socket.send.bind(socket);
    let line = Promise.resolve();
    let held = 0;
    let failed = false;
    socket.send = (frame, told) => {
      const durable = keys.durable();
      const underWay = calls.getStore()?.send;
      const give = (): void => {
        if (underWay?.encrypted) underWay.left = true;
        send(frame, told);
      };
      if (!durable && held === 0) return give();
      held += 1;
      const release = this.options.hold('disk');
      line = line
        .then(() => durable)
        .then(() => {
          if (failed) throw new KeysFailed('A frame before this one was never sent');
          give();
        })
        .catch((error: Error) => {
          failed = true;
          told(error);
        })
        .finally(() => {
          held -= 1;
          release();
        });
    };
  }

  /**
   * Baileys keeps what it writes inside `transaction` in memory until the work is done, and its work sends stanzas: a retry receipt would
   * carry a pre-key that is not on disk yet. So reads and writes reach the store directly, and of its transactions only the lock is left: one
   * at a time, and what is called within one belongs to it. Changed in place, for Baileys' own uploads hold on to this object.
   */
  private takeKeysOutOfTransactions(keys: AuthKeys): void {
    const lock = new Mutex();
    const { get, set, isInTransaction } = directKeyStore(keys, lock);
    Object.assign(this.sock.authState.keys, {
      get,
      set,
      isInTransaction,
      transaction: <T>(work: () => Promise<T>): Promise<T> => {
        // Baileys sends one message at a time, and a stuck question holds them all. A send needs no lock of its own: the dispatcher keeps a
        // customer's messages apart, and the repository the organization's Signal state. So sends run side by side and share commits.
        if (calls.getStore()?.socket === this) return work();
        return lock.runExclusive(() => {
          const release = this.options.hold('keys');
          return calls.run({ socket: this }, work).finally(release);
        });
      },
    });
  }
}

/**
 * What Baileys' sendMessage makes of a text, without a second id and a copy that nobody looks at. No preview: it would fetch whatever
 * address a text holds.
 */
function messageOf(text: string): ReturnType<typeof generateWAMessageContent> {
  return generateWAMessageContent({ text, linkPreview: null }, NO_MEDIA);
}

/** A pairing by code writes the phone's number before the phone agreed; without an account the login would be that of a phone. */
function pairedOrFresh(creds: AuthenticationCreds): AuthenticationCreds {
  if (creds.me && !creds.account) {
    delete creds.me;
    creds.pairingCode = undefined;
  }
  return creds;
}

/**
 * Baileys' own end of the connection. Its `Connection Closed` says that the TCP connection went away under the handshake: a matter of the
 * network. As a fault of the session it counts only where a send met it (`endOfClosedSocket`).
 */
function ownEnd(error: unknown): ConnectionEnd {
  return isClosedSocket(error) ? { text: 'Connection Terminated', code: 428 } : connectionEnd(error);
}

/** A receipt without a type says "delivered"; `retry`, `sender` and the like say other things (lib/Utils/generics.js). */
function receiptStatus(type: string | undefined): 'delivered' | 'read' | null {
  if (type === undefined || type === 'delivery') return 'delivered';
  return type === 'read' || type === 'played' ? 'read' : null;
}

/** One receipt may speak of many messages: the first in its attributes, the others in a list. */
function receiptIds(node: BinaryNode): string[] {
  const [list] = getBinaryNodeChildren(node, 'list');
  const more = list ? getBinaryNodeChildren(list, 'item').map(({ attrs }) => attrs.id) : [];
  return [node.attrs.id, ...more].filter((id) => id !== undefined);
}

function isClosedSocket(error: unknown): boolean {
  const { message, output } = (error ?? {}) as { message?: string; output?: { statusCode?: number } };
  return message === 'Connection Closed' && output?.statusCode === 428;
}

/** Somebody wrote to a connection that the peer had just reset. */
function isBrokenWrite(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes((error as { code?: string } | undefined)?.code ?? '');
}
