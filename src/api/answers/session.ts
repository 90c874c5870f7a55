import { z } from 'zod';
import type { OrganizationId } from '../../organization-id.js';
import type { ServiceEvent } from '../../events/catalogue.js';
import { maskPhone } from '../../logger.js';
import type { Outbox } from '../../outbox/outbox.js';
import { DISCONNECT_KINDS } from '../../session/disconnect-reason.js';
import {
  type Attention,
  ATTENTION_CODES,
  type HealthView,
  HOLD_CODES,
  LOGOUT_OUTCOMES,
  type LogoutRecord,
  ownAttention,
  type SessionSnapshot,
} from '../../session/session-view.js';
import type { Shape } from '../operation.js';
import { qrDataUrl } from '../qr-picture.js';
import type { RequestContext } from '../request-context.js';
import { fillIn, type Saying, type Sentences } from '../sentences.js';
import {
  count,
  digits,
  hasQr,
  hint,
  instantOrNull,
  isoTime,
  named,
  organization,
  qr,
  qrExpiresAt,
  sentence,
  sessionStatus,
  success,
} from './common.js';
import { event, eventFields } from './event.js';

/** So many former phones are named. */
const PHONES_NAMED = 3;

/** Snapshots in the words of the wire: snake_case, ISO 8601 times, sentences for people. */

export const logoutOutcome = z.enum(LOGOUT_OUTCOMES);
const attentionCode = z.enum(ATTENTION_CODES);
const verdict = z.enum(['healthy', 'suspect', 'corrupted']);
const counter = z.object({ count, limit: count, window_ms: count });
const counters = z.object({ bad_mac: counter, stream_error: counter });
const queue = z.object({ pending: count, oldest_at: instantOrNull });

/** The five fields that the existing callers know. */
const five = {
  organization_id: organization,
  status: sessionStatus,
  connected: z.boolean(),
  has_qr: hasQr,
  phone_number: digits.nullable(),
};

/** Stopped, restarted. */
export const changedSession = named(
  'ChangedSession',
  z.object({ success, message: sentence, organization_id: organization, status: sessionStatus }),
);

export const qrAnswer = named(
  'Qr',
  z.object({ organization_id: organization, status: sessionStatus, has_qr: hasQr, qr, qr_expires_at: qrExpiresAt }),
);

const sessionHealth = z.object({
  verdict,
  counters,
  totals: z.record(z.string(), count).meta({ description: 'Per kind, since this process started.' }),
  last_cleaning: z
    .object({ at: instantOrNull, reason: z.string(), automatic: z.boolean(), backup: z.string().nullable() })
    .nullable(),
  cleanings_24h: count,
  cleanings_limit: count,
});

export const sessionStatusAnswer = named(
  'SessionStatus',
  z.object({
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
    queue,
    first_contacts_paused_until: instantOrNull.meta({
      description: 'WhatsApp refused a first contact (463): until then no new customers are written to.',
    }),
  }),
);

/** A line of a list of sessions, with every field. */
export const listedSession = z.object({
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
  counters,
  queue,
  last_event: event.nullable(),
});
/** Every field of a session, or those that were asked for. */
export const chosenSession = listedSession.partial().required({ organization_id: true });

/** The five fields that the existing callers know. */
export function statusFields(snapshot: SessionSnapshot): Shape<z.ZodObject<typeof five>> {
  return {
    organization_id: String(snapshot.organizationId),
    status: snapshot.status,
    connected: snapshot.status === 'connected',
    has_qr: snapshot.qr !== null,
    phone_number: snapshot.phoneNumber,
  };
}

export function logoutSaying({ outcome, backup }: LogoutRecord, { logouts }: Sentences): Saying {
  const { sentence, hint } = logouts[outcome];
  return { sentence: backup === null ? sentence : fillIn(sentence, { backup }), hint };
}

/** What the status says; how a session was logged out says more than that it is. */
export function statusSaying({ status, logout }: SessionSnapshot, sentences: Sentences): Saying {
  return logout ? logoutSaying(logout, sentences) : sentences.statuses[status];
}

