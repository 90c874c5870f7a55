import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DOCS_STYLE, docsPage } from '../../openapi/docs-page.js';
import { operation } from '../../operation.js';
import type { Language } from '../../sentences.js';

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
  // Made when somebody asks: it takes longer than all else at a start.
  const pages: { [language in Language]?: string } = {};
  return async (_input, { response, context: { language } }) => {
    response.set('Content-Security-Policy', POLICY);
    return { status: 200, type: 'text/html', body: (pages[language] ??= docsPage(document(), language)) };
  };
});
