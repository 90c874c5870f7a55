import type { Trouble } from './webhook.js';

export interface RetrySettings {
  /** The wait after the first failure, ms; doubled each time ... */
  readonly baseMs: number;
  /** ... up to this one. */
  readonly maxMs: number;
  /** For how long a delivery is tried, ms. */
  readonly retryForMs: number;
}

/** Waits are drawn between these shares of the even one: receivers that fell over together are not all asked at the same moment. */
const LEAST_SHARE = 0.8;
const SHARES = 0.4;

/** How long to wait after so many failures in a row, ms; `askedMs` is the receiver's own wish (`Retry-After`), respected up to the maximum. */
export function retryDelay(settings: RetrySettings, failures: number, random: number, askedMs = 0): number {
  const even = Math.min(settings.maxMs, settings.baseMs * 2 ** Math.min(failures - 1, 40));
  const drawn = Math.round(even * (LEAST_SHARE + SHARES * random));
  return Math.max(drawn, Math.min(askedMs, settings.maxMs));
}

/**
 * What follows a failed try. A delivery is parked when it has waited, and its line has failed, for all of the time: one that stood behind
 * another in a line that never got through was tried no less in earnest. The last try is at the end of that time, not before.
 * @param waitsSince the delivery's, epoch ms
 * @returns the line's trouble from now on, and up to which `waitsSince` deliveries are parked (null: none)
 */
export function afterFailure(
  settings: RetrySettings,
  before: Trouble | null,
  waitsSince: number,
  now: number,
  random: number,
  askedMs = 0,
): { trouble: Trouble; parkUpTo: number | null } {
  const failures = (before?.failures ?? 0) + 1;
  const since = Math.min(before?.since ?? now, now);
  const lastTryAt = Math.max(since, waitsSince) + settings.retryForMs;
  const isOver = now >= lastTryAt;
  const nextTryAt = now + retryDelay(settings, failures, random, askedMs);
  return {
    trouble: { failures, since, nextTryAt: isOver ? nextTryAt : Math.min(nextTryAt, lastTryAt) },
    parkUpTo: isOver ? now - settings.retryForMs : null,
  };
}

/** How long a line rests before its next try, ms. A clock that was set back does not make it wait for longer than any wait is. */
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
