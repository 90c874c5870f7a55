/**
 * What can happen in a soak run. Each step draws all its chance before it waits for anything, so that a seed gives the
 * same list of steps on every machine. A step that cannot be now (a limit would be reached) says so and does nothing.
 */
import { ODD_HAND_OVERS } from '../../emulator/mishaps.js';
import { STATUS } from '../../emulator/groups.js';
import type { Chance } from '../crash/chance.js';
import type { Api } from '../stage/api.js';
import { MESSAGES } from './message-steps.js';
import { short, step, type Step } from './step.js';

/** Everyday life. */
const LIFE: readonly Step[] = [
  step('send', 30, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const twice = chance.is(0.2);
    world.people.send(shop, customer, { twice });
    return `${shop.id} to ${short(customer)}${twice ? ', asked twice' : ''}`;
  }),
  step('send, replaced', 6, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const replaceKey = `appointment-${customer}-${chance.between(0, 1)}`;
    for (let n = chance.between(1, 3); n > 0; n--) world.people.send(shop, customer, { replaceKey });
    return `${shop.id} to ${short(customer)}`;
  }),
  step('send, later or never', 4, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const sendInMs = chance.between(200, 2000);
    const options = chance.of([{ ttlSeconds: 2 }, { sendInMs }, { sendInMs, takenBack: true }, { takenBack: true }]);
    world.people.send(shop, customer, options);
    return `${shop.id} to ${short(customer)} ${JSON.stringify(options)}`;
  }),
  step('burst', 4, (world, chance) => {
    const shop = world.shop(chance);
    const customers = Array.from({ length: chance.between(5, 20) }, () => world.customer(chance));
    for (const customer of customers) world.people.send(shop, customer);
    return `${customers.length} of ${shop.id}`;
  }),
  step('customer writes', 20, async (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    await world.people.write(shop, customer);
    return `${short(customer)} to ${shop.id}`;
  }),
  step('owner writes', 3, async (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    await world.whatsapp.life(shop.number).write(customer, world.people.text('A mano'));
    return `${shop.id} to ${short(customer)}`;
  }),
  step('group', 4, (world, chance) => {
    const shop = world.shop(chance);
    const jid = chance.of([`${shop.number}-1@g.us`, STATUS, `${shop.number}-2@broadcast`]);
    const messages = chance.between(1, 15);
    const group = world.whatsapp.group(jid, {
      phones: jid === STATUS ? world.shops.map(({ number }) => number) : [shop.number],
      members: [...world.customers.slice(0, 3), '573005000000', '573005000001'],
    });
    world.people.inBackground(group.chatter(messages, () => world.people.text('Grupo')));
    return `${messages} in ${jid.split('@')[1]}`;
  }),
  step('reads', 3, (world, chance) => {
    const customer = world.customer(chance);
    const { messages } = world.whatsapp.customer(customer);
    const last = messages.at(-1);
    if (!last) return null;
    world.whatsapp.customer(customer).read(last.id);
    return short(customer);
  }),
  step('settings and history', 2, (world, chance) => {
    const shop = world.shop(chance);
    const life = world.whatsapp.life(shop.number);
    world.people.inBackground(life.shareAppStateKey());
    life.tellOfAppState();
    world.whatsapp.sendDirty(shop.number, chance.of(['groups', 'account_sync'] as const));
    if (chance.is(0.5)) world.people.inBackground(life.announceHistory({ bytes: 200_000 }));
    return shop.id;
  }),
];