/** Of what a line of `GET /api/sessions` is made. */
interface Listed {
  readonly snapshot: SessionSnapshot;
  readonly queue: Queue;
  /** Null also when it is not wanted. */
  readonly last: ServiceEvent | null;
  readonly context: Words;
}

/** What the session says: of what needs attention, else of the status. */
export function sessionSaying(snapshot: SessionSnapshot, sentences: Sentences): Saying {
  const { attention } = snapshot;
  return attention ? attentionSaying(attention, sentences) : statusSaying(snapshot, sentences);
}

/** What was done, and what the session says now. */
export function withSession(sentence: string, snapshot: SessionSnapshot, sentences: Sentences): string {
  return `${sentence} ${sessionSaying(snapshot, sentences).sentence}`;
}

/** What the attention says, with its facts in it. */
function attentionSaying(attention: Attention, sentences: Sentences): Saying {
  const { sentence, hint } = sentences.attention[attention.code];
  if (!attention.waiting) return { sentence, hint };
  const { messages, phones, linked } = attention.waiting;
  const former = phones.slice(0, PHONES_NAMED).map(maskPhone).join(', ');
  return { sentence: fillIn(sentence, { messages, former, phone: maskPhone(linked) }), hint };
}

type ListedSession = Shape<typeof listedSession>;
const LISTED: { readonly [Field in keyof ListedSession]: (listed: Listed) => ListedSession[Field] } = {
  organization_id: ({ snapshot }) => String(snapshot.organizationId),
  status: ({ snapshot }) => snapshot.status,
  connected: ({ snapshot }) => snapshot.status === 'connected',
  has_qr: ({ snapshot }) => snapshot.qr !== null,
  phone_number: ({ snapshot }) => snapshot.phoneNumber,
  sentence: ({ snapshot, context }) => sessionSaying(snapshot, context.sentences).sentence,
  hint: ({ snapshot, context }) => sessionSaying(snapshot, context.sentences).hint,
  qr_expires_at: ({ snapshot }) => isoTime(snapshot.qrExpiresAt),
  since: ({ snapshot }) => isoTime(snapshot.since),
  last_connected_at: ({ snapshot }) => isoTime(snapshot.lastConnectedAt),
  next_reconnect_at: ({ snapshot }) => isoTime(snapshot.nextReconnectAt),
  verdict: ({ snapshot }) => snapshot.health.verdict,
  attention: ({ snapshot }) => snapshot.attention?.code ?? null,
  logout: ({ snapshot }) => snapshot.logout?.outcome ?? null,
  counters: ({ snapshot }) => counterFields(snapshot.health),
  queue: ({ queue }) => queueFields(queue),
  last_event: ({ last, context }) => last && eventFields(last, context.language),
};

export type ListedField = keyof ListedSession;
export const LISTED_FIELDS = Object.keys(LISTED) as ListedField[];

/** One line of `GET /api/sessions`: what a person needs to see which one needs attention, and what to do about it. */
export function listedSessionFields(
  listed: Listed,
  fields: readonly ListedField[] = LISTED_FIELDS,
): Shape<typeof chosenSession> {
  const chosen = Object.fromEntries(fields.map((field) => [field, LISTED[field](listed)]));
  return chosen as Shape<typeof chosenSession>;
}

type Words = Pick<RequestContext, 'language' | 'sentences'>;

/** How many messages wait in the outbox, and since when the oldest does. */
type Queue = ReturnType<Outbox['depth']>;

/** What the outbox tells beside a session's state. */
interface Sending {
  readonly queue: Queue;
  /** Epoch ms; null when they are not paused. */
  readonly firstContactsPausedUntil: number | null;
}

function queueFields({ pending, oldestAt }: Queue): Shape<typeof queue> {
  return { pending, oldest_at: isoTime(oldestAt) };
}

