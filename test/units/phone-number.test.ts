import fc from 'fast-check';
import mobileExamples from 'libphonenumber-js/examples.mobile.json';
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max';
import { describe, expect, it } from 'vitest';
import { parsePhoneNumber, phoneProblem } from '../../src/phone-number.js';

describe('a phone number becomes digits with country code', () => {
  it.each<[string, unknown, string]>([
    ['a local mobile', '3001234567', '573001234567'],
    ['a local mobile as a number', 3001234567, '573001234567'],
    ['a full number as a number', 573001112233, '573001112233'],
    ['spaces', '300 123 4567', '573001234567'],
    ['dashes and parentheses', '(300) 123-45-67', '573001234567'],
    ['no-break spaces and long dashes', '300\u00a0123\u20134567', '573001234567'],
    ['invisible marks of copied contacts', '\u202a+57 300 1234567\u202c', '573001234567'],
    ['surrounding space', '  3001234567\n', '573001234567'],
    ['a trunk zero', '03001112233', '573001112233'],
    ['the full number', '573001234567', '573001234567'],
    ['an invented full number', '573001112233', '573001112233'],
    ['with plus', '+573001234567', '573001234567'],
    ['with plus and separators', '+57 (300) 123-4567', '573001234567'],
    ['plus in parentheses', '(+57) 300 123 4567', '573001234567'],
    ['with 00', '0057 300 123 4567', '573001234567'],
    ['a landline', '6012345678', '576012345678'],
    ['a full landline', '576012345678', '576012345678'],
    ['Brazil', '5511987654321', '5511987654321'],
    ['Brazil with plus', '+55 11 98765-4321', '5511987654321'],
    ['Brazil without the ninth digit, as old chat ids have it', '551187654321', '551187654321'],
    ['United States', '12025550123', '12025550123'],
    ['United States with plus', '+1 202-555-0123', '12025550123'],
    ['an invented number of the United States', '15550001111', '15550001111'],
    ['Mexico in the older form', '5215512345678', '5215512345678'],
    ['Mexico in the older form with plus', '+52 1 55 1234 5678', '5215512345678'],
    ['Mexico', '525512345678', '525512345678'],
    ['Argentina', '5491123456789', '5491123456789'],
    ['Peru', '51987654321', '51987654321'],
    ['Chile', '56912345678', '56912345678'],
    ['Ecuador', '593991234567', '593991234567'],
    ['Venezuela', '584121234567', '584121234567'],
    ['Spain', '34612345678', '34612345678'],
    ['Germany', '+49 1512 3456789', '4915123456789'],
    ['a zero that belongs in parentheses', '+44 (0)20 7946 0018', '442079460018'],
    ['a chat id, given back', '573001234567@s.whatsapp.net', '573001234567'],
    ['a chat id of another country', '5215512345678@s.whatsapp.net', '5215512345678'],
    ['a chat id that no numbering plan knows', '30044455667@s.whatsapp.net', '30044455667'],
    ["a chat id of WhatsApp Web's pages", '573004445566@c.us', '573004445566'],
    ['the address of other services', 'whatsapp:+573004445566', '573004445566'],
    ['the address of other services with separators', ' WhatsApp: +57 300 444-5566', '573004445566'],
    ['an invented number of a test', '573004445566', '573004445566'],
    ['another invented number', '573109998877', '573109998877'],
    ['a new mobile that begins like the others', '573912345678', '573912345678'],
    ['Brazil without the ninth digit, with plus', '+55 11 8765-4321', '551187654321'],
    ['a new area code of North America', '12375550123', '12375550123'],
    ['toll-free, where businesses answer', '+1 800 555 0199', '18005550199'],
  ])('%s: %j', (_name, given, expected) => {
    expect(parsePhoneNumber(given, 'CO')).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['empty', ''],
    ['blank', '   '],
    ['letters', 'abc'],
    ['a name behind the number', '3001234567 Ana'],
    ['vanity letters', '+1 800 FLOWERS'],
    ['an extension', '3001234567 x12'],
    ['too short', '12345'],
    ['too short with plus', '+5712'],
    ['too long', '5730011122334455667'],
    ['two numbers', '3001234567 3007654321'],
    ['a list', '3001234567,3007654321'],
    ['an address', 'ana@example.com'],
    ['a group id', '120363041234567890@g.us'],
    ['a LID', '123456789012345@lid'],
    ['a chat id with a device', '573001234567:12@s.whatsapp.net'],
    ['a chat id that is none', '3001234567@c.us'],
    ['status broadcast', 'status@broadcast'],
    ['an unassigned country code', '+999123456789'],
    ['plus in the middle', '57+3001234567'],
    ['two pluses', '++573001234567'],
    ['digits of another script', '٣٠٠١٢٣٤٥٦٧'],
    ['zeros', '0000000000'],
    ['a negative number', -3001234567],
    ['a fraction', 300123456.7],
    ['beyond the safe integers', 1e20],
    ['not a number', Number.NaN],
    ['null', null],
    ['undefined', undefined],
    ['true', true],
    ['an object', { toString: () => '3001234567' }],
    ['an array', ['3001234567']],
    ['a megabyte', '3'.repeat(1_000_000)],
    ['a megabyte of spaces', ' '.repeat(1_000_000)],
  ])('refuses %s', (_name, given) => {
    expect(parsePhoneNumber(given, 'CO')).toBeNull();
  });
});

