/**
 * Every query (`iq` get or set) of a client gets an answer: those that Baileys sends are understood, any other is
 * refused with 501. The questions are in Baileys' `lib/Socket/socket.js`, `chats.js`, `messages-send.js`, `mex.js`.
 */
import { KEY_BUNDLE_TYPE, QueryIds } from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import type { Account } from './directory.js';
import { groupQuery } from './group-iqs.js';
import { keyRows } from './key-states.js';
import type { PreKeyBundle } from './libsignal.js';
import { LARGEST_FILE } from './media-host.js';
import { error } from './registration.js';
import {
  bareKey,
  bigEndian,
  bytesOf,
  child,
  children,
  node,
  parseJid,
  seconds,
  type Attributes,
  type BinaryNode,
} from './wire.js';
import type { World } from './world.js';

type Handler = (world: World, connection: Connection, iq: BinaryNode) => BinaryNode[] | Promise<BinaryNode[]>;

const PRIVACY = ['readreceipts', 'profile', 'status', 'online', 'last', 'groupadd', 'calladd'];

const handlers: Record<string, Handler> = {
  md: linking,
  encrypt,
  usync,
  passive: () => [],
  'w:p': () => [],
  'w:stats': () => [],
  'urn:xmpp:whatsapp:dirty': () => [],
  abt: () => [node('props', { hash: 'emulator', refresh: '86400' }, [])],
  blocklist: () => [node('list', { dhash: 'none' }, [])],
  privacy: (_world, _connection, iq) =>
    child(iq, 'tokens')
      ? []
      : [
          node(
            'privacy',
            {},
            PRIVACY.map((name) => node('category', { name, value: 'all' })),
          ),
        ],
  'w:sync:app:state': (_world, _connection, iq) => [
    node(
      'sync',
      {},
      children(child(iq, 'sync'), 'collection').map(({ attrs }) =>
        node('collection', { name: attrs['name'] ?? '', version: attrs['version'] ?? '0', type: 'result' }),
      ),
    ),
  ],
  'w:mex': mex,
  'w:g2': (world, { device }, iq) => groupQuery(world, device, iq),
  'w:biz': () => [node('business_profile', {}, [])],
  'w:m': ({ media }) => [
    node('media_conn', { auth: media.auth, ttl: '3600' }, [
      node('host', { hostname: media.name, maxContentLengthBytes: String(LARGEST_FILE) }),
    ]),
  ],
  'w:profile:picture': () => [error('404', 'item-not-found')],
  bot: () => [node('bot', { v: '2' }, [])],
};

/** The answer, without id and type; a child `error` makes it an error. */
export async function answerQuery(world: World, connection: Connection, iq: BinaryNode): Promise<BinaryNode> {
  const xmlns = iq.attrs['xmlns'] ?? '';
  const handler = Object.hasOwn(handlers, xmlns) ? handlers[xmlns] : undefined;
  // A client that is not linked may only link itself and ping.
  const allowed = connection.device || xmlns === 'md' || xmlns === 'w:p';
  if (!handler) return node('iq', {}, [error('501', 'feature-not-implemented')]);
  if (!allowed) return node('iq', {}, [error('401', 'not-authorized')]);
  return node('iq', {}, await handler(world, connection, iq));
}

function linking(world: World, { registration, device }: Connection, iq: BinaryNode): BinaryNode[] {
  const linkCode = child(iq, 'link_code_companion_reg');
  if (linkCode && registration) return registration.linkCode(linkCode);
  const removal = child(iq, 'remove-companion-device');
  if (removal && device) {
    const phone = world.phone(device.org);
    const companion = [...phone.companions.values()].find(({ jid }) => jid === removal.attrs['jid']);
    if (!companion) return [error('404', 'item-not-found')];
    phone.remove(companion, 'service');
    if (companion.connection && companion !== device) {
      companion.connection.streamError('conflict', { code: 401, attrs: { type: 'device_removed' } });
    }
    return [];
  }
  return [error('501', 'feature-not-implemented')];
}

function encrypt(world: World, { device }: Connection, iq: BinaryNode): BinaryNode[] {
  if (!device) return [error('401', 'not-authorized')];
  if (iq.attrs['type'] === 'set') {
    const wrong = device.storePreKeys(child(iq, 'rotate') ?? iq);
    return wrong ? [error('406', wrong)] : [];
  }
  if (child(iq, 'count')) return [node('count', { value: String(device.preKeyCount) })];
  if (child(iq, 'digest'))
    return [node('digest', {}, [node('registration', {}, bigEndian(device.keys.registrationId, 4))])];
  const wanted = child(iq, 'key');
  if (!wanted) return [error('501', 'feature-not-implemented')];
  return [
    node(
      'list',
      {},
      children(wanted, 'user').flatMap(({ attrs }) => {
        const jid = parseJid(attrs['jid']);
        const state = (jid && world.directory.account(jid)?.keyStates.of(jid.device)) ?? 'well';
        return keyRows(attrs['jid'] ?? '', state, () => {
          const bundle = jid && world.directory.takeBundle(jid);
          return bundle && bundleNodes(bundle);
        });
      }),
    ),
  ];
}

