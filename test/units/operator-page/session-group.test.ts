import { describe, expect, it } from 'vitest';
import { isLinking } from '../../../src/operator-page/session-group.js';

const attention = (code: string) => ({ code, sentence: '', hint: '', since: '2026-01-01T00:00:00.000Z', until: null });

describe('the QR on the page', () => {
  it.each([
    ['a QR is ready', { status: 'qr_ready', attention: null, phone_number: null }, true],
    ['none is, and asking makes one', { status: 'qr_required', attention: null, phone_number: null }, true],
    ['the last one ran out', { status: 'qr_required', attention: attention('qr_expired'), phone_number: null }, true],
    ['the phone has just scanned', { status: 'connecting', attention: null, phone_number: null }, true],
    ['a linked session reconnects', { status: 'connecting', attention: null, phone_number: '57300' }, false],
    [
      'the keys were moved away and may come back',
      { status: 'qr_required', attention: attention('auth_folder_missing'), phone_number: null },
      false,
    ],
  ] as const)('%s', (_what, session, shown) => {
    expect(isLinking(session)).toBe(shown);
  });
});