describe('a number that its country does not have is refused, and told why', () => {
  type Country = Parameters<typeof parsePhoneNumber>[1];
  it.each<[string, unknown, Country, ReturnType<typeof phoneProblem>]>([
    ['a digit too many', '30044455667', 'CO', 'phone_too_long'],
    ['a digit too many, as a number', 30044455667, 'CO', 'phone_too_long'],
    ['a digit too many with the code', '5730044455667', 'CO', 'phone_too_long'],
    ['a digit too many with plus', '+57 300 444 55667', 'CO', 'phone_too_long'],
    ['a digit too many after a trunk zero', '030044455667', 'CO', 'phone_too_long'],
    ['a digit too few', '300444556', 'CO', 'phone_too_short'],
    ['a digit too few with the code', '57300444556', 'CO', 'phone_too_short'],
    ['a digit too few with plus', '+57300444556', 'CO', 'phone_too_short'],
    ['a digit too few, as other services write it', 'whatsapp:+57300444556', 'CO', 'phone_too_short'],
    ['a mobile of Spain without its code', '612345678', 'CO', 'phone_too_short'],
    ['a digit too many that would be Belgium without its zero', '32063835212', 'CO', 'phone_too_long'],
    ['two digits', '12', 'CO', 'phone_too_short'],
    ['one digit', 7, 'CO', 'phone_too_short'],
    ['forty digits', '9'.repeat(40), 'CO', 'phone_too_long'],
    ['forty digits with plus', `+57${'3'.repeat(30)}`, 'CO', 'phone_too_long'],
    ['a local number written as a full one', '+3001112233', 'CO', 'phone_too_short'],
    ["a local number in WhatsApp Web's form", '3001112233@c.us', 'CO', 'phone_too_short'],
    ['Brazil with a digit too many', '55119876543210', 'CO', 'phone_too_long'],
    ['Brazil with a digit too many at home', '119876543210', 'BR', 'phone_too_long'],
    ['Brazil with two digits too few', '55 11 9876543', 'BR', 'phone_too_short'],
    ['Mexico with a digit too few', '+52 55 1234 567', 'CO', 'phone_too_short'],
    ['North America with a digit too few', '+1 202 555 012', 'CO', 'phone_too_short'],
    ['North America with a digit too many', '+1 202 555 01234', 'CO', 'phone_too_long'],
    ['an area code that begins with 1', '+1 155 555 0123', 'CO', 'phone_not_in_use'],
    ['no country', '+999 123 456 789', 'CO', 'phone_country_code'],
    ['no country, without plus', '999123456789', 'CO', 'phone_country_code'],
    ['a zero behind the plus', '+0573001112233', 'CO', 'phone_country_code'],
    ['a mobile of Colombia that begins with 2', '+57 200 111 2233', 'CO', 'phone_not_in_use'],
    ['the same at home', '2001112233', 'CO', 'phone_not_in_use'],
    ['letters', 'abc', 'CO', 'phone'],
    ['zeros', '0000', 'CO', 'phone'],
    ['a group', '120363041234567890@g.us', 'CO', 'phone'],
    ['a LID', '123456789012345@lid', 'CO', 'phone'],
    ['nothing', null, 'CO', 'phone'],
  ])('%s: %j in %s: %s', (_name, given, country, problem) => {
    expect(parsePhoneNumber(given, country)).toBeNull();
    expect(phoneProblem(given, country)).toBe(problem);
  });
});

