import { rmSync, watch } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from './chance.js';
import { EndedByItself, type CrashStage } from './crash-stage.js';
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
import { predecessor } from './predecessor.js';
import { olderSchema } from './older-schema.js';
import type { SmallDisk } from './small-disk.js';
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

/** From the order to begin until the databases are made or migrated: a few tens of milliseconds, ms. */
const MIGRATION_MS = 80;

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

/** Kills when a name appears in (or vanishes from) AUTH_DIR, and a little later. */
async function killAtFolder(stage: CrashStage, what: string, name: RegExp, afterMs: number | undefined): Promise<void> {
  const watcher = watch(stage.authDirectory);
  try {
    await new Promise<void>((resolve) => {
      const strikeNow = (): void => {
        clearTimeout(deadline);
        stage.kill(what);
        resolve();
      };
      // Over before anybody looked: then it is a kill a moment later.
      const deadline = setTimeout(strikeNow, 5000);
      watcher.on('change', (_event, changed) => {
        if (!name.test(String(changed))) return;
        watcher.removeAllListeners('change');
        if (afterMs === undefined) strikeNow();
        else setTimeout(strikeNow, afterMs);
      });
    });
  } finally {
    watcher.close();
  }
  await stage.gone();
}

/** Asks once; an answer that a kill cut off is no answer. */
async function tryOnce(stage: CrashStage, work: () => Promise<unknown>): Promise<boolean> {
  const alive = await stage.up();
  try {
    await work();
    return true;
  } catch (error) {
    await stage.wasKilled(alive, error);
    return false;
  }
}

/** A cleaning, by hand or by itself; then a person scans. */
export async function cleanings(scene: Scene): Promise<void> {
  const { stage, chance, shops } = scene;
  const shop = chance.of(shops);
  const old = stage.phone(shop.number).devices();
  stage.prepareSpare();
  const [what, automatic, afterMs] = chance.of([
    ['as the folder is set aside', false, undefined],
    ['just after the folder was set aside', false, chance.between(0, 15)],
    ['as the folder is set aside by itself', true, undefined],
    ['soon after the order to clean', false, -1],
  ] as const);
  const { api } = await stage.up();
  const cause = automatic
    ? async () => {
        // Two stream errors, as WhatsApp answers to a session that it takes for broken.
        stage.whatsapp.mishaps.streamErrorAtLogin(shop.number, 'ack', { code: 500, times: 1 });
        stage.whatsapp.mishaps.streamError(shop.number, 'ack', { code: 500 });
      }
    : () => api.forceClean(shop.id).catch(() => {});
  if (afterMs === -1) {
    void cause();
    await stage.killAfter(what, chance.between(0, 30));
  } else {
    const killing = killAtFolder(stage, what, new RegExp(`^${shop.id}_corrupted_`), afterMs);
    await cause();
    await killing;
  }
  await stage.whatsapp.mishaps.clear();
  await stage.start();
  await stage.connect(shop.id, shop.number);
  // The person takes the device that is no more off the phone.
  const now = stage.phone(shop.number).devices();
  if (now.length > old.length) for (const { jid } of old) await stage.phone(shop.number).unlink(jid);
}

/** A backup is on its way back. */
export async function restores(scene: Scene): Promise<void> {
  const { stage, chance, shops } = scene;
  const shop = chance.of(shops);
  stage.prepareSpare();
  const { api } = await stage.up();
  const cleaned = await api.forceClean(shop.id);
  if (cleaned.status !== 200) stage.violations.push(`not cleaned: ${JSON.stringify(cleaned.body)}`);
  const [what, name, afterMs] = chance.of([
    ['as a restore is intended', new RegExp(`^${shop.id}\\.restore$`), undefined],
    ['as the backup moves', new RegExp(`^${shop.id}_corrupted_`), undefined],
    ['just after the backup moved', new RegExp(`^${shop.id}_corrupted_`), chance.between(0, 15)],
    ['soon after the order to restore', null, chance.between(0, 25)],
  ] as const);
  const asked = (): void => void api.restore(shop.id).catch(() => {});
  if (name === null) {
    asked();
    await stage.killAfter(what, afterMs);
  } else {
    const killing = killAtFolder(stage, what, name, afterMs);
    asked();
    await killing;
  }
  await stage.start();
  // Whoever got no answer looks, and asks again when it was not done.
  for (;;) {
    const alive = await stage.up();
    const { body } = await alive.api.ready(shop.id);
    if (body.status === 'connected') break;
    await tryOnce(stage, () => alive.api.restore(shop.id));
  }
}

