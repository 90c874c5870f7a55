/**
 * Who is online, and who is typing, as one client is told of another's account (Baileys' `lib/Socket/chats.js`,
 * `handlePresenceUpdate`). None of it is stored: who is away is not told later.
 */
import type { Companion } from './companion.js';
import type { Account, Directory } from './directory.js';
import type { Phone } from './phone.js';
import { node, parseJid, type Attributes, type BinaryNode } from './wire.js';

export class Presences {
  private readonly online = new Set<Companion>();
  /** By the number of the account that is watched. A subscription ends with its connection, as on WhatsApp. */
  private readonly watchers = new Map<string, Map<Companion, { byLid: boolean }>>();

  constructor(
    private readonly directory: Directory,
    private readonly phone: (number: string) => Phone,
  ) {}

  /** A client says that it is here, gives its name, or wants to know of somebody. */
  onPresence(from: Companion, { attrs }: BinaryNode): void {
    const phone = this.phone(from.org);
    if (attrs['name']) phone.name = attrs['name'];
    if (attrs['type'] === 'subscribe') return this.subscribe(from, attrs['to'] ?? '');
    if (attrs['type'] === 'available') this.online.add(from);
    else if (attrs['type'] === 'unavailable') this.online.delete(from);
    else return;
    for (const [watcher, { byLid }] of this.watchers.get(phone.number) ?? []) this.tell(watcher, phone, byLid);
  }

  /** Somebody types, records or stops: told to the other's devices that are online. */
  onChatState(from: Companion, stanza: BinaryNode): void {
    const target = parseJid(stanza.attrs['to']);
    const account = target && this.directory.account(target);
    for (const companion of account?.companions.values() ?? []) {
      if (!this.online.has(companion)) continue;
      const name = target?.isLid ? `${this.phone(from.org).lidUser}@lid` : `${from.org}@s.whatsapp.net`;
      companion.connection?.send(node('chatstate', { from: name }, stanza.content));
    }
  }

  /** Its connection has ended. */
  gone(device: Companion): void {
    for (const [number, watchers] of this.watchers) {
      watchers.delete(device);
      if (watchers.size === 0) this.watchers.delete(number);
    }
    if (this.online.has(device)) this.onPresence(device, node('presence', { type: 'unavailable' }));
  }

  private subscribe(watcher: Companion, to: string): void {
    const jid = parseJid(to);
    const account = jid && this.directory.account(jid);
    if (!account) return;
    const watchers = this.watchers.get(account.number) ?? new Map<Companion, { byLid: boolean }>();
    this.watchers.set(account.number, watchers.set(watcher, { byLid: jid.isLid }));
    this.tell(watcher, account, jid.isLid);
  }

  private tell(watcher: Companion, account: Account, byLid: boolean): void {
    const attrs: Attributes = { from: byLid ? `${account.lidUser}@lid` : `${account.number}@s.whatsapp.net` };
    const isOnline = [...account.companions.values()].some((companion) => this.online.has(companion));
    watcher.connection?.send(node('presence', isOnline ? attrs : { ...attrs, type: 'unavailable', last: 'deny' }));
  }
}
