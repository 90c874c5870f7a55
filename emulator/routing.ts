/** Where stanzas of a linked device go: messages and receipts to accounts, acks to what was waiting for them. */
import { generateParticipantHashV2 } from '@whiskeysockets/baileys';
import type { Companion } from './companion.js';
import type { Connection } from './connection.js';
import { deviceJid, type Account, type Delivery } from './directory.js';
import { deliverToGroup, groupRefusal, PASSED_ON } from './group-messages.js';
import {
  child,
  children,
  isGroup,
  node,
  parseJid,
  seconds,
  type Attributes,
  type BinaryNode,
  type Jid,
} from './wire.js';
import type { World } from './world.js';

/** [?] Nobody has verified what WhatsApp answers to a message for a number that it does not know. */
const NOT_ON_WHATSAPP = 404;

export function routeMessage(world: World, connection: Connection, from: Companion, stanza: BinaryNode): void {
  const { to = '', id = '' } = stanza.attrs;
  const target = parseJid(to);
  const account = target && !isGroup(to) ? accountOf(world, target) : undefined;
  const group = isGroup(to) ? world.groups.get(to) : undefined;
  const copies = ciphertexts(stanza, target);
  const entry = world.record.add('messages', {
    org: from.org,
    deviceJid: from.jid,
    to,
    id,
    types: copies.map(({ enc }) => enc.attrs['type'] ?? ''),
    acked: 'yes',
  });
  const poison = world.mishaps.pending.poisonTo.take(from.org, (one) => one.to === account?.number);
  if (poison) {
    entry.acked = 'never';
    connection.streamError(undefined, { code: 500, ...poison });
    return;
  }
  const refusal =
    world.mishaps.pending.refuseAcks.take(from.org, (one) => one.to === undefined || one.to === account?.number)
      ?.code ??
    (account?.onWhatsApp === false ? NOT_ON_WHATSAPP : undefined) ??
    (isGroup(to) ? groupRefusal(group, from) : undefined);
  if (refusal !== undefined) {
    entry.acked = refusal;
    connection.send(node('ack', { class: 'message', id, from: to, t: seconds(), error: String(refusal) }));
    return;
  }
  acknowledge(world, connection, from, entry, to, id, phashOf(world, from, account, stanza));
  if (group) return deliverToGroup(world, group, from, stanza);
  for (const { jid, enc } of copies) {
    const recipient = accountOf(world, jid);
    if (recipient) deliver(recipient, { stanza, encs: [enc], from, device: jid.device }, world);
  }
}

function acknowledge(
  { mishaps, changes }: World,
  connection: Connection,
  from: Companion,
  entry: { acked: unknown },
  to: string,
  id: string,
  phash: string | undefined,
): void {
  const ack = () =>
    connection.send(
      node('ack', { class: 'message', id, from: to, t: seconds(), ...(phash !== undefined && { phash }) }),
    );
  const delay = mishaps.pending.delayAcks.get(from.org);
  if (mishaps.pending.withholdAcks.get(from.org)) {
    entry.acked = 'withheld';
  } else if (delay !== undefined) {
    entry.acked = 'delayed';
    setTimeout(() => {
      ack();
      entry.acked = 'yes';
      changes.notify();
    }, delay).unref();
  } else {
    ack();
  }
}

/**
 * The hash over all devices that should have had a copy, when the message went to others: then the sender's list is
 * stale. A message for one device (a retry) says nothing of a list.
 */
function phashOf(world: World, from: Companion, account: Account | undefined, stanza: BinaryNode): string | undefined {
  const sent = children(child(stanza, 'participants'), 'to').map(({ attrs }) => attrs['jid'] ?? '');
  if (sent.length === 0 || !account) return undefined;
  const byLid = sent.some((jid) => parseJid(jid)?.isLid);
  const all = [account, world.phone(from.org)].flatMap((one) =>
    [...one.signalDevices.keys(), ...one.companions.keys()].map((device) =>
      byLid ? deviceJid(one.lidUser, device, 'lid') : deviceJid(one.number, device, 's.whatsapp.net'),
    ),
  );
  const others = all.filter((jid) => jid !== from.jid && jid !== from.lidJid);
  const got = new Set(sent);
  return others.every((jid) => got.has(jid)) ? undefined : generateParticipantHashV2(others);
}

/** One ciphertext per device under `participants`, or a single one for the device in `to` (retries, peer messages). */
function ciphertexts(stanza: BinaryNode, target: Jid | undefined): { jid: Jid; enc: BinaryNode }[] {
  const copies: { jid: Jid; enc: BinaryNode }[] = [];
  const single = child(stanza, 'enc');
  if (single && target) copies.push({ jid: target, enc: single });
  for (const to of children(child(stanza, 'participants'), 'to')) {
    const jid = parseJid(to.attrs['jid']);
    const enc = child(to, 'enc');
    if (jid && enc) copies.push({ jid, enc });
  }
  return copies;
}

function accountOf(world: World, jid: Jid): Account | undefined {
  return jid.isLid ? world.directory.account(jid) : world.accountOf(jid.user);
}

function deliver(recipient: Account, delivery: Delivery, world: World): void {
  const { stanza, encs, from, device } = delivery;
  if (recipient.signalDevices.has(device)) {
    recipient.receiveMessage(delivery);
    return;
  }
  const companion = recipient.companions.get(device);
  if (!companion || companion === from) return;
  const { to = '', id = '', type = 'text', edit, recipient: chat } = stanza.attrs;
  const byLid = parseJid(to)?.isLid === true;
  const { name, lidUser } = world.phone(from.org);
  const attrs: Attributes = { from: byLid ? from.lidJid : from.jid, id, type, t: seconds() };
  if (byLid) attrs['sender_pn'] = `${from.org}@s.whatsapp.net`;
  else attrs['sender_lid'] = `${lidUser}@lid`;
  if (companion.org === from.org) attrs['recipient'] = chat ?? to;
  if (name) attrs['notify'] = name;
  if (edit) attrs['edit'] = edit;
  companion.deliver(node('message', attrs, [...encs, ...PASSED_ON.flatMap((tag) => children(stanza, tag))]));
}

export function routeReceipt(world: World, from: Companion, stanza: BinaryNode): void {
  const { to = '', id = '', type = '' } = stanza.attrs;
  const ids = [id, ...children(child(stanza, 'list'), 'item').map(({ attrs }) => attrs['id'] ?? '')];
  const jid = parseJid(isGroup(to) ? stanza.attrs['participant'] : to);
  const account = jid && world.directory.account(jid);
  for (const each of ids) {
    if (from.endsStream(each)) return;
    world.record.add('receipts', { org: from.org, deviceJid: from.jid, to, id: each, type });
    // A retry receipt is followed by an ack; any other takes the message off the server.
    if (type !== 'retry') from.acknowledged('message', each);
    if (type === 'retry' && isGroup(to))
      world.groups
        .get(to)
        ?.writeAgain(stanza, from)
        .catch((error: Error) => {
          world.record.add('problems', { org: from.org, what: error.stack ?? error.message });
        });
    if (jid && account) account.receiveReceipt({ ...stanza, attrs: { ...stanza.attrs, id: each } }, from, jid.device);
  }
}

export function routeAck(world: World, from: Companion, { attrs }: BinaryNode): void {
  const { id = '', error } = attrs;
  if (attrs['class'] === 'message') {
    if (error !== undefined && from.endsStream(id)) return;
    from.poison.delete(id);
  }
  from.acknowledged(attrs['class'] ?? '', id);
  world.record.add('acks', { org: from.org, id, class: attrs['class'] ?? '', ...(error !== undefined && { error }) });
}
