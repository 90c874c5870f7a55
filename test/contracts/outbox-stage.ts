import { afterEach, beforeEach } from 'vitest';
import type { OrganizationId } from '../../src/organization-id.js';
import type { MessageState } from '../../src/outbox/outbox-message.js';
import type { Accepted, MessageToStore, Move, OutboxStore } from '../../src/store/ports.js';

export const [SHOP, OTHER] = ['shop-1', 'shop-2'] as [OrganizationId, OrganizationId];
export const NOW = Date.UTC(2026, 0, 2);
export const CUSTOMER = '573109998877';
export const CHAT = `${CUSTOMER}@s.whatsapp.net`;
export const CONTENT = { kind: 'text', version: 1, text: 'Hola' } as const;
export const [PHONE, NEXT_PHONE] = ['573001112233', '573001112244'] as const;

/** A storage that is empty at first; `open` opens it, also again after it was closed. */
export interface OutboxPlace {
  open(): Promise<OutboxStore>;
  /** What was written in this turn is lost: to the store that was opened last the disk refuses it. */
  refuse(): void;
  remove(): Promise<void>;
}

let ids = 0;

/** A message that is to be stored. */
export const toStore = (more: Partial<MessageToStore> = {}): MessageToStore => ({
  messageId: `3EB0${++ids}`,
  organizationId: SHOP,
  phone: CUSTOMER,
  content: CONTENT,
  acceptedAt: NOW,
  expiresAt: NOW + 1000,
  requestHash: more.idempotencyKey === undefined ? null : Buffer.from('same'),
  keysSince: NOW - 1000,
  maxWaiting: 100,
  ...more,
});

/** A change of a state, which settles. */
export const moving = (messageId: string, from: MessageState, to: MessageState, more: Partial<Move> = {}): Move => ({
  messageId,
  from: [from],
  to,
  at: NOW + 5,
  settles: true,
  makesContact: false,
  isReceipt: false,
  ...more,
});

/** A store of its own for each test, and what is done to it. */
export function outboxStage(make: () => Promise<OutboxPlace>) {
  const on = {} as { place: OutboxPlace; store: OutboxStore; open: () => Promise<void> };
  beforeEach(async () => {
    on.place = await make();
    on.open = async () => {
      on.store = await on.place.open();
    };
    await on.open();
  });
  afterEach(async () => {
    await on.store.close();
    await on.place.remove();
  });
  const reopen = async (): Promise<void> => {
    await on.store.close();
    await on.open();
  };
  const accept = async (more: Partial<MessageToStore> = {}): Promise<Accepted> => {
    const { written, stored } = on.store.accept(toStore(more));
    await stored;
    return written;
  };
  /** A new message, by id. */
  const accepted = async (more: Partial<MessageToStore> = {}): Promise<string> => {
    const result = await accept(more);
    if (result.outcome !== 'stored') throw new Error(result.outcome);
    return result.message.messageId;
  };
  const claim = async (messageId: string, at = NOW) => {
    const { claimed, stored } = on.store.claim({ messageId, chatId: CHAT, at });
    await stored;
    return claimed;
  };
  const move = async (...args: Parameters<typeof moving>) => {
    const { moved, stored } = on.store.move(moving(...args));
    await stored;
    return moved;
  };
  const stateOf = async (id: string) => (await on.store.get(id))?.state;
  return { on, reopen, accept, accepted, claim, move, stateOf };
}
