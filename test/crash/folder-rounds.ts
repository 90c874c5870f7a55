/** Kills while folders of keys move: cleanings, restores, imports. */
import { watch } from 'node:fs';
import type { CrashStage } from './crash-stage.js';
import { predecessor } from './predecessor.js';
import type { Scene } from './rounds.js';

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
