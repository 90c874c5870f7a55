/** Kills while the service starts, and on a full disk. */
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { EndedByItself, type CrashStage } from './crash-stage.js';
import { olderSchema } from './older-schema.js';
import type { Round, Scene } from './rounds.js';
import type { SmallDisk } from './small-disk.js';

/** From the order to begin until the databases are made or migrated: a few tens of milliseconds, ms. */
const MIGRATION_MS = 80;

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
