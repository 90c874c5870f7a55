import { getCountryCallingCode, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';
import mobileExamples from 'libphonenumber-js/examples.mobile.json';

/**
 * Phone numbers as callers write them -> the digits WhatsApp wants. Pure.
 *
 * The full metadata ("max") is used because only it knows the exact patterns of each country, which decide the ambiguous cases
 * below; on a server its size (about 150 KB) does not matter. A number need only be *possible* (a length its country uses), not
 * *assigned*: numbering plans change faster than metadata, and whether somebody is there is WhatsApp's to say.
 */

/** What people put between digits: spaces (also no-break ones), dashes of all kinds, dots, parentheses. */
const SEPARATORS = /[\s.()\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060\u2010-\u2015\u2212-]/g;
/** The chat id of a person by phone number, as `send-message` answered it; old callers pass it back. Groups and LIDs are not phones. */
const CHAT_ID = /^([1-9]\d{6,14})@s\.whatsapp\.net$/;
/** E.164: at most 15 digits; the shortest numbers in use with their country code have 7. */
const FULL_NUMBER = /^[1-9]\d{6,14}$/;
/** Longer than any number with its separators; keeps a megabyte of spaces away from the patterns. */
const MAX_LENGTH = 64;
/** WhatsApp's older form of a Mexican mobile, 52 + 1 + 10 digits: gone from the numbering plan in 2019, alive in chat ids and address books. */
const OLD_MEXICAN_MOBILE = /^521(\d{10})$/;

interface Reading {
  readonly digits: string;
  /** An assigned range. */
  readonly valid: boolean;
}

/** `digits` taken as a full international number; null when no country has numbers of this kind. */
function readInternational(digits: string): Reading | null {
  const oldMexican = OLD_MEXICAN_MOBILE.exec(digits);
  if (oldMexican) {
    const mexican = readInternational(`52${oldMexican[1]}`);
    return mexican && { digits, valid: mexican.valid };
  }
  const number = parsePhoneNumberFromString(`+${digits}`);
  if (!number?.isPossible()) return null;
  const full = number.number.slice(1);
  if (!FULL_NUMBER.test(full)) return null;
  // A trunk zero behind the country code was dropped ("+44 (0)20 …"). If more would be dropped the next time, it is not a number.
  if (full !== digits && parsePhoneNumberFromString(`+${full}`)?.number !== `+${full}`) return null;
  return { digits: full, valid: number.isValid() };
}

/** Whether `digits` look like a mobile number at home: as long as the country's mobile numbers, and beginning like them. */
function looksLikeMobileOf(country: CountryCode, digits: string): boolean {
  const example: string = mobileExamples[country];
  return digits.length === example.length && digits[0] === example[0];
}

/**
 * The order in which a number without `+` is understood; the first that fits is taken. With CO:
 * 1. It looks like a mobile of the default country -> it is one, whatever else it could be: all of 3xx xxx xxxx get 57, although
 *    39, 34, 33, 31 … are other countries' codes.
 * 2. It begins with the default country's own code and is an assigned number there -> taken as it is.
 * 3. It is an assigned national number (a landline, say) -> gets the code. (For BR: 55 99999 1234 is area code 55.)
 * 4. It is an assigned number of some country -> taken as it is: 5511987654321, 12025550123.
 * 5. Nothing is assigned (invented and brand-new numbers): own code first; then up to the length of a mobile it is national,
 *    longer ones are international.
 */
function readBareDigits(digits: string, country: CountryCode): string | null {
  const code = getCountryCallingCode(country);
  const national = readInternational(`${code}${digits}`);
  if (looksLikeMobileOf(country, digits) && national) return national.digits;

  const international = readInternational(digits);
  const ownCode = digits.startsWith(code) ? international : null;
  if (ownCode?.valid) return ownCode.digits;
  if (national?.valid) return national.digits;
  if (international?.valid) return international.digits;
  if (ownCode) return ownCode.digits;
  const longerThanAtHome = digits.length > mobileExamples[country].length;
  const [first, second] = longerThanAtHome ? [international, national] : [national, international];
  return (first ?? second)?.digits ?? null;
}

/** Digits with a leading trunk zero, as dialled inside the country. Italy's landlines keep theirs, so an assigned number goes first. */
function readTrunkDigits(digits: string, country: CountryCode): string | null {
  const code = getCountryCallingCode(country);
  const asDialled = readInternational(`${code}${digits}`);
  if (asDialled?.valid) return asDialled.digits;
  const withoutZero = digits.slice(1);
  if (withoutZero.startsWith('0')) return null;
  return readInternational(`${code}${withoutZero}`)?.digits ?? null;
}

/**
 * Reads a phone number: a string or an integer; local (the default country's code is added), international with or without `+` or
 * `00`, with spaces, dashes, dots and parentheses, or the chat id `573001112233@s.whatsapp.net`.
 *
 * Without `+` some digits can be read in two ways; `readBareDigits` has the rule. A caller who writes `+` or a chat id is never second-guessed.
 *
 * @returns digits with country code (`573001112233`), or null for what cannot be a phone number: letters, too short or too long,
 *   addresses, group ids. Never throws.
 */
export function parsePhoneNumber(value: unknown, defaultCountry: CountryCode): string | null {
  const text = typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? String(value) : value;
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return null;

  const chatId = CHAT_ID.exec(text.trim());
  if (chatId) return chatId[1] ?? null;

  const compact = text.replace(SEPARATORS, '');
  const match = /^(\+|00)?(\d{3,15})$/.exec(compact);
  const digits = match?.[2];
  if (digits === undefined) return null;
  if (match?.[1] !== undefined) return digits.startsWith('0') ? null : (readInternational(digits)?.digits ?? null);
  return digits.startsWith('0') ? readTrunkDigits(digits, defaultCountry) : readBareDigits(digits, defaultCountry);
}
