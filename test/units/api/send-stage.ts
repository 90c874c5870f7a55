import { beforeEach } from 'vitest';
import type { OrganizationId } from '../../../src/organization-id.js';
import type { OutboxMessage } from '../../../src/outbox/outbox-message.js';
import { snapshotOf } from './in-memory-sessions.js';
import { onStage, type Stage } from './stage.js';

export const ID = '2' as OrganizationId;
export const DAY = 86_400_000;
export const body = { organization_id: '2', phone: '300 123 4567', message: ' Su cita es mañana. ' };
export const iso = (ms: number) => new Date(ms).toISOString();

/** Whoever sends from an organization that is connected. */
export function sending() {
  const on = {} as { stage: Stage };
  beforeEach(() => {
    on.stage = onStage();
    on.stage.sessions.hold(snapshotOf(ID));
  });
  return {
    on,
    send: (more: object = {}) => on.stage.post('/api/send-message', { ...body, ...more }),
    /** Nothing happens to accepted messages; by default answers come at once. */
    nobodyCarries: () => (on.stage.courier.carry = async () => undefined),
    stored: async (response: { body: { message_id?: string } }) =>
      (await on.stage.outbox.get(response.body.message_id ?? '')) as OutboxMessage,
  };
}
