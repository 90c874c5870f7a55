/**
 * What can go wrong with a session and be counted. Only `bad_mac` and `stream_error` speak against the keys;
 * the others are counted and shown, and never a reason to clean (docs/whatsapp.md, section 3).
 */
export const COUNTED_FAULTS = ['bad_mac', 'stream_error'] as const;
export type CountedFaultKind = (typeof COUNTED_FAULTS)[number];

export const OTHER_FAULTS = [
  /** A message that was decrypted before: the normal result of a restart between decrypting and acknowledging. */
  'duplicate_message',
  /** A message for a Signal session that is not there ("No session record"). */
  'missing_session',
  /** A first message that names a one-time pre-key which is gone ("Invalid PreKey ID"). */
  'missing_pre_key',
  /** Group messages fail in their own ways, never as Bad MAC. */
  'group_decryption',
  'other_decryption',
] as const;
export type OtherFaultKind = (typeof OTHER_FAULTS)[number];

export type FaultKind = CountedFaultKind | OtherFaultKind;

export interface SessionFault {
  readonly kind: FaultKind;
  /** A safe sentence for the log: no chat id, no text, no key. */
  readonly text: string;
  /**
   * The message that failed. Two customers may use the same id, so it tells something only together with `customer`.
   */
  readonly messageId?: string | undefined;
  /** An opaque key, the same for all devices and both names of a customer. Never logged: it may hold his number. */
  readonly customer?: string | undefined;
  /** The customer for people: the last digits of his number, or of his LID. */
  readonly maskedCustomer?: string | undefined;
}

/** `suspect`: something was counted and is below its limit. `corrupted`: a limit was reached. */
export type Verdict = 'healthy' | 'suspect' | 'corrupted';
