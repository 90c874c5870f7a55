import { createHash } from 'node:crypto';
import { identityOf } from '../content/content.js';
import { randomHex } from '../random-hex.js';
import type { NewMessage } from './outbox-message.js';

/**
 * An id in the form that WhatsApp Web gives its messages (lib/Utils/generics.js, generateMessageIDV2): `3EB0` and 18
 * hex digits.
 */
export function newMessageId(): string {
  return `3EB0${randomHex(18).toUpperCase()}`;
}

/** Tells whether two requests with one idempotency key mean the same message. It lies on disks, so it never changes. */
export function requestHash(message: NewMessage): Buffer {
  const { phone, content, replaceKey = null, fingerprint = null } = message;
  return createHash('sha256')
    .update(JSON.stringify([phone, identityOf(content), replaceKey, fingerprint]))
    .digest();
}
