/**
 * Chats of many: groups, status broadcasts, broadcast lists and channels, as the devices of an organization get them. In a group, and in a
 * status, each member encrypts with a sender key of its own, and gives that key to each device once, in the pairwise session with it
 * (Baileys' `lib/Signal/libsignal.js`, `encryptGroupMessage`). A broadcast list is pairwise. A channel is not encrypted.
 */
import { randomBytes } from 'node:crypto';
import { encodeWAMessage, proto } from '@whiskeysockets/baileys';
import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js';
import type { Companion } from './companion.js';
import { lidUserOf } from './directory.js';
import type { SignalDevice } from './signal-device.js';
import { node, seconds, SERVER, type Attributes, type BinaryNode } from './wire.js';
import type { World } from './world.js';

export const STATUS = 'status@broadcast';

export interface GroupOptions {
  /** The organizations' phones that are in it. */
  phones: string[];
  /** The numbers of the others, who write. Of a status: whose contacts the phones are. */
  members: string[];
}

/** What a member knows of its own key for one chat. */
interface Sender {
  readonly name: SenderKeyName;
  readonly records: Map<string, SenderKeyRecord>;
  /** The devices that have the key. */
  readonly given: WeakSet<Companion>;
}

/** A group (`…@g.us`), the status broadcasts of people (`status@broadcast`), or a broadcast list (`…@broadcast`). */
export class Group {
  private readonly senders = new Map<string, Sender>();
  private writing: Promise<unknown> = Promise.resolve();
  private serial = 0;

  constructor(
    private readonly world: World,
    readonly jid: string,
    private readonly options: GroupOptions,
  ) {}

  get members(): readonly string[] {
    return this.options.members;
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
    for (let n = 0; n < messages; n++) {
      ids.push(await this.write(this.options.members[n % this.options.members.length] ?? '', text(n)));
    }
    return ids;
  }

  /** WhatsApp tells of a change in the group: one more participant, or another subject. */
  tellOfChange(change: 'add' | 'subject', by: string, detail: string): void {
    const inner =
      change === 'add'
        ? node('add', {}, [node('participant', { jid: `${detail}@s.whatsapp.net` })])
        : node('subject', { subject: detail, s_t: seconds() });
    for (const companion of this.audience()) {
      companion.deliver(
        node(
          'notification',
          {
            from: this.jid,
            id: `group-${++this.serial}-${randomBytes(4).toString('hex')}`,
            type: 'w:gp2',
            participant: `${by}@s.whatsapp.net`,
            t: seconds(),
          },
          [inner],
        ),
      );
    }
  }

  private audience(): Companion[] {
    return this.options.phones.flatMap((number) => [...this.world.phone(number).companions.values()]);
  }

  private async writeNow(member: string, content: string | proto.IMessage): Promise<string> {
    const device = deviceOf(this.world, member);
    const message = typeof content === 'string' ? { conversation: content } : content;
    const id = messageId();
    const attrs: Attributes = {
      from: this.jid,
      participant: `${member}@s.whatsapp.net`,
      participant_lid: `${lidUserOf(member)}@lid`,
      addressing_mode: 'pn',
      id,
      type: message.reactionMessage ? 'reaction' : 'text',
      t: seconds(),
      notify: 'Member',
    };
    const withSenderKey = this.jid.endsWith('@g.us') || this.jid === STATUS;
    const padded = encodeWAMessage(message);
    const sealed = withSenderKey ? await this.seal(member, padded) : undefined;
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

  /** The ciphertext for all, and the message that gives the key to a device, made before the key steps on. */
  private async seal(
    member: string,
    padded: Uint8Array,
  ): Promise<{ sender: Sender; ciphertext: Buffer; keyMessage: proto.IMessage }> {
    let sender = this.senders.get(member);
    if (!sender) {
      const name = new SenderKeyName(this.jid, { id: member, deviceId: 0, toString: () => `${member}.0` });
      sender = { name, records: new Map(), given: new WeakSet() };
      this.senders.set(member, sender);
    }
    const { records, name } = sender;
    const store = {
      loadSenderKey: async () => records.get(member) ?? new SenderKeyRecord(),
      storeSenderKey: async (_name: SenderKeyName, record: SenderKeyRecord) => void records.set(member, record),
    };
    const distribution = await new GroupSessionBuilder(store).create(name);
    const ciphertext = Buffer.from(await new GroupCipher(store, name).encrypt(padded));
    const keyMessage = {
      senderKeyDistributionMessage: {
        groupId: this.jid,
        axolotlSenderKeyDistributionMessage: distribution.serialize(),
      },
    };
    return { sender, ciphertext, keyMessage };
  }
}

/** A channel (`…@newsletter`) that organizations follow. */
export class Channel {
  private serial = 0;

  constructor(
    private readonly world: World,
    readonly jid: string,
    private readonly phones: string[],
  ) {}

  /** A post. Returns its id. */
  post(text: string): string {
    const id = messageId();
    const plain = Buffer.from(proto.Message.encode({ conversation: text }).finish());
    const attrs = { from: this.jid, id, type: 'text', t: seconds(), server_id: String(++this.serial) };
    this.deliver(node('message', attrs, [node('plaintext', {}, plain)]));
    return id;
  }

  /** WhatsApp tells of a reaction to the newest post, and of how many have seen it. */
  tellOfReactions(): void {
    const id = `channel-${this.serial}-${randomBytes(4).toString('hex')}`;
    this.deliver(
      node('notification', { from: this.jid, id, type: 'newsletter', t: seconds() }, [
        node('reaction', { message_id: String(this.serial) }, [node('reaction', {}, '👍')]),
      ]),
    );
  }

  private deliver(stanza: BinaryNode): void {
    for (const number of this.phones)
      for (const companion of this.world.phone(number).companions.values()) companion.deliver(stanza);
  }
}

/** WhatsApp says that what it knows of the account's groups (or of the account) has changed since the last login. Sent once, to who is here. */
export function sendDirty(world: World, number: string, type: 'groups' | 'account_sync'): void {
  for (const { connection } of world.phone(number).companions.values())
    connection?.send(node('ib', { from: SERVER }, [node('dirty', { type, timestamp: seconds() })]));
}

/** One text or message in the pairwise session between a device and a linked device of an organization. */
export async function pairwise(device: SignalDevice, to: Companion, padded: Uint8Array): Promise<BinaryNode> {
  if (!device.hasSession(to.peer)) await device.openSession(to.peer, to.takeBundle());
  const { type, ciphertext } = await device.encrypt(to.peer, padded);
  return node('enc', { v: '2', type }, ciphertext);
}

export function messageId(): string {
  return `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
}

function deviceOf(world: World, member: string): SignalDevice {
  const device = world.accountOf(member)?.signalDevices.get(0);
  if (!device) throw new Error(`${member} is not a phone number`);
  return device;
}