function bundleNodes({ registrationId, identityKey, signedPreKey, preKey }: PreKeyBundle): BinaryNode[] {
  const nodes = [
    node('registration', {}, bigEndian(registrationId, 4)),
    node('type', {}, KEY_BUNDLE_TYPE),
    node('identity', {}, bareKey(identityKey)),
    node('skey', {}, [
      node('id', {}, bigEndian(signedPreKey.keyId, 3)),
      node('value', {}, bareKey(signedPreKey.publicKey)),
      node('signature', {}, signedPreKey.signature),
    ]),
  ];
  if (preKey) {
    nodes.push(
      node('key', {}, [node('id', {}, bigEndian(preKey.keyId, 3)), node('value', {}, bareKey(preKey.publicKey))]),
    );
  }
  return nodes;
}

/** Who is on WhatsApp, under which number, with which devices and which LID. */
function usync(world: World, connection: Connection, iq: BinaryNode): BinaryNode[] {
  const request = child(iq, 'usync');
  const withheld = world.mishaps.pending.withholdLids.get(connection.number);
  const asked = (child(request, 'query')?.content as BinaryNode[] | undefined)?.map(({ tag }) => tag) ?? [];
  const protocols = asked.filter((protocol) => protocol !== 'lid' || !withheld);
  const users = children(child(request, 'list'), 'user').map((user) => {
    const phone = bytesOf(child(user, 'contact')?.content)?.toString().replace(/^\+/, '');
    const jid = phone ? undefined : parseJid(user.attrs['jid']);
    const account = jid
      ? jid.isLid
        ? world.directory.account(jid)
        : world.accountOf(jid.user)
      : world.accountOf(phone ?? '');
    const askedJid = phone ? `${phone}@s.whatsapp.net` : (user.attrs['jid'] ?? '');
    if (!account?.onWhatsApp) {
      return node('user', { jid: askedJid }, protocols.includes('contact') ? [node('contact', { type: 'out' })] : []);
    }
    const name = jid?.isLid ? `${account.lidUser}@lid` : `${account.number}@s.whatsapp.net`;
    return node('user', { jid: name }, answersOf(account, protocols, jid?.isLid === true));
  });
  return [
    node(
      'usync',
      {
        sid: request?.attrs['sid'] ?? '',
        context: request?.attrs['context'] ?? '',
        last: 'true',
        index: '0',
        mode: 'query',
      },
      [node('list', {}, users)],
    ),
  ];
}

function answersOf(account: Account, protocols: string[], askedByLid: boolean): BinaryNode[] {
  const answers: BinaryNode[] = [];
  for (const protocol of protocols) {
    if (protocol === 'contact') answers.push(node('contact', { type: 'in' }));
    if (protocol === 'devices') answers.push(devicesNode(account));
    // Asked by LID, the answer names that LID; a `lid` beside it would map it onto itself.
    if (protocol === 'lid' && !askedByLid && !account.hidesLid)
      answers.push(node('lid', { val: `${account.lidUser}@lid` }));
  }
  return answers;
}

function devicesNode(account: Account): BinaryNode {
  const devices: Attributes[] = [];
  // The phone itself has no key index; Baileys skips any other device without one.
  for (const id of account.signalDevices.keys()) {
    devices.push(id === 0 ? { id: '0' } : { id: String(id), 'key-index': String(id) });
  }
  for (const { id, keyIndex } of account.companions.values()) {
    devices.push({ id: String(id), 'key-index': String(keyIndex) });
  }
  return node('devices', {}, [
    node(
      'device-list',
      { hash: '2:emulator' },
      devices.map((attrs) => node('device', attrs)),
    ),
    node('key-index-list', { ts: seconds() }, Buffer.alloc(0)),
  ]);
}

function mex(_world: World, _connection: Connection, iq: BinaryNode): BinaryNode[] {
  const id = child(iq, 'query')?.attrs['query_id'];
  const data =
    id === (QueryIds.REACHOUT_TIMELOCK as string)
      ? { xwa2_fetch_account_reachout_timelock: { is_active: false, time_enforcement_ends: '0' } }
      : id === (QueryIds.MESSAGE_CAPPING_INFO as string)
        ? { xwa2_message_capping_info: {} }
        : {};
  return [node('result', {}, Buffer.from(JSON.stringify({ data })))];
}
