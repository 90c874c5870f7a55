/** The same load for every side: so many organizations, each with so many messages under way at one time. */
import { performance } from 'node:perf_hooks';
import { percentile } from './numbers.js';

export interface Load {
  organizations: number[];
  /** The numbers of each organization's customers; written to in turn. */
  customers: Record<number, string[]>;
  /** Messages under way at one time, for each organization. */
  atOnce: number;
  /** So many messages for each organization, or as many as go in so many ms. */
  messages?: number;
  ms?: number;
}

export interface LoadResult {
  messages: number;
  ms: number;
  perSecond: number;
  p50: number;
  p99: number;
  /** By organization. */
  counts: Record<number, number>;
}

/** One text, until WhatsApp has acknowledged it; rejects when it was not. */
export type Send = (organization: number, customer: string, text: string) => Promise<void>;

const TEXT =
  'Hola, le confirmamos su cita del martes 14 a las 10:30 con la Dra. Gómez. Responda 1 para confirmar. Ref.';
let serial = 0;

export async function run(load: Load, send: Send): Promise<LoadResult> {
  const latencies: number[] = [];
  const counts: Record<number, number> = {};
  const start = performance.now();
  const until = load.ms === undefined ? Infinity : start + load.ms;
  const most = load.messages ?? Infinity;

  const worker = async (organization: number, state: { next: number }): Promise<void> => {
    const customers = load.customers[organization] as string[];
    while (state.next < most && performance.now() < until) {
      const customer = customers[state.next++ % customers.length] as string;
      const begun = performance.now();
      await send(organization, customer, `${TEXT} ${++serial}`);
      latencies.push(performance.now() - begun);
      counts[organization] = (counts[organization] ?? 0) + 1;
    }
  };
  await Promise.all(
    load.organizations.flatMap((organization) => {
      const state = { next: 0 };
      return Array.from({ length: load.atOnce }, () => worker(organization, state));
    }),
  );
  const ms = performance.now() - start;
  return {
    messages: latencies.length,
    ms,
    perSecond: (latencies.length / ms) * 1000,
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    counts,
  };
}
