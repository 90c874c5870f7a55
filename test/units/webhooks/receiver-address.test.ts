import { describe, expect, it } from 'vitest';
import { isPublicAddress, readReceiverUrl } from '../../../src/webhooks/receiver-address.js';

describe('an address of the internet', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '192.0.3.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is one',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '203.0.113.5',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2001:db8::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ])('%s is none', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe("a receiver's url", () => {
  it.each([
    ['https://backend.example/hooks?key=1', 'https://backend.example/hooks?key=1'],
    ['HTTP://Backend.Example:8080', 'http://backend.example:8080/'],
    ['https://backend.example/a#part', 'https://backend.example/a'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/'],
    ['https://localhost.example/', 'https://localhost.example/'],
  ])('%s is kept as %s', (given, url) => expect(readReceiverUrl(given, false)).toEqual({ url }));

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://0x7f.1/',
    'http://%31%32%37.0.0.1/',
    'http://１２７.0.0.1/',
    'http://0/',
    'http://0.0.0.0:3000/',
    'http://[::]/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.5:8080/',
    'http://192.168.1.1/',
    'http://localhost/',
    'http://LOCALHOST./',
    'https://any.localhost/',
  ])('%s leads inside: refused, unless it is allowed', (given) => {
    expect(readReceiverUrl(given, false)).toEqual({ problem: 'private_address' });
    expect(readReceiverUrl(given, true)).toHaveProperty('url');
  });

  it.each([
    '',
    'backend.example',
    'ftp://backend.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https:backend.example',
    'https://',
    'https://user:secret@backend.example/',
    'https://user@backend.example/',
    'http://[::1',
    'http://[fe80::1%25eth0]/',
    'https://backend.example:99999/',
    `https://backend.example/${'x'.repeat(2048)}`,
    `https://backend.example/${'é'.repeat(1000)}`,
  ])('%s is no receiver, whatever is allowed', (given) => {
    expect(readReceiverUrl(given, true)).toEqual({ problem: 'url' });
  });
});
