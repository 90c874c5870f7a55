/**
 * What clients ask and change of groups (`iq` of `w:g2`; the questions are in Baileys' `lib/Socket/groups.js`), and
 * what the participants are told of it (`w:gp2`; `lib/Socket/messages-recv.js`, `handleGroupNotification`).
 */
import { randomBytes } from 'node:crypto';
import type { Companion } from './companion.js';
import type { Account } from './directory.js';
import { Group } from './groups.js';
import { error } from './registration.js';
import { bytesOf, child, children, node, parseJid, seconds, type Attributes, type BinaryNode } from './wire.js';
import type { World } from './world.js';

/** Who asks, of which group, and the node of the question. */
interface GroupCall {
  world: World;
  device: Companion;
  group: Group;
  asked: BinaryNode;
}

/** WhatsApp's, of participants in one group. */
const MOST_PARTICIPANTS = 1024;

const FORBIDDEN = error('403', 'forbidden');
const NOT_FOUND = error('404', 'item-not-found');
const NOT_ACCEPTABLE = error('406', 'not-acceptable');
const BAD_REQUEST = error('400', 'bad-request');

export function groupQuery(world: World, device: Companion | undefined, iq: BinaryNode): BinaryNode[] {
  const asked = Array.isArray(iq.content) ? iq.content[0] : undefined;
  if (!device || !asked) return [BAD_REQUEST];
  const { to = '', type = '' } = iq.attrs;
  if (to === '@g.us') return toAll(world, device, type, asked);
  const group = world.groups.get(to);
  if (!group) return [NOT_FOUND];
  // Baileys asks at each send; whoever was removed hears it here.
  if (!group.participants.has(device.org)) return [FORBIDDEN];
  const call = { world, device, group, asked };
  return type === 'get' ? question(call) : change(call);
}

/** Without a group of its own: all of mine, a new one, leaving, an invitation. */
function toAll(world: World, device: Companion, type: string, asked: BinaryNode): BinaryNode[] {
  switch (`${type} ${asked.tag}`) {
    case 'get participating': {
      const mine = [...world.groups.values()].filter((group) => group.isGroup && group.participants.has(device.org));
      return [
        node(
          'groups',
          {},
          mine.map((group) => group.metadata()),
        ),
      ];
    }
    case 'set create':
      return create(world, device, asked);
    case 'set leave':
      return [
        node(
          'leave',
          {},
          children(asked, 'group').map(({ attrs }) => leave(world, device, attrs['id'] ?? '')),
        ),
      ];
    case 'get invite': {
      const group = byCode(world, asked);
      return [group ? group.metadata() : NOT_ACCEPTABLE];
    }
    case 'set invite':
      return acceptInvite(world, device, asked);
    default:
      return [error('501', 'feature-not-implemented')];
  }
}

function create(world: World, device: Companion, asked: BinaryNode): BinaryNode[] {
  const { subject = '' } = asked.attrs;
  const invited = accountsOf(world, asked);
  if (!subject || invited.length > MOST_PARTICIPANTS) return [NOT_ACCEPTABLE];
  const jid = `120363${BigInt(`0x${randomBytes(6).toString('hex')}`)
    .toString()
    .padStart(15, '0')
    .slice(-12)}@g.us`;
  // As WhatsApp names participants in new groups.
  const group = new Group(world, jid, { phones: [device.org], members: [], addressing: 'lid', subject });
  world.groups.set(jid, group);
  for (const { account } of invited) if (account?.onWhatsApp) group.join(account.number);
  const { key } = asked.attrs;
  group.notify(device.org, node('create', { type: 'new', ...(key && { key }) }, [group.metadata()]));
  return [group.metadata()];
}

function leave(world: World, device: Companion, id: string): BinaryNode {
  const group = world.groups.get(id.includes('@') ? id : `${id}@g.us`);
  const account = world.phone(device.org);
  if (!group?.participants.has(account.number)) return node('group', { id, error: '404' });
  const told = group.accounts;
  group.participants.delete(account.number);
  group.notify(account.number, node('remove', {}, [group.participantNode(account)]), told);
  return node('group', { id });
}

