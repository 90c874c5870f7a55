import { createHmac } from 'node:crypto';
import { Webhook as Verifier } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { eventBody } from '../../../src/webhooks/payload.js';
import { newSecret, signedHeaders } from '../../../src/webhooks/signature.js';
import type { OrganizationId } from '../../../src/organization-id.js';

const BODY = eventBody(
  {
    name: 'session.linked',
    at: Date.parse('2026-03-01T10:00:00Z'),
    organizationId: 'clínica'.slice(0, 2) as OrganizationId,
    eventId: 7,
    data: { phone_last4: '2233' },
  },
  'es',
);

/** The scheme as the specification tells it, with nothing of the library. */
function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

describe('a signature', () => {
  it('is an HMAC of id, time and body, as computed independently', () => {
    const secret = newSecret();
    const at = 1_772_359_200_987;
    const headers = signedHeaders({ secret, oldSecret: null }, 'msg_1', at, BODY);
    expect(headers).toEqual({
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1772359200',
      'webhook-signature': signatureOf(secret, 'msg_1', 1_772_359_200, BODY),
    });
  });

  it('is accepted by the verifier of Standard Webhooks; not with another secret, id, time or body', () => {
    const secret = newSecret();
    const headers = signedHeaders({ secret, oldSecret: null }, 'msg_1', Date.now(), BODY);
    expect(new Verifier(secret).verify(BODY, headers)).toEqual({
      type: 'session.linked',
      timestamp: '2026-03-01T10:00:00.000Z',
      data: {
        organization_id: 'cl',
        event_id: '7',
        phone_last4: '2233',
        sentence: 'El teléfono terminado en 2233 vinculó esta sesión.',
      },
    });
    const changed: [string, string, Record<string, string>][] = [
      [newSecret(), BODY, headers],
      [secret, BODY.replace('2233', '2234'), headers],
      [secret, BODY, { ...headers, 'webhook-id': 'msg_2' }],
      [secret, BODY, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1) }],
    ];
    for (const [key, body, given] of changed) expect(() => new Verifier(key).verify(body, given)).toThrow();
    const old = signedHeaders({ secret, oldSecret: null }, 'msg_1', Date.now() - 600_000, BODY);
    expect(() => new Verifier(secret).verify(BODY, old)).toThrow('too old');
  });

  it('is made with both secrets until the old one ends', () => {
    const [secret, before] = [newSecret(), newSecret()];
    const now = Date.now();
    const both = signedHeaders({ secret, oldSecret: { secret: before, until: now + 1 } }, 'msg_1', now, BODY);
    for (const key of [secret, before]) expect(() => new Verifier(key).verify(BODY, both)).not.toThrow();
    const one = signedHeaders({ secret, oldSecret: { secret: before, until: now } }, 'msg_1', now, BODY);
    expect(() => new Verifier(secret).verify(BODY, one)).not.toThrow();
    expect(() => new Verifier(before).verify(BODY, one)).toThrow();
  });

  it('has secrets of 32 random bytes', () => {
    const secrets = new Set(Array.from({ length: 100 }, newSecret));
    expect(secrets.size).toBe(100);
    for (const secret of secrets) expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
  });
});
