/**
 * Why a connection ended, in this project's words (docs/whatsapp.md, section 2). Pure: what Baileys threw is taken
 * apart in `baileys/translate-events.ts`; what follows from a reason is decided in `reconnect-policy.ts`.
 */
export const DISCONNECT_KINDS = [
  /** 515: log in again at once; the normal end of a pairing. */
  'restart_required',
  /** Another login with the same keys. */
  'replaced',
  /** The device was unlinked: its keys are dead. */
  'unlinked',
  /** `Stream Errored (…)` that is not one of the others, among them "(ack)". */
  'stream_error',
  /** A send or query met a closed socket that had not ended for a network reason. */
  'dead_socket',
  /** 500/503 of WhatsApp itself: busy or restarting. */
  'server_busy',
  /** TCP cut, stream end, refused, DNS, TLS. */
  'network',
  /** Nothing was heard for longer than the keep-alive allows. */
  'silence',
  /** The handshake got no answer. */
  'handshake_timeout',
  /** WhatsApp accepted the login, and never showed that it passes messages to this device. */
  'login_incomplete',
  /** HTTP 4xx/5xx at the websocket upgrade. */
  'upgrade_refused',
  /** Nobody scanned until the last QR ran out. */
  'qr_expired',
  'temporary_ban',
  'locked',
  'banned',
  /** 405: this client version is refused. */
  'version_refused',
  /** Another refusal of the login (409, 411, 415, 418, 501, 400 …). */
  'login_rejected',
  /** The auth folder failed under the socket; the socket was closed before anything unsaved could leave. */
  'auth_folder_failed',
  /** This service closed it: stop, clean, restore, logout, shutdown. */
  'closed_by_service',
] as const;
export type DisconnectKind = (typeof DISCONNECT_KINDS)[number];

export interface DisconnectReason {
  readonly kind: DisconnectKind;
  /** WhatsApp's or HTTP's status code, when there was one. */
  readonly code: number | null;
  /** What was said, safe to log: "Stream Errored (ack)". */
  readonly text: string;
  /** Epoch ms. */
  readonly at: number;
  /** For a temporary ban: when it ends, epoch ms. */
  readonly until?: number;
}

/** What is known of the end of a connection before it is judged. */
export interface ConnectionEnd {
  readonly text: string;
  /** Note that 500 is Baileys' default for "no code given". */
  readonly code?: number | undefined;
  /** The stanza that ended it: `{tag, attrs}` for a stream error's first child, attributes for a failure. */
  readonly tag?: string | undefined;
  readonly attrs?: Readonly<Record<string, string>> | undefined;
  /** HTTP status of a refused upgrade. */
  readonly httpStatus?: number | undefined;
}

const LOGIN_REFUSALS: Readonly<Record<number, DisconnectKind>> = {
  401: 'unlinked',
  402: 'temporary_ban',
  403: 'locked',
  405: 'version_refused',
  406: 'banned',
  500: 'server_busy',
  503: 'server_busy',
};

function kindOf(end: ConnectionEnd): DisconnectKind {
  const { text, code, httpStatus } = end;
  if (httpStatus !== undefined) return 'upgrade_refused';
  if (text.startsWith('Stream Errored')) {
    if (code === 515) return 'restart_required';
    if (end.tag === 'conflict' || text.includes('(conflict)')) {
      const type = end.attrs?.type ?? (code === 401 ? 'device_removed' : 'replaced');
      return type === 'device_removed' ? 'unlinked' : 'replaced';
    }
    // A 401 that is no conflict does not condemn the keys: if they are dead, the next login is refused with 401.
    return code === 503 ? 'server_busy' : 'stream_error';
  }
  if (text.startsWith('Connection Failure')) return LOGIN_REFUSALS[code ?? 500] ?? 'login_rejected';
  if (text.startsWith('QR refs attempts ended')) return 'qr_expired';
  if (text.startsWith('Connection was lost')) return 'silence';
  if (text.startsWith('Connection Terminated')) return 'network';
  if (text.startsWith('Connection Closed')) return 'dead_socket';
  if (text.startsWith('WebSocket Error'))
    return /handshake has timed out/i.test(text) ? 'handshake_timeout' : 'network';
  if (text.startsWith('Login incomplete')) return 'login_incomplete';
  if (text.startsWith('Timed Out')) return 'handshake_timeout';
  if (text.startsWith('Intentional Logout')) return 'closed_by_service';
  if (text.startsWith('Multi-device beta not joined')) return 'login_rejected';
  // A plain Error out of the handshake (bad certificate, bad frame): the peer is not speaking WhatsApp properly, the
  // keys are not in question.
  return 'network';
}

/** A temporary ban without a usable end, and the longest one that is believed, ms. */
const BAN_MS = 3_600_000;
const LONGEST_BAN_MS = 366 * 86_400_000;

/**
 * Classifies the end of a connection. Never throws; what is not understood is taken for network trouble, which condemns
 * nothing.
 */
export function disconnectReason(end: ConnectionEnd, now: number): DisconnectReason {
  const kind = kindOf(end);
  const reason: DisconnectReason = {
    kind,
    code: end.httpStatus ?? end.code ?? null,
    text: end.text.slice(0, 200),
    at: now,
  };
  if (kind !== 'temporary_ban') return reason;
  const ms = Number(end.attrs?.expire) * 1000;
  return { ...reason, until: now + (Number.isFinite(ms) && ms > 0 ? Math.min(ms, LONGEST_BAN_MS) : BAN_MS) };
}

/** The ends that count as a stream error against the session's health (the last column of the table). */
export function countsAsStreamError(kind: DisconnectKind): boolean {
  return kind === 'stream_error' || kind === 'dead_socket';
}
