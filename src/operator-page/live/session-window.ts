import type { ListedSession } from '../answers.js';
import { GROUP_ORDER, groupOf, type SessionGroup } from '../session-group.js';

/**
 * The part of the list that this page holds: from its beginning, by need, up to a place. The rest stays with the
 * service.
 */
export interface SessionWindow {
  readonly rows: readonly ListedSession[];
  /** Where the part that is not here begins (`attention:clinic-7`: behind it); null when everything is here. */
  readonly next: string | null;
  readonly total: number;
  readonly matching: number;
  readonly groups: Readonly<Record<SessionGroup, number>>;
}

const IN_ORDER = new Intl.Collator('en', { numeric: true });

/** The service's own order of `sort=need`. */
export function compareByNeed(one: readonly [SessionGroup, string], other: readonly [SessionGroup, string]): number {
  const [group, id] = one;
  const [otherGroup, otherId] = other;
  return (
    GROUP_ORDER.indexOf(group) - GROUP_ORDER.indexOf(otherGroup) ||
    IN_ORDER.compare(id, otherId) ||
    (id < otherId ? -1 : id > otherId ? 1 : 0)
  );
}

const placeOf = (row: ListedSession): [SessionGroup, string] => [groupOf(row), row.organization_id];

/**
 * Puts in what the service answered about the organizations that were asked about. Who is not in the answer fits the
 * search no more. Who moved behind the end of the window leaves it: the next page brings it.
 */
export function withChanged(
  window: SessionWindow,
  asked: ReadonlySet<string>,
  answered: readonly ListedSession[],
): SessionWindow {
  const [group, id] = window.next?.split(':') ?? [];
  const end = group !== undefined && id !== undefined ? ([group as SessionGroup, id] as const) : null;
  const rows = window.rows.filter((row) => !asked.has(row.organization_id));
  rows.push(...answered.filter((row) => end === null || compareByNeed(placeOf(row), end) <= 0));
  rows.sort((one, other) => compareByNeed(placeOf(one), placeOf(other)));
  return { ...window, rows };
}

/** Puts in some fields of rows that are here. */
export function withFields(
  window: SessionWindow,
  answered: readonly (Partial<ListedSession> & Pick<ListedSession, 'organization_id'>)[],
): SessionWindow {
  const fresh = new Map(answered.map((row) => [row.organization_id, row]));
  return { ...window, rows: window.rows.map((row) => ({ ...row, ...fresh.get(row.organization_id) })) };
}

/** Puts the following page at the end. Rows that a change brought in meanwhile are there once. */
export function withMore(window: SessionWindow, more: SessionWindow): SessionWindow {
  const asked = new Set(more.rows.map((row) => row.organization_id));
  return withChanged({ ...more, rows: window.rows }, asked, more.rows);
}
