import type { BinaryNode } from '@whiskeysockets/baileys';

/**
 * Which message a ciphertext came with. Baileys hands the repository the very array that stands in the stanza (lib/Utils/decode-wa-message.js),
 * but not the message's id.
 */
export class MessagesUnderWay {
  private readonly ids = new WeakMap<Uint8Array, string>();

  /** Called with each message stanza, before Baileys sees it. */
  note({ attrs, content }: BinaryNode): void {
    if (!attrs.id || !Array.isArray(content)) return;
    for (const child of content) {
      if (child.tag === 'enc' && child.content instanceof Uint8Array) this.ids.set(child.content, attrs.id);
    }
  }

  idOf(ciphertext: Uint8Array): string | undefined {
    return this.ids.get(ciphertext);
  }
}
