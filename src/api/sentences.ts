import type { ErrorCode, ErrorReason } from '../errors.js';
import type { WaitReason } from '../session/message-carrier.js';
import type { MessageErrorCode, MessageState } from '../outbox/outbox-message.js';
import type { PhoneProblem } from '../phone-number.js';
import type { AttentionCode, HoldCode, LogoutOutcome, SessionStatus } from '../session/session-view.js';
import type { DeliveryError } from '../webhooks/webhook.js';
import { english } from './sentences-en.js';
import { spanish } from './sentences-es.js';

/**
 * What people read, by language. Codes are for programs and never change; sentences may. Both languages are held
 * complete by the type checker: a code without a sentence does not compile.
 */
export type Language = 'es' | 'en';

/** What is wrong about one field; the values of `ServiceError.details.fields`. */
export type FieldProblem =
  | 'required'
  | 'unknown'
  | 'not_an_object'
  | 'organization_id'
  | PhoneProblem
  | 'not_text'
  | 'empty'
  | 'message_too_long'
  | 'wait_ms'
  | 'format'
  | 'backup_name'
  | 'time'
  | 'time_is_past'
  | 'too_far_ahead'
  | 'expires_before_send'
  | 'one_expiry_only'
  | 'ttl_seconds'
  | 'replace_key'
  | 'idempotency_key'
  | 'idempotency_keys_differ'
  | 'message_status'
  | 'cursor'
  | 'page_size'
  | 'quiet_hours'
  | 'clock_time'
  | 'same_times'
  | 'time_zone'
  | 'secret'
  | 'key_or_token'
  | 'link_minutes'
  | 'poll_wait'
  | 'version'
  | 'host'
  | 'order'
  | 'buckets'
  | 'from_after_to'
  | 'span_too_long'
  | 'url'
  | 'private_address'
  | 'event_types'
  | 'description'
  | 'true_or_false'
  | 'delivery_status'
  | 'delivery_id'
  | 'only_parked'
  | 'one_choice_only'
  | 'undelivered_after'
  | 'other_phone_action'
  | 'session_status'
  | 'session_group'
  | 'session_sort'
  | 'session_search'
  | 'session_ids'
  | 'session_page_size'
  | 'session_cursor';

/** What was done, for the `message` of a success. */
export type DoneCode =
  | 'cleaned'
  | 'cleaned_nothing_to_keep'
  | 'not_cleaned_connected'
  | 'not_cleaned_on_its_way'
  | 'not_cleaned'
  | 'stopped'
  | 'restarted'
  | 'pairing_code'
  | 'type_the_code'
  | 'restored'
  | 'settings_saved'
  | 'other_phone_sent'
  | 'other_phone_cancelled'
  | 'other_phone_unconfirmed'
  | 'other_phone_partly_unconfirmed'
  | 'other_phone_partly_sent'
  | 'other_phone_nothing'
  | 'phone_linked'
  | 'webhook_created'
  | 'webhook_changed'
  | 'webhook_removed'
  | 'secret_rotated'
  | 'test_delivered'
  | 'test_failed'
  | 'redelivering';

/**
 * What an accepted message waits for; `{at}` stands for a time. `session` and `until` stand beside what the session
 * itself says.
 */
export type WaitSentence =
  | 'scheduled'
  | 'quiet_hours'
  | 'reconnect'
  | 'session'
  | 'until'
  | 'first_contact'
  | 'turn'
  | 'answer'
  | Exclude<WaitReason, 'not_connected' | 'first_contacts_paused' | 'quiet_hours'>;

/** What is the case, and what to do about it. */
export interface Saying {
  readonly sentence: string;
  readonly hint: string;
}

export interface Sentences {
  /** `{fields}` stands for the names of the wrong fields. */
  readonly errors: Readonly<Record<ErrorCode, { readonly sentence: string; readonly hint?: string }>>;
  readonly reasons: Readonly<Record<Exclude<ErrorReason, MessageErrorCode>, Saying>>;
  readonly fields: Readonly<Record<FieldProblem, string>>;
  readonly statuses: Readonly<Record<SessionStatus, Saying>>;
  /** In that of `other_phone`, `{phone}` and `{former}` stand for masked numbers and `{messages}` for how many wait. */
  readonly attention: Readonly<Record<AttentionCode, Saying>>;
  /** `{backup}` stands for its name. */
  readonly logouts: Readonly<Record<LogoutOutcome, Saying>>;
  readonly heldUp: Readonly<Record<HoldCode, string>>;
  readonly messages: Readonly<Record<MessageState, Saying>>;
  readonly messageErrors: Readonly<Record<MessageErrorCode, Saying>>;
  readonly deliveryErrors: Readonly<Record<DeliveryError, string>>;
  readonly waiting: Readonly<Record<WaitSentence, string>>;
  readonly done: Readonly<Record<DoneCode, string>>;
}

export const SENTENCES: Readonly<Record<Language, Sentences>> = { es: spanish, en: english };

/** Puts values into a sentence's `{placeholders}`; one without a value stays readable as its name. */
export function fillIn(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : name,
  );
}

/** The sentence for a field: a known problem in this language, or the text as another room gave it. */
export function fieldSentence(sentences: Sentences, problem: string): string {
  return Object.hasOwn(sentences.fields, problem) ? sentences.fields[problem as FieldProblem] : problem;
}

/** The next step for a status, when it is one of ours. */
export function statusHint(sentences: Sentences, status: string | undefined): string | undefined {
  if (status === undefined || !Object.hasOwn(sentences.statuses, status)) return undefined;
  return sentences.statuses[status as SessionStatus].hint;
}
