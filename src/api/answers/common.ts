import { z } from 'zod';
import { EVENT_NAMES } from '../../events/catalogue.js';
import { MESSAGE_STATES, OTHER_PHONE_DECISIONS } from '../../outbox/outbox-message.js';
import { WAIT_REASONS } from '../../session/message-carrier.js';
import { ATTENTION_CODES, HOLD_CODES, LOGOUT_OUTCOMES, SESSION_STATUSES } from '../../session/session-view.js';
import { DISCONNECT_KINDS } from '../../session/disconnect-reason.js';
import { ERROR_CODES } from '../../errors.js';
import { DELIVERY_ERRORS, DELIVERY_STATES } from '../../webhooks/webhook.js';

/**
 * The answers, as the documentation describes them. They are held against real answers by `test/scenarios/openapi.test.ts`: a field too
 * many or too few fails there. In the document they stay open, for an answer may learn new fields.
 */

const count = z.int().min(0);
const organization = z.string().meta({ description: 'The organization.', examples: ['clinic-7'] });
const sentence = z.string().meta({ description: 'For people, in the language of `Accept-Language` (es, en).' });
const hint = z.string().meta({ description: 'What to do, for people.' });
const instant = z.string().meta({ format: 'date-time', description: 'ISO 8601, UTC.' });
const instantOrNull = instant.nullable();
const success = z.literal(true);
const digits = z.string().meta({ description: 'Digits only, with country code.', examples: ['573001112233'] });
const qr = z.string().nullable().meta({ description: 'A PNG as a data URL, or null when there is none.' });
const hasQr = z.boolean().meta({ description: 'Whether a QR can be scanned now.' });
const messageId = z.string().meta({ description: "The message's id, here and at WhatsApp." });
const chat = z.string().meta({ description: 'The chat id used, like `573001112233@s.whatsapp.net`.' });
const next = z.string().nullable().meta({ description: "The following page's `after`; null at the end." });

export const sessionStatus = z.enum(SESSION_STATUSES);
export const messageStatus = z.enum(MESSAGE_STATES);
const logoutOutcome = z.enum(LOGOUT_OUTCOMES);
const attentionCode = z.enum(ATTENTION_CODES);
const verdict = z.enum(['healthy', 'suspect', 'corrupted']);

export const errorAnswer = z.object({
  error: sentence,
  code: z.enum(Object.keys(ERROR_CODES) as [string, ...string[]]).meta({ description: 'For programs; never changes.' }),
  request_id: z.string().meta({ description: 'Also in the header X-Request-Id and in the log.' }),
  status: sessionStatus.optional().meta({ description: "The session's status, when the error follows from it." }),
  hint: hint.optional(),
  fields: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: 'Each wrong field with a sentence of its own.' }),
  message_id: messageId.optional(),
  message_status: messageStatus.optional(),
  error_code: z.string().nullable().optional(),
  ack_code: z.int().nullable().optional().meta({ description: "WhatsApp's code of a refusal." }),
});

export const health = z.object({ status: z.literal('ok'), sessions: count, timestamp: instant });
export const live = z.object({ status: z.literal('ok') });
export const readiness = z.object({
  status: z.enum(['ready', 'starting']),
  ready: z.boolean(),
  restoring: count.meta({ description: 'Sessions that had no try yet since the start.' }),
  version_refused: z.boolean(),
});

const five = {
  organization_id: organization,
  status: sessionStatus,
  connected: z.boolean(),
  has_qr: hasQr,
  phone_number: digits.nullable(),
};

export const started = z.object({
  message: sentence,
  organization_id: organization,
  status: sessionStatus,
  hint,
  pairing_code: z.string().nullable().optional().meta({
    description:
      'With `pairing_phone` only: 8 characters to type on the phone, or null when a phone was linked meanwhile.',
  }),
});

const qrExpiresAt = instantOrNull.meta({
  description: 'Until when this QR is shown; then comes the next one, or none. Null without a QR.',
});
export const qrAnswer = z.object({
  organization_id: organization,
  status: sessionStatus,
  has_qr: hasQr,
  qr,
  qr_expires_at: qrExpiresAt,
});

const counter = z.object({ count, limit: count, window_ms: count });
const sessionHealth = z.object({
  verdict,
  counters: z.object({ bad_mac: counter, stream_error: counter }),
  totals: z.record(z.string(), count).meta({ description: 'Per kind, since this process started.' }),
  last_cleaning: z
    .object({ at: instantOrNull, reason: z.string(), automatic: z.boolean(), backup: z.string().nullable() })
    .nullable(),
  cleanings_24h: count,
  cleanings_limit: count,
});

