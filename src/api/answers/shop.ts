import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ShopVisit } from '../../access/shop-links.js';
import type { SessionSnapshot } from '../../session/session-view.js';
import { qrDataUrl } from '../qr-picture.js';
import type { Shape } from '../operation.js';
import type { Sentences } from '../sentences.js';
import { digits, instant, isoTime, named, organization, qr, qrExpiresAt, sentence, sessionStatus } from './common.js';

export const shopSession = named(
  'ShopSession',
  z.object({
    organization_id: organization,
    status: sessionStatus,
    sentence,
    qr,
    qr_expires_at: qrExpiresAt,
    pairing_code: z.string().nullable(),
    phone_number: digits.nullable().meta({ description: 'The phone that was linked; null before.' }),
    linked: z.boolean(),
    expires_at: instant,
    version: z.string().meta({ description: 'To be given as `since`.' }),
  }),
);

/** A visit, with the organization's session as it is now. */
export type ShownVisit = ShopVisit & { readonly snapshot: SessionSnapshot | null };

/**
 * What is shown of it. After the link has done its work, that only: how the session fares later is not for this page.
 */
function shown({ snapshot, linkedAt, phoneNumber }: ShownVisit) {
  if (linkedAt !== null) {
    return { status: 'connected', qr: null, qrExpiresAt: null, pairingCode: null, phoneNumber, linked: true } as const;
  }
  const { status = 'not_started', qr = null, qrExpiresAt = null, pairingCode = null } = snapshot ?? {};
  return { status, qr, qrExpiresAt, pairingCode, phoneNumber: null, linked: false } as const;
}

/** Differs whenever something that is shown does. */
export function shopVersion(visit: ShownVisit): string {
  return createHash('sha256')
    .update(JSON.stringify(shown(visit)))
    .digest('base64url')
    .slice(0, 16);
}

export async function shopFields(visit: ShownVisit, sentences: Sentences): Promise<Shape<typeof shopSession>> {
  const { status, pairingCode, phoneNumber, linked, ...code } = shown(visit);
  const saying = sentences.statuses[status];
  return {
    organization_id: String(visit.organizationId),
    status,
    sentence: linked ? sentences.done.phone_linked : saying.sentence,
    qr: code.qr === null ? null : await qrDataUrl(code.qr),
    qr_expires_at: isoTime(code.qrExpiresAt),
    pairing_code: pairingCode,
    phone_number: phoneNumber,
    linked,
    expires_at: isoTime(visit.expiresAt),
    version: shopVersion(visit),
  };
}
