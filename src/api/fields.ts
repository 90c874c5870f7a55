import type { CountryCode } from 'libphonenumber-js';
import { z } from 'zod';
import { EVENT_NAMES, type EventName } from '../events/catalogue.js';
import { type OrganizationId, parseOrganizationId } from '../organization-id.js';
import { MESSAGE_STATES, OTHER_PHONE_DECISIONS, type MessageState } from '../outbox/outbox-message.js';
import { parsePhoneNumber, phoneProblem } from '../phone-number.js';
import { readReceiverUrl } from '../webhooks/receiver-address.js';
import { DELIVERY_STATES } from '../webhooks/webhook.js';
import type { ErrorCode } from '../errors.js';
import type { FieldProblem } from './sentences.js';

/**
 * The fields of all bodies. A schema's message is a FieldProblem, not a sentence: the sentence is chosen by language
 * when the answer is written. Bodies are `z.strictObject`s of these: unknown fields are refused by name.
 */

/** Longest message, in UTF-16 units: WhatsApp's own limit for a text. */
export const MAX_MESSAGE_LENGTH = 65_536;
/** Longest `wait_ms`. */
export const MAX_WAIT = 30_000;
/** Longest wait of a long poll, ms: below the minute after which proxies cut what is silent, and the 30 s of some. */
export const MAX_POLL = 25_000;
/** How far ahead a message may be scheduled, and how long it may live, ms. */
export const MAX_AHEAD = 30 * 86_400_000;
/** Most points of a chart: more than a phone's screen can show apart. */
const MAX_BUCKETS = 200;
/** Longest page of a list. */
const MAX_PAGE = 200;

export const problem = (name: FieldProblem): FieldProblem => name;

/**
 * A field that a parser reads; the parser answers null for what it cannot read. `wrong` may depend on what was given.
 * `Given` is what clients are told to give, for their types.
 */
export function parsed<T, Given = string>(
  parse: (value: unknown) => T | null,
  wrong: FieldProblem | ((value: unknown) => FieldProblem),
) {
  return (z.unknown() as z.ZodType<unknown, Given>).transform((value, context) => {
    const result = value === undefined ? null : parse(value);
    if (result !== null) return result;
    const why = value === undefined ? 'required' : typeof wrong === 'function' ? wrong(value) : wrong;
    context.addIssue({ code: 'custom', message: problem(why) });
    return z.NEVER;
  });
}

/** A string or an integer, as the existing callers send it. */
export const organizationId = parsed<OrganizationId, string | number>(parseOrganizationId, 'organization_id').meta({
  type: ['string', 'integer'],
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$',
  description: 'Your id of the organization, as a string or an integer; it may not contain `_corrupted_`.',
});

/** A string or an integer -> digits with country code. */
export const phone = (defaultCountry: CountryCode) =>
  parsed<string, string | number>(
    (value) => parsePhoneNumber(value, defaultCountry),
    (value) => phoneProblem(value, defaultCountry),
  ).meta({
    type: ['string', 'integer'],
    description:
      'With country code, with or without `+`, spaces and dashes; a local number gets the code of ' +
      `${defaultCountry}. One that its country does not have is refused; a chat id ` +
      '(`573001112233@s.whatsapp.net`) is taken as it is.',
  });

/** Sent as it is given; only blank ones are refused. */
export const message = z
  .string({ error: (issue) => problem(issue.input === undefined ? 'required' : 'not_text') })
  .max(MAX_MESSAGE_LENGTH, problem('message_too_long'))
  .refine((text) => text.trim() !== '', problem('empty'))
  .meta({ pattern: '\\S', description: 'The text, sent as it is given; blank ones are refused.' });

/** ms. */
export const waitMs = z
  .int({ error: problem('wait_ms') })
  .min(0, problem('wait_ms'))
  .max(MAX_WAIT, problem('wait_ms'))
  .meta({ description: 'How long the answer may wait, ms.' });

/** ISO 8601 with seconds and a zone (`Z` or `+05:00`; a local time would be a guess) -> epoch ms. */
export const time = z.iso
  .datetime({ offset: true, error: problem('time') })
  .transform((text) => Date.parse(text))
  .refine((ms) => !Number.isNaN(ms), problem('time'))
  .meta({ description: 'ISO 8601 with seconds and a zone, like `2026-03-01T09:00:00-05:00`.' });

/** Seconds. */
export const ttlSeconds = z
  .int({ error: problem('ttl_seconds') })
  .min(1, problem('ttl_seconds'))
  .max(MAX_AHEAD / 1000, problem('ttl_seconds'))
  .meta({ description: 'Seconds that the message may wait, instead of `expires_at`.' });