describe('digits that can be read in two ways', () => {
  it.each<[string, string, Parameters<typeof parsePhoneNumber>[1], string]>([
    ['a Colombian mobile that begins like Italy', '3912345678', 'CO', '573912345678'],
    ['a Colombian mobile that begins like Spain', '3461234567', 'CO', '573461234567'],
    ['Singapore has ten digits with its code', '6581234567', 'CO', '6581234567'],
    ['area code 55 of Brazil is not its country code', '55999991234', 'BR', '5555999991234'],
    ['Brazil at home', '11987654321', 'BR', '5511987654321'],
    ['Brazil with its own code', '5511987654321', 'BR', '5511987654321'],
    ['Mexico City begins with 55', '5512345678', 'MX', '525512345678'],
    ['the older Mexican form at home', '5215512345678', 'MX', '5215512345678'],
    ['the United States at home', '2025550123', 'US', '12025550123'],
    ['an invented number at home', '5551234567', 'US', '15551234567'],
    ['a German trunk zero', '0151 23456789', 'DE', '4915123456789'],
    ['an Italian landline keeps its zero', '06 1234 5678', 'IT', '390612345678'],
    ['Peru at home', '987654321', 'PE', '51987654321'],
    ['a Colombian abroad', '573001112233', 'PE', '573001112233'],
  ])('%s: %s in %s', (_name, given, country, expected) => {
    expect(parsePhoneNumber(given, country)).toBe(expected);
  });
});

describe('always', () => {
  const separator = fc.constantFrom('', ' ', '-', '.', '\u00a0');
  const country = fc.constantFrom(...getCountries());

  it('a Colombian mobile gets 57, however it is written', () => {
    const mobile = fc.integer({ min: 3_000_000_000, max: 3_999_999_999 }).map(String);
    fc.assert(
      fc.property(mobile, fc.array(separator, { minLength: 10, maxLength: 10 }), (digits, separators) => {
        const written = [...digits].map((digit, index) => digit + separators[index]).join('');
        expect(parsePhoneNumber(written, 'CO')).toBe(`57${digits}`);
        expect(parsePhoneNumber(`+57${written}`, 'CO')).toBe(`57${digits}`);
        expect(parsePhoneNumber(`57${digits}`, 'CO')).toBe(`57${digits}`);
      }),
    );
  });

  it('what comes out is plain digits, and stays itself with a plus or as a chat id, whatever the country', () => {
    const written = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.stringMatching(/^\+?[0-9 ()-]{5,20}$/),
      fc.integer({ min: 1_000_000, max: 999_999_999_999_999 }),
    );
    fc.assert(
      fc.property(written, country, country, (given, home, elsewhere) => {
        const digits = parsePhoneNumber(given, home);
        if (digits === null) return;
        expect(digits).toMatch(/^[1-9]\d{6,14}$/);
        expect(parsePhoneNumber(`+${digits}`, elsewhere)).toBe(digits);
        expect(parsePhoneNumber(`${digits}@s.whatsapp.net`, elsewhere)).toBe(digits);
      }),
      { numRuns: 1000 },
    );
  });

  it('a Colombian mobile with a digit too many or too few is refused wherever it begins with 30', () => {
    const tooLong = fc.integer({ min: 30_000_000_000, max: 30_999_999_999 });
    const tooShort = fc.integer({ min: 300_000_000, max: 309_999_999 });
    const refused = (given: unknown, problem: string): void => {
      expect([parsePhoneNumber(given, 'CO'), phoneProblem(given, 'CO')]).toEqual([null, problem]);
    };
    fc.assert(
      fc.property(tooLong, tooShort, (long, short) => {
        for (const given of [long, `57${long}`, `+57${long}`]) refused(given, 'phone_too_long');
        for (const given of [short, `57${short}`, `+57${short}`]) refused(given, 'phone_too_short');
      }),
    );
  });

  it('the example mobile of each country is taken, at home and abroad', () => {
    for (const home of getCountries()) {
      const example: string = mobileExamples[home];
      const full = `${getCountryCallingCode(home)}${example}`;
      expect([home, parsePhoneNumber(example, home)]).toEqual([home, full]);
      expect([home, parsePhoneNumber(`+${full}`, 'CO')]).toEqual([home, full]);
    }
  });

  it('never throws, and has a reason for everything that it refuses', () => {
    const given = fc.oneof(fc.anything(), fc.stringMatching(/^\+?0{0,2}[0-9]{0,20}(@c\.us)?$/));
    fc.assert(
      fc.property(given, country, (value, home) => {
        expect([null, 'string']).toContain(parsePhoneNumber(value, home) === null ? null : 'string');
        expect(phoneProblem(value, home)).toMatch(/^phone(_too_short|_too_long|_country_code|_not_in_use)?$/);
      }),
      { numRuns: 1000 },
    );
  });
});
