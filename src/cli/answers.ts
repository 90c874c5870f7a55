import type { AttentionCode, BackupView, HealthView, SessionStatus } from '../session/session-view.js';

/** The service's answers as this program reads them; `--json` passes them on whole. Times are ISO 8601. */

export interface ErrorAnswer {
  readonly error: string;
  readonly code: string;
  readonly request_id?: string;
  readonly status?: string;
  readonly hint?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

export interface ListedSession {
  readonly organization_id: string;
  readonly status: SessionStatus;
  readonly connected: boolean;
  readonly has_qr: boolean;
  readonly phone_number: string | null;
  readonly since: string | null;
  readonly next_reconnect_at: string | null;
  readonly verdict: HealthView['verdict'];
  readonly attention: AttentionCode | null;
  readonly queue: { readonly pending: number };
}

export interface SessionsAnswer {
  readonly total: number;
  readonly sessions: readonly ListedSession[];
}

export interface StatusAnswer {
  readonly organization_id: string;
  readonly status: SessionStatus;
  readonly connected: boolean;
  readonly phone_number: string | null;
  readonly sentence: string;
  readonly hint: string;
  readonly since: string | null;
  readonly last_connected_at: string | null;
  readonly last_disconnect: {
    readonly code: number | null;
    readonly reason: string;
    readonly text: string;
    readonly at: string | null;
  } | null;
  readonly next_reconnect_at: string | null;
  readonly health: {
    readonly verdict: HealthView['verdict'];
    readonly counters: Readonly<Record<string, { count: number; limit: number; window_ms: number }>>;
    readonly last_cleaning: {
      readonly at: string | null;
      readonly reason: string;
      readonly backup: string | null;
    } | null;
    readonly cleanings_24h: number;
    readonly cleanings_limit: number;
  } | null;
  readonly attention: {
    readonly code: AttentionCode;
    readonly sentence: string;
    readonly hint: string;
    readonly until: string | null;
  } | null;
  readonly held_up: { readonly by: string; readonly sentence: string; readonly since: string | null } | null;
  readonly backups: number | null;
  readonly queue: { readonly pending: number; readonly oldest_at: string | null };
  /** Not told by an older service. */
  readonly first_contacts_paused_until?: string | null;
}

export interface StartAnswer {
  readonly message: string;
  readonly organization_id: string;
  readonly status: SessionStatus;
  readonly hint: string;
  readonly pairing_code?: string | null;
}

export interface QrAnswer {
  readonly organization_id: string;
  readonly status: SessionStatus;
  readonly has_qr: boolean;
  /** A PNG data URL. */
  readonly qr: string | null;
}

/** stop, restart, logout. */
export interface DoneAnswer {
  readonly message: string;
  readonly status?: SessionStatus;
}

export interface CleanAnswer extends DoneAnswer {
  readonly backup: string | null;
  readonly has_qr: boolean;
}

export interface OtherPhoneAnswer extends DoneAnswer {
  readonly messages: number;
  readonly unconfirmed: number;
}

export interface BackupsAnswer {
  readonly total: number;
  readonly backups: readonly BackupView[];
}

export interface RestoreAnswer extends DoneAnswer {
  readonly backup: string;
  readonly phone_number: string | null;
}

export interface SendAnswer {
  readonly message: string;
  readonly phone: string;
  readonly message_id: string;
  readonly status: string;
  readonly hint?: string;
}

export interface ListedMessage {
  readonly message_id: string;
  readonly organization_id: string;
  readonly phone: string;
  readonly status: string;
  readonly error: { readonly code: string; readonly sentence: string } | null;
  readonly waiting?: { readonly reason: string; readonly sentence: string } | null;
  readonly attempts: number;
  readonly created_at: string;
  readonly send_at: string;
  readonly expires_at: string;
  readonly times: Readonly<Record<string, string>>;
}

export interface MessageAnswer extends ListedMessage {
  readonly sentence: string;
  readonly hint: string;
}

export interface MessagesAnswer {
  readonly messages: readonly ListedMessage[];
  readonly next: string | null;
}

export interface EventAnswer {
  readonly id: string;
  readonly name: string;
  readonly organization_id: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

export interface EventsAnswer {
  readonly events: readonly EventAnswer[];
  readonly next: string | null;
}

export interface WebhookAnswer {
  readonly webhook_id: string;
  readonly organization_id: string | null;
  readonly url: string;
  readonly event_types: readonly string[] | null;
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  readonly waiting: number;
  readonly parked: number;
  readonly last_delivered_at: string | null;
  readonly last_failure: { readonly code: string; readonly sentence: string; readonly at: string } | null;
  /** When it is made. */
  readonly secret?: string;
}

export interface WebhooksAnswer {
  readonly webhooks: readonly WebhookAnswer[];
}

export interface WebhookTestAnswer extends DoneAnswer {
  readonly success: boolean;
  readonly http_status: number | null;
  readonly ms: number;
  readonly error: { readonly sentence: string; readonly reason: string | null } | null;
}

export interface DeliveriesAnswer {
  readonly deliveries: readonly {
    readonly delivery_id: string;
    readonly type: string;
    readonly organization_id: string;
    readonly at: string;
    readonly status: string;
    readonly attempts: number;
    readonly error: { readonly code: string; readonly http_status: number | null } | null;
  }[];
  readonly next: string | null;
}
