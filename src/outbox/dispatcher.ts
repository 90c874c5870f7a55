import { maskPhone, type Logger } from '../logger.js';
import { organizationLabel, type OrganizationId } from '../organization-id.js';
import type { CarrierNews, MessageCarrier } from '../session/message-carrier.js';
import { errorText, type DispatcherSettings } from './desk.js';
import type { Waiting } from './entry.js';
import {
  isSettled,
  type MessageState,
  type NewMessage,
  type OtherPhoneDecision,
  type OutboxMessage,
} from './outbox-message.js';
import type { OtherPhoneDecided } from './organization-settings.js';
import type { Outbox } from './outbox.js';
import { OrganizationDispatcher } from './organization-dispatcher.js';

/** How often expiry, give-ups and erasing are looked at, ms. */
const TICK_MS = 1000;
const ERASE_EVERY_TICKS = 600;

const SENTENCES: Readonly<
  Record<Exclude<MessageState, 'queued' | 'sending'>, readonly ['info' | 'warn' | 'error', string]>
> = {
  sent: ['info', 'WhatsApp has the message.'],
  delivered: ['info', "The message is on the customer's phone."],
  read: ['info', 'The customer has read the message.'],
  failed: ['warn', 'The message was refused and is not tried again.'],
  expired: ['warn', 'The time of the message was over before it could be sent.'],
  cancelled: ['info', 'The message was taken back, or replaced by a newer one, before it was sent.'],
  unconfirmed: [
    'error',
    'WhatsApp never answered: the message may or may not have arrived, and repeating it now could show it twice.',
  ],
};

interface Parts {
  readonly outbox: Outbox;
  readonly carrier: MessageCarrier;
  readonly settings: DispatcherSettings & { readonly retentionMs: number };
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
  /** Another phone was linked, and messages wait that were accepted for the one before. */
  readonly onOtherPhone: (id: OrganizationId) => void;
}

/** Drives what is in the outbox towards its fate, for all organizations. */
export class Dispatcher {
  private readonly organizations = new Map<OrganizationId, OrganizationDispatcher>();
  private timer: NodeJS.Timeout | null = null;
  private ticksToErasing = 0;
  private ticking = false;
  private readonly messagesLeft: number;

  /** Takes up what a former process left, before anything new is accepted. */
  constructor(private readonly parts: Parts) {
    const left = parts.outbox.takeUp();
    this.messagesLeft = left.length;
    for (const message of left) this.of(message.organizationId).add(message);
  }

  /** Listens to the sessions. */
  start(): void {
    const { carrier, outbox, logger } = this.parts;
    carrier.onNews((id, news) => this.onNews(id, news));
    outbox.onChange((message) => this.onChange(message));
    const messages = this.messagesLeft;
    if (messages > 0) logger.info({ event: 'outbox_resumed', messages }, `${messages} messages wait from before.`);
    this.timer = setInterval(() => void this.tick(), TICK_MS);
  }

  /**
   * Accepts a message: durable when this resolves, tried at once if its session is connected.
   * @throws ServiceError `idempotency_key_reused`, `outbox_full`
   */
  async accept(message: NewMessage): Promise<{ message: OutboxMessage; isNew: boolean }> {
    const organization = this.of(message.organizationId);
    const { message: stored, isNew } = await this.parts.outbox.accept(message, (pending, writing) => {
      organization.add(pending, writing);
      // What was not stored is not there.
      writing.catch(() => organization.dropped(pending.messageId));
    });
    return { message: stored, isNew };
  }

  /** What a waiting message met at its last try; null when it met nothing. */
  waitingOf({ organizationId, messageId }: Pick<OutboxMessage, 'organizationId' | 'messageId'>): Waiting | null {
    return this.organizations.get(organizationId)?.waitingOf(messageId) ?? null;
  }

  /** See OrganizationDispatcher. */
  explainsStreamError(id: OrganizationId): boolean {
    return this.organizations.get(id)?.explainsStreamError() ?? false;
  }

