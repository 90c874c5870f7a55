/**
 * Every error that leaves this service, in one table: a stable code for programs and its HTTP status.
 * The sentences live beside the languages in `api/sentences.ts`; a test holds both tables against each other and
 * against the docs.
 */
export const ERROR_CODES = {
  invalid_json: 400,
  invalid_request: 400,
  invalid_organization_id: 400,
  invalid_phone: 400,
  not_connected: 400,
  not_on_whatsapp: 400,
  message_refused: 400,
  missing_api_key: 401,
  wrong_api_key: 401,
  signed_out: 401,
  unknown_sign_in_link: 401,
  cross_site_request: 403,
  unknown_organization: 404,
  session_not_started: 404,
  unknown_backup: 404,
  unknown_message: 404,
  unknown_shop_link: 404,
  no_backup: 404,
  unknown_webhook: 404,
  unknown_delivery: 404,
  not_found: 404,
  method_not_allowed: 405,
  already_connected: 409,
  already_paired: 409,
  state_conflict: 409,
  too_late_to_cancel: 409,
  message_expired: 409,
  message_cancelled: 409,
  webhook_disabled: 409,
  too_many_webhooks: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  too_many_requests: 429,
  outbox_full: 429,
  too_many_streams: 429,
  internal_error: 500,
  auth_folder_unreadable: 503,
  storage_unavailable: 503,
  shutting_down: 503,
  page_not_built: 503,
  whatsapp_unavailable: 503,
  send_unconfirmed: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Why, where one code has several causes; each has a sentence of its own. */
export type ErrorReason =
  | 'pairing_rate_limited'
  | 'pairing_rate_limited_for'
  | 'pairing_refused'
  | 'pairing_no_answer'
  | 'pairing_no_connection'
  | 'recipient_refused'
  | 'message_poisoned'
  | 'no_phone_linked';

/** What may stand beside the sentence in an error answer; never a key, a message text or a phone number. */
export interface ErrorDetails {
  /** The session's status, when the error follows from it. */
  status?: string;
  /** Its sentence stands in place of the code's. */
  reason?: ErrorReason;
  /** Names of the fields that are wrong, with what is wrong about each. */
  fields?: Record<string, string>;
  /** Values for the sentence's placeholders. */
  values?: Record<string, string | number>;
  /** Seconds after which another try makes sense. */
  retryAfterSeconds?: number;
  /** Further facts for programs, copied into the answer. */
  facts?: Record<string, string | number | boolean | null>;
}

/** An error meant for the caller. `message` is for logs; the caller's sentence is chosen by language from `code`. */
export class ServiceError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(code, options);
    this.name = 'ServiceError';
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code];
  }
}
