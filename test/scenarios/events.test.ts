import { get, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

interface Told {
  id: string;
  name: string;
  organization_id: string;
  data: Record<string, unknown>;
  sentence: string;
}

/** Reads the stream until an event satisfies `last`, then hangs up. */
async function listen(
  stage: Stage,
  query: string,
  last: (event: Told) => boolean,
  { lastEventId, onOpen = () => {} }: { lastEventId?: string; onOpen?: () => void } = {},
): Promise<Told[]> {
  const events: Told[] = [];
  const headers = {
    'x-api-key': stage.key,
    'accept-language': 'en',
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  await new Promise<void>((resolve, reject) => {
    const request = get(`${stage.api.url}/api/events/stream${query}`, { headers }, (response: IncomingMessage) => {
      expect(response.headers['content-type']).toMatch('text/event-stream');
      onOpen();
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = block.split('\n').find((line) => line.startsWith('data: '));
          if (!data) continue;
          const event = JSON.parse(data.slice(6)) as Told;
          events.push(event);
          if (last(event)) {
            request.destroy();
            resolve();
          }
        }
      });
      response.on('end', resolve);
    });
    request.on('error', reject);
  });
  return events;
}

describe('events', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('explain a night: pairing, messages, faults, cleaning, in plain sentences, live and afterwards', async () => {
    stage = await Stage.set({ env: { HEALTH_STABLE_AFTER: '100000' } });
    const live = listen(stage, '?organization_id=2', ({ name }) => name === 'session.cleaned');
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await stage.pair('3', '573001114455');
    stage.whatsapp.mishaps.badMac(PHONE, 3);
    for (let i = 0; i < 3; i++) await stage.whatsapp.customer(CUSTOMER).write(PHONE, stage.text());
    const told = await live;
    expect(new Set(told.map((event) => event.organization_id))).toEqual(new Set(['2']));
    const names = told.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'session.qr',
        'session.linked',
        'session.connected',
        'message.status',
        'message.received',
      ]),
    );
    expect(names.filter((name) => name === 'session.fault')).toHaveLength(3);
    expect(told.at(-1)?.sentence).toMatch(
      /^The folder was set aside as 2_corrupted_\d+ \(bad_mac\); a new scan is needed\.$/,
    );
    expect(told.map(({ id }) => Number(id))).toEqual(told.map(({ id }) => Number(id)).sort((a, b) => a - b));

    const afterwards = await stage.api.get('/api/events?organization_id=2&limit=200', { 'accept-language': 'es' });
    expect((afterwards.body.events as Told[]).map(({ id }) => id)).toEqual(
      expect.arrayContaining(told.map(({ id }) => id)),
    );
    const statuses = (afterwards.body.events as Told[]).filter(({ name }) => name === 'message.status');
    expect(statuses.map(({ data }) => data.status)).toEqual(['sending', 'sent', 'delivered']);
    expect((afterwards.body.events as Told[]).find(({ name }) => name === 'session.linked')?.sentence).toBe(
      'El teléfono terminado en 2233 vinculó esta sesión.',
    );
  });

  it('resume with Last-Event-ID where a reader was, also over a restart, and end when the service stops', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const all = (await stage.api.get('/api/events?organization_id=2')).body.events as Told[];
    const middle = all[2]!.id;
    await stage.restartService();
    await stage.api.ready('2');
    const resumed = await listen(
      stage,
      '',
      ({ id, data }) => data.status === 'connected' && Number(id) > Number(all.at(-1)?.id),
      { lastEventId: middle },
    );
    expect(resumed.map(({ id }) => id).slice(0, all.length - 3)).toEqual(all.slice(3).map(({ id }) => id));

    let open: Promise<Told[]> | undefined;
    await new Promise<void>((resolve) => {
      open = listen(stage, '?organization_id=2', () => false, { onOpen: resolve });
    });
    const begun = Date.now();
    await stage.stopService();
    await open;
    expect(Date.now() - begun).toBeLessThan(2500);
  });

  it('page through what happened, and refuse what is not asked properly', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const ids: string[] = [];
    let after = '';
    for (;;) {
      const page = await stage.api.get(`/api/events?organization_id=2&limit=3${after}`);
      ids.push(...(page.body.events as Told[]).map(({ id }) => id));
      if (page.body.next === null) break;
      after = `&after=${page.body.next}`;
    }
    const whole = await stage.api.get('/api/events?organization_id=2');
    expect(ids).toEqual((whole.body.events as Told[]).map(({ id }) => id));
    expect((await stage.api.get('/api/events?organisation=2')).status).toBe(400);
    expect((await stage.api.get('/api/events?organization_id=..')).status).toBe(400);
  });
});
