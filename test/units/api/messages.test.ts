import { beforeEach, describe, expect, it } from 'vitest';
import { SENTENCES } from '../../../src/api/sentences.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { MESSAGE_STATES, type NewMessage } from '../../../src/outbox/outbox-message.js';
import { NOW } from './in-memory-sessions.js';
import { errorBody, onStage, type Stage } from './stage.js';

const TIME = '2026-01-02T03:04:05.000Z';
const LATER = '2026-01-02T03:04:06.000Z';
const CHAT = '573001112233@s.whatsapp.net';

let stage: Stage;
beforeEach(() => {
  stage = onStage();
});

async function accept(changes: Partial<Omit<NewMessage, 'organizationId'>> & { id?: string } = {}): Promise<string> {
  const { id = '2', ...message } = changes;
  const { message: stored } = await stage.outbox.accept({
    organizationId: id as OrganizationId,
    phone: '573001112233',
    content: { kind: 'text', version: 1, text: 'Su cita es mañana' },
    expiresAt: NOW + 60_000,
    ...message,
  });
  return stored.messageId;
}

describe('a message', () => {
  it('is told from its acceptance', async () => {
    const id = await accept({ replaceKey: 'booking:1', sendAt: NOW + 1000 });
    const response = await stage.get(`/api/messages/${id}`).expect(200);
    expect(response.body).toEqual({
      message_id: id,
      organization_id: '2',
      phone: '573001112233',
      status: 'queued',
      error: null,
      waiting: null,
      replace_key: 'booking:1',
      attempts: 0,
      created_at: TIME,
      send_at: LATER,
      expires_at: '2026-01-02T03:05:05.000Z',
      first_try_at: null,
      times: { queued: TIME },
      sentence: SENTENCES.es.messages.queued.sentence,
      hint: SENTENCES.es.messages.queued.hint,
    });
    expect(stage.log.filter(({ event }) => event === 'http_request')).toMatchObject([
      { path: '/api/messages/:message_id', org: 'org_id_2' },
    ]);
  });

  it('is told to the end', async () => {
    const id = await accept();
    await stage.outbox.claim(id, CHAT).stored;
    stage.clock.now += 1000;
    await stage.outbox.move(id, 'sent');
    await stage.outbox.move(id, 'read');
    const response = await stage.get(`/api/messages/${id}`).expect(200);
    expect(response.body).toMatchObject({
      phone: CHAT,
      status: 'read',
      attempts: 1,
      first_try_at: TIME,
      times: { queued: TIME, sending: TIME, sent: LATER, read: LATER },
    });
  });

  it('tells why it failed and what to do', async () => {
    const id = await accept();
    await stage.outbox.claim(id, CHAT).stored;
    await stage.outbox.move(id, 'failed', { errorCode: 'recipient_refused', ackCode: 463 });
    const response = await stage.get(`/api/messages/${id}`).set('Accept-Language', 'en').expect(200);
    const { sentence, hint } = SENTENCES.en.messageErrors.recipient_refused;
    expect(response.body).toMatchObject({
      status: 'failed',
      error: { code: 'recipient_refused', ack_code: 463, sentence },
      sentence: SENTENCES.en.messages.failed.sentence,
      hint,
    });
  });

  it.each(['3EB0', '%2e%2e', '%00', '%E0%A4%A', "'; DROP TABLE messages"])('unknown: %s', async (id) => {
    for (const request of [stage.get(`/api/messages/${id}`), stage.delete(`/api/messages/${id}`)]) {
      expect(errorBody(await request.expect(404)).code).toBe('unknown_message');
    }
  });

  it('never tells its text, in no answer and no log line', async () => {
    const id = await accept();
    const answers = [
      await stage.get(`/api/messages/${id}`),
      await stage.get('/api/messages?organization_id=2'),
      await stage.delete(`/api/messages/${id}`),
    ];
    expect(JSON.stringify(answers.map(({ text }) => text))).not.toContain('cita es');
    expect(JSON.stringify(stage.log)).not.toContain('cita es');
  });
});

