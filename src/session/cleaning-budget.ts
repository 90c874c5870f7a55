const DAY = 86_400_000;

/** Automatic cleanings within 24 h. `times` are epoch ms, as kept durably by the session register. Pure. */
export function cleaningsInLastDay(times: readonly number[], now: number): number {
  return times.filter((at) => at <= now && now - at < DAY).length;
}

/** Whether a session may clean itself once more: a wrong wipe can be permanent, so after a few a person decides. */
export function mayCleanAutomatically(times: readonly number[], limit: number, now: number): boolean {
  return cleaningsInLastDay(times, now) < limit;
}
