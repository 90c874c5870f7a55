import { z } from 'zod';
import type { Config } from '../../config.js';
import type { ErrorCode } from '../../errors.js';
import { idempotencyKey, onlyOrganization, organizationId } from '../fields.js';
import { CLEANING_PATHS, cleanBody, restoreBody } from '../routes/clean-and-restore.js';
import { eventsQuery, streamQuery } from '../routes/events.js';
import { messagesQuery } from '../routes/messages.js';
import { organizationSettingsBody } from '../routes/organization-settings.js';
import { otherPhoneBody } from '../routes/other-phone.js';
import { FORMATS } from '../routes/qr.js';
import { sendMessageBody } from '../routes/send-message.js';
import { sessionsQuery } from '../session-query.js';
import { startSessionBody } from '../routes/start-session.js';
import type { AnswerName } from '../answers/common.js';
import { pageOperations } from './page-operations.js';
import { webhookOperations } from './webhook-operations.js';

export const TAGS = {
  Sessions: "An organization's session: linking a phone, looking at it, stopping it.",
  Keys: 'Setting keys aside, the backups, and the way back.',
  Messages: 'Every accepted message is stored first, and goes out as soon as it may.',
  Events: 'What happened, in order.',
  Webhooks: 'The same, sent to an address of yours.',
  Page: "The operator's page: signing in, the links, what it shows.",
  Operation: 'For machines that watch the service, and for those who write to it.',
} as const;

export interface AnswerOf {
  readonly about: string;
  /** A JSON answer. */
  readonly json?: AnswerName;
  /** Answers of other types, by media type. */
  readonly other?: Readonly<Record<string, z.ZodType>>;
  /** Headers by name, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** As express writes it, `/api/qr/:organization_id`. */
  readonly path: string;
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly about?: string;
  /** No key is needed. `shop`: but the cookie of an opened link for the shop. */
  readonly open?: boolean | 'shop';
  readonly deprecated?: boolean;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answers: Readonly<Record<number, AnswerOf>>;
  /** Beside those that any operation of its kind may answer (`errorsOf`). */
  readonly errors?: readonly ErrorCode[];
}

/** The schemas of parts of a path. */
export const PATH_PARTS: Readonly<Record<string, z.ZodType>> = {
  organization_id: organizationId,
  name: z.string().meta({ description: 'As the page names it.' }),
  message_id: z.string().meta({ description: "The message's id, as `POST /api/send-message` answered it." }),
  webhook_id: z.string().meta({ description: "The webhook's id, as `POST /api/webhooks` answered it." }),
};

/** Actions of one organization queue behind each other, wait for WhatsApp, and move its folder. */
const ACTION: readonly ErrorCode[] = ['whatsapp_unavailable', 'shutting_down', 'auth_folder_unreadable'];
const text = z.string();

/** What the schemas of bodies depend on. */
export type OperationsConfig = Pick<Config, 'DEFAULT_COUNTRY' | 'WEBHOOK_ALLOW_PRIVATE'>;

