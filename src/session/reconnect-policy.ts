import type { AttentionCode } from './session-view.js';
import type { DisconnectKind, DisconnectReason } from './disconnect-reason.js';

/** What follows from the end of a connection (docs/whatsapp.md, section 2). Pure. */
export type Reaction =
  /** Log in again now; the governor's caps still hold. */
  | { readonly do: 'reconnect_at_once' }
  /** Log in again after a growing, jittered delay. */
  | { readonly do: 'reconnect_with_backoff' }
  /** Sleep until the given time (epoch ms), then log in again. */
  | { readonly do: 'sleep'; readonly until: number; readonly attention: AttentionCode }
  /** No more logins until somebody asks. */
  | { readonly do: 'stop'; readonly status: 'disconnected' | 'qr_required'; readonly attention: AttentionCode }
  /** The keys are dead: set the folder aside, no more logins until somebody asks for a QR. */
  | { readonly do: 'set_aside'; readonly attention: AttentionCode }
  /** This client version is refused: nobody of this process logs in until a person acts. */
  | { readonly do: 'stop_everybody'; readonly attention: AttentionCode }
  /** The service closed it itself: whoever did decides. */
  | { readonly do: 'nothing' };

export interface ReconnectContext {
  /** Whether a phone is linked to the keys in use. */
  readonly paired: boolean;
  /** How many logins in a row have failed, or led to connections that fell at once. */
  readonly attempt: number;
  /** How many logins in a row were refused with `login_rejected` before this one. */
  readonly rejectedBefore: number;
  /** How many 515 came in a row without an open connection between, before this one. */
  readonly restartsBefore: number;
  /**
   * How many times in a row WhatsApp said that the device is unlinked, without a complete login between, before this
   * one.
   */
  readonly unlinkedBefore: number;
  /** Whether another login took this one's place already, not long ago (`REPLACED_REMEMBERED_MS`). */
  readonly replacedLately: boolean;
  /** How long the one slow try after `replaced` waits, ms. */
  readonly replacedRetryMs: number;
}

/** A refusal that says nothing about the keys gets this many slow tries, then a person. */
export const REJECTED_TRIES = 2;
export const REJECTED_RETRY_MS = 60_000;

/**
 * A second `replaced` within this time of the first is a repeat, however well the login between them did: two
 * programs that each come back slowly would otherwise take the connection from each other for ever.
 */
export const REPLACED_REMEMBERED_MS = 3_600_000;

/**
 * While a folder cannot be read, look again this often, ms: a full disk gets room again, and looking touches nothing.
 */
export const UNREADABLE_RETRY_MS = 30_000;

const RECONNECTING: ReadonlySet<DisconnectKind> = new Set([
  'stream_error',
  'dead_socket',
  'server_busy',
  'network',
  'silence',
  'handshake_timeout',
  'login_incomplete',
  'upgrade_refused',
]);

export function reactionTo(reason: DisconnectReason, context: ReconnectContext): Reaction {
  if (RECONNECTING.has(reason.kind)) return { do: 'reconnect_with_backoff' };
  switch (reason.kind) {
    case 'restart_required':
      // "Log in again at once, once": a server that answers every login with 515 must not be hammered.
      return { do: context.restartsBefore === 0 ? 'reconnect_at_once' : 'reconnect_with_backoff' };
    case 'replaced':
      // It comes at times though nobody else is there; so it is tried once more, slowly. Whoever is there and comes
      // back has the connection.
      return context.replacedLately
        ? { do: 'stop', status: 'disconnected', attention: 'replaced' }
        : { do: 'sleep', until: reason.at + context.replacedRetryMs, attention: 'replaced_once' };
    case 'unlinked':
      // A 401 before any phone is linked cannot be about a linked device.
      if (!context.paired) return { do: 'reconnect_with_backoff' };
      if (context.unlinkedBefore > 0) return { do: 'set_aside', attention: 'unlinked' };
      // It comes at times though nothing was unlinked, and the next login succeeds; so a second one must say the same.
      // At once, but a server
      // that accepts each login and then says it again must not be hammered.
      return { do: context.attempt === 0 ? 'reconnect_at_once' : 'reconnect_with_backoff' };
    case 'qr_expired':
      return { do: 'stop', status: 'qr_required', attention: 'qr_expired' };
    case 'temporary_ban':
      return { do: 'sleep', until: reason.until ?? reason.at + 3_600_000, attention: 'temporary_ban' };
    case 'locked':
      return { do: 'stop', status: 'disconnected', attention: 'locked' };
    case 'banned':
      return { do: 'stop', status: 'disconnected', attention: 'banned' };
    case 'version_refused':
      return { do: 'stop_everybody', attention: 'version_refused' };
    case 'login_rejected':
      return context.rejectedBefore < REJECTED_TRIES
        ? { do: 'sleep', until: reason.at + REJECTED_RETRY_MS, attention: 'login_rejected' }
        : { do: 'stop', status: 'disconnected', attention: 'login_rejected' };
    case 'auth_folder_failed':
      return { do: 'sleep', until: reason.at + UNREADABLE_RETRY_MS, attention: 'auth_folder_unreadable' };
    default:
      return { do: 'nothing' };
  }
}

/**
 * The attempt that the backoff goes on with after the end of a connection. It grows with logins that fail and with
 * connections that fall at once; one that lasted earns a quick next try, however often it is cut.
 * @param openForMs since the login was complete; null when it never was
 */
export function attemptAfter(openForMs: number | null, attempt: number, stableAfterMs: number): number {
  return openForMs !== null && openForMs >= stableAfterMs ? 0 : attempt;
}

/**
 * Exponential backoff with full jitter: attempt 0 waits up to `baseMs`, each further one up to twice as long, never
 * more than `maxMs`.
 * @param random in [0, 1)
 */
export function backoffDelay(attempt: number, options: { baseMs: number; maxMs: number }, random: number): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * random);
}
