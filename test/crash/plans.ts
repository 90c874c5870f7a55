import type { Chance } from './chance.js';
import { CrashStage, type CrashStageOptions } from './crash-stage.js';
import * as folderRounds from './folder-rounds.js';
import * as rounds from './rounds.js';
import type { Round, Scene } from './rounds.js';
import { slowDiskLibrary } from './slow-disk.js';
import { SmallDisk } from './small-disk.js';
import * as startRounds from './start-rounds.js';
import { Traffic, type Shop, type TrafficOptions } from './traffic.js';
import { judge, Wire, type Verdict } from './verdict.js';

export interface Plan {
  readonly name: string;
  /** How many kills the long form makes of it, at least. */
  readonly kills: number;
  run(kills: number, chance: Chance): Promise<Verdict>;
}

const SHOPS: readonly Shop[] = [
  { id: 'norte', number: '573002220001' },
  { id: 'sur', number: '573002220002' },
  { id: 'centro', number: '573002220003' },
];
const CUSTOMERS = ['573109990001', '573109990002', '573109990003', '573109990004'];

interface Setting extends TrafficOptions {
  readonly stage?: () => CrashStageOptions;
  /** How many shops; default 3. */
  readonly shops?: number;
  readonly resendWithinMs?: number;
  /**
   * Everybody has written to everybody before the first kill, and Baileys then goes on in the Signal sessions that were
   * saved instead of beginning new ones after each restart: only so does a message show that left before its ratchet
   * was saved.
   */
  readonly acquainted?: boolean;
  /** When the shops are paired, and before the traffic begins. */
  readonly prepare?: (scene: Scene, wantedKills: number) => Promise<void>;
  readonly beforeEnd?: (stage: CrashStage) => void;
}

/**
 * A plan under load: pairs the shops, lets the traffic flow, kills until there were enough kills, and judges what is
 * left.
 */
function underLoad(name: string, kills: number, setting: Setting, round: Round): Plan {
  return {
    name,
    kills,
    async run(wanted, chance) {
      const begun = Date.now();
      const shops = SHOPS.slice(0, setting.shops);
      const stage = await CrashStage.set(setting.stage?.());
      try {
        const wire = new Wire(stage);
        const traffic = new Traffic(stage, chance, shops, CUSTOMERS, setting);
        const scene = { stage, traffic, chance, shops, customers: CUSTOMERS };
        await stage.start();
        stage.prepareSpare();
        for (const { id, number } of shops) await stage.connect(id, number);
        await setting.prepare?.(scene, wanted);
        if (setting.acquainted) await acquaint(scene);
        traffic.begin();
        while (stage.kills < wanted) await round(scene);
        if (!stage.isUp) await stage.start();
        const { resendWithinMs } = setting;
        return await judge(stage, traffic, wire, { plan: name, shops, customers: CUSTOMERS, resendWithinMs, begun });
      } finally {
        await stage.end(() => setting.beforeEnd?.(stage));
      }
    },
  };
}

async function acquaint({ stage, traffic, shops, customers }: Scene): Promise<void> {
  for (const shop of shops) {
    for (const customer of customers) {
      const { text } = await traffic.send(shop, customer);
      await stage.customer(customer).receivedText(text);
      const { id } = await traffic.write(shop, customer);
      await stage.customer(customer).delivered(id);
    }
    stage.whatsapp.mishaps.withholdLids(shop.number);
  }
}

/** Customers who do not wait long for a receipt: their messages may be for a device that is cleaned away. */
const IMPATIENT: TrafficOptions = { patienceMs: 1000, pauseMs: 120, writers: 2 };

const slowDisk = (library: string): Plan =>
  underLoad(
    'a slow disk (8 ms more for each write and fsync)',
    24,
    { stage: () => ({ preload: library }), acquainted: true, shops: 2, pauseMs: 80 },
    rounds.slowly,
  );

function fullDisk(): Plan {
  let disk: SmallDisk;
  return underLoad(
    'a disk that fills up and comes back',
    14,
    {
      stage: () => ({ disk: (disk = SmallDisk.mount(24)).place }),
      shops: 2,
      pauseMs: 60,
      beforeEnd: (stage) => disk.moveTo(stage.directory),
    },
    startRounds.fullDisk(() => disk),
  );
}

/** Half of the kills strike the first start of all, before the traffic begins. */
async function firstStarts(scene: Scene, wanted: number): Promise<void> {
  while (scene.stage.kills < wanted / 2) await startRounds.firstStarts(scene);
}

const { RESEND_WITHIN_MS } = rounds;
const silent = {
  stage: () => ({ env: { RESEND_WITHIN: String(RESEND_WITHIN_MS) } }),
  resendWithinMs: RESEND_WITHIN_MS,
  shops: 2,
  senders: 8,
  shortLived: 10,
};

interface Plans {
  readonly plans: readonly Plan[];
  /** What this machine cannot carry out, and why. */
  readonly skipped: readonly string[];
}

export function longForm(): Plans {
  const skipped: string[] = [];
  const plans = [
    underLoad('a message reaches WhatsApp', 60, { acquainted: true }, rounds.messages),
    underLoad('between ack and commit', 50, { acquainted: true, shortLived: 10 }, rounds.acks),
    underLoad('a customer writes', 40, { acquainted: true, writers: 6, senders: 2 }, rounds.letters),
    underLoad('at any time', 50, { shortLived: 10 }, rounds.anytime),
    underLoad('a pairing', 27, { shops: 1 }, rounds.pairings),
    underLoad('an upload of pre-keys', 24, { shops: 2 }, rounds.preKeys),
    underLoad('a cleaning', 24, { ...IMPATIENT, shops: 2 }, folderRounds.cleanings),
    underLoad('a restore', 18, { pauseMs: 120, shops: 2 }, folderRounds.restores),
    underLoad('an import of the old folder', 18, { shops: 1 }, folderRounds.imports),
    underLoad('a first start, and a migration', 20, { shops: 1, prepare: firstStarts }, startRounds.migrations),
    underLoad('WhatsApp withholds its acks', 18, silent, rounds.silence),
  ];
  const library = slowDiskLibrary();
  if (library) plans.push(slowDisk(library));
  else skipped.push('a slow disk: there is no C compiler (cc) on this machine');
  if (SmallDisk.isPossible()) plans.push(fullDisk());
  else skipped.push('a full disk: this user may not mount one');
  return { plans, skipped };
}

/** Some of everything over one set of folders, and a few kills on a slow disk; under a minute. */
export function shortForm(): Plans {
  const { messages, acks, letters, anytime, pairings, preKeys } = rounds;
  const { cleanings, restores } = folderRounds;
  const { migrations } = startRounds;
  const turns = [messages, acks, letters, anytime, preKeys, cleanings, restores, pairings, migrations];
  let turn = 0;
  const mixed = underLoad('everything, in short', turns.length, { ...IMPATIENT, pauseMs: 60, shops: 2 }, (scene) =>
    (turns[turn++ % turns.length] as Round)(scene),
  );
  const library = slowDiskLibrary();
  return library
    ? { plans: [mixed, { ...slowDisk(library), kills: 2 }], skipped: [] }
    : { plans: [mixed], skipped: ['a slow disk: there is no C compiler (cc) on this machine'] };
}
