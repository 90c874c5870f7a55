import type { WASocket } from '@whiskeysockets/baileys';
import type { Content } from '../content/content.js';
import type { Logger } from '../logger.js';
import { NothingLeftError, type MessageToHand } from '../session/whatsapp-socket.js';
import { AskedAgain } from './asked-again.js';
import { calls, type SendUnderWay } from './calls.js';
import { messageOf } from './message-of.js';
import { MissedDevices } from './missed-devices.js';
import type { OrganizationMemory } from './organization-memory.js';
import type { Preparation } from './preparation.js';
import { sendSingleCopy } from './single-copy.js';
import type { SocketLife } from './socket-life.js';
import { keepFromBaileys } from './unused-traffic.js';

interface Parts {
  readonly sock: WASocket;
  readonly life: SocketLife;
  readonly memory: OrganizationMemory;
  readonly preparation: Preparation;
  readonly logger: Logger;
  /** Undefined when the message is not kept any more. */
  readonly sentContent: (messageId: string) => Promise<Content | undefined>;
}

/** What goes out: messages to all devices of a chat, and copies to a single one that missed or could not read it. */
export class Sends {
  readonly missedDevices: MissedDevices;

  constructor(private readonly parts: Parts) {
    const { preparation, memory, logger } = parts;
    this.missedDevices = new MissedDevices({
      preparation,
      handed: memory.handed,
      sendTo: (messageId, device) => this.sendTo(messageId, device),
      onStale: (messageId, sent) =>
        logger.info(
          { event: 'devices_were_stale', message_id: messageId, sent },
          'WhatsApp counts other devices than we did: the list is fresh, and the message went to those it had missed.',
        ),
    });
  }

  /** As `WhatsAppSocket.hand`. */
  async hand({ messageId, chatId, content, after }: MessageToHand): Promise<void> {
    const { sock, life, memory, preparation } = this.parts;
    const audience = await preparation.audience(chatId);
    memory.handed.set(messageId, audience);
    const send: SendUnderWay = { chatId: audience.wire, after, encrypted: false, left: false };
    let isOver = false;
    const relay = async (): Promise<unknown> => sock.relayMessage(send.chatId, messageOf(content), { messageId });
    const relaying = calls.run({ socket: sock, send }, relay).finally(() => (isOver = true));
    try {
      await life.answered('message', relaying);
    } catch (error) {
      // What goes on after its deadline may still be sent.
      if (isOver && !send.left) throw new NothingLeftError(error);
      throw error;
    }
  }

  /** Devices that ask for a message again get it. To be called when Baileys has all its listeners. */
  answerRetryReceipts(): void {
    const { sock, life, memory, sentContent } = this.parts;
    const asked = new AskedAgain({
      sock,
      sentAgain: memory.sentAgain,
      isOver: () => life.isOver,
      isKept: async (messageId) => (await sentContent(messageId)) !== undefined,
      sendTo: async (messageId, device, count) => {
        this.missedDevices.noteSentAgain(messageId);
        await this.sendTo(messageId, device, count);
      },
      onAnswer: (receipt) => {
        if (!life.isOver) memory.stanzas.answering(receipt);
      },
      wait: (ms) => life.wait(ms),
    });
    keepFromBaileys(sock, 'CB:receipt', (node) => {
      if (!asked.takes(node)) return undefined;
      memory.stanzas.held(node);
      return asked.answer(node);
    });
  }

  /** To one device that a message has missed, or that asks for it again (`count`). */
  private async sendTo(messageId: string, device: string, count?: string): Promise<void> {
    const { sock, life, sentContent } = this.parts;
    const content = await sentContent(messageId);
    if (!content) return;
    const copy = sendSingleCopy({ sock, messageId, device, ...(count !== undefined && { count }) }, messageOf(content));
    await life.answered('message for one device', copy);
  }
}
