import crypto, { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { Curve } from '@whiskeysockets/baileys';
import { expect, it, vi } from 'vitest';
import { quickly } from '../../stage/quick-keys.js';

const DER = {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
} as const;

// The named export is the one of Node; the object that libsignal reads has the quick one.
const ofNode = generateKeyPairSync as (type: string, options?: object) => unknown;

it('keys that are written quickly are what OpenSSL would have written', () => {
  const { publicKey, privateKey } = quickly(ofNode)('x25519', DER) as { publicKey: Buffer; privateKey: Buffer };
  const secret = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' });
  expect(secret.export({ format: 'der', type: 'pkcs8' })).toEqual(privateKey);
  expect(createPublicKey(secret).export({ format: 'der', type: 'spki' })).toEqual(publicKey);
  const other = ofNode('x25519') as crypto.KeyPairKeyObjectResult;
  const theirs = diffieHellman({ privateKey: other.privateKey, publicKey: createPublicKey(secret) });
  expect(diffieHellman({ privateKey: secret, publicKey: other.publicKey })).toEqual(theirs);
});

it('every other kind of key, and every other way to write one, is left to Node', () => {
  const asked = vi.fn(() => 'asked');
  for (const options of [undefined, { ...DER, privateKeyEncoding: { format: 'pem', type: 'pkcs8' } }]) {
    expect(quickly(asked)('x25519', options)).toBe('asked');
    expect(asked).toHaveBeenLastCalledWith('x25519', options);
  }
  expect(quickly(asked)('ed25519', DER)).toBe('asked');
});

it('Baileys makes such keys in the tests, each another one', () => {
  expect(crypto.generateKeyPairSync).not.toBe(generateKeyPairSync);
  const [one, other] = [Curve.generateKeyPair(), Curve.generateKeyPair()];
  expect(one.public).toHaveLength(32);
  expect(Curve.sharedKey(one.private, other.public)).toEqual(Curve.sharedKey(other.private, one.public));
  expect(one.private).not.toEqual(other.private);
});
