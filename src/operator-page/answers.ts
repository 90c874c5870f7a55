/** What the service answers, as far as the page reads it. */

export type Status =
  | 'not_started'
  | 'connecting'
  | 'restoring'
  | 'qr_ready'
  | 'qr_required'
  | 'connected'
  | 'disconnected'
  | 'logged_out'
  | 'stopped';
export type Verdict = 'healthy' | 'suspect' | 'corrupted';

export interface Counter {
  count: number;
  limit: number;
  window_ms: number;
}
export type Counters = Partial<Record<'bad_mac' | 'stream_error', Counter>>;

export interface ListedSession {
  organization_id: string;
  status: Status;
  phone_number: string | null;
  since: string | null;
  last_connected_at: string | null;
  next_reconnect_at: string | null;
  verdict: Verdict;
  attention: string | null;
  /** Not told by an older service. */
  logout?: string | null;
  sentence?: string;
  hint?: string;
  counters?: Counters;
  last_event?: ServiceEvent | null;
  queue: { pending: number };
}

export interface SessionStatus {
  organization_id: string;
  status: Status;
  phone_number: string | null;
  sentence: string;
  hint: string;
  since: string | null;
  last_connected_at: string | null;
  last_disconnect: { code: number | null; reason: string; text: string; at: string } | null;
  next_reconnect_at: string | null;
  qr_expires_at?: string | null;
  health: {
    verdict: Verdict;
    counters: Counters;
    totals: Record<string, number>;
    last_cleaning: { at: string; reason: string; automatic: boolean; backup: string | null } | null;
    cleanings_24h: number;
    cleanings_limit: number;
  } | null;
  attention: { code: string; sentence: string; hint: string; since: string; until: string | null } | null;
  /** These two are not told by an older service. */
  logout?: { outcome: string; at: string; backup: string | null } | null;
  held_up?: { by: string; sentence: string; since: string } | null;
  backups: number | null;
  queue: { pending: number; oldest_at: string | null };
  /** Not told by an older service. */
  first_contacts_paused_until?: string | null;
}

export interface ServiceEvent {
  id: string;
  name: string;
  organization_id: string;
  at: string;
  data: Record<string, string | number | boolean | null>;
  sentence: string;
}

export interface QrAnswer {
  organization_id: string;
  status: Status;
  has_qr: boolean;
  qr: string | null;
  qr_expires_at?: string | null;
}

export interface Message {
  message_id: string;
  organization_id: string;
  phone: string;
  status: string;
  error: { code: string; ack_code: number | null; sentence: string } | null;
  waiting: { reason: string; since: string | null; next_try_at: string | null; sentence: string } | null;
  attempts: number;
  created_at: string;
  send_at: string;
  expires_at: string;
  times: Record<string, string>;
  sentence?: string;
  hint?: string;
}

export interface Backup {
  name: string;
  set_aside_at: string;
  phone_number: string | null;
  reason: string;
  size: number;
}

export interface Charts {
  from: string;
  to: string;
  bucket_ms: number;
  complete_from: string | null;
  messages: ({ at: string } & Record<'accepted' | 'sent' | 'delivered' | 'read' | 'failed', number>)[];
  faults: ({ at: string } & Record<'bad_mac' | 'stream_error' | 'other', number>)[];
  reconnects: { at: string; count: number }[];
  cleanings: { at: string; count: number }[];
}

export interface ShopSession {
  organization_id: string;
  status: Status;
  qr: string | null;
  qr_expires_at: string | null;
  pairing_code: string | null;
  phone_number: string | null;
  linked: boolean;
  version: number | string;
}

interface DeliveryFailure {
  code: string;
  http_status: number | null;
  sentence: string;
}

export interface Webhook {
  webhook_id: string;
  organization_id: string | null;
  url: string;
  event_types: string[] | null;
  enabled: boolean;
  disabled_reason: string | null;
  waiting: number;
  parked: number;
  last_delivered_at: string | null;
  last_failure: (DeliveryFailure & { at: string }) | null;
  next_try_at: string | null;
}

export interface WebhookTest {
  http_status: number | null;
  ms: number;
  error: DeliveryFailure | null;
}

export interface Delivery {
  delivery_id: string;
  type: string;
  organization_id: string;
  at: string;
  attempts: number;
  error: DeliveryFailure | null;
}