/** Every operation of the service; a test holds the table against express' own routes, and drives each against the real service. */
export function operations(config: OperationsConfig): readonly Operation[] {
  const { DEFAULT_COUNTRY } = config;
  return [
    {
      method: 'post',
      path: '/api/start-session',
      id: 'startSession',
      tag: 'Sessions',
      summary: 'Start a session',
      about:
        'Logs in with saved keys or starts a pairing. Idempotent: never harms a live or saved session. With `pairing_phone` the answer has a code to type on the phone, instead of a QR to scan.',
      body: startSessionBody(DEFAULT_COUNTRY),
      answers: { 200: { about: 'The session as it is now.', json: 'StartedSession' } },
      errors: ['already_paired', 'invalid_phone', ...ACTION],
    },
    {
      method: 'get',
      path: '/api/qr/:organization_id',
      id: 'getQr',
      tag: 'Sessions',
      summary: 'The QR to scan',
      about:
        'JSON with the picture as a data URL; the picture itself with `format=png` or `Accept: image/png`; blocks for a terminal with `format=text`. When the last QR ran out, asking starts a new pairing.',
      query: z.object({
        format: z.enum(FORMATS).optional(),
        background: z.enum(['dark', 'light']).optional().meta({ description: "The terminal's; dark when absent." }),
      }),
      answers: {
        200: {
          about: 'The QR.',
          json: 'Qr',
          other: { 'image/png': text.meta({ format: 'binary' }), 'text/plain': text },
        },
      },
      errors: ['invalid_request', 'unknown_organization', 'already_connected', 'state_conflict', ...ACTION],
    },
    {
      method: 'get',
      path: '/api/status/:organization_id',
      id: 'getStatus',
      tag: 'Sessions',
      summary: 'Everything about one session',
      about: 'Also for an organization that nobody knows: `not_started`.',
      answers: { 200: { about: 'The session as it is now.', json: 'SessionStatus' } },
    },
    {
      method: 'get',
      path: '/api/sessions',
      id: 'listSessions',
      tag: 'Sessions',
      summary: 'All sessions, or some of them',
      about:
        'Everything about all of them, ordered by id. A query narrows it down: `status`, `group`, `search` and `ids` choose, `sort`, `limit` and `after` make pages, `fields` leaves out what is not needed.',
      query: sessionsQuery,
      answers: { 200: { about: 'The sessions.', json: 'SessionList' } },
    },
    ...(['stop', 'restart'] as const).map((verb): Operation => ({
      method: 'post',
      path: `/api/${verb}-session`,
      id: `${verb}Session`,
      tag: 'Sessions',
      summary: verb === 'stop' ? 'Stop a session' : 'Restart a session',
      about:
        verb === 'stop'
          ? 'Keys are untouched; it stays stopped over a restart of the service.'
          : 'Keys are untouched; a new connection is made.',
      body: onlyOrganization,
      answers: { 200: { about: 'Done.', json: 'ChangedSession' } },
      errors: ['unknown_organization', ...ACTION],
    })),
    {
      method: 'post',
      path: '/api/logout',
      id: 'logout',
      tag: 'Sessions',
      summary: 'Unlink the phone',
      about:
        'Unlinks at WhatsApp. The keys are removed when WhatsApp confirmed it; otherwise they are set aside as `backup`, and the device is to be removed on the phone. A new scan is needed afterwards.',
      body: onlyOrganization,
      answers: { 200: { about: 'Done.', json: 'LoggedOut' } },
      errors: ['unknown_organization', ...ACTION],
    },
    ...CLEANING_PATHS.map((path, n): Operation => ({
      method: 'post',
      path,
      id: n === 0 ? 'forceCleanSession' : `forceCleanSessionAlias${n}`,
      tag: 'Keys',
      summary: n === 0 ? 'Set the keys aside and pair anew' : `Another name of ${CLEANING_PATHS[0]}`,
      about:
        'The auth folder is set aside as a backup, a new pairing begins, and its QR is in the answer if it came in time. A folder that was never paired is no backup. A session with good keys that is only on its way to be connected logs in with them instead, and the answer is `cleaned: false`; `force` cleans it all the same.',
      deprecated: n > 0,
      body: cleanBody,
      answers: { 200: { about: 'Cleaned, or not needed.', json: 'CleanedSession' } },
      errors: ['unknown_organization', ...ACTION],
    })),
    {
      method: 'get',
      path: '/api/backups/:organization_id',
      id: 'listBackups',
      tag: 'Keys',
      summary: 'The backups of an organization',
      answers: { 200: { about: 'Newest first.', json: 'BackupList' } },
      errors: ['unknown_organization', ...ACTION],
    },
    {
      method: 'post',
      path: '/api/restore-session',
      id: 'restoreSession',
      tag: 'Keys',
      summary: 'Put a backup back and log in with it',
      body: restoreBody,
      answers: { 200: { about: 'Restored.', json: 'RestoredSession' } },
      errors: ['unknown_organization', 'no_backup', 'unknown_backup', ...ACTION],
    },
    {
      method: 'post',
      path: '/api/send-message',
      id: 'sendMessage',
      tag: 'Messages',
      summary: 'Send a message',
      about:
        'Stored before anything is tried; the answer waits up to `wait_ms` (by default `SEND_WAIT`) for WhatsApp. Accepted in every state of a session that was ever paired. `expires_at` and `ttl_seconds` exclude each other. The idempotency key may stand in the header or in the body; both must agree.',
      headers: z.object({ 'Idempotency-Key': idempotencyKey.optional() }),
      body: sendMessageBody(DEFAULT_COUNTRY),
      answers: {
        200: {
          about: 'WhatsApp has it.',
          json: 'SentMessage',
          headers: { 'Idempotency-Replayed': '`true` when a known idempotency key was answered.' },
        },
        202: {
          about: 'Stored, and on its way as soon as it may; `hint` says what it waits for.',
          json: 'AcceptedMessage',
          headers: {
            Location: 'Where its status can be asked.',
            'Idempotency-Replayed': '`true` when a known idempotency key was answered.',
          },
        },
      },
      errors: [
        'invalid_phone',
        'not_on_whatsapp',
        'message_refused',
        'session_not_started',
        'message_expired',
        'message_cancelled',
        'idempotency_key_reused',
        'outbox_full',
        'shutting_down',
        'send_unconfirmed',
      ],
    },
    {
      method: 'get',
      path: '/api/messages',
      id: 'listMessages',
      tag: 'Messages',
      summary: "An organization's messages",
      about: 'Oldest first unless `order` says otherwise, 50 on a page unless `limit` does. Their texts are not told.',
      query: messagesQuery(DEFAULT_COUNTRY),
      answers: { 200: { about: 'One page; a page may be short before the end.', json: 'MessageList' } },
      errors: ['invalid_phone'],
    },
    {
      method: 'get',
      path: '/api/messages/:message_id',
      id: 'getMessage',
      tag: 'Messages',
      summary: 'What became of a message',
      answers: { 200: { about: 'The message.', json: 'Message' } },
      errors: ['unknown_message'],
    },
    {
      method: 'delete',
      path: '/api/messages/:message_id',
      id: 'cancelMessage',
      tag: 'Messages',
      summary: 'Take back a message that was not tried yet',
      answers: { 200: { about: 'Cancelled, now or before.', json: 'Message' } },
      errors: ['unknown_message', 'too_late_to_cancel'],
    },
    {
      method: 'post',
      path: '/api/other-phone-messages',
      id: 'decideOtherPhoneMessages',
      tag: 'Messages',
      summary: 'Decide about messages that were accepted for another phone',
      about:
        'When another phone is linked, messages that were accepted for the one before wait (attention `other_phone`), until they are sent all the same, cancelled, or their phone is linked again. What is accepted afterwards is not held up. They expire as others do. `send` needs a phone that is linked (409 otherwise); `cancel` does not.',
      body: otherPhoneBody,
      answers: { 200: { about: 'Decided; `messages` and `unconfirmed` tell how many.', json: 'OtherPhoneDecided' } },
      errors: ['unknown_organization', 'state_conflict'],
    },
    {
      method: 'get',
      path: '/api/organization-settings/:organization_id',
      id: 'getOrganizationSettings',
      tag: 'Messages',
      summary: 'What an organization chose',
      answers: { 200: { about: 'The settings.', json: 'Settings' } },
      errors: ['unknown_organization'],
    },
    {
      method: 'post',
      path: '/api/organization-settings',
      id: 'setOrganizationSettings',
      tag: 'Messages',
      summary: 'Set the quiet hours, and when `message.undelivered` is told',
      body: organizationSettingsBody,
      answers: { 200: { about: 'Saved.', json: 'SavedSettings' } },
      errors: ['unknown_organization'],
    },
    {
      method: 'get',
      path: '/api/events',
      id: 'listEvents',
      tag: 'Events',
      summary: 'What happened',
      about:
        'Oldest first unless `order` says otherwise, 100 on a page unless `limit` does. The newest `EVENTS_KEPT` of each organization are kept.',
      query: eventsQuery,
      answers: { 200: { about: 'One page.', json: 'EventList' } },
    },
    {
      method: 'get',
      path: '/api/events/stream',
      id: 'streamEvents',
      tag: 'Events',
      summary: 'What happens, live',
      about:
        'Server-sent events; the `data` of each is an Event. With `Last-Event-ID` (or `after`) it begins with what was missed. A reader that does not keep up is cut off.',
      query: streamQuery,
      headers: z.object({
        'Last-Event-ID': z.string().optional().meta({ description: 'The id of the last event that was read.' }),
      }),
      answers: { 200: { about: 'The stream.', other: { 'text/event-stream': text } } },
      errors: ['shutting_down'],
    },
    ...webhookOperations(config),
    ...pageOperations(DEFAULT_COUNTRY),
    {
      method: 'get',
      path: '/health',
      id: 'health',
      tag: 'Operation',
      summary: 'How many sessions are held',
      open: true,
      answers: { 200: { about: 'It answers.', json: 'Health' } },
    },
    {
      method: 'get',
      path: '/health/live',
      id: 'live',
      tag: 'Operation',
      summary: 'Whether the process answers',
      open: true,
      answers: { 200: { about: 'It answers.', json: 'Live' } },
    },
    {
      method: 'get',
      path: '/health/ready',
      id: 'ready',
      tag: 'Operation',
      summary: 'Whether every session had its first try',
      open: true,
      answers: {
        200: { about: 'Ready.', json: 'Readiness' },
        503: { about: 'Starting. It is an answer, not an error, so it has no code.', json: 'Readiness' },
      },
    },
    {
      method: 'get',
      path: '/metrics',
      id: 'metrics',
      tag: 'Operation',
      summary: 'Metrics for Prometheus',
      about: 'Described in ops/README.md.',
      answers: { 200: { about: 'In the exposition format.', other: { 'text/plain': text } } },
    },
    {
      method: 'get',
      path: '/openapi.json',
      id: 'openapi',
      tag: 'Operation',
      summary: 'This document',
      open: true,
      answers: {
        200: { about: 'OpenAPI 3.1.', other: { 'application/json': z.looseObject({ openapi: z.string() }) } },
      },
    },
    {
      method: 'get',
      path: '/docs',
      id: 'docs',
      tag: 'Operation',
      summary: 'This document, for people',
      open: true,
      answers: { 200: { about: 'A page.', other: { 'text/html': text } } },
    },
  ];
}

const BEHIND_THE_KEY = [
  'missing_api_key',
  'wrong_api_key',
  'signed_out',
  'cross_site_request',
  'too_many_requests',
  'storage_unavailable',
] as const;

/** Every error that an operation may answer. */
export function errorsOf(operation: Operation): ErrorCode[] {
  const { open, body, query, path, errors = [] } = operation;
  const codes = new Set<ErrorCode>(['internal_error']);
  if (!open) for (const code of BEHIND_THE_KEY) codes.add(code);
  if (open === 'shop')
    for (const code of ['unknown_shop_link', 'cross_site_request', 'storage_unavailable'] as const) codes.add(code);
  if (body)
    for (const code of ['invalid_json', 'invalid_request', 'body_too_large', 'unsupported_media_type'] as const)
      codes.add(code);
  if (query) codes.add('invalid_request');
  const asksOrganization =
    path.includes(':organization_id') ||
    (body instanceof z.ZodObject && 'organization_id' in body.shape) ||
    (query && 'organization_id' in query.shape);
  if (asksOrganization) codes.add('invalid_organization_id');
  for (const code of errors) codes.add(code);
  return [...codes];
}
