import type { CleaningRecord } from '../session-view.js';

const DAY = 86_400_000;
/** Cleanings older than this say nothing to anybody; the budget looks at 24 h. */
const KEEP_CLEANINGS_MS = 30 * DAY;
const KEEP_CLEANINGS = 1000;

/** As the register keeps them: newest first, the old ones gone. */
export function withCleaning(cleanings: readonly CleaningRecord[], cleaning: CleaningRecord): CleaningRecord[] {
  return [cleaning, ...cleanings]
    .filter(({ at }) => at >= cleaning.at - KEEP_CLEANINGS_MS)
    .sort((one, other) => other.at - one.at)
    .slice(0, KEEP_CLEANINGS);
}

export function automaticTimes(cleanings: readonly CleaningRecord[]): number[] {
  return cleanings.filter(({ automatic }) => automatic).map(({ at }) => at);
}