export const status = z.object({
  ...five,
  sentence: sentence.meta({ description: 'Of what the session itself needs, else of the status.' }),
  hint,
  since: instantOrNull,
  last_connected_at: instantOrNull,
  last_disconnect: z
    .object({ code: z.int().nullable(), reason: z.enum(DISCONNECT_KINDS), text: z.string(), at: instantOrNull })
    .nullable(),
  next_reconnect_at: instantOrNull,
  qr_expires_at: qrExpiresAt,
  health: sessionHealth.nullable(),
  attention: z.object({ code: attentionCode, sentence, hint, since: instantOrNull, until: instantOrNull }).nullable(),
  logout: z
    .object({ outcome: logoutOutcome, at: instantOrNull, backup: z.string().nullable() })
    .nullable()
    .meta({ description: 'How it came to be logged out; null in every other status.' }),
  held_up: z
    .object({ by: z.enum(HOLD_CODES), sentence, since: instantOrNull })
    .nullable()
    .meta({ description: 'What holds up this organization for more than 10 s.' }),
  backups: count.nullable().meta({ description: 'How many; null when their folder cannot be read.' }),
  queue: z.object({ pending: count, oldest_at: instantOrNull }),
  first_contacts_paused_until: instantOrNull.meta({
    description: 'WhatsApp refused a first contact (463): until then no new customers are written to.',
  }),
});

export const event = z.object({
  id: z.string().meta({ description: 'Grows; `after` and `Last-Event-ID` speak of it.' }),
  name: z.enum(EVENT_NAMES as [string, ...string[]]),
  organization_id: organization,
  at: instant,
  data: z.record(z.string(), z.unknown()).meta({ description: 'What comes with this kind of event.' }),
  sentence,
});
const listedSession = z.object({
  ...five,
  sentence: sentence.meta({ description: 'Of what needs attention, else of the status.' }),
  hint,
  qr_expires_at: qrExpiresAt,
  since: instantOrNull,
  last_connected_at: instantOrNull,
  next_reconnect_at: instantOrNull,
  verdict,
  attention: attentionCode.nullable(),
  logout: logoutOutcome.nullable(),
  counters: z.object({ bad_mac: counter, stream_error: counter }),
  queue: z.object({ pending: count, oldest_at: instantOrNull }),
  last_event: event.nullable(),
});
export const sessionList = z.object({
  total: count.meta({ description: 'How many are held, whatever was asked for.' }),
  matching: count.optional().meta({ description: 'How many fit the query, on all pages. Only with a query.' }),
  groups: z
    .object({ attention: count, scan: count, other: count, connected: count })
    .optional()
    .meta({ description: 'How many of each group fit everything but `group`. Only with a query.' }),
  next: next.optional(),
  sessions: z
    .array(listedSession.partial().required({ organization_id: true }))
    .meta({ description: 'Every field of each, or those of `fields`.' }),
});

export const changedSession = z.object({
  success,
  message: sentence,
  organization_id: organization,
  status: sessionStatus,
});
export const loggedOut = z.object({
  success,
  message: sentence,
  organization_id: organization,
  outcome: logoutOutcome.meta({
    description:
      '`unlinked`: WhatsApp confirmed it, and the keys are removed. `not_confirmed`: the device may still be linked, and the keys are in `backup`. `keys_missing`: the same, but somebody had deleted or moved away the keys.',
  }),
  backup: z.string().nullable(),
});

export const cleaned = z.object({
  success,
  cleaned: z.boolean().meta({ description: 'False when the keys were good, so that nothing was set aside.' }),
  message: sentence,
  organization_id: organization,
  backup: z.string().nullable().meta({ description: 'Name of the backup; null when no phone had been linked.' }),
  backup_path: z.string().nullable(),
  status: sessionStatus,
  has_qr: hasQr,
  qr,
});

export const backups = z.object({
  organization_id: organization,
  total: count,
  backups: z.array(
    z.object({
      name: z.string(),
      set_aside_at: instant,
      phone_number: digits.nullable(),
      reason: z.string(),
      size: count.meta({ description: 'Bytes.' }),
    }),
  ),
});

