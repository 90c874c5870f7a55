import {
  getCountries,
  getCountryCallingCode,
  parsePhoneNumberFromString,
  type CountryCode,
} from 'libphonenumber-js/max';
import mobileExamples from 'libphonenumber-js/examples.mobile.json';

/**
 * Phone numbers as callers write them -> the digits WhatsApp wants. Pure.
 *
 * The full metadata ("max") is used because only it knows the exact patterns of each country; on a server its size
 * (about 150 KB) does not matter. A number with a digit too many or too few is refused, for it would reach somebody
 * else. Numbering plans change faster than metadata, so a number that only looks like a mobile of its country is taken:
 * whether somebody is there is WhatsApp's to say.
 */

/**
 * Why something is no phone number: `phone` when it is none at all (letters, a group); the others compare it with its
 * country's mobiles.
 */
export type PhoneProblem = 'phone' | 'phone_too_short' | 'phone_too_long' | 'phone_country_code' | 'phone_not_in_use';

/** What people put between digits: spaces (also no-break ones), dashes of all kinds, dots, parentheses. */
const SEPARATORS = /[\s.()\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060\u2010-\u2015\u2212-]/g;
/**
 * The chat id of a person by phone number, as `send-message` answered it; old callers pass it back. Groups and LIDs are
 * not phones.
 */
const CHAT_ID = /^([1-9]\d{6,14})@s\.whatsapp\.net$/;
/**
 * The chat id of WhatsApp Web's own pages, always with the country code. People put it together by hand, so it is
 * checked like a number with `+`.
 */
const WEB_CHAT_ID = /^(\d{1,15})@c\.us$/;
/** `whatsapp:+573001112233`, the address of other services for the same thing. */
const SCHEME = /^\s*whatsapp:/i;
/** E.164: at most 15 digits; the shortest numbers in use with their country code have 7. */
const FULL_NUMBER = /^[1-9]\d{6,14}$/;
/** Longer than any number with its separators; keeps a megabyte of spaces away from the patterns. */
const MAX_LENGTH = 64;
/**
 * WhatsApp's older form of a Mexican mobile, 52 + 1 + 10 digits: gone from the numbering plan in 2019, alive in chat
 * ids and address books.
 */
const OLD_MEXICAN_MOBILE = /^521(\d{10})$/;
/** A Brazilian mobile without the ninth digit of 2016, alive in chat ids: 55 + area code + 8 digits. */
const OLD_BRAZILIAN_MOBILE = /^55[1-9]{2}[6-9]\d{7}$/;
/** Country code 1: all numbers have ten digits, and area codes are added often. */
const NORTH_AMERICAN = /^1[2-9]\d{9}$/;

/** Calling code -> its countries. No code is the beginning of another. */
const COUNTRIES = new Map<string, CountryCode[]>();
for (const country of getCountries()) {
  const code = getCountryCallingCode(country);
  COUNTRIES.set(code, [...(COUNTRIES.get(code) ?? []), country]);
}

/** A full number -> the countries of its code, and what follows the code; null when no country has it. */
function splitCode(digits: string): { countries: readonly CountryCode[]; rest: string } | null {
  for (const length of [1, 2, 3]) {
    const countries = COUNTRIES.get(digits.slice(0, length));
    if (countries) return { countries, rest: digits.slice(length) };
  }
  return null;
}

interface Reading {
  readonly digits: string;
  /** An assigned range. */
  readonly valid: boolean;
}

/** `digits` taken as a full international number; null when its country has no numbers of this kind. */
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
  if (full !== digits) {
    // A 1 behind the 1 of North America is a digit too many.
    if (digits.startsWith('1')) return null;
    // A trunk zero behind the country code was dropped ("+44 (0)20 …"). If more would be dropped the next time, it is
    // not a number.
    if (parsePhoneNumberFromString(`+${full}`)?.number !== `+${full}`) return null;
  }
  const valid = number.isValid();
  return valid || looksInUse(full) ? { digits: full, valid } : null;
}

/**
 * Whether a full number that the metadata does not know may still be one: an invented or brand-new mobile, or an older
 * form.
 */
function looksInUse(full: string): boolean {
  if (NORTH_AMERICAN.test(full) || OLD_BRAZILIAN_MOBILE.test(full)) return true;
  const split = splitCode(full);
  return split?.countries.some((country) => looksLikeMobileOf(country, split.rest)) ?? false;
}

/**
 * Whether `digits` look like a mobile number at home: as long as the country's example of one, and beginning like it.
 * Where mobiles and landlines share their ranges, the example with the other first digit must be assigned: Chile's is
 * 2…, and most of its mobiles are 9….
 */
function looksLikeMobileOf(country: CountryCode, digits: string): boolean {
  const example: string = mobileExamples[country];
  if (digits.length !== example.length) return false;
  if (digits[0] === example[0]) return true;
  const shared = (national: string): boolean =>
    parsePhoneNumberFromString(national, country)?.getType() === 'FIXED_LINE_OR_MOBILE';
  return shared(example) && shared(digits.slice(0, 1) + example.slice(1));
}

/**
 * The order in which a number without `+` is understood; the first that fits is taken. With CO:
 * 1. It looks like a mobile of the default country -> it is one, whatever else it could be: all of 3xx xxx xxxx get 57,
 *    although 39, 34, 33, 31 … are other countries' codes.
 * 2. It begins with the default country's own code and is an assigned number there -> taken as it is.
 * 3. It is an assigned national number (a landline, say) -> gets the code. (For BR: 55 99999 1234 is area code 55.)
 * 4. It is an assigned number of some country -> taken as it is: 5511987654321, 12025550123.
 * 5. Nothing is assigned (invented and brand-new numbers): own code first; then up to the length of a mobile it is
 *    national, longer ones are international.
 */
