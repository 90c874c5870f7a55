import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DOCS_STYLE, docsPage } from '../../openapi/docs-page.js';
import { operation } from '../../operation.js';

/** The page runs nothing, loads nothing, and has this one style. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(DOCS_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** In Spanish or English by `Accept-Language`; the document's descriptions are English. */
export const docs = operation({
  method: 'get',
  path: '/docs',
  id: 'docs',
  tag: 'Operation',
  summary: 'This document, for people',
  scope: 'open',
  answers: { 200: { about: 'A page.', other: { 'text/html': z.string() } } },
}).handledBy(({ document }) => {
  const pages = { es: docsPage(document, 'es'), en: docsPage(document, 'en') };
  return async (_input, { response, context }) => {
    response.set('Content-Security-Policy', POLICY);
    return { status: 200, type: 'text/html', body: pages[context.language] };
  };
});