/** Mishaps of the network and of WhatsApp's servers; none of them speaks against the keys. */
const NETWORK: readonly Step[] = [
  step('cut', 6, (world, chance) => {
    const shop = world.shop(chance);
    return `${shop.id}: ${world.whatsapp.mishaps.cut(shop.number)}`;
  }),
  step('cut all', 2, (world) => `${world.whatsapp.mishaps.cutAll()}`),
  step('end of stream', 2, (world, chance) => {
    const shop = world.shop(chance);
    return `${shop.id}: ${world.whatsapp.mishaps.endStream(shop.number)}`;
  }),
  step('half-open', 2, (world, chance) => {
    const shop = world.shop(chance);
    world.wentSilent.add(shop.number);
    return `${shop.id}: ${world.whatsapp.mishaps.silence(shop.number)}`;
  }),
  step('outage', 1, async (world, chance) => {
    const ms = chance.between(200, 1500);
    const { mishaps } = world.whatsapp;
    await mishaps.refuseConnections(true);
    const cut = chance.is(0.7) ? mishaps.cutAll() : 0;
    world.later(ms, () => mishaps.refuseConnections(false));
    return `${ms} ms, ${cut} cut`;
  }),
  step('upgrade refused', 2, (world, chance) => {
    const status = chance.of([429, 500, 502, 503, 403, 404]);
    const times = chance.between(1, 3);
    const close = chance.is(0.5);
    world.whatsapp.mishaps.rejectUpgrade(status, times, { close });
    world.whatsapp.mishaps.cut(world.shop(chance).number);
    return `${status}, ${times} times`;
  }),
  step('silent handshake', 1, (world, chance) => {
    world.whatsapp.mishaps.silentHandshake(1);
    const shop = world.shop(chance);
    world.whatsapp.mishaps.cut(shop.number);
    return shop.id;
  }),
  step('busy server', 2, (world, chance) => {
    const shop = world.shop(chance);
    const code = chance.of([503, 515]);
    return `${shop.id}, ${code}: ${world.whatsapp.mishaps.streamError(shop.number, undefined, { code })}`;
  }),
  step('login fails', 2, (world, chance) => {
    const shop = world.shop(chance);
    const reason = chance.of([500, 503]);
    const times = chance.between(1, 2);
    world.whatsapp.mishaps.failure(shop.number, reason, { times });
    world.whatsapp.mishaps.cut(shop.number);
    return `${shop.id}, ${reason}, ${times} times`;
  }),
  step('short ban', 1, (world, chance) => {
    const shop = world.shop(chance);
    world.whatsapp.mishaps.failure(shop.number, 402, { attrs: { expire: '1' } });
    world.whatsapp.mishaps.cut(shop.number);
    return shop.id;
  }),
  step('unlinked, not true', 1, (world, chance) => {
    const shop = world.shop(chance);
    const atLogin = chance.is(0.5);
    // Two without a login between are the truth, so it is said once in a run.
    if (!world.once(`unlinked ${shop.id}`)) return null;
    const { mishaps } = world.whatsapp;
    if (atLogin) {
      mishaps.failure(shop.number, 401);
      mishaps.cut(shop.number);
    } else mishaps.streamError(shop.number, 'conflict', { code: 401, attrs: { type: 'device_removed' } });
    return `${shop.id}${atLogin ? ', at login' : ''}`;
  }),
  step('replaced, by nobody', 1, (world, chance) => {
    const shop = world.shop(chance);
    if (!world.once(`replaced ${shop.id}`)) return null;
    const ended = world.whatsapp.mishaps.streamError(shop.number, 'conflict', { attrs: { type: 'replaced' } });
    return `${shop.id}: ${ended}`;
  }),
  step('half a login', 2, (world, chance) => {
    const shop = world.shop(chance);
    const how = chance.of(ODD_HAND_OVERS);
    if (how === 'silence') world.wentSilent.add(shop.number);
    world.whatsapp.mishaps.oddHandOver(shop.number, how);
    world.whatsapp.mishaps.cut(shop.number);
    return `${shop.id}, ${how}`;
  }),
];

