import { CLEANINGS_KEPT } from '../../store/ports.js';
import type { CleaningRecord } from '../session-view.js';

/** As the register keeps them: newest first, the old ones gone. */
export function withCleaning(cleanings: readonly CleaningRecord[], cleaning: CleaningRecord): CleaningRecord[] {
  return [cleaning, ...cleanings]
    .filter(({ at }) => at >= cleaning.at - CLEANINGS_KEPT.forMs)
    .sort((one, other) => other.at - one.at)
    .slice(0, CLEANINGS_KEPT.most);
}

export function automaticTimes(cleanings: readonly CleaningRecord[]): number[] {
  return cleanings.filter(({ automatic }) => automatic).map(({ at }) => at);
}
