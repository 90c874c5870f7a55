/** An unmodified Baileys client for the emulator's own tests: state in memory, no log, every event collected. */
import { Agent } from 'node:https';
import makeWASocket, {
  BufferJSON,
  downloadMediaMessage,
  generateMessageIDV2,
  initAuthCreds,
  proto,
  type AuthenticationCreds,
  type BinaryNode,
  type ConnectionState,
  type SignalDataSet,
  type SignalDataTypeMap,
  type UserFacingSocketConfig,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { Changes } from './changes.js';
import type { Emulator } from './emulator.js';

export interface Ending {
  text: string;
  code: number | undefined;
  data: unknown;
}

/** Keys and credentials as Baileys stores them, in memory and serialized, so that nothing is shared by reference. */
export class MemoryState {
  creds: AuthenticationCreds = initAuthCreds();
  readonly stored = new Map<string, string>();

  readonly keys = {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const found: Record<string, SignalDataTypeMap[T]> = {};
      for (const id of ids) {
        const json = this.stored.get(`${type}:${id}`);
        if (json === undefined) continue;
        const value = JSON.parse(json, BufferJSON.reviver) as SignalDataTypeMap[T];
        found[id] =
          type === 'app-state-sync-key'
            ? (proto.Message.AppStateSyncKeyData.fromObject(value as object) as unknown as SignalDataTypeMap[T])
            : value;
      }
      return found;
    },
    set: async (data: SignalDataSet) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries as Record<string, unknown>)) {
          if (value === null || value === undefined) this.stored.delete(`${type}:${id}`);
          else this.stored.set(`${type}:${id}`, JSON.stringify(value, BufferJSON.replacer));
        }
      }
    },
  };
}

export class TestClient {
  readonly changes = new Changes();
  readonly messages: WAMessage[] = [];
  /** The highest status seen of each message: 1 pending, 2 sent, 3 delivered, 4 read; 0 after a refusal. */
  private readonly statuses = new Map<string, number>();
  private readonly sent = new Set<string>();
  readonly qrs: string[] = [];
  readonly endings: Ending[] = [];
  state: Partial<ConnectionState> = {};
  socket!: WASocket;

  constructor(
    private readonly emulator: Emulator,
    readonly auth = new MemoryState(),
    private readonly config: Partial<UserFacingSocketConfig> = {},
  ) {
    this.connect();
  }

  /** A new socket on the same credentials. */
  connect(): void {
    this.state = {};
    const socket = makeWASocket({
      auth: { creds: this.auth.creds, keys: this.auth.keys },
      waWebSocketUrl: this.emulator.url,
      logger: pino({ level: 'silent' }),
      syncFullHistory: false,
      retryRequestDelayMs: 1,
      fetchAgent: new Agent({ ca: this.emulator.media.certificate }),
      ...this.config,
    });
    this.socket = socket;
    catchDirty(socket);
    socket.ev.on('creds.update', (update) => Object.assign(this.auth.creds, update));
    socket.ev.on('connection.update', (update) => {
      Object.assign(this.state, update);
      if (update.qr) this.qrs.push(update.qr);
      if (update.connection === 'close') {
        const error = update.lastDisconnect?.error as
          { message: string; output?: { statusCode: number }; data?: unknown } | undefined;
        this.endings.push({ text: error?.message ?? '', code: error?.output?.statusCode, data: error?.data });
      }
      this.changes.notify();
    });
    socket.ev.on('messages.upsert', ({ messages }: { messages: WAMessage[] }) => {
      this.messages.push(...messages.filter((message) => !message.message?.protocolMessage));
      // While Baileys buffers, updates are merged into the message itself.
      for (const { key, status } of messages) this.noteStatus(key.id, status);
      this.changes.notify();
    });
    socket.ev.on('messages.update', (updates) => {
      for (const { key, update } of updates) this.noteStatus(key.id, update.status);
      this.changes.notify();
    });
  }

