/**
 * The rest of the life of an organization's phone: it answers by hand and from its owner's other devices, tells of its
 * history and of its settings, and offers keys for them. What a linked device makes of it is its own affair.
 */
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { encodeWAMessage, proto } from '@whiskeysockets/baileys';
import { deviceJid } from './directory.js';
import { messageId, pairwise } from './pairwise.js';
import type { MediaHost } from './media-host.js';
import type { Phone } from './phone.js';
import { node, seconds, SERVER } from './wire.js';
import type { World } from './world.js';

/** The collections of an account's settings, as Baileys names them (ALL_WA_PATCH_NAMES). */
const COLLECTIONS = ['critical_block', 'critical_unblock_low', 'regular_high', 'regular_low', 'regular'];

export interface HistoryOptions {
  /** Of the history before compression, at least so many bytes. */
  bytes: number;
  /** Default RECENT. */
  type?: keyof typeof proto.HistorySync.HistorySyncType;
  chunk?: number;
  /** LIDs that stand in it, by number. */
  lids?: Record<string, string>;
}

export class PhoneLife {
  private serial = 0;

  constructor(
    private readonly world: World,
    private readonly media: MediaHost,
    private readonly phone: Phone,
  ) {}

  /**
   * The owner writes to a customer, by hand on the phone (device 0) or on another of its devices: this service gets its
   * copy. Returns the id.
   */
  async write(to: string, content: string | proto.IMessage, device = 0): Promise<string> {
    const from = this.phone.signalDevices.get(device);
    if (!from) throw new Error(`${this.phone.number} has no device ${device} of its owner's`);
    const message = typeof content === 'string' ? { conversation: content } : content;
    const destinationJid = to.includes('@') ? to : `${to}@s.whatsapp.net`;
    const padded = encodeWAMessage({ deviceSentMessage: { destinationJid, message } });
    const id = messageId();
    for (const companion of this.companions()) {
      const attrs = {
        from: deviceJid(this.phone.number, device, 's.whatsapp.net'),
        recipient: destinationJid,
        id,
        type: 'text',
        t: seconds(),
      };
      companion.deliver(node('message', attrs, [await pairwise(from, companion, padded)]));
    }
    return id;
  }

  /** Puts a history on the media host, and announces it. Returns the size of the file, bytes. */
  async announceHistory(options: HistoryOptions): Promise<number> {
    const file = await this.makeHistory(options);
    await this.announce(file);
    return Number(file.fileLength);
  }

  /** The linked devices are told where a history lies. */
  async announce(historySyncNotification: proto.Message.IHistorySyncNotification): Promise<void> {
    await this.toAll({ type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION, historySyncNotification });
  }

  /** A history of chats with texts that hardly compress, on the media host. */
  async makeHistory({
    bytes,
    type = 'RECENT',
    chunk = 1,
    lids = {},
  }: HistoryOptions): Promise<proto.Message.IHistorySyncNotification> {
    const syncType = proto.HistorySync.HistorySyncType[type];
    const textBytes = 48 * 1024;
    const conversations = Array.from({ length: Math.ceil(bytes / textBytes) }, (_, n) => {
      const remoteJid = `57300${String(1_000_000 + n)}@s.whatsapp.net`;
      const conversation = randomBytes((textBytes * 3) / 4).toString('base64');
      const message = { key: { remoteJid, id: messageId(), fromMe: false }, message: { conversation } };
      return {
        id: remoteJid,
        messages: [{ message: { ...message, messageTimestamp: Math.floor(Date.now() / 1000) } }],
      };
    });
    const history = proto.HistorySync.encode({
      syncType,
      conversations,
      progress: 100,
      chunkOrder: chunk,
      phoneNumberToLidMappings: Object.entries(lids).map(([number, lid]) => ({
        pnJid: `${number}@s.whatsapp.net`,
        lidJid: lid,
      })),
    }).finish();
    const { mediaKey, directPath, fileSha256, fileEncSha256, fileLength } = await this.media.store(
      deflateSync(history, { level: 1 }),
      'md-msg-hist',
    );
    return { syncType, chunkOrder: chunk, progress: 100, mediaKey, directPath, fileSha256, fileEncSha256, fileLength };
  }

  /** A first history small enough for its announcement: nothing but LIDs. */
  async announceInlineHistory(lids: Record<string, string>): Promise<void> {
    const { INITIAL_BOOTSTRAP } = proto.HistorySync.HistorySyncType;
    const phoneNumberToLidMappings = Object.entries(lids).map(([number, lid]) => ({
      pnJid: `${number}@s.whatsapp.net`,
      lidJid: lid,
    }));
    const history = { syncType: INITIAL_BOOTSTRAP, conversations: [], progress: 100, phoneNumberToLidMappings };
    await this.announce({
      syncType: INITIAL_BOOTSTRAP,
      progress: 100,
      initialHistBootstrapInlinePayload: deflateSync(proto.HistorySync.encode(history).finish()),
    });
  }

  /** A key for the account's settings: with it, a client that waits for one goes on to fetch them. */
  async shareAppStateKey(): Promise<void> {
    await this.toAll({
      type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: {
        keys: [{ keyId: { keyId: randomBytes(6) }, keyData: { keyData: randomBytes(32), timestamp: Date.now() } }],
      },
    });
  }

  /** WhatsApp tells that the account's settings changed, one notification for each collection. */
  tellOfAppState(collections = COLLECTIONS): void {
    for (const name of collections) {
      const id = `state-${++this.serial}-${randomBytes(4).toString('hex')}`;
      const content = [node('collection', { name, version: String(this.serial) })];
      for (const companion of this.companions())
        companion.deliver(node('notification', { from: SERVER, id, type: 'server_sync', t: seconds() }, content));
    }
  }

  private companions() {
    return [...this.world.phone(this.phone.number).companions.values()];
  }

  private async toAll(message: proto.Message.IProtocolMessage): Promise<void> {
    for (const companion of this.companions()) await this.phone.sendToDevice(companion, message);
  }
}
