import type { AnswerOf } from '../api/contract.js';

/** Names for those of the service's answers, as the contract has them, that more than one function speaks of. */

export type { EventAnswer } from '../api/contract.js';

/** Nothing was left out, for no `fields` were asked for. */
export type ListedSession = Required<AnswerOf<'GET /api/sessions'>['sessions'][number]>;
export type StatusAnswer = AnswerOf<'GET /api/status/:organization_id'>;

/** What all answers about something that was done have. */
export type DoneAnswer = Pick<AnswerOf<'POST /api/stop-session'>, 'message'>;

export type MessageAnswer = AnswerOf<'GET /api/messages/:message_id'>;
export type MessagesAnswer = AnswerOf<'GET /api/messages'>;
export type ListedMessage = MessagesAnswer['messages'][number];

export type EventsAnswer = AnswerOf<'GET /api/events'>;
export type WebhookAnswer = AnswerOf<'GET /api/webhooks/:webhook_id'>;