export const restored = z.object({
  success,
  message: sentence,
  organization_id: organization,
  backup: z.string(),
  status: sessionStatus,
  phone_number: digits.nullable(),
});

const sentFields = { success, message: sentence, phone: chat, message_id: messageId, status: messageStatus };
export const sent = z.object(sentFields);
export const accepted = z.object({ ...sentFields, session_status: sessionStatus, hint });

const messageFields = {
  message_id: messageId,
  organization_id: organization,
  phone: z.string().meta({ description: 'The chat id, or digits before the number was resolved.' }),
  status: messageStatus,
  error: z.object({ code: z.string(), ack_code: z.int().nullable(), sentence }).nullable(),
  waiting: z
    .object({ reason: z.enum(WAIT_REASONS), since: instantOrNull, next_try_at: instantOrNull, sentence })
    .nullable()
    .meta({ description: 'Why it waits, when a reason is known.' }),
  replace_key: z.string().nullable(),
  attempts: count,
  created_at: instant,
  send_at: instant,
  expires_at: instant,
  first_try_at: instantOrNull,
  times: z.record(z.string(), z.string()).meta({ description: 'When each status was entered.' }),
};
export const message = z.object({ ...messageFields, sentence, hint });
export const messageList = z.object({ messages: z.array(z.object(messageFields)), next });

const quietHours = z.object({ from: z.string(), to: z.string(), time_zone: z.string() }).nullable();
const undeliveredAfter = count
  .nullable()
  .meta({ description: 'Null: nothing was chosen, and `UNDELIVERED_AFTER` holds. 0: never.' });
export const settings = z.object({
  organization_id: organization,
  quiet_hours: quietHours,
  undelivered_after_seconds: undeliveredAfter,
});
export const otherPhoneDecided = z.object({
  success,
  message: sentence,
  organization_id: organization,
  action: z.enum(OTHER_PHONE_DECISIONS),
  messages: count.meta({ description: 'Released, or taken back.' }),
  unconfirmed: count.meta({
    description: 'Of `cancel`: handed over before, so they may have gone out. They are `unconfirmed` now.',
  }),
});
export const savedSettings = z.object({
  success,
  message: sentence,
  organization_id: organization,
  quiet_hours: quietHours,
  undelivered_after_seconds: undeliveredAfter,
});

const webhookId = z.string().meta({ description: "The webhook's id." });
const secret = z.string().meta({ description: 'For Standard Webhooks libraries; shown now and not again.' });
const deliveryError = z.object({
  code: z.enum(DELIVERY_ERRORS),
  http_status: z.int().nullable().meta({ description: "The receiver's answer, if there was one." }),
  reason: z.string().nullable().meta({ description: 'What the system says when there was none, like `ECONNREFUSED`.' }),
  sentence,
});
const webhookFields = {
  webhook_id: webhookId,
  organization_id: z.string().nullable().meta({ description: 'Null: the events of all organizations.' }),
  url: z.string(),
  event_types: z
    .array(z.enum(EVENT_NAMES as [string, ...string[]]))
    .nullable()
    .meta({ description: 'Null: all.' }),
  description: z.string().nullable(),
  enabled: z.boolean(),
  disabled_reason: z.enum(['by_request', 'gone']).nullable(),
  created_at: instant,
  waiting: count.meta({ description: 'Deliveries that wait.' }),
  parked: count.meta({ description: 'Deliveries that were given up and can be sent again.' }),
  last_delivered_at: instantOrNull,
  last_failure: deliveryError.extend({ at: instant }).nullable(),
  next_try_at: instantOrNull.meta({
    description: 'When a line that waits after a failure is tried again; the first of them.',
  }),
};
export const webhook = z.object(webhookFields);
export const webhookList = z.object({ total: count, webhooks: z.array(webhook) });
export const createdWebhook = z.object({ success, message: sentence, ...webhookFields, secret });
export const changedWebhook = z.object({ success, message: sentence, ...webhookFields });
export const removedWebhook = z.object({ success, message: sentence, webhook_id: webhookId });
export const rotatedSecret = z.object({
  success,
  message: sentence,
  webhook_id: webhookId,
  secret,
  old_secret_until: instant.meta({ description: 'Until then the secret before signs as well.' }),
});
export const webhookTest = z.object({
  success: z.boolean(),
  message: sentence,
  webhook_id: webhookId,
  http_status: z.int().nullable(),
  ms: count,
  error: deliveryError.nullable(),
});
export const deliveryList = z.object({
  deliveries: z.array(
    z.object({
      delivery_id: z.string().meta({ description: 'The header `webhook-id`, the same at every try.' }),
      event_id: z.string(),
      type: z.enum(EVENT_NAMES as [string, ...string[]]),
      organization_id: organization,
      at: instant,
      status: z.enum(DELIVERY_STATES),
      attempts: count,
      last_try_at: instantOrNull,
      finished_at: instantOrNull,
      error: deliveryError.nullable(),
    }),
  ),
  next,
});
export const redelivering = z.object({
  success,
  message: sentence,
  webhook_id: webhookId,
  redelivering: count,
  parked: count.meta({ description: 'What is still parked.' }),
});

