/** Parts 3 and 4: many sessions that are idle, and a restart with them. */
import path from 'node:path';
import { fixed, median, rotated } from './numbers.js';
import type { PartResult, Sizes } from './parts.js';
import { authFolders } from './pool.js';
import { bareWith, ServiceSide, serviceWith, type House, type Side } from './sides.js';

const MB = 1024 * 1024;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function idle(house: House, sizes: Sizes): Promise<PartResult> {
  const { sessions, idleMs } = sizes;
  const organizations = Array.from({ length: sessions }, (_, index) => index);
  const rows: (string | number)[][] = [];
  const perSession: number[] = [];
  const open = [
    {
      name: 'this service',
      empty: () => serviceWith(house, 'service without sessions', []),
      full: () => serviceWith(house, `service with ${sessions}`, organizations),
    },
    {
      name: 'bare, memory',
      empty: () => bareWith(house, 'memory', []),
      full: () => bareWith(house, 'memory', organizations),
    },
  ];
  for (const { name, empty, full } of open) {
    const none: Side = await empty();
    await pause(3000);
    await none.collect();
    const before = (await none.collect()).rss;
    await none.stop();
    const side: Side = await full();
    // The first half minute after a login is not idle yet.
    await pause(Math.min(30_000, idleMs));
    const first = await side.usage();
    await pause(idleMs);
    const second = await side.usage();
    await side.collect();
    const collected = await side.collect();
    await side.stop();
    perSession.push((collected.rss - before) / MB / sessions);
    rows.push([
      name,
      Math.round(before / MB),
      Math.round(second.rss / MB),
      Math.round(collected.rss / MB),
      fixed((collected.rss - before) / MB / sessions, 2),
      fixed(((second.cpuMs - first.cpuMs) / idleMs) * 100, 2),
    ]);
  }
  const ratio = (perSession[0] as number) / (perSession[1] as number);
  return {
    title: `3. ${sessions} paired sessions, idle`,
    columns: ['side', 'MB without', 'MB with', 'after GC', 'MB/session', 'CPU % idle'],
    rows,
    targets: [{ what: 'memory per session, service : bare', wanted: '<= 2', got: ratio.toFixed(2), holds: ratio <= 2 }],
  };
}

export async function restart(house: House, sizes: Sizes): Promise<PartResult> {
  const { sessions } = sizes;
  const organizations = Array.from({ length: sessions }, (_, index) => index);
  const folder = path.join(house.directory, 'restart');
  authFolders(organizations, house.pool, path.join(folder, 'auth_sessions'));
  const rows: (string | number)[][] = [];
  const caps = [
    ['default (4 logins at once)', {}],
    ['no cap', { MAX_CONCURRENT_LOGINS: '1000' }],
  ] as const;
  const seen = new Map<string, { seconds: number; listening: number; cpu: number; peak: number }[]>();
  for (let round = 0; round < Math.max(1, Math.min(3, sizes.rounds)); round++) {
    for (const [name, environment] of rotated(caps, round)) {
      const begun = Date.now();
      const side = await ServiceSide.start('this service', folder, house.urls, environment, house.profile);
      const connected = await side.events('session_connected', sessions);
      const [started] = await side.events('service_started', 1);
      const last = Math.max(...connected.map(({ time }) => Date.parse(time)));
      const { cpuMs, peakRss } = await side.usage();
      const runs = seen.get(name) ?? [];
      seen.set(name, runs);
      runs.push({
        seconds: (last - begun) / 1000,
        listening: (Date.parse(started?.time ?? '') - begun) / 1000,
        cpu: cpuMs / 1000,
        peak: peakRss / MB,
      });
      await side.stop();
    }
  }
  for (const [name, runs] of seen) {
    const of = (pick: (run: (typeof runs)[number]) => number) => median(runs.map(pick));
    rows.push([
      name,
      fixed(
        of((run) => run.listening),
        2,
      ),
      fixed(
        of((run) => run.seconds),
        2,
      ),
      fixed(
        of((run) => run.cpu),
        2,
      ),
      fixed((of((run) => run.cpu) * 1000) / sessions, 1),
      Math.round(of((run) => run.peak)),
    ]);
  }
  return {
    title: `4. Restart with ${sessions} sessions`,
    columns: ['governor', 's to listening', 's to all connected', 'CPU s', 'CPU ms/session', 'peak MB'],
    rows,
    targets: [],
  };
}
