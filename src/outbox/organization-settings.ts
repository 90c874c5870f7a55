import type { OrganizationId } from '../organization-id.js';
import type { OutboxSettings, OutboxStore } from '../store/ports.js';
import type { OutboxMessage } from './outbox-message.js';
import type { QuietHours } from './quiet-hours.js';
import type { WaitingMessage, WaitingMessages } from './waiting-messages.js';

/** So many messages are decided about in one commit. */
const DECIDED_AT_ONCE = 500;

/** Messages that wait and were accepted for another phone than the one that is linked now. */
export interface OtherPhone {
  readonly messages: number;
  /** Digits; the one whose message was accepted last comes first. */
  readonly phones: readonly [string, ...string[]];
  /** The phone that was linked last, digits. */
  readonly linked: string;
  /** Since when the phone of now is linked, epoch ms. */
  readonly since: number;
}

/** How many messages a person's decision concerned: released or taken back; and how many may have gone out before. */
export interface OtherPhoneDecided {
  readonly messages: number;
  readonly unconfirmed: number;
}

const NOTHING_SET: OutboxSettings = {
  quietHours: null,
  firstContactsPausedUntil: 0,
  linkedPhone: null,
  linkedSince: 0,
};

interface Parts {
  readonly store: OutboxStore;
  readonly waiting: WaitingMessages;
  readonly now: () => number;
  /** These changed, and that is on disk. */
  readonly told: (message: OutboxMessage) => void;
}

/** What one call writes. */
interface Change {
  readonly fields: Partial<OutboxSettings>;
  isOnDisk: boolean;
}

/**
 * What holds for an organization's messages: quiet hours, pauses, and its phone. In memory, for it is asked at every
 * try.
 */
export class OrganizationSettings {
  /** With what is being written. */
  private readonly known = new Map<OrganizationId, OutboxSettings>();
  private readonly onDisk = new Map<OrganizationId, OutboxSettings>();
  /** What is being written, in the order of the calls. */
  private readonly changes = new Map<OrganizationId, Change[]>();
  /** What waits for another phone, where that was looked at. */
  private readonly otherPhones = new Map<OrganizationId, OtherPhone | null>();

  constructor(private readonly parts: Parts) {}

  async load(): Promise<void> {
    for (const [id, settings] of await this.parts.store.settings()) {
      this.known.set(id, settings);
      this.onDisk.set(id, settings);
    }
  }

  of(organizationId: OrganizationId): OutboxSettings {
    return this.known.get(organizationId) ?? NOTHING_SET;
  }

  async setQuietHours(organizationId: OrganizationId, quietHours: QuietHours | null): Promise<void> {
    await this.hold(organizationId, { quietHours }, this.parts.store.setQuietHours(organizationId, quietHours));
  }

  async pauseFirstContacts(organizationId: OrganizationId, until: number): Promise<void> {
    const writing = this.parts.store.pauseFirstContacts(organizationId, until);
    await this.hold(organizationId, { firstContactsPausedUntil: until }, writing);
  }

  /** See `Outbox.noteLinkedPhone`. */
  async noteLinkedPhone(organizationId: OrganizationId, phone: string): Promise<boolean> {
    const before = this.of(organizationId);
    if (phone === before.linkedPhone) return false;
    const linkedSince = this.parts.now();
    const linking = this.parts.store.linkPhone(organizationId, phone, linkedSince);
    const isFirst = before.linkedPhone === null;
    const given = isFirst ? [...this.parts.waiting.of(organizationId)].filter(({ forPhone }) => forPhone === null) : [];
    for (const message of given) message.forPhone = phone;
    const fields = { linkedPhone: phone, linkedSince, ...(isFirst ? {} : { firstContactsPausedUntil: 0 }) };
    try {
      await this.hold(organizationId, fields, linking);
    } catch (error) {
      // Another call may have been the first one, then.
      const { linkedPhone } = this.of(organizationId);
      for (const message of given) if (message.forPhone === phone) message.forPhone = linkedPhone;
      throw error;
    }
    return this.otherPhone(organizationId) !== null;
  }