export const eventList = z.object({ events: z.array(event), next });

const token = z.string().meta({ description: 'Told once, and kept nowhere.' });
export const successAnswer = z.object({ success });
export const signedIn = z.object({ success, expires_at: instant });
export const signInState = z.object({ signed_in: z.boolean(), expires_at: instantOrNull });
export const signInLink = z.object({
  success,
  url: z.string().meta({ description: 'To be opened in the browser that shall be signed in.' }),
  token,
  expires_at: instant,
});
export const shopLink = z.object({
  success,
  organization_id: organization,
  url: z.string().meta({ description: 'To be sent to whoever holds the phone.' }),
  expires_at: instant,
});
export const openedShop = z.object({ organization_id: organization, expires_at: instant });
export const shopSession = z.object({
  organization_id: organization,
  status: sessionStatus,
  sentence,
  qr,
  qr_expires_at: qrExpiresAt,
  pairing_code: z.string().nullable(),
  phone_number: digits.nullable().meta({ description: 'The phone that was linked; null before.' }),
  linked: z.boolean(),
  expires_at: instant,
  version: z.string().meta({ description: 'To be given as `since`.' }),
});
export const shopPairingCode = z.object({
  organization_id: organization,
  status: sessionStatus,
  pairing_code: z.string().nullable(),
  message: sentence,
  hint,
});

const counted = z.array(z.object({ at: instant, count }));
export const charts = z.object({
  organization_id: organization.nullable(),
  from: instant,
  to: instant,
  bucket_ms: count,
  complete_from: instantOrNull.meta({ description: 'Null when no event was ever forgotten.' }),
  messages_complete_from: instantOrNull.meta({ description: 'Null when no message was left out.' }),
  messages: z.array(
    z.object({ at: instant, accepted: count, sent: count, delivered: count, read: count, failed: count }),
  ),
  faults: z.array(z.object({ at: instant, bad_mac: count, stream_error: count, other: count })),
  reconnects: counted,
  cleanings: counted,
});
export const service = z.object({
  version: z.string(),
  sessions: count,
  uptime_seconds: count,
  default_country: z.string(),
  default_language: z.string(),
  languages: z.array(z.string()),
  now: instant,
});

/** Their names in the document. */
export const ANSWERS = {
  Error: errorAnswer,
  Health: health,
  Live: live,
  Readiness: readiness,
  StartedSession: started,
  Qr: qrAnswer,
  SessionStatus: status,
  SessionList: sessionList,
  ChangedSession: changedSession,
  LoggedOut: loggedOut,
  CleanedSession: cleaned,
  BackupList: backups,
  RestoredSession: restored,
  SentMessage: sent,
  AcceptedMessage: accepted,
  Message: message,
  MessageList: messageList,
  Settings: settings,
  SavedSettings: savedSettings,
  OtherPhoneDecided: otherPhoneDecided,
  Event: event,
  EventList: eventList,
  Webhook: webhook,
  WebhookList: webhookList,
  CreatedWebhook: createdWebhook,
  ChangedWebhook: changedWebhook,
  RemovedWebhook: removedWebhook,
  RotatedSecret: rotatedSecret,
  WebhookTest: webhookTest,
  DeliveryList: deliveryList,
  Redelivering: redelivering,
  Success: successAnswer,
  SignedIn: signedIn,
  SignInState: signInState,
  SignInLink: signInLink,
  ShopLink: shopLink,
  OpenedShop: openedShop,
  ShopSession: shopSession,
  ShopPairingCode: shopPairingCode,
  Charts: charts,
  Service: service,
} as const;
export type AnswerName = keyof typeof ANSWERS;