/** Below the limits: each is followed by peace for as long as its window lasts. */
const COUNTED: readonly Step[] = [
  step('stream error', 3, (world, chance) => {
    const shop = world.shop(chance);
    const tag = chance.of(['ack', undefined, 'xml-not-well-formed']);
    const code = chance.of([500, 400, 409, 479, 500, 507]);
    if (!world.mayCountStreamError(shop)) return null;
    return `${shop.id}, ${tag} ${code}: ${world.whatsapp.mishaps.streamError(shop.number, tag, { code })}`;
  }),
  step('stream error at login', 2, (world, chance) => {
    const shop = world.shop(chance);
    const afterOpenMs = chance.of([undefined, 0, 50, 300]);
    if (!world.mayCountStreamError(shop)) return null;
    world.whatsapp.mishaps.streamErrorAtLogin(shop.number, 'ack', { code: 500, afterOpenMs });
    world.whatsapp.mishaps.cut(shop.number);
    return `${shop.id}, ${afterOpenMs ?? 'no'} ms after`;
  }),
  step('poisoned message', 2, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const times = chance.between(1, 2);
    if (!world.mayCountStreamError(shop, times)) return null;
    world.whatsapp.mishaps.poisonTo(shop.number, customer, { times });
    world.people.send(shop, customer);
    return `${shop.id} to ${short(customer)}, ${times} times`;
  }),
  step('poisoned letter', 2, async (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const named = chance.is(0.5);
    // Twice; then it is set aside.
    if (!world.mayCountStreamError(shop, 2)) return null;
    world.whatsapp.mishaps.poisonFrom(shop.number, customer, { named });
    await world.people.write(shop, customer, { isPoisoned: true });
    return `${short(customer)} to ${shop.id}${named ? ', named' : ''}`;
  }),
  step('Bad MAC', 4, async (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const type = chance.of(['pkmsg', 'msg', undefined] as const);
    const retriesToo = chance.is(0.3);
    if (!world.mayGetBadMac(shop)) return null;
    const id = `3EB0BADMAC${chance.between(0, 0xffffffff).toString(16).toUpperCase()}`;
    world.whatsapp.mishaps.badMac(shop.number, retriesToo ? 2 : 1, { from: customer, id, type, retriesToo });
    await world.people.write(shop, customer, { id });
    world.noteBadMac(shop, customer, id);
    return `${short(customer)} to ${shop.id}, ${type}${retriesToo ? ', the retry too' : ''}`;
  }),
];

/** What becomes of the service itself, and who cleans by reflex. */
const SERVICE: readonly Step[] = [
  step('restart', 1, async ({ stage }) => {
    await stage.stop();
    await stage.start();
    return 'in good order';
  }),
  step('kill', 1, async ({ stage }, chance) => {
    const ms = chance.between(0, 200);
    await stage.killAfter('soak', ms);
    await stage.start();
    return `after ${ms} ms`;
  }),
  step('restart by hand', 1, (world, chance) => {
    const shop = world.shop(chance);
    world.people.byHand((api) => api.restart(shop.id));
    return shop.id;
  }),
  step('stop and start by hand', 1, (world, chance) => {
    const shop = world.shop(chance);
    world.people.byHand((api) => api.stop(shop.id));
    world.later(chance.between(0, 1500), () => world.people.byHand((api) => api.start(shop.id)));
    return shop.id;
  }),
  step('a person is needed', 1, (world, chance) => {
    const shop = world.shop(chance);
    // Locked, refused for some other reason, or the client's version.
    const reason = chance.of([403, 409, 418, 405]);
    world.whatsapp.mishaps.failure(shop.number, reason);
    world.whatsapp.mishaps.cut(shop.number);
    world.needsPerson.add(shop.id);
    const restart = async (api: Api): Promise<void> => {
      await api.restart(shop.id);
      world.needsPerson.delete(shop.id);
    };
    world.later(chance.between(500, 2000), () => world.people.byHand(restart));
    return `${shop.id}: ${reason}`;
  }),
  step('clean by reflex', 4, async (world, chance) => {
    const shop = world.shop(chance);
    // Then it is cleaned, as the rules say.
    if (world.needsPerson.size > 0) return null;
    world.whatsapp.mishaps.cut(shop.number);
    const alive = await world.stage.up();
    const { status } = (await alive.api.status(shop.id)).body as { status: string };
    if (!['connecting', 'disconnected', 'qr_required'].includes(status)) return `${shop.id} was ${status}`;
    world.people.inBackground(
      alive.api
        .post('/api/force-clean-session', { organization_id: shop.id })
        .then(({ body }) => {
          if (body.cleaned !== false)
            world.stage.violations.push(`${shop.id} was cleaned by reflex: ${JSON.stringify(body)}`);
        })
        .catch((error: unknown) => world.stage.wasKilled(alive, error)),
    );
    return `${shop.id} was ${status}`;
  }),
];

export const STEPS: readonly Step[] = [...LIFE, ...NETWORK, ...COUNTED, ...MESSAGES, ...SERVICE];

/** One of them, by weight. */
export function drawn(steps: readonly Step[], chance: Chance): Step {
  let left = chance.next() * steps.reduce((sum, { weight }) => sum + weight, 0);
  return steps.find(({ weight }) => (left -= weight) < 0) ?? (steps[0] as Step);
}
