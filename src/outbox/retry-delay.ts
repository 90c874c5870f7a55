/** Waits between tries that failed before anything left, ms. */
const BASE_MS = 500;
const MAX_MS = 30_000;
/** After WhatsApp said "too much": the first pause of an organization's questions, doubled each time in a row, ms. */
const RATE_LIMITED_BASE_MS = 3000;
const RATE_LIMITED_MAX_MS = 300_000;

/**
 * How long a message waits for its next try, ms: doubled at each failure, and between half and all of that by chance,
 * so that what failed together is not tried again together. Pure.
 * @param random in [0, 1)
 */
export function retryDelay(failures: number, random: number): number {
  const ceiling = Math.min(MAX_MS, BASE_MS * 2 ** Math.min(failures, 10));
  return Math.round(ceiling * (0.5 + random / 2));
}

/**
 * How long an organization asks nothing after WhatsApp said "too much", ms: what WhatsApp asked for, or a pause that
 * doubles; longer by up to a quarter by chance. Pure.
 * @param inRow how many such answers came before this one without another between
 */
export function rateLimitPause(inRow: number, asked: number | null, random: number): number {
  const pause = asked ?? Math.min(RATE_LIMITED_MAX_MS, RATE_LIMITED_BASE_MS * 2 ** Math.min(inRow, 10));
  return Math.round(pause * (1 + random / 4));
}

/** Those that wait for one pause go on one after another: each up to this much after it, ms. */
export const SPREAD_MS = 2000;
