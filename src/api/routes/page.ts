import { type Request, type Response, Router } from 'express';
import { ServiceError } from '../../errors.js';
import type { PageFile, PageFiles } from '../page-files.js';
import { methodNotAllowed } from '../request-body.js';

/** Only what this service itself serves; nothing inline, nobody's frame, no request to anywhere else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function send(request: Request, response: Response, { type, bytes, gzip }: PageFile): void {
  const packed = gzip !== null && request.acceptsEncodings('gzip') === 'gzip';
  response.vary('Accept-Encoding');
  if (packed) response.set('Content-Encoding', 'gzip');
  response.set({
    'Content-Type': type,
    'Content-Security-Policy': POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
  });
  response.send(packed ? gzip : bytes);
}

/**
 * The pages for people, as they were built. No key is needed to see them: they hold nothing, and what they show they ask of `/api`.
 * - `GET /` -> the operator's page; `GET /shop` -> the page behind a link for the shop. Never cached, so that a new build is seen at once.
 * - `GET /assets/:name` -> what they are made of; a name belongs to one content for ever.
 * Errors: 503 `page_not_built`, 404 `not_found`.
 */
export function pageRoutes(files: PageFiles | null): Router {
  function built(): PageFiles {
    if (!files) throw new ServiceError('page_not_built');
    return files;
  }

  const router = Router({ caseSensitive: true });
  router
    .route('/')
    .get((request, response) => send(request, response, built().index))
    .all(methodNotAllowed('GET, HEAD'));
  router
    .route('/shop')
    .get((request, response) => send(request, response, built().shop))
    .all(methodNotAllowed('GET, HEAD'));
  router
    .route('/assets/:name')
    .get((request, response) => {
      const file = built().assets.get(request.params.name);
      if (!file) throw new ServiceError('not_found');
      response.set('Cache-Control', 'public, max-age=31536000, immutable');
      response.removeHeader('Vary');
      send(request, response, file);
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}