function acceptInvite(world: World, device: Companion, asked: BinaryNode): BinaryNode[] {
  const group = byCode(world, asked);
  if (!group) return [NOT_ACCEPTABLE];
  const account = world.phone(device.org);
  if (group.participants.has(account.number)) return [node('group', { jid: group.jid })];
  if (group.settings.approval) {
    group.requests.set(account.number, seconds());
    const admins = group.accounts.filter(({ number }) => group.isAdmin(number));
    const request = { request_method: 'invite_link' };
    group.notify(
      account.number,
      node('created_membership_requests', request, [group.participantNode(account)]),
      admins,
    );
    return [node('membership_approval_request', { jid: group.jid })];
  }
  letIn(group, account, account.number);
  return [node('group', { jid: group.jid })];
}

/** Those who were there are told of one more, the new one of the group. */
function letIn(group: Group, account: Account, by: string): void {
  const before = group.accounts;
  group.requests.delete(account.number);
  group.join(account.number);
  group.notify(by, node('add', {}, [group.participantNode(account)]), before);
  group.notify(by, node('create', {}, [group.metadata()]), [account]);
}

function question({ world, device, group, asked }: GroupCall): BinaryNode[] {
  switch (asked.tag) {
    case 'query':
      return [group.metadata()];
    case 'invite':
      return group.isAdmin(device.org) ? [node('invite', { code: group.code })] : [FORBIDDEN];
    case 'membership_approval_requests':
      return [
        node(
          'membership_approval_requests',
          {},
          [...group.requests].flatMap(([number, at]) => {
            const account = world.accountOf(number);
            if (!account) return [];
            return node('membership_approval_request', {
              jid: group.jidOf(account),
              request_method: 'invite_link',
              request_time: at,
            });
          }),
        ),
      ];
    default:
      return [error('501', 'feature-not-implemented')];
  }
}

/** What any participant may do as long as the group is not locked. */
const OPEN = new Set(['subject', 'description', 'ephemeral', 'not_ephemeral']);

function change(call: GroupCall): BinaryNode[] {
  const { device, group, asked } = call;
  const isOpen =
    (OPEN.has(asked.tag) && !group.settings.locked) ||
    (asked.tag === 'add' && group.settings.memberAddMode === 'all_member_add');
  if (!isOpen && !group.isAdmin(device.org)) return [FORBIDDEN];
  switch (asked.tag) {
    case 'subject':
    case 'description':
      return describe(call);
    case 'add':
    case 'remove':
    case 'promote':
    case 'demote':
      return [changeParticipants(call, asked.tag)];
    case 'membership_requests_action':
      return decide(call);
    case 'invite':
      group.renewCode();
      group.notify(device.org, node('invite', { code: group.code }));
      return [node('invite', { code: group.code })];
    default:
      return set(call);
  }
}

function describe({ device, group, asked }: GroupCall): BinaryNode[] {
  const by = device.org;
  if (asked.tag === 'subject') {
    const text = bytesOf(asked.content)?.toString() ?? '';
    group.subject = { text, by, at: seconds() };
    group.notify(by, node('subject', { subject: text, s_t: group.subject.at }));
    return [];
  }
  const text = bytesOf(child(asked, 'body')?.content)?.toString();
  const { id = '', prev } = asked.attrs;
  // Who does not know the present one may not write over it.
  if (prev !== group.description?.id) return [error('409', 'conflict')];
  group.description = text === undefined ? undefined : { id, text, by, at: seconds() };
  const body = text === undefined ? [] : [node('body', {}, Buffer.from(text))];
  group.notify(by, node('description', text === undefined ? { delete: 'true' } : { id }, body));
  return [];
}