/** Whatever the caller calls the thing that its messages are about: `booking:123`. */
export const replaceKey = z
  .string({ error: problem('replace_key') })
  .min(1, problem('replace_key'))
  .max(128, problem('replace_key'))
  .meta({ description: 'A newer message with this key takes the place of one that was not tried yet: `booking:123`.' });

/** Visible ASCII, so that it is the same in a header and in a body. */
export const idempotencyKey = z
  .string({ error: problem('idempotency_key') })
  .regex(/^[\x21-\x7e]{1,255}$/, problem('idempotency_key'))
  .meta({ description: 'Known for 7 days: a repetition stores nothing and is answered by what became of the first.' });

/** `queued,sending`, or several of them -> the states, each once. */
export const messageStatuses = parsed((value) => {
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  const names = texts.flatMap((text) => (typeof text === 'string' ? text.split(',') : [null]));
  const states = names.map((name) => MESSAGE_STATES.find((state) => state === name?.trim()));
  return states.includes(undefined) ? null : [...new Set(states as MessageState[])];
}, 'message_status').meta({
  type: 'string',
  description: `One, or several separated by commas, of: ${MESSAGE_STATES.join(', ')}.`,
});

/** What a list answered as `next`. */
export const cursor = parsed(
  (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null),
  'cursor',
).meta({ type: 'string', pattern: '^\\d{1,15}$', description: '`next` of the page before.' });

export const pageSize = parsed<number, string | number>((value) => {
  const size = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 0;
  return size >= 1 && size <= MAX_PAGE ? size : null;
}, 'page_size').meta({ type: 'integer', minimum: 1, maximum: MAX_PAGE, description: 'Longest page.' });

/** A list in a query, separated by commas or repeated -> its parts, trimmed, each once. */
export function listOf(value: unknown): string[] | null {
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  const parts = texts.flatMap((text) => (typeof text === 'string' ? text.split(',').map((part) => part.trim()) : ['']));
  return parts.includes('') ? null : [...new Set(parts)];
}

/** One or several of a few names, in a query. */
export function namesOf<Name extends string>(names: readonly Name[], wrong: FieldProblem, most: string) {
  return parsed((value) => {
    const found = listOf(value)?.map((name) => names.find((one) => one === name));
    return found && !found.includes(undefined) ? (found as Name[]) : null;
  }, wrong).meta({ type: 'string', description: `${most}, separated by commas: ${names.join(', ')}.` });
}

/** `desc`: the newest first. */
export const order = z.enum(['asc', 'desc'], { error: problem('order') }).meta({
  description: '`asc`: oldest first, as when absent. `desc`: newest first; `after` then leads to older ones.',
});

/** Into how many parts a span is cut. */
export const bucketCount = parsed<number, string | number>((value) => {
  const count = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : 0;
  return count >= 1 && count <= MAX_BUCKETS ? count : null;
}, 'buckets').meta({
  type: 'integer',
  minimum: 1,
  maximum: MAX_BUCKETS,
  description: 'Parts of the span; 48 when absent.',
});

const orRequired =
  (wrong: FieldProblem) =>
  (issue: { input?: unknown }): FieldProblem =>
    issue.input === undefined ? 'required' : wrong;

/** `21:00` */
const clockTime = z
  .string({ error: orRequired('clock_time') })
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, problem('clock_time'))
  .meta({ description: 'Local time, `HH:MM`.' });

/** An IANA name that this Node knows. Offsets, which newer ones take as well, know no summer time. */
const timeZone = z
  .string({ error: orRequired('time_zone') })
  .refine((name) => {
    if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
      return true;
    } catch {
      return false;
    }
  }, problem('time_zone'))
  .meta({ description: 'IANA name.', examples: ['America/Bogota'] });

/** Null: none. */
export const quietHours = z
  .strictObject({ from: clockTime, to: clockTime, time_zone: timeZone }, { error: orRequired('quiet_hours') })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: problem('same_times') })
  .nullable()
  .meta({
    description: 'Hours in which customers get nothing; `to` before `from` is the next morning, null ends them.',
  });

/**
 * A backup's folder name; whose it is, and whether it exists, the sessions know. Nothing that could lead out of the
 * folder passes.
 */
export const backupName = z
  .string({ error: problem('backup_name') })
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, problem('backup_name'))
  .meta({ description: 'As `GET /api/backups/{organization_id}` lists it; the newest when absent.' });

