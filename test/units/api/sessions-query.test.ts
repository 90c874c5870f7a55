import { beforeEach, describe, expect, it } from 'vitest';
import type { OrganizationId } from '../../../src/organization-id.js';
import { LISTED_FIELDS } from '../../../src/api/answers/session.js';
import type { AttentionCode } from '../../../src/session/session-view.js';
import { NOW, snapshotOf, waitingForScan } from './in-memory-sessions.js';
import { errorBody, onStage, type Stage } from './stage.js';

interface Listed {
  total: number;
  matching: number;
  groups: Record<string, number>;
  next: string | null;
  sessions: ({ organization_id: string } & Record<string, unknown>)[];
}

let stage: Stage;
beforeEach(() => {
  stage = onStage();
});

async function list(query: string): Promise<Listed> {
  return (await stage.get(`/api/sessions?${query}`).expect(200)).body as Listed;
}
const ids = ({ sessions }: Listed): string[] => sessions.map(({ organization_id: id }) => id);
const attention = (code: AttentionCode) => ({ attention: { code, since: NOW, until: null } });

/** Ten that differ in what a list can be asked for. */
function holdTen(): void {
  const { sessions } = stage;
  for (const n of [10, 9, 2, 1]) sessions.hold(snapshotOf(`salon-${n}`, { phoneNumber: `5730011122${n + 10}` }));
  sessions.hold(snapshotOf('spa-b', { status: 'stopped', phoneNumber: null }));
  sessions.hold(snapshotOf('spa-a', { status: 'disconnected', phoneNumber: '573109998877', ...attention('banned') }));
  sessions.hold(snapshotOf('spa-c', { status: 'disconnected', ...attention('outage') }));
  sessions.hold(waitingForScan('tatuajes'));
  sessions.hold(snapshotOf('z-1', { status: 'disconnected', phoneNumber: null, ...attention('qr_expired') }));
  sessions.hold(snapshotOf('Z-2', { status: 'connecting' }));
}

