import { beforeEach, describe, expect, it } from 'vitest';
import { SENTENCES } from '../../../src/api/sentences.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { snapshotOf } from './in-memory-sessions.js';
import { errorBody, onStage, type Stage } from './stage.js';

const PATH = '/api/organization-settings';
const quiet_hours = { from: '21:00', to: '08:00', time_zone: 'America/Bogota' };

let stage: Stage;
beforeEach(() => {
  stage = onStage();
  stage.sessions.hold(snapshotOf('2'));
});

describe('quiet hours', () => {
  it('are none, are set, and end', async () => {
    const rest = { undelivered_after_seconds: null };
    const none = { organization_id: '2', quiet_hours: null, ...rest };
    expect((await stage.get(`${PATH}/2`).expect(200)).body).toEqual(none);
    const set = await stage.post(PATH, { organization_id: 2, quiet_hours }).expect(200);
    expect(set.body).toEqual({
      success: true,
      message: 'Configuración guardada.',
      organization_id: '2',
      quiet_hours,
      ...rest,
    });
    expect((await stage.get(`${PATH}/2`).expect(200)).body).toEqual({ organization_id: '2', quiet_hours, ...rest });
    expect(stage.outbox.quietHours('2' as OrganizationId)).toEqual({
      from: '21:00',
      to: '08:00',
      timeZone: 'America/Bogota',
    });
    expect((await stage.post(PATH, { organization_id: 2, quiet_hours: null }).expect(200)).body).toMatchObject(none);
    expect((await stage.get(`${PATH}/2`).expect(200)).body).toEqual(none);
  });

  it('stand beside the delay of message.undelivered, which stays as it is when it is not named', async () => {
    const after = async (undelivered_after_seconds?: number | null) =>
      (await stage.post(PATH, { organization_id: 2, quiet_hours: null, undelivered_after_seconds })).body as unknown;
    expect(await after(90)).toMatchObject({ undelivered_after_seconds: 90 });
    expect(await after(undefined)).toMatchObject({ undelivered_after_seconds: 90 });
    expect(await after(0)).toMatchObject({ undelivered_after_seconds: 0 });
    expect(await after(null)).toMatchObject({ undelivered_after_seconds: null });
    for (const wrong of [-1, 1.5, 604_801, '60', true]) {
      expect(await after(wrong as number)).toMatchObject({
        code: 'invalid_request',
        fields: { undelivered_after_seconds: SENTENCES.es.fields.undelivered_after },
      });
    }
  });

  it.each(['UTC', 'Europe/Madrid', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('in %s', async (time_zone) => {
    await stage.post(PATH, { organization_id: 2, quiet_hours: { ...quiet_hours, time_zone } }).expect(200);
  });

  it('belong to an organization that is known', async () => {
    expect(errorBody(await stage.get(`${PATH}/nobody`).expect(404)).code).toBe('unknown_organization');
    const response = await stage.post(PATH, { organization_id: 'nobody', quiet_hours }).expect(404);
    expect(errorBody(response).code).toBe('unknown_organization');
  });

  it.each<[string, object, string, keyof (typeof SENTENCES)['es']['fields']]>([
    ['missing', {}, 'quiet_hours', 'required'],
    ['a text', { quiet_hours: '21:00-08:00' }, 'quiet_hours', 'quiet_hours'],
    ['an array', { quiet_hours: [] }, 'quiet_hours', 'quiet_hours'],
    ['an hour', { quiet_hours: { ...quiet_hours, from: '9:00' } }, 'quiet_hours.from', 'clock_time'],
    ['an hour too many', { quiet_hours: { ...quiet_hours, to: '24:00' } }, 'quiet_hours.to', 'clock_time'],
    ['a number', { quiet_hours: { ...quiet_hours, to: 8 } }, 'quiet_hours.to', 'clock_time'],
    ['no beginning', { quiet_hours: { ...quiet_hours, from: undefined } }, 'quiet_hours.from', 'required'],
    ['no time between', { quiet_hours: { ...quiet_hours, to: '21:00' } }, 'quiet_hours.to', 'same_times'],
    ['a city', { quiet_hours: { ...quiet_hours, time_zone: 'Bogota' } }, 'quiet_hours.time_zone', 'time_zone'],
    ['an offset', { quiet_hours: { ...quiet_hours, time_zone: '-05:00' } }, 'quiet_hours.time_zone', 'time_zone'],
    ['no zone', { quiet_hours: { ...quiet_hours, time_zone: undefined } }, 'quiet_hours.time_zone', 'required'],
    ['more', { quiet_hours: { ...quiet_hours, days: [] } }, 'quiet_hours.days', 'unknown'],
  ])('refused: %s', async (_name, more, field, problem) => {
    const response = await stage.post(PATH, { organization_id: 2, ...more }).expect(400);
    expect(errorBody(response)).toMatchObject({
      code: 'invalid_request',
      fields: { [field]: SENTENCES.es.fields[problem] },
    });
  });
});
