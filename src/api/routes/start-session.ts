import { Router } from 'express';
import { z } from 'zod';
import type { Config } from '../../config.js';
import { answerInTime } from '../answer-in-time.js';
import { organizationId, phone, waitMs } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { jsonBody, methodNotAllowed, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';
import { statusFields } from '../answers/session.js';

/** ms. Whoever asks for a pairing code wants it in this answer: this long for the connection, and the rest of the time for the code. */
const PAIRING_CODE_WAIT = 6_000;
/** ms that an answer may take beyond the wait that the caller asked for. */
const GRACE = 5_000;

export const startSessionBody = (defaultCountry: Config['DEFAULT_COUNTRY']) =>
  z.strictObject({
    organization_id: organizationId,
    pairing_phone: phone(defaultCountry).optional(),
    wait_ms: waitMs.optional(),
  });

/**
 * `POST /api/start-session {organization_id, pairing_phone?, wait_ms?}` -> `{message, organization_id, status, hint}`, with
 * `pairing_phone` also `pairing_code` (8 characters, or null when a phone was linked meanwhile).
 * Idempotent; never harms a live or a saved session. `wait_ms` (0..30000): wait for a QR, a code or a connection.
 * Errors: 400, 409 `already_paired`, 503.
 */
export function startSessionRoutes(parts: HttpParts): Router {
  const { config, sessions, limits } = parts;
  const body = startSessionBody(config.DEFAULT_COUNTRY);

  const router = Router();
  router
    .route('/api/start-session')
    .post(jsonBody(parts), async (request, response) => {
      const { organization_id: id, pairing_phone: pairingPhone, wait_ms: asked } = readBody(body, request, response);
      const context = contextOf(response);
      const wait = asked ?? (pairingPhone === undefined ? undefined : PAIRING_CODE_WAIT);
      const snapshot = await answerInTime(
        parts,
        context,
        sessions.start(id, { pairingPhone, waitMs: wait }),
        asked === undefined ? limits.answerWithin : Math.max(limits.answerWithin, asked + GRACE),
      );
      const { organization_id, status } = statusFields(snapshot);
      const { statuses, done } = context.sentences;
      const code = pairingPhone === undefined ? null : snapshot.pairingCode;
      response.json({
        message: code === null ? statuses[status].sentence : done.pairing_code,
        organization_id,
        status,
        hint: code === null ? statuses[status].hint : done.type_the_code,
        ...(pairingPhone !== undefined && { pairing_code: code }),
      });
    })
    .all(methodNotAllowed('POST'));
  return router;
}
