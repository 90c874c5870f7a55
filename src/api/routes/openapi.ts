import { createHash } from 'node:crypto';
import { Router } from 'express';
import type { HttpParts } from '../http-parts.js';
import { apiDocument } from '../openapi/document.js';
import { DOCS_STYLE, docsPage } from '../openapi/docs-page.js';
import { methodNotAllowed } from '../request-body.js';
import { contextOf } from '../request-context.js';

/** The page runs nothing, loads nothing, and has this one style. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(DOCS_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The contract of this service. No key is needed: it is the same for everybody who runs the service, and tells nothing about any
 * organization; whoever writes to the service should be able to read it first.
 * - `GET /openapi.json` -> OpenAPI 3.1, made from the very schemas that check the requests.
 * - `GET /docs` -> the same document as a page, in Spanish or English by `Accept-Language` (its descriptions are English).
 */
export function openapiRoutes({ config }: HttpParts): Router {
  const document = apiDocument(config);
  const json = JSON.stringify(document);
  const pages = { es: docsPage(document, 'es'), en: docsPage(document, 'en') };

  const router = Router();
  router
    .route('/openapi.json')
    .get((_request, response) => {
      response.type('json').send(json);
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/docs')
    .get((_request, response) => {
      response.set('Content-Security-Policy', POLICY).type('html').send(pages[contextOf(response).language]);
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}
