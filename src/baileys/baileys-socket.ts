import {
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  jidDecode,
  makeWASocket,
  type AuthenticationCreds,
  type WASocket,
} from '@whiskeysockets/baileys';
import {
  PairingCodeRefusedError,
  type InboundSuspect,
  type MessageToHand,
  type OpenSocketOptions,
  type WhatsAppSocket,
  type WhatsAppSockets,
} from '../session/whatsapp-socket.js';
import { baileysConfig } from './baileys-config.js';
import type { BaileysOptions } from './baileys-options.js';
import { endWithoutFarewell, followConnection, watchTime } from './connection.js';
import { FrameErrors } from './frame-errors.js';
import { Inbound } from './inbound.js';
import { organizationMemory, type OrganizationMemory } from './organization-memory.js';
import { askForPairingCode } from './pairing-code.js';
import { Preparation } from './preparation.js';
import { askForNumber } from './questions.js';
import { Sends } from './sends.js';
import { LatestSessions } from './latest-sessions.js';
import { SilenceWatch } from './silence-watch.js';
import { guardedKeys, holdFramesUntilDurable, takeKeysOutOfTransactions } from './socket-keys.js';
import { SocketLife } from './socket-life.js';
import { unlink } from './unlink.js';
import { ignoreUnusedTraffic } from './unused-traffic.js';

/** A pairing code is made here and announced to WhatsApp in one stanza; no answer is waited for. */
const PAIRING_CODE_DEADLINE_MS = 3000;

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

class BaileysSocket implements WhatsAppSocket {
  private readonly life: SocketLife;
  private readonly sock: WASocket;
  private readonly preparation: Preparation;
  private readonly sends: Sends;

  constructor(
    settings: BaileysOptions,
    options: OpenSocketOptions,
    private readonly memory: OrganizationMemory,
    silenceWatch: SilenceWatch,
  ) {
    const { logger, listener, hold, sentContent } = options;
    const life = new SocketLife({ listener, stanzas: memory.stanzas, queryTimeoutMs: settings.queryTimeoutMs });
    this.life = life;
    const latest = new LatestSessions();
    const keys = guardedKeys(options.keys, life, latest);
    const creds = pairedOrFresh(options.creds as unknown as AuthenticationCreds);
    const inbound = new Inbound({ life, memory, logger });
    const onDevicesChanged = (user: string): Promise<void> => this.preparation.changed(user);
    const sock = makeWASocket(
      baileysConfig({
        settings,
        options,
        memory,
        life,
        inbound,
        keys,
        creds,
        latestSessions: latest,
        onDevicesChanged,
      }),
    );
    this.sock = sock;
    life.begin(sock);
    this.preparation = new Preparation({
      sock,
      devices: memory.userDevices,
      dead: memory.deadDevices,
      isOver: () => life.isOver,
      now: () => Date.now(),
    });
    this.sends = new Sends({ sock, life, memory, preparation: this.preparation, logger, sentContent });
    // The order counts. Each of these takes Baileys' listeners as the one before has left them; then come our own.
    const errors = new FrameErrors(sock, life, logger);
    errors.catchOfListeners();
    this.sends.answerRetryReceipts();
    inbound.setSuspectsAside(sock);
    ignoreUnusedTraffic(sock);
    takeKeysOutOfTransactions(sock, keys, hold);
    holdFramesUntilDurable(sock, keys, hold);
    const connection = { sock, life, settings, logger };
    followConnection(connection, keys, creds);
    inbound.listen(sock, this.sends.missedDevices);
    endWithoutFarewell(connection);
    errors.catchOfFrames();
    watchTime(connection, silenceWatch);
  }

  async resolveChat(phoneNumber: string): Promise<string | null> {
    return this.life.answered('chat id', askForNumber(this.sock, phoneNumber));
  }

  async prepare(chatId: string, options: { fresh?: boolean; after?: Promise<void> } = {}): Promise<string | null> {
    return this.life.answered('devices and keys', this.preparation.complete(chatId, options));
  }

  hand(message: MessageToHand): Promise<void> {
    return this.sends.hand(message);
  }

  async resetCustomer(customer: string): Promise<void> {
    // 99 is the customer's device that a business platform hosts; its session is of another kind.
    const jids = this.memory.unreadable.takeDevices(customer).filter((jid) => jidDecode(jid)?.device !== 99);
    await this.sock.signalRepository.deleteSession(jids);
  }

  async requestPairingCode(phoneNumber: string): Promise<string> {
    const { sock } = this;
    const parts = { sock, creds: sock.authState.creds, browser: DEFAULT_CONNECTION_CONFIG.browser };
    try {
      const asked = askForPairingCode(parts, phoneNumber, PAIRING_CODE_DEADLINE_MS);
      return await this.life.withDeadline('pairing code', asked, 2 * PAIRING_CODE_DEADLINE_MS);
    } catch (error) {
      if (error instanceof PairingCodeRefusedError) throw error;
      throw new PairingCodeRefusedError('no_answer', { cause: error });
    }
  }

  unlink(deadlineMs: number): Promise<boolean> {
    return unlink(this.sock, this.life, deadlineMs);
  }

  close(): void {
    this.life.close();
  }
}

/**
 * A pairing by code writes the phone's number before the phone agreed; without an account the login would be that of a
 * phone.
 */
function pairedOrFresh(creds: AuthenticationCreds): AuthenticationCreds {
  if (creds.me && !creds.account) {
    delete creds.me;
    creds.pairingCode = undefined;
  }
  return creds;
}
