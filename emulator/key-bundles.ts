/** A device's keys in a retry receipt. */
import { extractE2ESessionFromRetryReceipt } from '@whiskeysockets/baileys';
import type { PreKeyBundle } from './libsignal.js';
import { bareKey, bigEndian, node, type BinaryNode } from './wire.js';

export function keysNode({ identityKey, signedPreKey, preKey }: PreKeyBundle): BinaryNode {
  const content = [
    node('type', {}, Buffer.from([5])),
    node('identity', {}, bareKey(identityKey)),
    node('skey', {}, [
      node('id', {}, bigEndian(signedPreKey.keyId, 3)),
      node('value', {}, bareKey(signedPreKey.publicKey)),
      node('signature', {}, signedPreKey.signature),
    ]),
  ];
  if (preKey) {
    content.splice(
      2,
      0,
      node('key', {}, [node('id', {}, bigEndian(preKey.keyId, 3)), node('value', {}, bareKey(preKey.publicKey))]),
    );
  }
  return node('keys', {}, content);
}

/** The keys in a retry receipt, if there are any. */
export function bundleOf(receipt: BinaryNode): PreKeyBundle | undefined {
  const bundle = extractE2ESessionFromRetryReceipt(receipt);
  if (!bundle) return undefined;
  const { registrationId, identityKey, signedPreKey, preKey } = bundle;
  return {
    registrationId,
    identityKey: Buffer.from(identityKey),
    signedPreKey: {
      keyId: signedPreKey.keyId,
      publicKey: Buffer.from(signedPreKey.publicKey),
      signature: Buffer.from(signedPreKey.signature),
    },
    ...(preKey && { preKey: { keyId: preKey.keyId, publicKey: Buffer.from(preKey.publicKey) } }),
  };
}
