import { afterEach, describe, expect, it } from 'vitest';
import type { LogLine } from '../stage/log-lines.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const BASE_MS = 50;

describe('a connection that worked earns a quick next try', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  /** The wait that the log names after the end of a connection, ms; rounded there to 0.1 s. */
  const wait = (line: LogLine): number => Number(/next try in ([\d.]+) s/.exec(line.msg ?? '')?.[1]) * 1000;

  /** Ends of connections that were, or were to be, logins with keys. */
  const ends = (): LogLine[] =>
    stage.log.events('session_disconnected', '2').filter(({ kind }) => kind !== 'restart_required');

  it('15 cuts, each after the connection had lasted: every wait is as short as the first', async () => {
    stage = await Stage.set({
      env: { HEALTH_STABLE_AFTER: '30', RECONNECT_BASE_DELAY: `${BASE_MS}`, RECONNECT_MAX_DELAY: '600000' },
    });
    await stage.pair('2', PHONE);
    for (let cut = 1; cut <= 15; cut++) {
      await stage.log.until('session_stable', { org: '2', count: cut });
      stage.whatsapp.mishaps.cut(PHONE);
      // Fourteen doublings of 50 ms are longer than a test may take.
      await stage.log.until('session_connected', { org: '2', count: cut + 1 });
    }
    expect(ends()).toHaveLength(15);
    for (const end of ends()) expect(wait(end)).toBeLessThanOrEqual(100);
    await stage.send('2', CUSTOMER);
  });

  it('logins that fail still wait longer and longer, and a connection that then lasts starts over', async () => {
    stage = await Stage.set({
      env: { HEALTH_STABLE_AFTER: '30', RECONNECT_BASE_DELAY: `${BASE_MS}`, RECONNECT_MAX_DELAY: '3000' },
    });
    await stage.pair('2', PHONE);
    await stage.log.until('session_stable', { org: '2' });
    stage.whatsapp.mishaps.failure(PHONE, 503, { times: 10 });
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_connected', { org: '2', count: 2 });
    expect(ends().map(({ kind }) => kind)).toEqual(['network', ...Array<string>(10).fill('server_busy')]);
    // Each is at random below a ceiling that doubles; that all ten stay below the first ceiling does not happen.
    expect(Math.max(...ends().map(wait))).toBeGreaterThan(2 * BASE_MS);
    await stage.log.until('session_stable', { org: '2', count: 2 });
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_connected', { org: '2', count: 3 });
    expect(wait(ends().at(-1) as LogLine)).toBeLessThanOrEqual(100);
  });

  it('a connection that falls before it has lasted earns nothing', async () => {
    stage = await Stage.set({
      env: { HEALTH_STABLE_AFTER: '60000', RECONNECT_BASE_DELAY: `${BASE_MS}`, RECONNECT_MAX_DELAY: '1000' },
    });
    await stage.pair('2', PHONE);
    for (let cut = 1; cut <= 12; cut++) {
      stage.whatsapp.mishaps.cut(PHONE);
      await stage.log.until('session_connected', { org: '2', count: cut + 1 });
    }
    expect(Math.max(...ends().map(wait))).toBeGreaterThan(2 * BASE_MS);
  });
});