function changeParticipants({ world, device, group, asked }: GroupCall, action: ParticipantChange): BinaryNode {
  const told = group.accounts;
  const done: BinaryNode[] = [];
  const rows = accountsOf(world, asked).map(({ jid, account }) => {
    const refusal = refusalOf(group, account, action);
    if (!account || refusal) return node('participant', { jid, error: refusal ?? '404' });
    if (action === 'add') letIn(group, account, device.org);
    else {
      if (action === 'remove') group.participants.delete(account.number);
      else group.participants.set(account.number, action === 'promote' ? 'admin' : 'member');
      done.push(group.participantNode(account));
    }
    return node('participant', { jid: group.jidOf(account) });
  });
  if (done.length > 0) group.notify(device.org, node(action, {}, done), told);
  return node(action, {}, rows);
}

type ParticipantChange = 'add' | 'remove' | 'promote' | 'demote';

/** The code in the row of somebody for whom it is not done. */
function refusalOf(group: Group, account: Account | undefined, action: ParticipantChange): string | undefined {
  if (!account?.onWhatsApp) return '404';
  const isIn = group.participants.has(account.number);
  if (action === 'add') return isIn ? '409' : group.participants.size >= MOST_PARTICIPANTS ? '419' : undefined;
  if (!isIn) return '404';
  return action !== 'promote' && account.number === group.owner ? '405' : undefined;
}

function decide({ world, device, group, asked }: GroupCall): BinaryNode[] {
  const action = child(asked, 'approve') ?? child(asked, 'reject');
  if (!action) return [BAD_REQUEST];
  const rows = accountsOf(world, action).map(({ jid, account }) => {
    if (!account || !group.requests.delete(account.number)) return node('participant', { jid, error: '404' });
    if (action.tag === 'approve') letIn(group, account, device.org);
    return node('participant', { jid });
  });
  return [node('membership_requests_action', {}, [node(action.tag, {}, rows)])];
}

function set({ device, group, asked }: GroupCall): BinaryNode[] {
  const { settings } = group;
  let told: BinaryNode = node(asked.tag);
  switch (asked.tag) {
    case 'announcement':
    case 'not_announcement':
      settings.announcement = asked.tag === 'announcement';
      break;
    case 'locked':
    case 'unlocked':
      settings.locked = asked.tag === 'locked';
      break;
    case 'ephemeral':
    case 'not_ephemeral': {
      const { expiration = '0' } = asked.attrs;
      settings.ephemeral = asked.tag === 'ephemeral' ? Number(expiration) : 0;
      told = node(asked.tag, asked.tag === 'ephemeral' ? { expiration } : {});
      break;
    }
    case 'member_add_mode': {
      const mode = bytesOf(asked.content)?.toString();
      if (mode !== 'all_member_add' && mode !== 'admin_add') return [BAD_REQUEST];
      settings.memberAddMode = mode;
      told = node(asked.tag, {}, Buffer.from(mode));
      break;
    }
    case 'membership_approval_mode': {
      const state = child(asked, 'group_join')?.attrs['state'] ?? '';
      if (state !== 'on' && state !== 'off') return [BAD_REQUEST];
      settings.approval = state === 'on';
      told = node(asked.tag, {}, [node('group_join', { state })]);
      break;
    }
    default:
      return [error('501', 'feature-not-implemented')];
  }
  group.notify(device.org, told);
  return [];
}

function byCode(world: World, asked: BinaryNode): Group | undefined {
  const { code } = asked.attrs;
  return [...world.groups.values()].find((group) => group.isGroup && group.code === code);
}

function accountsOf(world: World, asked: BinaryNode): { jid: string; account: Account | undefined }[] {
  return children(asked, 'participant').map(({ attrs }: { attrs: Attributes }) => {
    const jid = parseJid(attrs['jid']);
    const account = jid && (jid.isLid ? world.directory.account(jid) : world.accountOf(jid.user));
    return { jid: attrs['jid'] ?? '', account };
  });
}
