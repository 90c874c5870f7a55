import { proto, unpadRandomMax16, type BinaryNode, type WAMessage } from '@whiskeysockets/baileys';

/**
 * Which message a ciphertext came with. Baileys hands the repository the very array that stands in the stanza
 * (lib/Utils/decode-wa-message.js), but not the message's id.
 */
export class MessagesUnderWay {
  private readonly attributes = new WeakMap<Uint8Array, BinaryNode['attrs']>();

  /** Called with each message stanza, before Baileys sees it. */
  note({ attrs, content }: BinaryNode): void {
    if (!attrs.id || !Array.isArray(content)) return;
    for (const child of content) {
      if (child.tag === 'enc' && child.content instanceof Uint8Array) this.attributes.set(child.content, attrs);
    }
  }

  idOf(ciphertext: Uint8Array): string | undefined {
    return this.attributes.get(ciphertext)?.id;
  }

  /**
   * The message as Baileys makes it of its plaintext (lib/Utils/decode-wa-message.js), as far as it takes to see
   * whether a customer says something new; null when it cannot be read.
   */
  read(ciphertext: Uint8Array, plaintext: Uint8Array, fromMe: boolean): WAMessage | null {
    const { id, from } = this.attributes.get(ciphertext) ?? {};
    if (!id || !from) return null;
    try {
      const message = proto.Message.decode(unpadRandomMax16(plaintext));
      return { key: { id, remoteJid: from, fromMe }, message: message.deviceSentMessage?.message ?? message };
    } catch {
      return null;
    }
  }
}