/** A token of a link, or the key typed into the page; what it opens is known elsewhere. */
export const secret = z
  .string({ error: (issue) => problem(issue.input === undefined ? 'required' : 'not_text') })
  .min(1, problem('empty'))
  .max(512, problem('secret'));

/** Minutes. */
export const linkMinutes = z
  .int({ error: problem('link_minutes') })
  .min(5, problem('link_minutes'))
  .max(1440, problem('link_minutes'))
  .meta({ description: 'For how many minutes the link, and what it opened, is good; 60 when absent.' });

/** Of a query: how long an answer may wait for a change, ms. */
export const pollWait = parsed<number, string | number>((value) => {
  const ms = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : -1;
  return ms >= 0 && ms <= MAX_POLL ? ms : null;
}, 'poll_wait').meta({
  type: 'integer',
  minimum: 0,
  maximum: MAX_POLL,
  description: 'How long the answer waits for a change, ms.',
});

/** What a long poll answered as `version`. */
export const version = z
  .string({ error: problem('version') })
  .regex(/^[A-Za-z0-9_-]{1,64}$/, problem('version'))
  .meta({ description: '`version` of the answer before: this one comes when something has changed.' });
/** Where events go. What a name stands for is looked at when something is sent. */
export const receiverUrl = (allowPrivate: boolean) =>
  z
    .string({ error: orRequired('url') })
    .transform((text, context) => {
      const read = readReceiverUrl(text, allowPrivate);
      if ('url' in read) return read.url;
      context.addIssue({ code: 'custom', message: problem(read.problem) });
      return z.NEVER;
    })
    .meta({
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?:',
      maxLength: 2048,
      description: 'An http or https address, without a password in it.',
    });

/** Null: all, also those of later versions. */
export const eventTypes = z
  .array(z.enum(EVENT_NAMES as [EventName, ...EventName[]], { error: problem('event_types') }), {
    error: problem('event_types'),
  })
  .min(1, problem('event_types'))
  .refine((names) => new Set(names).size === names.length, problem('event_types'))
  .nullable()
  .meta({ description: 'Which events; null, or nothing, for all.' });

export const webhookDescription = z
  .string({ error: problem('description') })
  .max(200, problem('description'))
  .nullable()
  .meta({ description: 'For people.' });

export const trueOrFalse = z.boolean({ error: problem('true_or_false') });

export const deliveryStatus = z.enum(DELIVERY_STATES, { error: problem('delivery_status') });

export const deliveryId = z
  .string({ error: problem('delivery_id') })
  .regex(/^msg_[a-z0-9_]{1,64}$/, problem('delivery_id'))
  .meta({ description: 'As the deliveries of the webhook list it.' });

/** Seconds; null: as configured for all. */
export const undeliveredAfterSeconds = z
  .int({ error: problem('undelivered_after') })
  .min(0, problem('undelivered_after'))
  .max(604_800, problem('undelivered_after'))
  .nullable()
  .meta({
    description:
      'After so many seconds without delivery `message.undelivered` is told; 0 for never, null for the default ' +
      '(`UNDELIVERED_AFTER`).',
  });

/** Of a cleaning: also when the keys are good. */
export const force = z.boolean({ error: problem('true_or_false') }).meta({
  description: 'Sets the keys aside also when they are good and the session is only on its way to be connected.',
});

export const otherPhoneDecision = z.enum(OTHER_PHONE_DECISIONS, { error: problem('other_phone_action') }).meta({
  description: 'They leave from the phone that is linked now, or are taken back.',
});

/** Most actions take an organization and nothing else. */
export const onlyOrganization = z.strictObject({ organization_id: organizationId });
/** For operations that take nothing. */
export const nothing = z.strictObject({});

/** Parts of a path. */
export const inOrganizationPath = z.object({ organization_id: organizationId });
export const inMessagePath = z.object({
  message_id: z.string().meta({ description: "The message's id, as `POST /api/send-message` answered it." }),
});
export const inWebhookPath = z.object({
  webhook_id: z.string().meta({ description: "The webhook's id, as `POST /api/webhooks` answered it." }),
});

/** Of actions of one organization: they queue behind each other, wait for WhatsApp, and move its folder. */
export const ACTION_ERRORS = [
  'whatsapp_unavailable',
  'shutting_down',
  'auth_folder_unreadable',
] as const satisfies readonly ErrorCode[];
/** Of what can be guessed at without a key. */
export const GUESS_ERRORS = [
  'cross_site_request',
  'too_many_requests',
  'storage_unavailable',
] as const satisfies readonly ErrorCode[];
