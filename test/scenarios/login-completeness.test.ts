import { afterEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../emulator/emulator.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

type Mishaps = Emulator['mishaps'];

/** Ways in which WhatsApp accepts a login and never passes on a message. */
const HALF_LOGINS: readonly (readonly [
  what: string,
  text: string,
  strike: (mishaps: Mishaps, times: number) => void,
])[] = [
  [
    'the question "active" is never answered, though others are',
    'Login incomplete ("active" was not answered)',
    (mishaps, times) => mishaps.oddAnswer(PHONE, 'active', 'silence', { times }),
  ],
  [
    'the question "active" is answered by an error',
    'Login incomplete ("active" was refused: rate-overlimit)',
    (mishaps, times) => mishaps.oddAnswer(PHONE, 'active', 'error', { times }),
  ],
  [
    'nothing comes after the answer',
    'Login incomplete (nothing came after "active")',
    (mishaps, times) => mishaps.oddHandOver(PHONE, 'silence', { times }),
  ],
];

describe('a login is told when it is complete', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const incomplete = () =>
    stage.log.events('session_disconnected', '2').filter(({ kind }) => kind === 'login_incomplete');

  it.each(HALF_LOGINS)('%s: not connected, nothing is sent, and it logs in again', async (_what, text, strike) => {
    stage = await Stage.set({ env: { QUERY_TIMEOUT: '400', HAND_OVER_WAIT: '400' } });
    await stage.pair('2', PHONE);
    strike(stage.whatsapp.mishaps, 2);
    await stage.whatsapp.mishaps.refuseConnections(true);
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_disconnected', { org: '2', count: 2 });
    const message = stage.text();
    const { body } = await stage.api.send('2', CUSTOMER, message, { wait_ms: 0 });
    await stage.whatsapp.mishaps.refuseConnections(false);
    await stage.log.until('session_connected', { org: '2', count: 2 });
    expect(incomplete().map(({ msg }) => msg)).toEqual([
      expect.stringContaining(`The connection ended (${text})`),
      expect.stringContaining(`The connection ended (${text})`),
    ]);
    // It was accepted three times, and only the third time something left.
    const { logins, messages } = stage.whatsapp.record;
    await stage.whatsapp.customer(CUSTOMER).receivedText(message);
    expect(messages.map(({ id }) => id)).toEqual([body.message_id]);
    expect(messages[0]?.at).toBeGreaterThanOrEqual(logins.at(-1)?.at as number);
    expect(logins.filter(({ org }) => org === PHONE)).toHaveLength(1 + 3);
    // It says nothing about the keys.
    expect(stage.log.events('fault_counted')).toEqual([]);
    expect((await stage.api.status('2')).body.health.verdict).toBe('healthy');
    const events = (await stage.api.get('/api/events?organization_id=2&limit=100')).body.events as {
      name: string;
      data: { reason?: string };
    }[];
    expect(events.filter(({ data }) => data.reason === 'login_incomplete')).toHaveLength(2);
    expect(events.filter(({ name }) => name === 'session.connected')).toHaveLength(2);
    await stage.receive(PHONE, CUSTOMER);
  });

  it('what had waited comes unannounced: connected when its time is over, and what came is told at once', async () => {
    stage = await Stage.set({ env: { HAND_OVER_WAIT: '300' } });
    await stage.pair('2', PHONE);
    await stage.whatsapp.mishaps.refuseConnections(true);
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_disconnected', { org: '2', count: 2 });
    const { id } = await stage.whatsapp.customer(CUSTOMER).write(PHONE, stage.text());
    stage.whatsapp.mishaps.oddHandOver(PHONE, 'unannounced');
    await stage.whatsapp.mishaps.refuseConnections(false);
    await stage.log.until('session_connected', { org: '2', count: 2 });
    expect(incomplete()).toEqual([]);
    // Baileys would hold it back for half a minute.
    await stage.log.until('message_received', { org: '2' });
    await stage.whatsapp.customer(CUSTOMER).delivered(id);
    await stage.send('2', CUSTOMER);
  });

  it('the first login after a scan goes half-way: the phone stays linked, and the next one completes it', async () => {
    // A whole login does not wait for this.
    stage = await Stage.set({ env: { QUERY_TIMEOUT: '400', HAND_OVER_WAIT: '60000' } });
    stage.whatsapp.mishaps.oddAnswer(PHONE, 'active', 'silence');
    await stage.pair('2', PHONE);
    expect(incomplete()).toHaveLength(1);
    expect(stage.whatsapp.record.registrations).toHaveLength(1);
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
  });
});
