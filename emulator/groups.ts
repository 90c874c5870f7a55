/**
 * Chats of many, as the devices of an organization get them: groups, status broadcasts and broadcast lists. In a group,
 * and in a status, each member encrypts with a sender key of its own (sender-keys.ts), given to each device in the
 * pairwise session with it. A broadcast list is pairwise.
 */
import { randomBytes } from 'node:crypto';
import { encodeWAMessage, type proto } from '@whiskeysockets/baileys';
import type { Companion } from './companion.js';
import type { Account } from './directory.js';
import { bundleOf } from './key-bundles.js';
import { messageId, pairwise } from './pairwise.js';
import { Phone } from './phone.js';
import { SenderKeys } from './sender-keys.js';
import type { SignalDevice } from './signal-device.js';
import { child, isGroup, node, seconds, type Attributes, type BinaryNode } from './wire.js';
import type { World } from './world.js';

/** How many of the members' messages can be asked for again. */
const WRITTEN_KEPT = 1000;

export const STATUS = 'status@broadcast';

export interface GroupOptions {
  /** The organizations' phones that are in it. The first is its owner. */
  phones: string[];
  /** The numbers of the others, who write. Of a status: whose contacts the phones are. */
  members: string[];
  /** How its participants are named; default 'pn'. */
  addressing?: 'pn' | 'lid';
  /** Default 'Group'. */
  subject?: string;
}

export type Role = 'superadmin' | 'admin' | 'member';

/** What can be set of a group. */
export interface GroupSettings {
  /** Only administrators write. */
  announcement: boolean;
  /** Only administrators change subject, description and settings. */
  locked: boolean;
  /** Seconds after which messages disappear; 0: never. */
  ephemeral: number;
  memberAddMode: 'all_member_add' | 'admin_add';
  /** Who comes by the invitation waits for an administrator. */
  approval: boolean;
}

/** A group (`…@g.us`), the status broadcasts of people (`status@broadcast`), or a broadcast list (`…@broadcast`). */
export class Group {
  /** The members' latest messages, by id. */
  private readonly written = new Map<string, { member: string; message: proto.IMessage }>();
  private readonly senderKeys: SenderKeys;
  private writing: Promise<unknown> = Promise.resolve();
  private serial = 0;
  /** By number. */
  readonly participants = new Map<string, Role>();
  /** The numbers of those who wait for an administrator's approval, and since when (Unix, seconds). */
  readonly requests = new Map<string, string>();
  readonly addressing: 'pn' | 'lid';
  readonly owner: string;
  readonly createdAt = seconds();
  subject: { text: string; by: string; at: string };
  description: { id: string; text: string; by: string; at: string } | undefined;
  /** Of the invitation. */
  code = inviteCode();
  readonly settings: GroupSettings = {
    announcement: false,
    locked: false,
    ephemeral: 0,
    memberAddMode: 'admin_add',
    approval: false,
  };

  constructor(
    private readonly world: World,
    readonly jid: string,
    { phones, members, addressing = 'pn', subject = 'Group' }: GroupOptions,
  ) {
    this.senderKeys = new SenderKeys(jid);
    this.addressing = addressing;
    this.owner = phones[0] ?? members[0] ?? '';
    this.subject = { text: subject, by: this.owner, at: this.createdAt };
    for (const number of phones) this.join(world.phone(number).number);
    for (const number of members) this.join(number);
    if (this.participants.has(this.owner)) this.participants.set(this.owner, 'superadmin');
  }

  /** Whether it is a group; otherwise the statuses, or a broadcast list. */
  get isGroup(): boolean {
    return isGroup(this.jid);
  }

  /** The numbers of those who have no linked devices, and so write from here. */
  get members(): readonly string[] {
    return [...this.participants.keys()].filter((number) => !(this.world.directory.number(number) instanceof Phone));
  }

  get accounts(): Account[] {
    return [...this.participants.keys()].flatMap((number) => this.world.accountOf(number) ?? []);
  }

  join(number: string): void {
    this.participants.set(number, 'member');
  }

  isAdmin(number: string): boolean {
    return (this.participants.get(number) ?? 'member') !== 'member';
  }

  renewCode(): void {
    this.code = inviteCode();
  }

  /** As its participants are named in it. */
  jidOf(account: Account): string {
    return this.addressing === 'lid' ? `${account.lidUser}@lid` : `${account.number}@s.whatsapp.net`;
  }

  /** The other name of somebody in it; undefined when WhatsApp tells nobody. */
  otherJidOf(account: Account): string | undefined {
    if (this.addressing === 'lid') return `${account.number}@s.whatsapp.net`;
    return account.hidesLid ? undefined : `${account.lidUser}@lid`;
  }

  /** A participant as WhatsApp lists it; `attrs` stand beside its names. */
  participantNode(account: Account, attrs: Attributes = {}): BinaryNode {
    const other = this.otherJidOf(account);
    const names: Attributes = { jid: this.jidOf(account) };
    if (other) names[this.addressing === 'lid' ? 'phone_number' : 'lid'] = other;
    return node('participant', { ...names, ...attrs });
  }

  /** All that WhatsApp tells of it. */
  metadata(): BinaryNode {
    const { subject, description, settings } = this;
    const content = this.accounts.map((account) => {
      const role = this.participants.get(account.number) ?? 'member';
      return this.participantNode(account, role === 'member' ? {} : { type: role });
    });
    if (description)
      content.push(
        node('description', { id: description.id, participant: this.nameOf(description.by), t: description.at }, [
          node('body', {}, Buffer.from(description.text)),
        ]),
      );
    if (settings.announcement) content.push(node('announcement'));
    if (settings.locked) content.push(node('locked'));
    if (settings.ephemeral) content.push(node('ephemeral', { expiration: String(settings.ephemeral) }));
    content.push(node('member_add_mode', {}, Buffer.from(settings.memberAddMode)));
    if (settings.approval) content.push(node('membership_approval_mode', {}, [node('group_join', { state: 'on' })]));
    const attrs = {
      ...{ id: this.jid.split('@')[0] ?? '', addressing_mode: this.addressing, size: String(this.participants.size) },
      ...{ creator: this.nameOf(this.owner), creation: this.createdAt },
      ...{ subject: subject.text, s_o: this.nameOf(subject.by), s_t: subject.at },
    };
    return node('group', attrs, content);
  }

