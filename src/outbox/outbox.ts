import type { Content } from '../content/content.js';
import { ServiceError } from '../errors.js';
import type { OrganizationId } from '../organization-id.js';
import type { OutboxStore } from '../store/ports.js';
import { Customers } from './customers.js';
import { IDEMPOTENCY_KEPT_MS } from './kept.js';
import { newMessageId, requestHash } from './message-id.js';
import { MessageNews } from './message-news.js';
import { OrganizationSettings, type OtherPhone, type OtherPhoneDecided } from './organization-settings.js';
import {
  isSettled,
  statesBefore,
  type ChangeDetails,
  type MessageQuery,
  type MessageState,
  type NewMessage,
  type OutboxMessage,
  type PendingMessage,
} from './outbox-message.js';
import type { QuietHours } from './quiet-hours.js';
import { WaitingMessages, type WaitingMessage } from './waiting-messages.js';

/** So many messages expire, or are erased, in one turn. */
const EXPIRED_AT_ONCE = 500;
const ERASED_AT_ONCE = 5000;

export interface OutboxOptions {
  /** Messages of one organization that may wait at one time. */
  readonly maxPending: number;
  readonly now: () => number;
}

/**
 * Every accepted message until its fate is known, and after: what may follow what, and who is told. What it promises is
 * on disk: `accept` resolves when the message is, and a change of state is told only when it is. What is shown at every
 * moment (what waits, settings, other phones) is in memory, for there is no other owner.
 */
export class Outbox {
  /** Numbers, and who is no first contact. */
  readonly customers: Customers;
  private readonly news = new MessageNews();
  private readonly waiting = new WaitingMessages();
  private readonly settings: OrganizationSettings;
  private left: PendingMessage[] = [];

  static async open(store: OutboxStore, options: OutboxOptions): Promise<Outbox> {
    const outbox = new Outbox(store, options);
    await outbox.settings.load();
    outbox.left = await store.waiting();
    for (const pending of outbox.left) outbox.waiting.add(pending);
    return outbox;
  }

  /** Of a store that is empty; see `open`. */
  constructor(
    private readonly store: OutboxStore,
    private readonly options: OutboxOptions,
  ) {
    const { now } = options;
    this.customers = new Customers(store, now);
    const told = (message: OutboxMessage): void => {
      this.leave(message);
      this.news.tell(message);
    };
    this.settings = new OrganizationSettings({ store, waiting: this.waiting, now, told });
  }

  /**
   * Stores a message durably, with the id that it will carry at WhatsApp. With an idempotency key that is known,
   * nothing is stored and the former message is returned.
   * @param onStored called with a new message before it is on disk, so that its first try may be claimed in the same
   *   commit; when that commit fails, this rejects, and there is no such message
   * @throws ServiceError `idempotency_key_reused` (same key, other message), `outbox_full`
   */
  async accept(
    message: NewMessage,
    onStored?: (pending: PendingMessage, stored: Promise<unknown>) => void,
  ): Promise<{ message: OutboxMessage; isNew: boolean; pending: PendingMessage | null }> {
    const now = this.options.now();
    const { written, stored } = this.store.accept({
      ...message,
      messageId: newMessageId(),
      acceptedAt: now,
      requestHash: message.idempotencyKey === undefined ? null : requestHash(message),
      keysSince: now - IDEMPOTENCY_KEPT_MS,
      maxWaiting: this.options.maxPending,
    });
    const accepted = await written;
    switch (accepted.outcome) {
      case 'key_reused':
        throw new ServiceError('idempotency_key_reused');
      case 'full':
        throw new ServiceError('outbox_full', { retryAfterSeconds: 60 });
      case 'known':
        await stored;
        this.news.note(accepted.message);
        return { message: accepted.message, isNew: false, pending: null };
      case 'stored': {
        // A phone may have been noted meanwhile, the first one.
        const { organizationId } = message;
        const { linkedPhone } = this.settings.of(organizationId);
        const pending = { ...accepted.pending, forPhone: accepted.pending.forPhone ?? linkedPhone };
        const waiting = this.waiting.add(pending);
        this.settings.changed(organizationId, waiting.forPhone);
        const putBack = accepted.replaced.map((old) => this.leave(old));
        onStored?.(pending, stored);
        try {
          await stored;
        } catch (error) {
          this.waiting.discard(organizationId, waiting);
          this.settings.changed(organizationId, waiting.forPhone);
          for (const undo of putBack) undo();
          throw error;
        }
        for (const old of accepted.replaced) this.news.tell(old);
        this.news.note(accepted.message);
        return { message: accepted.message, isNew: true, pending };
      }
    }
  }

