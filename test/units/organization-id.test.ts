import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BACKUP_MARK, organizationLabel, parseOrganizationId } from '../../src/organization-id.js';

describe('an organization id', () => {
  test.each([
    ['2', '2'],
    [2, '2'],
    [0, '0'],
    [-0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['acme', 'acme'],
    ['Acme-Salon_3', 'Acme-Salon_3'],
    ['007', '007'],
    ['a'.repeat(64), 'a'.repeat(64)],
    ['constructor', 'constructor'],
    ['2_corrupted', '2_corrupted'],
  ])('%j is %s', (value, id) => {
    expect(parseOrganizationId(value)).toBe(id);
  });

  test.each([
    ['nothing', ''],
    ['blanks', ' '],
    ['blanks around it', ' 2'],
    ['a line after it', '2\n'],
    ['a hidden file', '.hidden'],
    ['the folder itself', '.'],
    ['the folder above', '..'],
    ['a way out', '../../etc'],
    ['an absolute path', '/etc/passwd'],
    ['a Windows path', 'C:\\keys'],
    ['an encoded way out', '%2e%2e'],
    ['an encoded slash', '2%2f3'],
    ['a zero byte', '2\0'],
    ['an option', '-rf'],
    ['a prototype', '__proto__'],
    ['a letter of another alphabet', 'ñandú'],
    ['a digit of another alphabet', '\u0662'],
    ['65 characters', 'a'.repeat(65)],
    ['a megabyte', 'a'.repeat(1_000_000)],
    ['a backup of another organization', '2_corrupted_1700000000000'],
    ['the mark of backups', `a${BACKUP_MARK}b`],
    ['a negative number', -1],
    ['a fraction', 1.5],
    ['a number that is not exact', 2 ** 53],
    ['no number', Number.NaN],
    ['infinity', Infinity],
    ['null', null],
    ['undefined', undefined],
    ['true', true],
    ['a big integer', 2n],
    ['a list', ['2']],
    ['an object', { toString: () => '2' }],
    ['a String object', Object('2')],
  ])('is not %s', (_what, value) => {
    expect(parseOrganizationId(value)).toBeNull();
  });

  test('whatever comes in: never throws, and what passes is safe as a folder, a label and a URL segment', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.string({ maxLength: 70 }), fc.stringMatching(/^[\w-]{1,70}$/)),
        (value) => {
          const id = parseOrganizationId(value);
          if (id === null) return;
          expect(id).toBe(String(value));
          expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
          expect(id).not.toContain(BACKUP_MARK);
          expect(encodeURIComponent(id)).toBe(id);
        },
      ),
    );
  });

  test('is named in logs so that grep finds it', () => {
    expect(organizationLabel('2')).toBe('org_id_2');
  });
});
