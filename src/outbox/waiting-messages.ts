import type { OrganizationId } from '../organization-id.js';
import type { OutboxMessage, PendingMessage } from './outbox-message.js';

/** What is known in memory of a message that waits. */
export interface WaitingMessage {
  readonly messageId: string;
  readonly seq: number;
  state: 'queued' | 'sending';
  /** Epoch ms. */
  readonly sendAt: number;
  readonly createdAt: number;
  /** As `PendingMessage`. */
  forPhone: string | null;
}

/** All messages that wait, in memory: what is shown of them at every moment costs no look at the disk. */
export class WaitingMessages {
  /** Never came to the disk. */
  private readonly gone = new WeakSet<WaitingMessage>();
  /** Of each organization, by id, in the order of acceptance. */
  private readonly organizations = new Map<OrganizationId, Map<string, WaitingMessage>>();

  /** Returns it as it is kept. */
  add({ messageId, organizationId, seq, state, sendAt, createdAt, forPhone }: PendingMessage): WaitingMessage {
    let messages = this.organizations.get(organizationId);
    messages ??= new Map<string, WaitingMessage>();
    this.organizations.set(organizationId, messages);
    const message = { messageId, seq, state, sendAt, createdAt, forPhone };
    messages.set(messageId, message);
    return message;
  }

  /** There is no such message after all: it is not put back either. */
  discard(organizationId: OrganizationId, message: WaitingMessage): void {
    this.gone.add(message);
    this.remove({ organizationId, messageId: message.messageId });
  }

  /** One that was removed waits all the same. */
  putBack(organizationId: OrganizationId, message: WaitingMessage): void {
    if (this.gone.has(message)) return;
    const others = [...this.of(organizationId)];
    const inOrder = [...others, message].sort((one, other) => one.seq - other.seq);
    this.organizations.set(organizationId, new Map(inOrder.map((one) => [one.messageId, one])));
  }

  /** Returns what was known of it; undefined when it did not wait. */
  remove({
    organizationId,
    messageId,
  }: Pick<OutboxMessage, 'organizationId' | 'messageId'>): WaitingMessage | undefined {
    const messages = this.organizations.get(organizationId);
    const message = messages?.get(messageId);
    if (messages?.delete(messageId) && messages.size === 0) this.organizations.delete(organizationId);
    return message;
  }

  find({ organizationId, messageId }: Pick<OutboxMessage, 'organizationId' | 'messageId'>): WaitingMessage | undefined {
    return this.organizations.get(organizationId)?.get(messageId);
  }

  /** In the order of acceptance. */
  of(organizationId: OrganizationId): Iterable<WaitingMessage> {
    return this.organizations.get(organizationId)?.values() ?? [];
  }

  all(): Iterable<readonly [OrganizationId, Iterable<WaitingMessage>]> {
    return [...this.organizations].map(([id, messages]) => [id, messages.values()] as const);
  }

  /** How many messages of an organization wait, and since when the oldest does (epoch ms). */
  depth(organizationId: OrganizationId): { pending: number; oldestAt: number | null } {
    const messages = this.organizations.get(organizationId);
    const [oldest] = messages?.values() ?? [];
    return { pending: messages?.size ?? 0, oldestAt: oldest?.createdAt ?? null };
  }

  /** The organizations whose messages may leave by `now`, the one whose message waits longest first. */
  dueOrganizations(now: number): OrganizationId[] {
    const first: { id: OrganizationId; seq: number }[] = [];
    for (const [id, messages] of this.organizations) {
      for (const { seq, sendAt } of messages.values()) {
        if (sendAt > now) continue;
        first.push({ id, seq });
        break;
      }
    }
    return first.sort((one, other) => one.seq - other.seq).map(({ id }) => id);
  }

  /**
   * How many wait for another phone than this one, and for which; the one whose message was accepted last comes first.
   */
  forOthers(organizationId: OrganizationId, linkedPhone: string): { messages: number; phones: string[] } {
    // The later a phone is set, the further back it stands.
    const phones = new Set<string>();
    let messages = 0;
    for (const { forPhone } of this.of(organizationId)) {
      if (forPhone === null || forPhone === linkedPhone) continue;
      messages += 1;
      phones.delete(forPhone);
      phones.add(forPhone);
    }
    return { messages, phones: [...phones].reverse() };
  }
}