  /** Whether a message stands behind this key, so that `accept` would store nothing. */
  async hasIdempotencyKey(organizationId: OrganizationId, key: string): Promise<boolean> {
    return this.store.isKeyKnown(organizationId, key, this.options.now() - IDEMPOTENCY_KEPT_MS);
  }

  async get(messageId: string): Promise<OutboxMessage | null> {
    return this.store.get(messageId);
  }

  /** `next` is the cursor of the following page, null at the end. A page may be short, or empty, before it. */
  async list(query: MessageQuery): Promise<{ messages: OutboxMessage[]; next: number | null }> {
    return this.store.list(query);
  }

  /** The content of a message that may still be asked for again; undefined when absent or erased. */
  async contentOf(organizationId: OrganizationId, messageId: string): Promise<Content | undefined> {
    return this.store.contentOf(organizationId, messageId);
  }

  /** The organizations whose messages wait and may leave now, the one whose message waits longest first. */
  waitingOrganizations(): OrganizationId[] {
    return this.waiting.dueOrganizations(this.options.now());
  }

  /** What waited when this was opened, in the order of acceptance, of all organizations. To be called once. */
  takeUp(): PendingMessage[] {
    return this.left.splice(0);
  }

  allWaiting(): Iterable<readonly [OrganizationId, Iterable<Readonly<WaitingMessage>>]> {
    return this.waiting.all();
  }

  /** How many messages of an organization wait, and since when the oldest does (epoch ms). */
  depth(organizationId: OrganizationId): { pending: number; oldestAt: number | null } {
    return this.waiting.depth(organizationId);
  }

  /**
   * Marks a queued message as being tried, unless it was cancelled or has expired meanwhile; a repeat of one that was
   * tried before keeps the time of its first try. Its content without waiting for the disk, so that it can be encrypted
   * meanwhile (null when it must not be sent); nothing may leave before `stored` resolves, and when it rejects the
   * message is what it was.
   */
  claim(messageId: string, chatId: string): { content: Promise<Content | null>; stored: Promise<void> } {
    const { claimed, stored } = this.store.claim({ messageId, chatId, at: this.options.now() });
    const told = Promise.all([claimed, stored]).then(([now]) => {
      if (!now?.isFirst) return;
      this.changeWaiting(now.message, 'sending');
      this.news.tell(now.message);
    });
    const content = claimed.then((now) => now && now.content);
    // Whoever claims hears of a failure from either.
    for (const one of [told, content]) one.catch(() => {});
    return { content, stored: told };
  }

  /**
   * Takes a claim back whose message never left: it is queued again. False when it was answered meanwhile or is a
   * repeat. The only move backwards there is, and only whoever made the claim knows that it may be made.
   */
  async unclaim(messageId: string): Promise<boolean> {
    const message = await this.store.unclaim(messageId);
    if (!message) return false;
    this.changeWaiting(message, 'queued');
    this.news.correct(message);
    return true;
  }

  /** The connection ended in a stream error while these messages were handed over and not answered. */
  async noteStreamEnd(messageIds: readonly string[]): Promise<void> {
    await this.store.noteStreamEnd(messageIds);
  }

  /** Moves a message forward. False, and nothing changes, when the state does not follow the one that it is in. */
  async move(messageId: string, to: MessageState, details: ChangeDetails = {}): Promise<boolean> {
    const isReceipt = to === 'delivered' || to === 'read';
    const { moved, stored } = this.store.move({
      ...details,
      messageId,
      from: statesBefore(to),
      to,
      at: this.options.now(),
      settles: isSettled(to),
      makesContact: isReceipt || to === 'sent',
      isReceipt,
    });
    const message = await moved;
    const putBack = message && this.leave(message);
    try {
      await stored;
    } catch (error) {
      putBack?.();
      throw error;
    }
    if (message) this.news.tell(message);
    return message !== null;
  }

  /** Takes a message back that was not tried yet. @throws ServiceError `unknown_message`, `too_late_to_cancel` */
  async cancel(messageId: string): Promise<OutboxMessage> {
    if (!(await this.get(messageId))) throw new ServiceError('unknown_message');
    const moved = await this.move(messageId, 'cancelled', { errorCode: 'cancelled_by_request' });
    const after = (await this.get(messageId)) as OutboxMessage;
    if (!moved && after.state !== 'cancelled') {
      throw new ServiceError('too_late_to_cancel', { facts: { message_status: after.state } });
    }
    return after;
  }

