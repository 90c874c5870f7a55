import type { Text } from '../language.js';

export type Grade = 'ok' | 'warning' | 'problem';

/** One thing that was looked at. */
export interface Finding {
  /** For programs; stable. */
  readonly check: string;
  readonly grade: Grade;
  readonly text: Text;
  /** What to do; only when something is. */
  readonly hint?: Text;
}

export function ok(check: string, es: string, en: string): Finding {
  return { check, grade: 'ok', text: { es, en } };
}

export function warning(check: string, text: Text, hint: Text): Finding {
  return { check, grade: 'warning', text, hint };
}

export function problem(check: string, text: Text, hint: Text): Finding {
  return { check, grade: 'problem', text, hint };
}
