import { describe, expect, test } from 'vitest';
import { ASKED_AGAIN_PER_HOUR, UnreadableCustomers } from '../../../src/baileys/unreadable-customers.js';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

describe('a customer whose messages cannot be read', () => {
  test('is asked so often within an hour and no more; that is said once', () => {
    const customers = new UnreadableCustomers();
    const what = (now: number) => customers.failed('a', ['1@lid'], now);
    for (let n = 0; n < ASKED_AGAIN_PER_HOUR; n++) expect(what(NOW + n)).toBe('ask');
    expect(what(NOW + 1000)).toBe('refuse_and_say');
    expect(what(NOW + HOUR - 1)).toBe('refuse');
    expect(customers.failed('b', [], NOW + 1000)).toBe('ask');
    expect(what(NOW + HOUR)).toBe('ask');
  });

  test('is known by his devices, each under every name; they are taken once', () => {
    const customers = new UnreadableCustomers();
    customers.failed('a', ['1@lid', '57@s.whatsapp.net'], NOW);
    customers.failed('a', ['1:2@lid'], NOW);
    expect(customers.takeDevices('a')).toEqual(['1@lid', '57@s.whatsapp.net', '1:2@lid']);
    expect(customers.takeDevices('a')).toEqual([]);
    expect(customers.takeDevices('unknown')).toEqual([]);
  });
});
