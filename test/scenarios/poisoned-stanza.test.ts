import { afterEach, describe, expect, it } from 'vitest';
import { Stage, type StageOptions } from '../stage/stage.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001112244';
const POISONER = '573109990099';
/** Nothing that was counted is forgotten while a test runs. */
const ENV = { HEALTH_STABLE_AFTER: '100000' };

describe('what WhatsApp delivers ends the connection', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const begin = async (env: Record<string, string> = {}, options: StageOptions = {}): Promise<void> => {
    stage = await Stage.set({ ...options, env: { ...ENV, ...env } });
    await stage.pair('2', PHONE);
  };
  const customers = (count: number): string[] => Array.from({ length: count }, (_, n) => `5731099900${10 + n}`);
  const write = async (customer: string): Promise<string> =>
    (await stage.whatsapp.customer(customer).write(PHONE, stage.text())).id;
  const events = async (name: string): Promise<Record<string, unknown>[]> => {
    const { body } = await stage.api.get('/api/events?organization_id=2&limit=200');
    return (body.events as { name: string; data: Record<string, unknown> }[])
      .filter((event) => event.name === name)
      .map(({ data }) => data);
  };
  const inbox = (): number =>
    [...stage.whatsapp.phone(PHONE).companions.values()].reduce((sum, { unacknowledged }) => sum + unacknowledged, 0);

  it.each([false, true])(
    'again and again: it is set aside, named, and the keys are not blamed (named: %s)',
    async (named) => {
      await begin();
      stage.whatsapp.mishaps.poisonFrom(PHONE, POISONER, { named });
      const poison = await write(POISONER);
      const line = await stage.log.until('stanza_set_aside', { org: '2' });
      expect(line).toMatchObject({ level: 'error', kind: 'message', stanza_id: poison, customer: '…0099' });
      expect(stage.log.events('stanza_suspected', '2')).toMatchObject([{ named }]);
      await stage.whatsapp.record.until(() => inbox() === 0);
      expect(stage.log.events('session_cleaned')).toEqual([]);
      expect((await stage.api.status('2')).body.health).toMatchObject({
        verdict: 'healthy',
        counters: { stream_error: { count: 0 } },
      });
      expect(await events('session.stanza_set_aside')).toEqual([
        { kind: 'message', stanza_id: poison, customer: '…0099' },
      ]);
      // It could be read, so it was told before.
      expect(await events('message.received')).toEqual([{ message_id: poison }]);
      // The pairing's, one for each end.
      await stage.receive(PHONE, POISONER);
      await stage.send('2', POISONER);
      expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(3);
    },
  );

  it('while it was away, among twenty others: they are told once each, and it alone is set aside', async () => {
    await begin();
    await stage.api.stop('2');
    const all = customers(20);
    const ids: string[] = [];
    for (const customer of all) {
      if (customer === all[7]) {
        stage.whatsapp.mishaps.poisonFrom(PHONE, POISONER);
        // It cannot be read either: it is asked for again, and refused.
        stage.whatsapp.mishaps.badMac(PHONE, 1, { from: POISONER });
        ids.push(await write(POISONER));
      }
      ids.push(await write(customer));
    }
    const [poison] = ids.splice(7, 1);
    await stage.api.start('2');
    expect(await stage.log.until('stanza_set_aside', { org: '2' })).toMatchObject({ stanza_id: poison });
    await stage.log.until('message_received', { org: '2', count: ids.length });
    expect((await events('message.received')).map(({ message_id: id }) => id).sort()).toEqual([...ids].sort());
    expect(stage.log.events('stanza_set_aside')).toHaveLength(1);
    expect(stage.log.events('session_cleaned')).toEqual([]);
    await stage.whatsapp.record.until(() => inbox() === 0);
  });

  it('innocent messages beside stream errors of another cause are never set aside, and the errors count', async () => {
    await begin();
    // The first time the stream ends as soon as the message is on its way, the second time when WhatsApp has the answer
    // to it.
    let ends = 0;
    stage.whatsapp.tap(({ direction, number, stanza }) => {
      if (number !== PHONE || ends >= 2) return;
      if (stanza.tag !== (ends === 0 ? 'message' : 'receipt') || direction !== (ends === 0 ? 'out' : 'in')) return;
      ends += 1;
      setImmediate(() => stage.whatsapp.mishaps.streamError(PHONE, undefined, { code: 500 }));
    });
    const id = await write(customers(1)[0] as string);
    // Nothing of it comes after the third login, so both count, and two are the limit.
    await stage.log.until('session_cleaned', { org: '2' });
    expect(await events('message.received')).toEqual([{ message_id: id }]);
    expect(stage.log.events('stanza_suspected')).toHaveLength(1);
    expect(stage.log.events('stanza_set_aside')).toEqual([]);
    expect(await events('session.cleaned')).toMatchObject([{ reason: 'stream_error', stream_error: 2 }]);
  });

  it('no more than three in a row are blamed: then the stream errors count', async () => {
    await begin();
    const all = customers(6);
    for (const customer of all) stage.whatsapp.mishaps.poisonFrom(PHONE, customer);
    for (const customer of all) await write(customer);
    await stage.log.until('session_cleaned', { org: '2' });
    expect(stage.log.events('stanza_set_aside', '2')).toHaveLength(3);
  });

  it('a message that WhatsApp took shows that the keys are good, and further ones are set aside', async () => {
    await begin();
    for (const customer of customers(5)) {
      stage.whatsapp.mishaps.poisonFrom(PHONE, customer);
      await write(customer);
      await stage.whatsapp.record.until(() => inbox() === 0);
      await stage.send('2', POISONER);
    }
    expect(stage.log.events('stanza_set_aside', '2')).toHaveLength(5);
    expect(stage.log.events('session_cleaned')).toEqual([]);
  });

  it('while many sessions end in stream errors nothing is set aside: it is WhatsApp', async () => {
    await begin({ OUTAGE_MIN_SESSIONS: '2', OUTAGE_SHARE: '0.9', STREAM_ERROR_LIMIT: '4' });
    await stage.pair('3', OTHER_PHONE);
    stage.whatsapp.mishaps.streamError(OTHER_PHONE, undefined, { code: 500 });
    await stage.log.until('fault_counted', { org: '3' });
    stage.whatsapp.mishaps.poisonFrom(PHONE, POISONER);
    await write(POISONER);
    await stage.log.until('cleaning_held_back', { org: '2' });
    expect(stage.log.events('stanza_suspected')).toEqual([]);
    expect(stage.log.events('stanza_set_aside')).toEqual([]);
    expect(stage.log.events('session_cleaned')).toEqual([]);
  });
});
