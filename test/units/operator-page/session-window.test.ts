import { describe, expect, it } from 'vitest';
import { groupOf as groupOfService, SESSION_GROUPS } from '../../../src/api/session-query.js';
import type { ListedSession, Status } from '../../../src/operator-page/answers.js';
import {
  type SessionWindow,
  withChanged,
  withFields,
  withMore,
} from '../../../src/operator-page/live/session-window.js';
import { GROUP_ORDER, groupOf } from '../../../src/operator-page/session-group.js';
import { SENTENCES } from '../../../src/api/sentences.js';
import { ATTENTION_CODES, type SessionStatus } from '../../../src/session/session-view.js';

const row = (id: string, status: Status = 'connected', attention: string | null = null): ListedSession =>
  ({ organization_id: id, status, attention, queue: { pending: 0 } }) as ListedSession;
const needs = (id: string): ListedSession => row(id, 'disconnected', 'banned');

function windowOf(rows: ListedSession[], next: string | null): SessionWindow {
  return { rows, next, total: 9, matching: 9, groups: { attention: 0, scan: 0, other: 0, connected: 0 } };
}
const ids = ({ rows }: SessionWindow): string[] => rows.map(({ organization_id: id }) => id);
const changed = (window: SessionWindow, asked: string[], answered: ListedSession[]): string[] =>
  ids(withChanged(window, new Set(asked), answered));

describe('the rows that the page holds', () => {
  const whole = windowOf([needs('a'), row('2'), row('10')], null);
  const part = windowOf([needs('a'), row('2'), row('10')], 'connected:10');

  it('take in who is new or changed, in their place: who needs a person first, 2 before 10', () => {
    expect(changed(whole, ['9'], [row('9')])).toEqual(['a', '2', '9', '10']);
    expect(changed(whole, ['10'], [needs('10')])).toEqual(['10', 'a', '2']);
    expect(changed(whole, ['a'], [row('a')])).toEqual(['2', '10', 'a']);
  });

  it('let go who fits no more', () => {
    expect(changed(whole, ['2', 'a'], [])).toEqual(['10']);
  });

  it('let go who moved behind their end: the next page brings it, and only once', () => {
    expect(changed(part, ['a'], [row('a')])).toEqual(['2', '10']);
    expect(changed(part, ['11'], [row('11')])).toEqual(['a', '2', '10']);
    const moved = withChanged(part, new Set(['a']), [row('a')]);
    expect(ids(withMore(moved, windowOf([row('11'), row('a')], null)))).toEqual(['2', '10', '11', 'a']);
    // It came in over a change before the page came that has it too.
    expect(ids(withMore(part, windowOf([row('10'), row('11')], null)))).toEqual(['a', '2', '10', '11']);
  });

  it('take in single fields, and nobody new with them', () => {
    const fresh = withFields(whole, [
      { organization_id: '2', queue: { pending: 7, oldest_at: null } },
      { organization_id: 'stranger', queue: { pending: 1, oldest_at: null } },
    ]);
    expect(ids(fresh)).toEqual(ids(whole));
    expect(fresh.rows[1]).toMatchObject({ organization_id: '2', status: 'connected', queue: { pending: 7 } });
  });
});

it('the page and the service put every status and attention into the same group, in the same order', () => {
  expect(GROUP_ORDER).toEqual(SESSION_GROUPS);
  for (const status of Object.keys(SENTENCES.en.statuses) as SessionStatus[]) {
    for (const code of [null, ...ATTENTION_CODES]) {
      const attention = code && { code, since: 0, until: null };
      expect(groupOf({ status, attention: code }), `${status} ${code}`).toBe(groupOfService({ status, attention }));
    }
  }
});