describe('GET /api/sessions', () => {
  it('answers as ever without a query, and adds nothing', async () => {
    holdTen();
    const { body } = (await stage.get('/api/sessions').expect(200)) as { body: Listed };
    expect(Object.keys(body)).toEqual(['total', 'sessions']);
    expect(body.total).toBe(10);
    for (const session of body.sessions) expect(Object.keys(session)).toEqual(LISTED_FIELDS);
  });

  it('chooses by status, group, id, part of the id, and last digits of the phone', async () => {
    holdTen();
    expect(ids(await list('status=connected'))).toEqual(['salon-1', 'salon-2', 'salon-9', 'salon-10']);
    expect(ids(await list('status=stopped,connecting'))).toEqual(['spa-b', 'Z-2']);
    expect(ids(await list('group=scan'))).toEqual(['tatuajes', 'z-1']);
    expect(ids(await list('ids=spa-a,nobody,salon-2'))).toEqual(['salon-2', 'spa-a']);
    expect(ids(await list('search=LON-1'))).toEqual(['salon-1', 'salon-10']);
    // In the number of many: only its end counts. Four digits are looked for anywhere.
    expect(ids(await list('search=77'))).toEqual(['spa-a']);
    expect(ids(await list('search=%2B57 310 999'))).toEqual(['spa-a']);
    expect(ids(await list('search=nobody'))).toEqual([]);
  });

  it('tells how many there are, fit, and are of each group', async () => {
    holdTen();
    const page = await list('search=spa&group=attention&limit=1');
    expect(page).toMatchObject({ total: 10, matching: 2, next: 'spa-a' });
    expect(page.groups).toEqual({ attention: 2, scan: 0, other: 1, connected: 0 });
  });

  it('gives every session once, page by page, also when others come and go meanwhile', async () => {
    holdTen();
    for (const sort of ['id', 'need']) {
      const seen: string[] = [];
      let next: string | null = null;
      do {
        const page: Listed = await list(`sort=${sort}&limit=3${next === null ? '' : `&after=${next}`}`);
        expect(page.sessions.length).toBeLessThanOrEqual(3);
        seen.push(...ids(page));
        // The place that the next page begins at is gone, and somebody comes in before it.
        if (next === null) {
          stage.sessions.held.delete(ids(page).at(-1) ?? '');
          stage.sessions.hold(snapshotOf(`0-${sort}`, { ...attention('banned') }));
        }
        next = page.next;
      } while (next !== null);
      expect(new Set(seen).size).toBe(seen.length);
      stage.sessions.held.clear();
      holdTen();
      expect(seen).toEqual(ids(await list(`sort=${sort}`)));
    }
  });

  it('sorts by need: who needs a person first, who is connected last', async () => {
    holdTen();
    expect(ids(await list('sort=need'))).toEqual(
      ['spa-a', 'spa-c', 'tatuajes', 'z-1', 'spa-b', 'Z-2'].concat(['salon-1', 'salon-2', 'salon-9', 'salon-10']),
    );
    expect((await list('sort=need&limit=3')).next).toBe('scan:tatuajes');
  });

  it('knows 2 and 02 apart, wherever a page ends', async () => {
    for (const id of ['02', '2', '002']) stage.sessions.hold(snapshotOf(id));
    const first = await list('limit=1');
    const second = await list(`limit=1&after=${first.next}`);
    const third = await list(`limit=1&after=${second.next}`);
    expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(['002', '02', '2']);
  });

  it('gives only the fields asked for, and always the id', async () => {
    holdTen();
    const { sessions } = await list('ids=salon-1&fields=queue,status');
    expect(sessions).toEqual([
      { organization_id: 'salon-1', queue: { pending: 0, oldest_at: null }, status: 'connected' },
    ]);
  });

  it.each([
    ['status=happy', 'status'],
    ['status=connected,', 'status'],
    ['group=all', 'group'],
    ['sort=name', 'sort'],
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=ten', 'limit'],
    ['after=a b', 'after'],
    ['after=scan:1', 'after'],
    ['after=1&sort=need', 'after'],
    ['after=happy:1&sort=need', 'after'],
    ['after=scan:1:2&sort=need', 'after'],
    [`search=${'x'.repeat(65)}`, 'search'],
    ['search=%20', 'search'],
    ['search=a&search=b', 'search'],
    ['ids=a,b/c', 'ids'],
    [`ids=${Array.from({ length: 201 }, (_, n) => n).join(',')}`, 'ids'],
    ['fields=status,secret', 'fields.secret'],
    ['fields=status,', 'fields'],
    ['fields=constructor', 'fields.constructor'],
    ['page=2', 'page'],
  ])('refuses %s and names the field', async (query, field) => {
    const answer = await stage.get(`/api/sessions?${query}`).set('Accept-Language', 'en').expect(400);
    expect(errorBody(answer).code).toBe('invalid_request');
    expect(Object.keys(errorBody(answer).fields ?? {})).toEqual([field]);
    // A sentence, and not a code that nobody has translated.
    expect(errorBody(answer).fields?.[field]).toMatch(/^[A-Z].* .*\.$/);
  });

  it('asks the databases only for what is shown', async () => {
    for (let n = 0; n < 1000; n += 1) stage.sessions.hold(snapshotOf(`shop-${n}`));
    const asked: string[] = [];
    const { outbox, ledger, sessions } = stage;
    const spy = <Key extends string>(of: Record<Key, (id: OrganizationId) => unknown>, name: Key): void => {
      const real = of[name].bind(of);
      of[name] = (id) => {
        asked.push(name);
        return real(id);
      };
    };
    spy(outbox as never, 'depth');
    spy(ledger as never, 'last');
    spy(sessions as never, 'snapshot');
    await list('sort=need&limit=5&fields=status,queue');
    expect(asked.sort()).toEqual([...Array<string>(5).fill('depth'), ...Array<string>(5).fill('snapshot')]);
  });
});
