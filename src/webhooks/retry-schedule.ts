import type { Trouble } from './webhook.js';

export interface RetrySettings {
  /** The wait after the first failure, ms; doubled each time ... */
  readonly baseMs: number;
  /** ... up to this one. */
  readonly maxMs: number;
  /** For how long a delivery is tried, ms. */
  readonly retryForMs: number;
}

/**
 * Waits are drawn between these shares of the even one: receivers that fell over together are not all asked at the
 * same moment.
 */
const LEAST_SHARE = 0.8;
const SHARES = 0.4;

/**
 * How long to wait after so many failures in a row, ms; `askedMs` is the receiver's own wish (`Retry-After`),
 * respected up to the maximum.
 */
export function retryDelay(settings: RetrySettings, failures: number, random: number, askedMs = 0): number {
  const even = Math.min(settings.maxMs, settings.baseMs * 2 ** Math.min(failures - 1, 40));
  const drawn = Math.round(even * (LEAST_SHARE + SHARES * random));
  return Math.max(drawn, Math.min(askedMs, settings.maxMs));
}

/**
 * Whose time is over after a failed try: nobody's, this delivery's, or that of all in its line that have waited for
 * as long.
 */
export type Parked = 'none' | 'this' | 'line';

/**
 * What follows a failed try. A delivery has its time from when it began to wait, or from when its line began to fail,
 * if that was later; the last try is at the end of that time, not before. Then it is parked, and the next one is
 * tried at once, for it may have been this event that the receiver does not take. When that one fails at its first
 * try and its time is over as well, it is the receiver, and whoever stood in line for all of the time is parked with
 * it: the line was tried in earnest.
 * @param delivery `waitsSince` in epoch ms, and the tries before this one
 * @returns the line's trouble from now on, and who is parked
 */
export function afterFailure(
  settings: RetrySettings,
  before: Trouble | null,
  delivery: { readonly waitsSince: number; readonly attempts: number },
  now: number,
  random: number,
  askedMs = 0,
): { trouble: Trouble; parked: Parked } {
  const failures = (before?.failures ?? 0) + 1;
  const since = Math.min(before?.since ?? now, now);
  const lastTryAt = Math.max(since, delivery.waitsSince) + settings.retryForMs;
  const nextTryAt = now + retryDelay(settings, failures, random, askedMs);
  if (now < lastTryAt) {
    return { trouble: { failures, since, nextTryAt: Math.min(nextTryAt, lastTryAt) }, parked: 'none' };
  }
  if (delivery.attempts > 0) return { trouble: { failures, since, nextTryAt: now }, parked: 'this' };
  return { trouble: { failures, since, nextTryAt }, parked: 'line' };
}

/**
 * How long a line rests before its next try, ms. A clock that was set back does not make it wait for longer than any
 * wait is.
 */
export function restOf(settings: RetrySettings, trouble: Trouble | null, now: number): number {
  const wait = trouble ? trouble.nextTryAt - now : 0;
  return wait > settings.maxMs * (LEAST_SHARE + SHARES) ? 0 : Math.max(0, wait);
}

/** `Retry-After`, seconds or a date -> ms; 0 when there is none, or none that can be read. */
export function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