  /** An organization's settings were changed. */
  settingsChanged(id: OrganizationId): void {
    this.organizations.get(id)?.settingsChanged();
  }

  /**
   * What becomes of the messages that were accepted for another phone than the one that is linked: they leave from this
   * one (`send`), or are taken back (`cancel`).
   */
  async decideOtherPhone(id: OrganizationId, decision: OtherPhoneDecision): Promise<OtherPhoneDecided> {
    const { outbox, logger } = this.parts;
    const letGo = decision === 'send' && this.of(id).releasing(outbox.linkedPhone(id));
    const decided = await (letGo ? outbox.releaseOtherPhone(id) : outbox.cancelOtherPhone(id));
    if (letGo) letGo();
    const { messages, unconfirmed } = decided;
    const fate = decision === 'send' ? 'leave from the one that is linked' : 'are taken back';
    logger.info(
      { event: 'other_phone_decided', org: organizationLabel(id), decision, ...decided },
      `${messages} messages for another phone ${fate}, and ${unconfirmed} more may have gone out before: ` +
        'a person decided so.',
    );
    return decided;
  }

  private async linked(id: OrganizationId, phone: string): Promise<void> {
    const { outbox, logger, onOtherPhone } = this.parts;
    if (!(await outbox.noteLinkedPhone(id, phone))) return;
    const other = outbox.otherPhone(id);
    if (!other) return;
    logger.warn(
      { event: 'other_phone', org: organizationLabel(id), messages: other.messages },
      `The phone ${maskPhone(phone)} was linked, and ${other.messages} messages wait that belong to ` +
        `${other.phones.map(maskPhone).join(', ')}: a person must decide whether they leave.`,
    );
    onOtherPhone(id);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    for (const organization of this.organizations.values()) organization.close();
  }

  private onNews(id: OrganizationId, news: CarrierNews): void {
    const organization = this.of(id);
    switch (news.type) {
      case 'connected':
        this.guarded(this.linked(id, news.phoneNumber));
        return organization.connected(news.phoneNumber);
      case 'disconnected':
        return organization.disconnected();
      case 'ack':
        return this.guarded(organization.acked(news.messageId, news.errorCode));
      case 'receipt':
        for (const messageId of news.messageIds) this.guarded(organization.received(messageId, news.status));
        return;
      case 'acquainted':
        return this.guarded(organization.acquainted(news.names));
    }
  }

  /** Every change of a message, whoever made it, is told here and nowhere else. */
  private onChange({ messageId, organizationId, state }: OutboxMessage): void {
    if (isSettled(state)) this.of(organizationId).dropped(messageId);
    if (state === 'queued' || state === 'sending') return;
    const [level, sentence] = SENTENCES[state];
    this.parts.logger[level](
      { event: `message_${state}`, org: organizationLabel(organizationId), message_id: messageId },
      sentence,
    );
  }

  private async tick(): Promise<void> {
    if (this.ticking) return;
    this.ticking = true;
    try {
      await this.parts.outbox.expire();
      for (const organization of this.organizations.values()) await organization.giveUpOld();
      if (--this.ticksToErasing <= 0) {
        const isMore = await this.parts.outbox.eraseOld(this.parts.settings.retentionMs);
        this.ticksToErasing = isMore ? 0 : ERASE_EVERY_TICKS;
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.ticking = false;
    }
  }

  private of(id: OrganizationId): OrganizationDispatcher {
    let organization = this.organizations.get(id);
    if (!organization) {
      organization = new OrganizationDispatcher(id, this.parts);
      this.organizations.set(id, organization);
    }
    return organization;
  }

  private guarded(work: Promise<void>): void {
    work.catch((error: unknown) => this.failed(error));
  }

  private failed(error: unknown): void {
    this.parts.logger.error(
      { event: 'outbox_failed' },
      `The outbox could not be written (disk full?): ${errorText(error)}`,
    );
  }
}