  get jid(): string {
    return this.auth.creds.me?.id ?? '';
  }

  texts(): string[] {
    return this.messages
      .filter(({ key }) => !this.sent.has(key.id ?? ''))
      .map(({ message }) => message?.conversation ?? message?.extendedTextMessage?.text ?? '')
      .filter(Boolean);
  }

  /** First lines of what could not be decrypted. */
  stubs(): string[] {
    return this.messages
      .map((message) => (message.messageStubParameters as string[] | undefined)?.[0] ?? '')
      .filter(Boolean);
  }

  qr(): Promise<string> {
    const before = this.qrs.length;
    return this.until(() => this.qrs.length > before || this.state.qr !== undefined, 'a QR code').then(
      () => this.qrs[this.qrs.length - 1] ?? '',
    );
  }

  open(): Promise<void> {
    return this.until(() => this.state.connection === 'open', 'an open connection');
  }

  /** Until this client's socket has ended `count` times in all. */
  async ended(count = this.endings.length + 1): Promise<Ending> {
    await this.until(() => this.endings.length >= count, `ending ${count}`);
    return this.endings[count - 1] as Ending;
  }

  async reads(text: string): Promise<void> {
    await this.until(() => this.texts().includes(text), `the text "${text}"`);
  }

  until(isTrue: () => boolean, what: string): Promise<void> {
    return this.changes.until(isTrue, { what });
  }

  async send(number: string, text: string): Promise<string> {
    const jid = number.includes('@') ? number : `${number}@s.whatsapp.net`;
    const messageId = generateMessageIDV2(this.jid);
    this.sent.add(messageId);
    await this.socket.sendMessage(jid, { text }, { messageId });
    return messageId;
  }

  /** What a media message holds, fetched and decrypted. */
  async download(message: WAMessage): Promise<Buffer> {
    const options = { dispatcher: await this.dispatcher() } as RequestInit;
    return downloadMediaMessage(message, 'buffer', { options });
  }

  /**
   * Of Node's own `fetch`, which trusts the emulator's media host: `fetch` takes no agent, and no authority but those
   * of the process.
   */
  private async dispatcher(): Promise<object> {
    // Node makes its own at the first request only.
    await fetch('data:,');
    const own = (globalThis as Record<symbol, object | undefined>)[Symbol.for('undici.globalDispatcher.1')];
    if (!own) throw new Error('this Node has no dispatcher of fetch');
    const Dispatcher = own.constructor as new (options: object) => object;
    return new Dispatcher({ connect: { ca: this.emulator.media.certificate } });
  }

  /** Scans, lets the 515 pass, and logs in. */
  async pair(number: string): Promise<void> {
    await this.emulator.phone(number).scanQr(await this.qr());
    await this.ended(1);
    this.connect();
    await this.open();
  }

  async untilStatus(id: string, status: number): Promise<void> {
    await this.until(() => this.statuses.get(id) === status, `status ${status} of ${id}`);
  }

  close(): void {
    void this.socket.end(undefined);
  }

  private noteStatus(id: string | null | undefined, status: number | null | undefined): void {
    if (!id || status === null || status === undefined) return;
    // A refusal may come before Baileys tells of the message itself.
    if (this.statuses.get(id) === 0) return;
    this.statuses.set(id, status === 0 ? 0 : Math.max(status, this.statuses.get(id) ?? 0));
  }
}

/** Baileys' handlers of `dirty` ask and answer. What they reject with at the connection's end nobody hears. */
function catchDirty({ ws }: WASocket): void {
  type Handler = (node: BinaryNode) => unknown;
  for (const handler of ws.listeners('CB:ib,,dirty') as Handler[]) {
    ws.off('CB:ib,,dirty', handler);
    ws.on('CB:ib,,dirty', (node: BinaryNode) => void Promise.resolve(handler(node)).catch(() => {}));
  }
}