  private nameOf(number: string): string {
    const account = this.world.accountOf(number);
    return account ? this.jidOf(account) : '';
  }

  /** WhatsApp tells the linked devices of its participants, and of `also`, what somebody has done. */
  notify(by: string, change: BinaryNode, to: Iterable<Account> = this.accounts): void {
    const account = this.world.accountOf(by);
    if (!account) return;
    const attrs: Attributes = {
      ...{ from: this.jid, type: 'w:gp2', participant: this.jidOf(account), t: seconds() },
      ...{ id: `group-${++this.serial}-${randomBytes(4).toString('hex')}`, addressing_mode: this.addressing },
    };
    const other = this.otherJidOf(account);
    if (other) attrs[this.addressing === 'lid' ? 'participant_pn' : 'participant_lid'] = other;
    for (const { companions } of to)
      for (const companion of companions.values()) companion.deliver(node('notification', attrs, [change]));
  }

  /** One message of one member, to each linked device of each organization in the group. Returns its id. */
  write(member: string, content: string | proto.IMessage): Promise<string> {
    const writing = this.writing.then(() => this.writeNow(member, content));
    this.writing = writing.catch(() => undefined);
    return writing;
  }

  /** So many messages, the members in turn. Returns the ids. */
  async chatter(messages: number, text = (n: number): string => `message ${n} of the group`): Promise<string[]> {
    const ids: string[] = [];
    const { members } = this;
    for (let n = 0; n < messages; n++) {
      ids.push(await this.write(members[n % members.length] ?? '', text(n)));
    }
    return ids;
  }

  /** WhatsApp tells of a change in the group: one more participant, or another subject. */
  tellOfChange(change: 'add' | 'subject', by: string, detail: string): void {
    const inner =
      change === 'add'
        ? node('add', {}, [node('participant', { jid: `${detail}@s.whatsapp.net` })])
        : node('subject', { subject: detail, s_t: seconds() });
    this.notify(by, inner);
  }

  private audience(): Companion[] {
    return this.accounts.flatMap(({ companions }) => [...companions.values()]);
  }

  private async writeNow(member: string, content: string | proto.IMessage): Promise<string> {
    const account = this.world.accountOf(member);
    if (!account || !this.participants.has(member)) throw new Error(`${member} is not in ${this.jid}`);
    const device = deviceOf(this.world, member);
    const message = typeof content === 'string' ? { conversation: content } : content;
    const id = messageId();
    this.written.set(id, { member, message });
    if (this.written.size > WRITTEN_KEPT) this.written.delete(this.written.keys().next().value ?? '');
    const attrs = this.attrsOf(account, id, message);
    const withSenderKey = this.isGroup || this.jid === STATUS;
    const padded = encodeWAMessage(message);
    const sealed = withSenderKey ? await this.senderKeys.seal(member, padded) : undefined;
    for (const companion of this.audience()) {
      const content: BinaryNode[] = [];
      if (!sealed) content.push(await pairwise(device, companion, padded));
      else {
        if (!sealed.sender.given.has(companion)) {
          sealed.sender.given.add(companion);
          content.push(await pairwise(device, companion, encodeWAMessage(sealed.keyMessage)));
        }
        content.push(node('enc', { v: '2', type: 'skmsg' }, sealed.ciphertext));
      }
      companion.deliver(node('message', attrs, content));
    }
    return id;
  }

  private attrsOf(account: Account, id: string, message: proto.IMessage): Attributes {
    const attrs: Attributes = {
      from: this.jid,
      participant: this.jidOf(account),
      addressing_mode: this.addressing,
      id,
      type: message.reactionMessage ? 'reaction' : 'text',
      t: seconds(),
      notify: 'Member',
    };
    const other = this.otherJidOf(account);
    if (other) attrs[this.addressing === 'lid' ? 'participant_pn' : 'participant_lid'] = other;
    return attrs;
  }

  /** A device could not read a member's message: it gets it once more for itself alone, and the sender key with it. */
  writeAgain(receipt: BinaryNode, to: Companion): Promise<void> {
    const writing = this.writing.then(async () => {
      const { id = '' } = receipt.attrs;
      const { member, message } = this.written.get(id) ?? {};
      const account = member && this.world.accountOf(member);
      if (!account) return;
      const device = deviceOf(this.world, member);
      const bundle = bundleOf(receipt);
      if (bundle) await device.openSession(to.peer, bundle);
      const { keyMessage } = await this.senderKeys.seal(member, encodeWAMessage({}));
      const enc = await pairwise(device, to, encodeWAMessage({ ...message, ...keyMessage }));
      enc.attrs['count'] = child(receipt, 'retry')?.attrs['count'] ?? '1';
      to.deliver(node('message', this.attrsOf(account, id, message ?? {}), [enc]));
    });
    this.writing = writing.catch(() => undefined);
    return writing;
  }
}

/** As in `https://chat.whatsapp.com/CODE`. */
function inviteCode(): string {
  return randomBytes(16).toString('base64url');
}

function deviceOf(world: World, member: string): SignalDevice {
  const device = world.accountOf(member)?.signalDevices.get(0);
  if (!device) throw new Error(`${member} is not a phone number`);
  return device;
}
