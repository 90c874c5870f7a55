import { type Request, Router } from 'express';
import { ServiceError } from '../../errors.js';
import type { SessionSnapshot } from '../../session/session-view.js';
import { answerInTime } from '../answer-in-time.js';
import type { HttpParts } from '../http-parts.js';
import { qrBlocks, qrPng } from '../qr-picture.js';
import { methodNotAllowed, organizationInPath } from '../request-body.js';
import { contextOf } from '../request-context.js';
import { qrFields } from '../answers/session.js';

export const FORMATS = ['json', 'png', 'text'] as const;
type Format = (typeof FORMATS)[number];

/** `?format=` decides; otherwise a caller that prefers a picture to JSON gets one. */
function formatOf(request: Request): Format {
  const asked = request.query.format;
  if (asked === undefined) return request.accepts(['json', 'image/png']) === 'image/png' ? 'png' : 'json';
  const format = FORMATS.find((known) => known === asked);
  if (!format) throw new ServiceError('invalid_request', { fields: { format: 'format' } });
  return format;
}

/** The QR's text, for answers that cannot say "there is none" in a field. */
function qrOf({ qr, status }: SessionSnapshot): string {
  if (qr !== null) return qr;
  throw new ServiceError(status === 'connected' ? 'already_connected' : 'state_conflict', { status });
}

/**
 * `GET /api/qr/:organization_id` -> `{organization_id, status, qr, has_qr}`; `qr` is a PNG data URL or null.
 * With `Accept: image/png` or `?format=png` the picture itself; with `?format=text` blocks for a terminal (`&background=light` for a
 * light one). Asking starts a new pairing when the last QR ran out.
 * Errors: 404 `unknown_organization`; for picture and text, when there is no QR: 409 `already_connected` or `state_conflict`, with status.
 */
export function qrRoutes(parts: HttpParts): Router {
  const { config, sessions } = parts;
  const router = Router();
  router
    .route('/api/qr/:organization_id')
    .get(async (request, response) => {
      const id = organizationInPath(request, response);
      const format = formatOf(request);
      const asked = sessions.qr(id, { waitMs: config.CLEAN_WAIT });
      const snapshot = await answerInTime(parts, contextOf(response), asked);
      response.vary('Accept');
      switch (format) {
        case 'png': {
          const picture = await qrPng(qrOf(snapshot));
          response.type('png').send(picture);
          return;
        }
        case 'text': {
          const blocks = await qrBlocks(qrOf(snapshot), request.query.background === 'light' ? 'light' : 'dark');
          response.type('text/plain').send(`${blocks}\n`);
          return;
        }
        case 'json':
          response.json(await qrFields(snapshot));
      }
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}