let imported = 0;

/** The folder of the service before this one appears; its one import is killed three times. */
export async function imports(scene: Scene): Promise<void> {
  const { stage, chance, traffic } = scene;
  const id = `antiguo-${++imported}`;
  const number = `57300444${String(1000 + imported)}`;
  const [customer, other] = [chance.of(scene.customers.slice(0, 2)), chance.of(scene.customers.slice(2))];
  stage.prepareSpare();
  const scansBefore = stage.phone(number).devices().length;
  await predecessor(stage, id, number, [customer, other]);
  const moments = [
    ['as an import begins to build', /\.importing$/, undefined],
    ['while an import builds', /\.importing$/, chance.between(0, 120)],
    ['as an import sets the old files aside', new RegExp(`^${id}_corrupted_`), undefined],
  ] as const;
  // One import, killed three times: it goes on, or begins again, at the next start by itself.
  for (const [index, [what, name, afterMs]] of moments.entries()) {
    const killing = killAtFolder(stage, what, name, afterMs);
    if (index === 0) void stage.up().then(({ api }) => api.start(id).catch(() => {}));
    else await stage.start();
    await killing;
    stage.prepareSpare();
  }
  await stage.start();
  await stage.connect(id, number);
  if (stage.phone(number).devices().length > scansBefore + 1)
    stage.violations.push(`${id} had to be scanned after its import`);
  const shop = { id, number };
  for (const one of [customer, other]) await Promise.all([traffic.write(shop, one), traffic.send(shop, one)]);
}

/** An older version left its databases. */
export async function migrations({ stage, chance }: Scene): Promise<void> {
  // Not counted: the service has to be down for this.
  await stage.crash();
  olderSchema(stage.dataDirectory);
  stage.prepareSpare();
  const afterMs = chance.between(0, MIGRATION_MS);
  await Promise.all([stage.start(), stage.killAfter('while it starts over an older schema', afterMs)]);
  await stage.start();
}

/** The first start of all. Only before anything was accepted, for it begins with an empty DATA_DIR. */
export async function firstStarts({ stage, chance }: Scene): Promise<void> {
  await stage.crash();
  rmSync(stage.dataDirectory, { recursive: true, force: true });
  stage.prepareSpare();
  const afterMs = chance.between(0, MIGRATION_MS);
  await Promise.all([stage.start(), stage.killAfter('while it makes its databases', afterMs)]);
  await stage.start();
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

/**
 * What becomes of a service that starts on a full disk: it may well not start, as long as it does after there is room.
 */
async function startOnFullDisk(stage: CrashStage): Promise<void> {
  try {
    await stage.start();
  } catch (error) {
    if (!(error instanceof EndedByItself) || error.code !== 1) throw error;
  }
}

/** The disk fills up, and comes back. */
export const fullDisk =
  (disk: () => SmallDisk): Round =>
  async ({ stage, chance, shops }) => {
    stage.prepareSpare();
    stage.diskMayBeFull = true;
    let makeRoom = (): void => {};
    stage.room = new Promise((resolve) => {
      makeRoom = () => {
        disk().makeRoom();
        resolve();
      };
    });
    await pause(chance.between(100, 600));
    const { log } = stage;
    disk().fill();
    // As soon as somebody has met it; a short while later the plug.
    await Promise.race([
      ...shops.map(({ id }) => log.until('session_disconnected', { org: id })),
      log.until('outbox_failed'),
      pause(2000),
    ]).catch(() => {});
    await stage.killAfter('while the disk is full', chance.between(0, 150));
    if (chance.is(0.5)) {
      await Promise.all([
        startOnFullDisk(stage),
        stage.killAfter('while it starts on a full disk', chance.between(0, 400)),
      ]);
    }
    makeRoom();
    if (!stage.isUp) await stage.start();
    for (const { id, number } of shops) await stage.connect(id, number);
  };

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
