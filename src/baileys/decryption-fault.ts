import type { FaultKind, SessionFault } from '../health/session-fault.js';
import { redact } from '../logger.js';
import { NoMatchingSessionError } from './signal-cipher.js';

const BY_TEXT: readonly [RegExp, FaultKind][] = [
  [/^Bad MAC/, 'bad_mac'],
  [/^Key used already or never filled/, 'duplicate_message'],
  [/^No session record|^No sessions available|^No matching sessions/, 'missing_session'],
  [/^Invalid PreKey ID|^Missing SignedPreKey/, 'missing_pre_key'],
];

/**
 * Says what a failed decryption was (docs/whatsapp.md, section 3). Where several sessions of an address were tried, one
 * that knew the message as used already tells more than the others, which cannot but find a wrong MAC.
 */
export function decryptionFault(error: unknown, ciphertext: 'pkmsg' | 'msg' | 'skmsg'): SessionFault {
  const errors = error instanceof NoMatchingSessionError && error.causes.length > 0 ? error.causes : [error];
  const texts = errors.map((one) => (one instanceof Error ? one.message : String(one)));
  const kinds = texts.map((text) => BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'other_decryption');
  const kind = ciphertext === 'skmsg' ? 'group_decryption' : preferred(kinds);
  const text = texts[Math.max(0, kinds.indexOf(kind))] ?? 'unknown';
  return { kind, text: `${ciphertext}: ${redact(text)}` };
}

function preferred(kinds: readonly FaultKind[]): FaultKind {
  for (const kind of ['duplicate_message', 'bad_mac'] as const) if (kinds.includes(kind)) return kind;
  return kinds[0] ?? 'other_decryption';
}