  /** Marks as expired what is queued beyond its time, some at a time. */
  async expire(): Promise<void> {
    const overdue = await this.store.overdue(this.options.now(), EXPIRED_AT_ONCE);
    await Promise.all(overdue.map((id) => this.move(id, 'expired')));
  }

  /**
   * Erases the contents of messages whose fate has been known for so long (a reminder may have waited for weeks
   * before), and forgets idempotency keys that are old enough; the record of what happened stays. At most `limit` of
   * each; returns whether there may be more.
   */
  async eraseOld(retentionMs: number, limit = ERASED_AT_ONCE): Promise<boolean> {
    const now = this.options.now();
    return this.store.erase({
      settledBefore: now - retentionMs,
      acceptedBefore: now - IDEMPOTENCY_KEPT_MS,
      limit,
    });
  }

  // --- what holds for an organization ---

  quietHours(organizationId: OrganizationId): QuietHours | null {
    return this.settings.of(organizationId).quietHours;
  }

  async setQuietHours(organizationId: OrganizationId, quiet: QuietHours | null): Promise<void> {
    await this.settings.setQuietHours(organizationId, quiet);
  }

  /** Epoch ms. */
  firstContactsPausedUntil(organizationId: OrganizationId): number {
    return this.settings.of(organizationId).firstContactsPausedUntil;
  }

  async pauseFirstContacts(organizationId: OrganizationId, until: number): Promise<void> {
    await this.settings.pauseFirstContacts(organizationId, until);
  }

  /** The phone with which an organization was connected last (digits); null from before this was noted. */
  linkedPhone(organizationId: OrganizationId): string | null {
    return this.settings.of(organizationId).linkedPhone;
  }

  /** Since when that phone is the one (epoch ms); 0 when none was noted. */
  linkedSince(organizationId: OrganizationId): number {
    return this.settings.of(organizationId).linkedSince;
  }

  /**
   * Notes with which phone an organization is connected. What was accepted before any was noted is taken for this
   * one's. Another phone than before was refused nothing: the pause of first contacts ends. Resolves true when the
   * phone is another than before, and messages wait for others.
   */
  async noteLinkedPhone(organizationId: OrganizationId, phone: string): Promise<boolean> {
    return this.settings.noteLinkedPhone(organizationId, phone);
  }

  /** What waits for another phone than the one that is linked; null when nothing does. Cheap. */
  otherPhone(organizationId: OrganizationId): OtherPhone | null {
    return this.settings.otherPhone(organizationId);
  }

  /**
   * What waits for another phone may leave from the one that is linked, and that is on disk when this resolves. Not
   * what was tried already: the customer may have it from the other phone, so it is unconfirmed.
   */
  async releaseOtherPhone(organizationId: OrganizationId): Promise<OtherPhoneDecided> {
    return this.settings.release(organizationId);
  }

  /**
   * Takes back what waits for another phone; what was tried already may have gone out: nothing more is tried, and it is
   * unconfirmed.
   */
  async cancelOtherPhone(organizationId: OrganizationId): Promise<OtherPhoneDecided> {
    return this.settings.cancel(organizationId);
  }

  // --- being told ---

  /** Calls back at every change of a message, when it is on disk. Returns a function that ends it. */
  onChange(listener: (message: OutboxMessage) => void): () => void {
    return this.news.onChange(listener);
  }

  /**
   * Resolves with the message as soon as its fate is known; with what it is then when `ms` are over, nobody waits any
   * more (`signal`), or the service stops.
   */
  async settled(messageId: string, ms: number, signal?: AbortSignal): Promise<OutboxMessage> {
    const now = this.news.lastOf(messageId) ?? (await this.get(messageId));
    return this.news.settled(now as OutboxMessage, ms, signal);
  }

  /** Whoever waits for a fate is answered now, and nobody waits any more: the service stops, and messages are safe. */
  endWaits(): void {
    this.news.endWaits();
  }

  // --- inside ---

  /** It waits no longer when it is settled. Returns what makes it wait again, should that not come to the disk. */
  private leave(message: OutboxMessage): () => void {
    const { organizationId, state } = message;
    const waited = isSettled(state) ? this.waiting.remove(message) : undefined;
    if (!waited) return () => {};
    this.settings.changed(organizationId, waited.forPhone);
    return () => {
      this.waiting.putBack(organizationId, waited);
      this.settings.changed(organizationId, waited.forPhone);
    };
  }

  private changeWaiting(message: OutboxMessage, state: 'queued' | 'sending'): void {
    const waiting = this.waiting.find(message);
    if (waiting) waiting.state = state;
  }
}
