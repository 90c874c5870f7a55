/** What no request may be made of, as the scenario of bad input sends it. */

const CUSTOMER = '573109998877';

/** Ids that would leave the directory, name somebody else's things, or are no ids at all. */
export const BAD_IDS: [string, unknown][] = [
  ['../../etc', '../../etc'],
  ['..', '..'],
  ['.', '.'],
  ['../other', '../other'],
  ['a relative path', 'known/../known'],
  ['an absolute path', '/etc/passwd'],
  ['an absolute path of Windows', 'C:\\Windows'],
  ['backslashes', '..\\..\\etc'],
  ['%2e%2e', '%2e%2e'],
  ['%2e%2e%2f', '%2e%2e%2fetc'],
  ['a NUL byte', 'known\u0000'],
  ['a line break', 'known\n'],
  ['a space', ' known'],
  ['a dot inside', 'known.restore'],
  ['a hidden name', '.ssh'],
  ['a leading dash', '-rf'],
  ['a backup', 'known_corrupted_1700000000000'],
  ['letters of other scripts', 'организация'],
  ['a full-width slash', '．．／etc'],
  ['nothing', ''],
  ['65 characters', 'a'.repeat(65)],
  ['a megabyte', 'a'.repeat(200 * 1024)],
  ['__proto__', '__proto__'],
];

export const WRONG_TYPES: [string, unknown][] = [
  ['null', null],
  ['true', true],
  ['a fraction', 1.5],
  ['a negative number', -1],
  ['a number too large', 1e21],
  ['a list', ['known']],
  ['an object', { toString: 'known' }],
];

export const POSTS: [string, object][] = [
  ['/api/start-session', {}],
  ['/api/send-message', { phone: CUSTOMER, message: 'hola' }],
  ['/api/logout', {}],
  ['/api/force-clean-session', {}],
  ['/api/clear-corrupted-session', {}],
  ['/api/clear-session', {}],
  ['/api/stop-session', {}],
  ['/api/restart-session', {}],
  ['/api/restore-session', {}],
  ['/api/organization-settings', { quiet_hours: null }],
  ['/api/other-phone-messages', { action: 'send' }],
];
export const GETS = ['/api/status', '/api/qr', '/api/backups', '/api/organization-settings'];
