import type { AnswerOf } from '../api/contract.js';

/** The service's answers, as the contract has them; `--json` passes them on whole. Times are ISO 8601. */

export type { ErrorAnswer, EventAnswer } from '../api/contract.js';

type Sessions = AnswerOf<'GET /api/sessions'>;
/** Nothing was left out, for no `fields` were asked for. */
export type ListedSession = Required<Sessions['sessions'][number]>;
export type SessionsAnswer = Omit<Sessions, 'sessions'> & { readonly sessions: readonly ListedSession[] };
export type StatusAnswer = AnswerOf<'GET /api/status/:organization_id'>;
export type StartAnswer = AnswerOf<'POST /api/start-session'>;
export type QrAnswer = AnswerOf<'GET /api/qr/:organization_id'>;

/** What all answers about something that was done have; those about a session have its status. */
export type DoneAnswer = Pick<AnswerOf<'POST /api/stop-session'>, 'message'> &
  Partial<Pick<AnswerOf<'POST /api/stop-session'>, 'status'>>;
export type CleanAnswer = AnswerOf<'POST /api/force-clean-session'>;
export type OtherPhoneAnswer = AnswerOf<'POST /api/other-phone-messages'>;
export type BackupsAnswer = AnswerOf<'GET /api/backups/:organization_id'>;
export type RestoreAnswer = AnswerOf<'POST /api/restore-session'>;

/** With a hint when it waits. */
export type SendAnswer = AnswerOf<'POST /api/send-message'> & { readonly hint?: string };
export type MessageAnswer = AnswerOf<'GET /api/messages/:message_id'>;
export type MessagesAnswer = AnswerOf<'GET /api/messages'>;
export type ListedMessage = MessagesAnswer['messages'][number];

export type EventsAnswer = AnswerOf<'GET /api/events'>;

export type WebhooksAnswer = AnswerOf<'GET /api/webhooks'>;
/** With its secret when it is made. */
export type WebhookAnswer = WebhooksAnswer['webhooks'][number] & { readonly secret?: string };
export type WebhookTestAnswer = AnswerOf<'POST /api/webhooks/:webhook_id/test'>;
export type DeliveriesAnswer = AnswerOf<'GET /api/webhooks/:webhook_id/deliveries'>;
