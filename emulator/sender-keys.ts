/**
 * Sender keys of a chat of many: each member encrypts with a key of its own, and gives that key to each device once
 * (Baileys' `lib/Signal/libsignal.js`, `encryptGroupMessage`).
 */
import type { proto } from '@whiskeysockets/baileys';
import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js';
import type { Companion } from './companion.js';

/** What a member knows of its own key for one chat. */
interface Sender {
  readonly name: SenderKeyName;
  readonly records: Map<string, SenderKeyRecord>;
  /** The devices that have the key. */
  readonly given: WeakSet<Companion>;
}

export interface Sealed {
  readonly sender: Sender;
  readonly ciphertext: Buffer;
  /** Gives the key to a device; made before the key steps on. */
  readonly keyMessage: proto.IMessage;
}

export class SenderKeys {
  private readonly senders = new Map<string, Sender>();

  constructor(private readonly chat: string) {}

  /** The ciphertext for all, and the message that gives the key to a device. */
  async seal(member: string, padded: Uint8Array): Promise<Sealed> {
    let sender = this.senders.get(member);
    if (!sender) {
      const name = new SenderKeyName(this.chat, { id: member, deviceId: 0, toString: () => `${member}.0` });
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
        groupId: this.chat,
        axolotlSenderKeyDistributionMessage: distribution.serialize(),
      },
    };
    return { sender, ciphertext, keyMessage };
  }
}
