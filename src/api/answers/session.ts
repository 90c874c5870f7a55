import type { OrganizationId } from '../../organization-id.js';
import type { ServiceEvent } from '../../events/catalogue.js';
import { maskPhone } from '../../logger.js';
import type { Outbox } from '../../outbox/outbox.js';
import { type HealthView, type LogoutRecord, ownAttention, type SessionSnapshot } from '../../session/session-view.js';
import { eventFields } from './event.js';
import { qrDataUrl } from '../qr-picture.js';
import type { RequestContext } from '../request-context.js';
import { fillIn, type Saying, type Sentences } from '../sentences.js';

/** So many former phones are named. */
const PHONES_NAMED = 3;

/** Snapshots in the words of the wire: snake_case, ISO 8601 times, sentences for people. */

/** Epoch ms -> ISO 8601. */
export function isoTime(time: number | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString();
}

/** The five fields that the existing callers know. */
export function statusFields(snapshot: SessionSnapshot) {
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

/** Of what a line of `GET /api/sessions` is made; what costs a question to a database is only asked when it is wanted. */
interface Listed {
  readonly snapshot: SessionSnapshot;
  readonly queue: () => Queue;
  readonly last: () => ServiceEvent | null;
  readonly context: Words;
}

/** What the session says: of what needs attention, else of the status. */
export function sessionSaying(snapshot: SessionSnapshot, sentences: Sentences): Saying {
  return attentionSaying(snapshot, sentences) ?? statusSaying(snapshot, sentences);
}

/** What the attention says, with its facts in it; null when there is none. */
function attentionSaying({ attention }: SessionSnapshot, sentences: Sentences): Saying | null {
  if (!attention) return null;
  const { sentence, hint } = sentences.attention[attention.code];
  if (!attention.waiting) return { sentence, hint };
  const { messages, phones, linked } = attention.waiting;
  const former = phones.slice(0, PHONES_NAMED).map(maskPhone).join(', ');
  return { sentence: fillIn(sentence, { messages, former, phone: maskPhone(linked) }), hint };
}

const LISTED = {
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
  counters: ({ snapshot }) => counters(snapshot.health),
  queue: ({ queue }) => queueFields(queue()),
  last_event: ({ last, context }) => {
    const event = last();
    return event && eventFields(event, context.language);
  },
} satisfies Record<string, (listed: Listed) => unknown>;

export type ListedField = keyof typeof LISTED;
export const LISTED_FIELDS = Object.keys(LISTED) as ListedField[];

/** One line of `GET /api/sessions`: what a person needs to see which one needs attention, and what to do about it. */
export function listedSession(listed: Listed, fields: readonly ListedField[] = LISTED_FIELDS): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, LISTED[field](listed)]));
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

function queueFields({ pending, oldestAt }: Queue) {
  return { pending, oldest_at: isoTime(oldestAt) };
}

function counters(health: HealthView) {
  return Object.fromEntries(
    Object.entries(health.counters).map(([kind, { count, limit, windowMs }]) => [
      kind,
      { count, limit, window_ms: windowMs },
    ]),
  );
}

function healthFields(snapshot: SessionSnapshot) {
  const cleaning = snapshot.lastCleaning;
  return {
    verdict: snapshot.health.verdict,
    counters: counters(snapshot.health),
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
  { backups, queue, firstContactsPausedUntil }: { backups: number | null } & Sending,
  sentences: Sentences,
) {
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
      ...attentionSaying(snapshot, sentences),
      since: isoTime(attention.since),
      until: isoTime(attention.until),
    },
    logout: logout && { outcome: logout.outcome, at: isoTime(logout.at), backup: logout.backup },
    held_up: heldUp && { by: heldUp.by, sentence: sentences.heldUp[heldUp.by], since: isoTime(heldUp.since) },
    backups,
    queue: queueFields(queue),
    first_contacts_paused_until: isoTime(firstContactsPausedUntil),
  };
}

/** The same fields for an organization that was never started here; the predecessor answered 200, and callers rely on it. */
export function notStartedStatus(
  id: OrganizationId,
  { queue, firstContactsPausedUntil }: Sending,
  sentences: Sentences,
) {
  return {
    organization_id: String(id),
    status: 'not_started' as const,
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
    queue: queueFields(queue),
    first_contacts_paused_until: isoTime(firstContactsPausedUntil),
  };
}

/** `{organization_id, status, has_qr, qr, qr_expires_at}`; `qr` is a PNG data URL or null. */
export async function qrFields(snapshot: SessionSnapshot) {
  const { organization_id, status, has_qr } = statusFields(snapshot);
  return {
    organization_id,
    status,
    has_qr,
    qr: snapshot.qr === null ? null : await qrDataUrl(snapshot.qr),
    qr_expires_at: isoTime(snapshot.qrExpiresAt),
  };
}