describe('cancelling', () => {
  it('takes back what is queued, once or again', async () => {
    const id = await accept();
    for (let call = 0; call < 2; call += 1) {
      const response = await stage.delete(`/api/messages/${id}`).expect(200);
      expect(response.body).toMatchObject({
        message_id: id,
        status: 'cancelled',
        error: { code: 'cancelled_by_request', ack_code: null },
      });
    }
    expect(await stage.outbox.claim(id, CHAT).content).toBeNull();
  });

  it('comes too late for what was handed over', async () => {
    const id = await accept();
    await stage.outbox.claim(id, CHAT).stored;
    const response = await stage.delete(`/api/messages/${id}`).expect(409);
    expect(response.body).toMatchObject({ code: 'too_late_to_cancel', message_status: 'sending' });
  });

  it('is a method like others', async () => {
    const id = await accept();
    const posted = await stage.post(`/api/messages/${id}`, {}).expect(405);
    expect(posted.headers.allow).toBe('GET, HEAD, DELETE');
    await stage.delete('/api/messages?organization_id=2').expect(405);
    await stage.anonymous.delete(`/api/messages/${id}`).expect(401);
    expect((await stage.outbox.get(id))?.state).toBe('queued');
  });
});

interface Page {
  messages: { message_id: string }[];
  next: string | null;
}

async function page(query: string): Promise<{ ids: string[]; next: string | null }> {
  const response = await stage.get(`/api/messages?${query}`).expect(200);
  const { messages, next } = response.body as Page;
  return { ids: messages.map(({ message_id }) => message_id), next };
}

describe('a list', () => {
  it('is an organization’s own, oldest first, page by page', async () => {
    const ids = [await accept(), await accept(), await accept()];
    await accept({ id: '3' });
    const first = await page('organization_id=2&limit=2');
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect(await page(`organization_id=2&limit=2&after=${first.next}`)).toEqual({ ids: ids.slice(2), next: null });
    expect(await page('organization_id=nobody')).toEqual({ ids: [], next: null });
  });

  it('has 50 a page, or up to 200', async () => {
    await Promise.all(Array.from({ length: 60 }, () => accept()));
    expect((await page('organization_id=2')).ids).toHaveLength(50);
    expect(await page('organization_id=2&limit=200')).toMatchObject({ next: null });
  });

  it('can be of some statuses, of one customer, or both', async () => {
    const queued = await accept();
    const sent = await accept();
    const failed = await accept({ phone: '573009998877' });
    await stage.outbox.claim(sent, CHAT).stored;
    await stage.outbox.move(sent, 'sent');
    await stage.outbox.move(failed, 'failed', { errorCode: 'not_on_whatsapp' });
    const ids = async (query: string) => (await page(`organization_id=2&${query}`)).ids;
    expect(await ids('status=queued')).toEqual([queued]);
    expect(await ids('status=queued,sending')).toEqual([queued]);
    expect(await ids('status=sent&status=failed')).toEqual([sent, failed]);
    expect(await ids('status=queued,%20failed&status=failed')).toEqual([queued, failed]);
    expect(await ids(`status=${MESSAGE_STATES.join(',')}`)).toEqual([queued, sent, failed]);
    expect(await ids('phone=300%20999%208877')).toEqual([failed]);
    expect(await ids('phone=%2B573001112233&status=sent')).toEqual([sent]);
    expect(await ids('status=&phone=&after=&limit=')).toEqual([queued, sent, failed]);
  });

  it('finds one of a rare status among very many, in pages that may be empty', async () => {
    stage = onStage({ maxPending: 10_000 });
    const rare = await accept();
    await Promise.all(Array.from({ length: 5000 }, () => accept()));
    const last = await accept();
    for (const id of [rare, last]) await stage.outbox.move(id, 'cancelled');
    const first = await page('organization_id=2&status=cancelled');
    expect(first.ids).toEqual([rare]);
    expect(await page(`organization_id=2&status=cancelled&after=${first.next}`)).toEqual({ ids: [last], next: null });
    // What waits has an index: one page is enough.
    expect((await page('organization_id=2&status=queued&limit=200')).ids).toHaveLength(200);
  });

  it.each([
    ['', 'organization_id'],
    ['organization_id=', 'organization_id'],
    ['organization_id=../x', 'organization_id'],
    ['organization_id=2&organization_id=3', 'organization_id'],
    ['organization_id=2&status=lost', 'status'],
    ['organization_id=2&status=sent,', 'status'],
    ['organization_id=2&phone=abc', 'phone'],
    ['organization_id=2&after=-1', 'after'],
    ['organization_id=2&after=x', 'after'],
    ['organization_id=2&limit=0', 'limit'],
    ['organization_id=2&limit=201', 'limit'],
    ['organization_id=2&limit=1.5', 'limit'],
    ['organization_id=2&state=sent', 'state'],
    ['organization_id=2&__proto__=x', '__proto__'],
  ])('refuses %j, naming %s', async (query, field) => {
    const response = await stage.get(`/api/messages?${query}`).expect(400);
    expect(Object.keys(errorBody(response).fields ?? {})).toEqual([field]);
  });
});
