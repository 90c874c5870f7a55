/** A message of a linked device to a group, on its way to all devices of all participants. */
import type { Companion } from './companion.js';
import { deviceJid, type Account } from './directory.js';
import type { Group } from './groups.js';
import { child, children, node, parseJid, seconds, type Attributes, type BinaryNode } from './wire.js';
import type { World } from './world.js';

/** What else goes on to the receivers of any message, besides the ciphertexts. */
export const PASSED_ON = ['meta', 'device-identity'];

/** The code with which WhatsApp refuses it, if it does. [?] Nobody has verified the codes. */
export function groupRefusal(group: Group | undefined, from: Companion): number | undefined {
  if (!group) return 404;
  if (!group.participants.has(from.org)) return 403;
  return group.settings.announcement && !group.isAdmin(from.org) ? 403 : undefined;
}

/** Each device gets what is sealed for all, and what is for it alone; a repeat (`participant`) goes to one device. */
export function deliverToGroup(world: World, group: Group, from: Companion, stanza: BinaryNode): void {
  const forAll = children(stanza, 'enc');
  const forOne = new Map(
    children(child(stanza, 'participants'), 'to').map((to) => [to.attrs['jid'] ?? '', children(to, 'enc')]),
  );
  const only = parseJid(stanza.attrs['participant']);
  for (const account of group.accounts) {
    if (only && world.directory.account(only) !== account) continue;
    for (const id of [...account.signalDevices.keys(), ...account.companions.keys()]) {
      const device = account.companions.get(id);
      if (device === from || (only && only.device !== id)) continue;
      const encs = [...namesOf(account, id).flatMap((jid) => forOne.get(jid) ?? []), ...forAll];
      if (device) device.deliver(asReceived(world, group, from, stanza, encs));
      else account.receiveMessage({ stanza, encs, from, device: id });
    }
  }
}

function namesOf(account: Account, device: number): string[] {
  return [deviceJid(account.lidUser, device, 'lid'), deviceJid(account.number, device, 's.whatsapp.net')];
}

function asReceived(world: World, group: Group, from: Companion, stanza: BinaryNode, encs: BinaryNode[]): BinaryNode {
  const { id = '', type = 'text', edit } = stanza.attrs;
  const phone = world.phone(from.org);
  const byLid = group.addressing === 'lid';
  const attrs: Attributes = {
    ...{ from: group.jid, participant: byLid ? from.lidJid : from.jid, addressing_mode: group.addressing },
    ...{ [byLid ? 'participant_pn' : 'participant_lid']: group.otherJidOf(phone) ?? '' },
    ...{ id, type, t: seconds() },
  };
  if (phone.name) attrs['notify'] = phone.name;
  if (edit) attrs['edit'] = edit;
  return node('message', attrs, [...encs, ...PASSED_ON.flatMap((tag) => children(stanza, tag))]);
}