function counterFields(health: HealthView): Shape<typeof counters> {
  const fields = Object.entries(health.counters).map(([kind, { count, limit, windowMs }]) => [
    kind,
    { count, limit, window_ms: windowMs },
  ]);
  return Object.fromEntries(fields) as Shape<typeof counters>;
}

function healthFields(snapshot: SessionSnapshot): Shape<typeof sessionHealth> {
  const cleaning = snapshot.lastCleaning;
  return {
    verdict: snapshot.health.verdict,
    counters: counterFields(snapshot.health),
    totals: snapshot.health.totals,
    last_cleaning: cleaning && {
      at: isoTime(cleaning.at),
      reason: cleaning.reason,
      automatic: cleaning.automatic,
      backup: cleaning.backup,
    },
    cleanings_24h: snapshot.automaticCleanings.count,
    cleanings_limit: snapshot.automaticCleanings.limit,
  };
}

/** Everything that `GET /api/status` tells. `backups` is their number, or null when their folder cannot be read. */
export function fullStatus(
  snapshot: SessionSnapshot,
  { backups, queue: waiting, firstContactsPausedUntil }: { backups: number | null } & Sending,
  sentences: Sentences,
): Shape<typeof sessionStatusAnswer> {
  const { attention, heldUp, lastDisconnect, logout } = snapshot;
  // What the session itself needs, so that the two do not contradict each other; what waits for another phone says
  // nothing of the session.
  const saying = ownAttention(attention) ? sessionSaying(snapshot, sentences) : statusSaying(snapshot, sentences);
  return {
    ...statusFields(snapshot),
    ...saying,
    since: isoTime(snapshot.since),
    last_connected_at: isoTime(snapshot.lastConnectedAt),
    last_disconnect: lastDisconnect && {
      code: lastDisconnect.code,
      reason: lastDisconnect.kind,
      text: lastDisconnect.text,
      at: isoTime(lastDisconnect.at),
    },
    next_reconnect_at: isoTime(snapshot.nextReconnectAt),
    qr_expires_at: isoTime(snapshot.qrExpiresAt),
    health: healthFields(snapshot),
    attention: attention && {
      code: attention.code,
      ...attentionSaying(attention, sentences),
      since: isoTime(attention.since),
      until: isoTime(attention.until),
    },
    logout: logout && { outcome: logout.outcome, at: isoTime(logout.at), backup: logout.backup },
    held_up: heldUp && { by: heldUp.by, sentence: sentences.heldUp[heldUp.by], since: isoTime(heldUp.since) },
    backups,
    queue: queueFields(waiting),
    first_contacts_paused_until: isoTime(firstContactsPausedUntil),
  };
}

/**
 * The same fields for an organization that was never started here; the predecessor answered 200, and callers rely on
 * it.
 */
export function notStartedStatus(
  id: OrganizationId,
  { queue: waiting, firstContactsPausedUntil }: Sending,
  sentences: Sentences,
): Shape<typeof sessionStatusAnswer> {
  return {
    organization_id: String(id),
    status: 'not_started',
    connected: false,
    has_qr: false,
    phone_number: null,
    ...sentences.statuses.not_started,
    since: null,
    last_connected_at: null,
    last_disconnect: null,
    next_reconnect_at: null,
    qr_expires_at: null,
    health: null,
    attention: null,
    logout: null,
    held_up: null,
    backups: 0,
    queue: queueFields(waiting),
    first_contacts_paused_until: isoTime(firstContactsPausedUntil),
  };
}

/** `{organization_id, status, has_qr, qr, qr_expires_at}`; `qr` is a PNG data URL or null. */
export async function qrFields(snapshot: SessionSnapshot): Promise<Shape<typeof qrAnswer>> {
  const { organization_id, status, has_qr } = statusFields(snapshot);
  return {
    organization_id,
    status,
    has_qr,
    qr: snapshot.qr === null ? null : await qrDataUrl(snapshot.qr),
    qr_expires_at: isoTime(snapshot.qrExpiresAt),
  };
}