  /** See `Outbox.otherPhone`. */
  otherPhone(organizationId: OrganizationId): OtherPhone | null {
    let other = this.otherPhones.get(organizationId);
    if (other === undefined) {
      other = this.lookForOthers(organizationId);
      this.otherPhones.set(organizationId, other);
    }
    return other;
  }

  /** A message waits no longer, or again. */
  changed(organizationId: OrganizationId, forPhone: string | null): void {
    if (forPhone !== this.of(organizationId).linkedPhone) this.otherPhones.delete(organizationId);
  }

  /** See `Outbox.releaseOtherPhone`. */
  async release(organizationId: OrganizationId): Promise<OtherPhoneDecided> {
    const { linkedPhone } = this.of(organizationId);
    if (linkedPhone === null) return { messages: 0, unconfirmed: 0 };
    const { store, waiting, now } = this.parts;
    const releasing = store.releaseOtherPhones(organizationId, now());
    const others = new Map<WaitingMessage, string>();
    for (const message of waiting.of(organizationId)) {
      if (message.forPhone === null || message.forPhone === linkedPhone) continue;
      others.set(message, message.forPhone);
      message.forPhone = linkedPhone;
    }
    this.otherPhones.delete(organizationId);
    try {
      const { released, unconfirmed } = await releasing;
      for (const message of unconfirmed) this.parts.told(message);
      return { messages: released, unconfirmed: unconfirmed.length };
    } catch (error) {
      for (const [message, phone] of others) if (message.forPhone === linkedPhone) message.forPhone = phone;
      this.otherPhones.delete(organizationId);
      throw error;
    }
  }

  /** See `Outbox.cancelOtherPhone`. */
  async cancel(organizationId: OrganizationId): Promise<OtherPhoneDecided> {
    for (let cancelled = 0, unconfirmed = 0; ;) {
      const messages = await this.parts.store.cancelOtherPhones(organizationId, this.parts.now(), DECIDED_AT_ONCE);
      for (const message of messages) {
        this.parts.told(message);
        if (message.state === 'cancelled') cancelled += 1;
        else unconfirmed += 1;
      }
      if (messages.length < DECIDED_AT_ONCE) return { messages: cancelled, unconfirmed };
    }
  }

  /**
   * Settings hold at once, for messages may be tried before they are on disk; when they cannot be written, no longer.
   */
  private async hold(
    organizationId: OrganizationId,
    fields: Partial<OutboxSettings>,
    writing: Promise<void>,
  ): Promise<void> {
    const changes = this.changes.get(organizationId) ?? [];
    this.changes.set(organizationId, changes);
    const change: Change = { fields, isOnDisk: false };
    changes.push(change);
    this.set(organizationId, { ...this.of(organizationId), ...fields });
    try {
      await writing;
      change.isOnDisk = true;
    } catch (error) {
      changes.splice(changes.indexOf(change), 1);
      // What others write holds on.
      const onDisk = this.onDisk.get(organizationId) ?? NOTHING_SET;
      this.set(organizationId, Object.assign({ ...onDisk }, ...changes.map((other) => other.fields)) as OutboxSettings);
      throw error;
    } finally {
      this.noteOnDisk(organizationId, changes);
    }
  }

  /** A change is folded in when those before it are decided, whichever is told of first. */
  private noteOnDisk(organizationId: OrganizationId, changes: Change[]): void {
    while (changes[0]?.isOnDisk) {
      const onDisk = this.onDisk.get(organizationId) ?? NOTHING_SET;
      this.onDisk.set(organizationId, { ...onDisk, ...changes.shift()?.fields });
    }
  }

  private set(organizationId: OrganizationId, settings: OutboxSettings): void {
    this.known.set(organizationId, settings);
    this.otherPhones.delete(organizationId);
  }

  private lookForOthers(organizationId: OrganizationId): OtherPhone | null {
    const { linkedPhone, linkedSince } = this.of(organizationId);
    if (linkedPhone === null) return null;
    const { messages, phones } = this.parts.waiting.forOthers(organizationId, linkedPhone);
    const [first, ...more] = phones;
    return first === undefined ? null : { messages, phones: [first, ...more], linked: linkedPhone, since: linkedSince };
  }
}
