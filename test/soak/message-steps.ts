import { KEYS_STATES } from '../../emulator/key-states.js';
import type { Oddity, Question } from '../../emulator/odd-answers.js';
import { short, step, type Step } from './step.js';

/** What the real one is asked about a number, devices and keys, and how it answers at times. */
const ODD: Readonly<Record<Extract<Question, 'number' | 'devices' | 'keys' | 'active'>, readonly Oddity[]>> = {
  number: ['silence', 'error', 'result_error', 'row_error', 'empty', 'other_number'],
  devices: ['silence', 'error', 'result_error', 'row_error', 'empty', 'no_devices', 'first_only', 'last_only'],
  keys: ['silence', 'error', 'row_error', 'empty', 'first_only', 'last_only'],
  active: ['silence', 'error'],
};

/** What one customer or one message meets. */
export const MESSAGES: readonly Step[] = [
  step('delivered twice', 4, async (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    world.whatsapp.mishaps.duplicate(shop.number, 1);
    await world.people.write(shop, customer);
    return `${short(customer)} to ${shop.id}`;
  }),
  step('cannot read', 4, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const times = chance.between(1, 2);
    world.whatsapp.customer(customer).cannotRead(times);
    world.people.send(shop, customer);
    return `${short(customer)}, ${times} times`;
  }),
  step('reinstalled', 2, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    world.whatsapp.customer(customer).forgetSessions(shop.number);
    world.people.send(shop, customer);
    return `${short(customer)} forgets ${shop.id}`;
  }),
  step('one more device', 1, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const told = chance.is(0.5);
    const name = chance.of(['pn', 'lid'] as const);
    if (world.whatsapp.customer(customer).signalDevices.size >= 3) return null;
    const device = world.whatsapp.customer(customer).addDeviceSilently();
    if (told)
      for (const { number } of world.shops) world.whatsapp.customer(customer).tellOfDevice(number, 'add', device, name);
    world.people.send(shop, customer);
    return `${short(customer)} has ${device}${told ? `, told by ${name}` : ''}`;
  }),
  step('keys that cannot be had', 2, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const state = chance.of(KEYS_STATES.filter((one) => one !== 'well'));
    const account = world.whatsapp.customer(customer);
    const device = chance.between(0, 9) < 3 ? 0 : Math.max(...account.signalDevices.keys());
    account.keysOf(device, state);
    if (device === 0) world.hadNoKeys.add(customer);
    world.later(chance.between(300, 3000), () => account.keysOf(device, 'well'));
    account.forgetSessions(shop.number);
    world.people.send(shop, customer);
    return `device ${device} of ${short(customer)}, ${state}`;
  }),
  step('other name', 3, (world, chance) => {
    const customer = world.customer(chance);
    const addressing = chance.of(['pn', 'lid'] as const);
    const hidesOtherName = chance.is(0.3);
    world.whatsapp.customer(customer, { addressing, hidesOtherName });
    return `${short(customer)} by ${addressing}${hidesOtherName ? ' alone' : ''}`;
  }),
  step('LIDs withheld', 1, (world, chance) => {
    const shop = world.shop(chance);
    const { mishaps } = world.whatsapp;
    mishaps.withholdLids(shop.number);
    world.later(chance.between(300, 2000), () => mishaps.withholdLids(shop.number, false));
    return shop.id;
  }),
  step('odd answer', 6, (world, chance) => {
    const shop = world.shop(chance);
    const question = chance.of(Object.keys(ODD) as (keyof typeof ODD)[]);
    const oddity = chance.of(ODD[question]);
    const times = chance.between(1, 2);
    const code = chance.of([429, 406, 500]);
    world.whatsapp.mishaps.oddAnswer(shop.number, question, oddity, {
      times,
      code,
      backoff: chance.is(0.5) ? 1 : undefined,
    });
    // Somebody nobody has asked about yet.
    const stranger = String(573_140_000_000 + chance.between(0, 9_999_999));
    if (question === 'active') world.whatsapp.mishaps.cut(shop.number);
    else if (chance.is(0.5)) world.people.send(shop, world.stranger(stranger));
    return `${shop.id}: ${question}, ${oddity}${oddity.includes('error') ? ` ${code}` : ''}, ${times} times`;
  }),
  step('questions are not answered', 1, (world, chance) => {
    const shop = world.shop(chance);
    const xmlns = chance.of(['usync', 'encrypt', 'w:p', undefined]);
    const { mishaps } = world.whatsapp;
    mishaps.muteQueries(shop.number, { xmlns });
    world.later(chance.between(300, 2500), () => mishaps.muteQueries(shop.number, { on: false }));
    return `${shop.id}: ${xmlns ?? 'all'}`;
  }),
  step('acks withheld', 2, (world, chance) => {
    const shop = world.shop(chance);
    const { mishaps } = world.whatsapp;
    mishaps.withholdAcks(shop.number);
    world.later(chance.between(100, 1500), () => {
      mishaps.withholdAcks(shop.number, false);
      // Nothing else ever ends the wait for an answer.
      mishaps.cut(shop.number);
    });
    world.people.send(shop, world.customer(chance));
    return shop.id;
  }),
  step('slow acks', 2, (world, chance) => {
    const shop = world.shop(chance);
    const ms = chance.between(50, 900);
    const { mishaps } = world.whatsapp;
    mishaps.delayAcks(shop.number, ms);
    world.later(chance.between(300, 2500), () => mishaps.delayAcks(shop.number, 0));
    world.people.send(shop, world.customer(chance));
    return `${shop.id}: ${ms} ms`;
  }),
  step('message refused', 2, (world, chance) => {
    const [shop, customer] = [world.shop(chance), world.customer(chance)];
    const code = chance.of([463, 479, 479, 400, 420]);
    const times = chance.between(1, 2);
    world.whatsapp.mishaps.refuseAcks(shop.number, code, times);
    world.people.send(shop, customer);
    return `${shop.id}: ${code}, ${times} times`;
  }),
  step('not on WhatsApp', 1, (world, chance) => {
    const shop = world.shop(chance);
    const number = world.stranger(String(573_150_000_000 + chance.between(0, 9_999_999)), false);
    world.people.send(shop, number);
    return `${shop.id} to ${short(number)}`;
  }),
];
