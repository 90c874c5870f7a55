import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Router } from 'express';
import type { HttpParts } from '../http-parts.js';
import { methodNotAllowed } from '../request-body.js';
import { SENTENCES } from '../sentences.js';

/** Three folders above, of `src/api/routes` as of `dist/api/routes`. */
const PACKAGE_FILE = path.resolve(import.meta.dirname, '../../../package.json');

/** `GET /api/service` -> `{version, sessions, uptime_seconds, default_country, default_language, languages, now}`: for the head of the page. */
export function serviceRoutes({ config, sessions, now }: HttpParts): Router {
  const { version } = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { version: string };
  const router = Router();
  router
    .route('/api/service')
    .get((_request, response) => {
      response.json({
        version,
        sessions: sessions.count(),
        uptime_seconds: Math.floor(process.uptime()),
        default_country: config.DEFAULT_COUNTRY,
        default_language: config.DEFAULT_LANGUAGE,
        languages: Object.keys(SENTENCES),
        now: new Date(now()).toISOString(),
      });
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}
