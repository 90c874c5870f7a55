/** A stage with receivers of webhooks, for the scenarios of webhooks. One at a time in each test file. */
import { expect } from 'vitest';
import { Receiver, type Received } from './receiver.js';
import { Stage, type StageOptions } from './stage.js';

export const PHONE = '573001112233';
export const OTHER_PHONE = '573001114455';
export const CUSTOMER = '573109998877';
export const SILENT = '573109998866';

/** Receivers of tests are on loopback; the waits are short. */
export const QUICK = {
  WEBHOOK_ALLOW_PRIVATE: 'true',
  WEBHOOK_TIMEOUT: '1000',
  WEBHOOK_RETRY_BASE_DELAY: '20',
  WEBHOOK_RETRY_MAX_DELAY: '100',
};

export let stage: Stage;
const receivers: Receiver[] = [];

/** To be called after each test. */
export async function end(): Promise<void> {
  await stage.end();
  for (const receiver of receivers.splice(0)) await receiver.close();
}

export async function set(env: Record<string, string> = {}, options: StageOptions = {}): Promise<void> {
  stage = await Stage.set({ ...options, env: { ...QUICK, ...env } });
}

export async function receiver(): Promise<Receiver> {
  const started = await Receiver.start();
  receivers.push(started);
  return started;
}

export interface Created {
  webhook_id: string;
  secret: string;
}

export async function create(url: string, more: object = {}): Promise<Created> {
  const { status, body } = await stage.api.post('/api/webhooks', { url, ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as Created;
}

/** The webhook as the API shows it, as soon as it is so. */
export async function webhook(id: string, isSo: (body: Record<string, unknown>) => boolean = () => true) {
  for (const end = Date.now() + 60_000; ;) {
    const { body } = await stage.api.get(`/api/webhooks/${id}`);
    if (isSo(body)) return body;
    if (Date.now() > end) throw new Error(`never so: ${JSON.stringify(body)}`);
  }
}

export const deliveries = async (id: string, query = '') =>
  (await stage.api.get(`/api/webhooks/${id}/deliveries${query}`)).body.deliveries as Record<string, unknown>[];

/** What the ledger tells of an organization, as `name id`. */
export async function told(organization: string): Promise<string[]> {
  const { body } = await stage.api.get(`/api/events?organization_id=${organization}&limit=200`);
  return (body.events as { name: string; id: string }[]).map(({ name, id }) => `${name} ${id}`);
}

export const asTold = (received: readonly Received[]): string[] =>
  received.map(({ type, data }) => `${type} ${String(data.event_id)}`);

/** As soon as it has taken so many; one that came twice counts once. */
export const taken = (one: Receiver, count: number) => one.until(() => one.taken().length >= count, `${count} taken`);

export const statuses = (received: readonly Received[]) => received.map(({ data }) => data.status);
export const isStatus = (status: string) => (one: Received) =>
  one.type === 'message.status' && one.data.status === status;
