import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from './chance.js';
import type { CrashStage } from './crash-stage.js';
import {
  ackSent,
  answerTo,
  letterSent,
  loginAccepted,
  messageArrives,
  pairSuccessSent,
  receiptArrives,
  receiptSent,
  registrationBegun,
  restartSent,
  signatureArrives,
  uploadArrives,
  type StanzaKind,
} from './moments.js';
import type { Shop, Traffic } from './traffic.js';

/** Where a round takes place: a service that runs, shops that are paired, and traffic that flows. */
export interface Scene {
  readonly stage: CrashStage;
  readonly traffic: Traffic;
  readonly chance: Chance;
  readonly shops: readonly Shop[];
  readonly customers: readonly string[];
}

/** Kills the service once or a few times, and leaves it running. */
export type Round = (scene: Scene) => Promise<void>;

/** Kills at a stanza, from the living service, and starts the next one. */
async function strike(
  { stage }: Scene,
  what: string,
  at: { kind: StanzaKind; nth?: number; lose?: boolean; afterMs?: number },
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<void> {
  stage.prepareSpare();
  const restarted = stage.killAt(what, at).then(() => stage.start());
  await Promise.all([restarted, meanwhile()]);
}

/** A message reaches WhatsApp, or is lost with the connection. */
export async function messages(scene: Scene): Promise<void> {
  const { chance } = scene;
  const lose = chance.is(0.5);
  const what = lose ? 'the instant a message arrives, which is lost with it' : 'the instant a message arrives';
  await strike(scene, what, { kind: messageArrives, nth: chance.between(1, 12), lose });
}

/** Between the ack and its commit. */
export async function acks(scene: Scene): Promise<void> {
  const { chance } = scene;
  const afterMs = chance.of([undefined, 0, 1, 2, 3, 5]);
  const what = afterMs === undefined ? 'as the ack leaves' : 'up to 5 ms after the ack';
  await strike(scene, what, { kind: ackSent, nth: chance.between(1, 12), afterMs });
}

/** A customer's message or receipt is under way, or the service's receipt for it. */
export async function letters(scene: Scene): Promise<void> {
  const { chance } = scene;
  const [what, kind] = chance.of([
    ["as a customer's message leaves", letterSent],
    ['as the receipt for it arrives', receiptArrives],
    ["as a customer's receipt leaves", receiptSent],
  ] as const);
  const afterMs = kind === receiptArrives ? undefined : chance.of([undefined, 0, 1, 2, 4]);
  const lose = kind === receiptArrives && chance.is(0.5);
  await strike(scene, what, { kind, nth: chance.between(1, 10), afterMs, lose });
}

/** At random, also while the service starts and logs in. */
export async function anytime({ stage, chance }: Scene): Promise<void> {
  stage.prepareSpare();
  await stage.killAfter('at random, within 1.5 s', chance.between(0, 1500));
  const starting = stage.start();
  // Also while it starts and logs in.
  if (chance.is(0.5))
    await Promise.all([starting, stage.killAfter('at random, while it starts', chance.between(0, 600))]);
  else await starting;
  if (!stage.isUp) await stage.start();
}

let newcomers = 0;

/** At each step of the pairing of one more organization. */
export async function pairings(scene: Scene): Promise<void> {
  const { stage, chance, traffic } = scene;
  const id = `nuevo-${++newcomers}`;
  const number = `57300333${String(1000 + newcomers)}`;
  const moments = [
    ['at the registration', registrationBegun, undefined],
    ['as pair-success leaves', pairSuccessSent, chance.of([undefined, 0, 2, 5])],
    ['as the signature arrives', signatureArrives, undefined],
    ['as the signature arrives, which is lost with it', signatureArrives, undefined],
    ['as 515 leaves', restartSent, chance.of([undefined, 0, 2, 5])],
    ['at the login after 515', loginAccepted, chance.of([undefined, 2, 5, 10])],
    ['as the first pre-keys arrive', uploadArrives, undefined],
    ['as the first pre-keys arrive, which are lost with it', uploadArrives, undefined],
    ['as the answer to the first pre-keys leaves', answerTo(uploadArrives), undefined],
  ] as const;
  const [what, kind, afterMs] = moments[newcomers % moments.length] as (typeof moments)[number];
  const lose = what.includes('lost with it');
  const ofNewcomer: StanzaKind = (passing) => (kind !== loginAccepted || passing.number === number) && kind(passing);
  await strike(scene, what, { kind: ofNewcomer, afterMs, lose }, () => stage.connect(id, number));
  await stage.connect(id, number);
  const shop = { id, number };
  const customer = chance.of(scene.customers);
  await Promise.all([traffic.write(shop, customer), traffic.send(shop, customer)]);
}

/** New pre-keys are on their way. */
export async function preKeys(scene: Scene): Promise<void> {
  const { stage, chance, shops } = scene;
  const shop = chance.of(shops);
  await stage.connect(shop.id, shop.number);
  const upload = chance.of([
    ['as new pre-keys arrive', uploadArrives, undefined, false],
    ['as new pre-keys arrive, which are lost with it', uploadArrives, undefined, true],
    ['as the answer to new pre-keys leaves', answerTo(uploadArrives), chance.of([undefined, 0, 2]), false],
  ] as const);
  const [what, kind, afterMs, lose] = upload;
  await strike(scene, what, { kind, afterMs, lose }, async () => {
    // Strangers who look at the business, and never write, use its pre-keys up until WhatsApp tells it so.
    for (const companion of stage.phone(shop.number).companions.values()) {
      while (companion.preKeyCount >= 5) companion.takeBundle();
      companion.takeBundle();
    }
  });
}

/** Any of the above, a slow disk's way: what was not saved in time is not saved yet when the plug is pulled. */
export async function slowly(scene: Scene): Promise<void> {
  const { chance } = scene;
  const [what, kind, afterMs, lose] = chance.of([
    ['the instant a message arrives', messageArrives, undefined, false],
    ['the instant a message arrives', messageArrives, undefined, false],
    ['the instant a message arrives', messageArrives, undefined, false],
    ['the instant a message arrives, which is lost with it', messageArrives, undefined, true],
    ['up to 60 ms after the ack', ackSent, chance.between(0, 60), false],
    ["up to 60 ms after a customer's message", letterSent, chance.between(0, 60), false],
    ['as the receipt for it arrives', receiptArrives, undefined, chance.is(0.5)],
  ] as const);
  await strike(scene, what, { kind, nth: chance.between(1, 6), afterMs, lose });
}

/** For so long a message that nobody answered may be repeated, in a plan where WhatsApp is silent; ms. */
export const RESEND_WITHIN_MS = 2500;

/** WhatsApp withholds its acks, and a customer its receipts. */
export async function silence(scene: Scene): Promise<void> {
  const { stage, chance } = scene;
  const silentFor = chance.between(0, 2) * RESEND_WITHIN_MS;
  const shop = chance.of(scene.shops);
  const mute = chance.of(scene.customers);
  stage.whatsapp.mishaps.withholdAcks(shop.number);
  // Without the customer's receipt nothing at all tells the truth about these.
  stage.whatsapp.customer(mute, { autoReceipts: false });
  const lose = chance.is(0.5);
  const what = lose ? 'the instant a message arrives, which is lost with it' : 'the instant a message arrives';
  await strike(scene, what, { kind: messageArrives, nth: chance.between(1, 4), lose });
  // How long WhatsApp keeps silent is the plan's own choice.
  await pause(silentFor);
  await stage.connect(shop.id, shop.number);
  await strike(scene, 'in the middle of the silence', { kind: messageArrives });
  stage.whatsapp.mishaps.withholdAcks(shop.number, false);
  stage.whatsapp.customer(mute, { autoReceipts: true });
}