function readBareDigits(digits: string, country: CountryCode): string | null {
  const code = getCountryCallingCode(country);
  const national = readInternational(`${code}${digits}`);
  if (looksLikeMobileOf(country, digits) && national) return national.digits;

  const asWritten = readInternational(digits);
  const ownCode = digits.startsWith(code) ? asWritten : null;
  // Without `+` nobody has said that it is another country's; a zero that must be dropped for that is one of the
  // number's own digits.
  const international = ownCode ?? (asWritten && asWritten.digits.length >= digits.length ? asWritten : null);
  if (ownCode?.valid) return ownCode.digits;
  if (national?.valid) return national.digits;
  if (international?.valid) return international.digits;
  if (ownCode) return ownCode.digits;
  const longerThanAtHome = digits.length > mobileExamples[country].length;
  const [first, second] = longerThanAtHome ? [international, national] : [national, international];
  return (first ?? second)?.digits ?? null;
}

/**
 * Digits with a leading trunk zero, as dialled inside the country. Italy's landlines keep theirs, so an assigned number
 * goes first.
 */
function readTrunkDigits(digits: string, country: CountryCode): string | null {
  const code = getCountryCallingCode(country);
  const asDialled = readInternational(`${code}${digits}`);
  if (asDialled?.valid) return asDialled.digits;
  const withoutZero = digits.slice(1);
  if (withoutZero.startsWith('0')) return null;
  return readInternational(`${code}${withoutZero}`)?.digits ?? null;
}

/** What a caller wrote, as digits. `full`: said to have its country code. `chat`: an id that WhatsApp gave. */
interface Written {
  readonly digits: string;
  readonly kind: 'chat' | 'full' | 'bare';
}

/** Null: not even digits. */
function readNotation(value: unknown): Written | null {
  const text = typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? String(value) : value;
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return null;

  const chat = CHAT_ID.exec(text.trim())?.[1];
  if (chat !== undefined) return { digits: chat, kind: 'chat' };
  const webChat = WEB_CHAT_ID.exec(text.trim())?.[1];
  if (webChat !== undefined) return { digits: webChat, kind: 'full' };

  const compact = text.replace(SCHEME, '').replace(SEPARATORS, '');
  const match = /^(\+|00)?(\d+)$/.exec(compact);
  const digits = match?.[2];
  if (digits === undefined || /^0+$/.test(digits)) return null;
  return { digits, kind: match?.[1] === undefined ? 'bare' : 'full' };
}

function readDigits({ digits, kind }: Written, defaultCountry: CountryCode): string | null {
  if (kind === 'chat') return digits;
  if (digits.length < 3 || digits.length > 15) return null;
  const beginsWithZero = digits.startsWith('0');
  if (kind === 'full') return beginsWithZero ? null : (readInternational(digits)?.digits ?? null);
  return beginsWithZero ? readTrunkDigits(digits, defaultCountry) : readBareDigits(digits, defaultCountry);
}

/** Compares the length of `national` with the mobiles of `countries`. */
function compareWithMobiles(national: string, countries: readonly CountryCode[]): PhoneProblem {
  const lengths = countries.map((country) => mobileExamples[country].length);
  if (national.length < Math.min(...lengths)) return 'phone_too_short';
  return national.length > Math.max(...lengths) ? 'phone_too_long' : 'phone_not_in_use';
}

/** Why digits that could not be read were refused. */
function whyRefused({ digits, kind }: Written, home: CountryCode): PhoneProblem {
  if (digits.length > 15) return 'phone_too_long';
  if (kind === 'bare') {
    const atHome: string = mobileExamples[home];
    const longer = digits.length > atHome.length;
    const beginsLikeOne = digits[0] === atHome[0];
    const withOwnCode = digits.startsWith(getCountryCallingCode(home)) && (longer || !beginsLikeOne);
    const local = digits.startsWith('0') || (!withOwnCode && (!longer || beginsLikeOne));
    if (local) return compareWithMobiles(digits.replace(/^0+/, ''), [home]);
  }
  const split = splitCode(digits);
  if (!split) return 'phone_country_code';
  // A trunk zero behind the country code is not one of its digits.
  return compareWithMobiles(split.rest.replace(/^0/, ''), split.countries);
}

/**
 * Reads a phone number: a string or an integer; local (the default country's code is added), international with or
 * without `+` or `00`, with spaces, dashes, dots and parentheses, `whatsapp:+573001112233`, `573001112233@c.us`, or the
 * chat id `573001112233@s.whatsapp.net`.
 *
 * Taken is what is plausible for its country: an assigned range, what is as long as the country's mobiles and begins
 * like one, ten digits in North America, and the older forms of Brazil and Mexico. Only a chat id is never
 * second-guessed. Without `+` some digits can be read in two ways; `readBareDigits` has the rule.
 *
 * @returns digits with country code (`573001112233`), or null for what is no phone number: letters, too short or too
 *   long, addresses, group ids. Never throws.
 */
export function parsePhoneNumber(value: unknown, defaultCountry: CountryCode): string | null {
  const written = readNotation(value);
  return written && readDigits(written, defaultCountry);
}

/** Why `parsePhoneNumber` gave null. Never throws. */
export function phoneProblem(value: unknown, defaultCountry: CountryCode): PhoneProblem {
  const written = readNotation(value);
  return written ? whyRefused(written, defaultCountry) : 'phone';
}
