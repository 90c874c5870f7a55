import { randomUUID } from 'node:crypto';

/** Digits of a UUID that are chance; the others say its version and variant. */
const RANDOM_DIGITS = 30;

/**
 * So many hexadecimal digits of chance (30 at most), in small letters. From a UUID, because Node keeps random bytes in
 * stock for those: a call of `randomBytes` for each id costs many times as much.
 */
export function randomHex(digits: number): string {
  if (digits > RANDOM_DIGITS) throw new RangeError(`At most ${RANDOM_DIGITS} digits`);
  const uuid = randomUUID();
  // xxxxxxxx-xxxx-4xxx-Yxxx-xxxxxxxxxxxx
  return (uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(15, 18) + uuid.slice(20, 23) + uuid.slice(24)).slice(
    0,
    digits,
  );
}
