/** Channels, and what WhatsApp says of changes since the last login. */
import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { messageId } from './pairwise.js';
import { node, seconds, SERVER, type BinaryNode } from './wire.js';
import type { World } from './world.js';

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

/**
 * WhatsApp says that what it knows of the account's groups (or of the account) has changed since the last login. Sent
 * once, to who is here.
 */
export function sendDirty(world: World, number: string, type: 'groups' | 'account_sync'): void {
  for (const { connection } of world.phone(number).companions.values())
    connection?.send(node('ib', { from: SERVER }, [node('dirty', { type, timestamp: seconds() })]));
}
