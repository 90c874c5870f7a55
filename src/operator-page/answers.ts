import type { AnswerOf, EventAnswer } from '../api/contract.js';

/** What the service answers, as the contract has it. */

export type ServiceEvent = EventAnswer;
export type SessionStatus = AnswerOf<'GET /api/status/:organization_id'>;
export type Status = SessionStatus['status'];
type Health = NonNullable<SessionStatus['health']>;
export type Verdict = Health['verdict'];
export type Counters = Partial<Health['counters']>;
export type Counter = Health['counters']['bad_mac'];
export type ListedSession = Required<AnswerOf<'GET /api/sessions'>['sessions'][number]>;
export type QrAnswer = AnswerOf<'GET /api/qr/:organization_id'>;
export type Backup = AnswerOf<'GET /api/backups/:organization_id'>['backups'][number];

/** Alone, or in a list, where it says no more than what it is. */
export type Message = AnswerOf<'GET /api/messages'>['messages'][number] &
  Partial<Pick<AnswerOf<'GET /api/messages/:message_id'>, 'sentence' | 'hint'>>;

export type Charts = AnswerOf<'GET /api/charts'>;
export type ShopSession = AnswerOf<'GET /api/shop/session'>;

export type Webhook = AnswerOf<'GET /api/webhooks/:webhook_id'>;
export type WebhookTest = AnswerOf<'POST /api/webhooks/:webhook_id/test'>;
export type Delivery = AnswerOf<'GET /api/webhooks/:webhook_id/deliveries'>['deliveries'][number];
