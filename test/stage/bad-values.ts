/** What no request may be made of, as the scenarios send it. */

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

/** Of each field of a body, a value that it must not have. */
export const WRONG_FIELDS: Record<string, unknown> = {
  organization_id: '../etc',
  phone: true,
  message: '  ',
  wait_ms: 30_001,
  send_at: 'tomorrow',
  expires_at: 7,
  ttl_seconds: 0,
  replace_key: '',
  idempotency_key: 'a b',
  action: 'keep',
  quiet_hours: { from: '25:00', to: '08:00', time_zone: 'America/Bogota' },
  backup: '../etc',
  pairing_phone: [],
  undelivered_after_seconds: -1,
  url: 'ftp://backend.example/',
  event_types: ['session.gone'],
  description: 7,
  enabled: 'yes',
  status: 'waiting',
  delivery_id: '',
  expires_in_minutes: 4,
  token: '',
};
