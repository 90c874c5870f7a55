import type { OrganizationId } from '../organization-id.js';
import type { OutboxStore } from '../store/ports.js';
import { ACQUAINTANCES_KEPT, CHAT_KEPT_MS, NO_CHAT_KEPT_MS } from './kept.js';

/** What is known of those to whom messages go: their chats, and who of them is no first contact. */
export class Customers {
  constructor(
    private readonly store: OutboxStore,
    private readonly now: () => number,
  ) {}

  /** The chat id of a number as it was resolved before; null: not on WhatsApp; undefined: not known (any more). */
  async chatOf(phone: string): Promise<string | null | undefined> {
    const chat = await this.store.chat(phone);
    if (!chat) return undefined;
    const age = this.now() - chat.at;
    return age < (chat.chatId === null ? NO_CHAT_KEPT_MS : CHAT_KEPT_MS) ? chat.chatId : undefined;
  }

  async rememberChat(phone: string, chatId: string | null): Promise<void> {
    await this.store.rememberChat(phone, chatId, this.now());
  }

  /**
   * Whether this customer is no first contact: WhatsApp took a message of this organization to him, he wrote to it, or
   * it wrote to him by hand; under the number as it was given, as WhatsApp spells it, or his LID.
   */
  async isContact(organizationId: OrganizationId, phone: string, lid: string | null = null): Promise<boolean> {
    const chat = await this.store.chat(phone);
    const [digits = phone] = chat?.chatId?.split('@', 1) ?? [];
    return this.store.isContact(organizationId, [...new Set([phone, digits, ...(lid === null ? [] : [lid])])]);
  }

  /** Notes somebody who wrote, or was written to by hand, under each of his names (digits, or a LID `<digits>@lid`). */
  async noteAcquaintance(organizationId: OrganizationId, names: readonly string[]): Promise<void> {
    await this.store.noteAcquaintance(organizationId, names, ACQUAINTANCES_KEPT);
  }
}
