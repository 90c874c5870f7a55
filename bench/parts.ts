/** What a part of the bench is given, and what it returns. Each prints nothing. */

export interface Sizes {
  rounds: number;
  /** Messages of one measurement, one at a time and sixteen at a time. */
  messages: { 1: number; 16: number };
  /** ms that the twenty organizations send in one measurement. */
  ms: number;
  sessions: number;
  idleMs: number;
  /** With one customer, until the acquaintance is old. */
  oldAge: number;
  finished: number;
  /** Only the sides whose names begin so; all when empty. */
  only: string;
}

export interface Target {
  what: string;
  wanted: string;
  got: string;
  holds: boolean;
}

export interface PartResult {
  title: string;
  columns: string[];
  rows: (string | number)[][];
  targets: Target[];
}

/** How many identities each part takes from the pool; parts 1 and 2 hold all their sides at one time. */
export function identitiesFor(parts: readonly number[], { sessions }: Sizes): number {
  return Math.max(
    parts.includes(2) ? 20 * 4 : 0,
    parts.includes(1) ? 5 : 0,
    parts.includes(3) || parts.includes(4) ? sessions : 0,
    parts.includes(5) ? 5 : 0,
  );
}
