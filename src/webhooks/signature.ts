import { randomBytes } from 'node:crypto';
import { Webhook as Signer } from 'standardwebhooks';
import type { Webhook } from './webhook.js';

/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

/** `whsec_` and base64, as every Standard Webhooks library takes it. */
export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/**
 * The headers of one try. While the secret before may still be in use, both sign: a receiver accepts what one of them
 * does.
 * @param at of this try, epoch ms; a receiver refuses what is older than minutes
 */
export function signedHeaders(
  { secret, oldSecret }: Pick<Webhook, 'secret' | 'oldSecret'>,
  id: string,
  at: number,
  body: string,
): Record<string, string> {
  const secrets = oldSecret && oldSecret.until > at ? [secret, oldSecret.secret] : [secret];
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': secrets.map((one) => new Signer(one).sign(id, new Date(at), body)).join(' '),
  };
}
