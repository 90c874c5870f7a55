import { Router } from 'express';
import type { HttpParts } from '../http-parts.js';
import { methodNotAllowed } from '../request-body.js';

/**
 * For machines that watch the service; no key needed, nothing about any organization told.
 * - `GET /health` -> `{status:"ok", sessions, timestamp}`: how many sessions are held.
 * - `GET /health/live` -> `{status:"ok"}`: the process answers.
 * - `GET /health/ready` -> `{status:"ready"|"starting", ready, restoring, version_refused}`: 503 until every session that should come
 *   back at boot had its first try. It is an answer, not an error, so it has no code.
 */
export function healthRoutes({ sessions, now }: HttpParts): Router {
  const router = Router();

  router
    .route('/health')
    .get((_request, response) => {
      response.json({ status: 'ok', sessions: sessions.count(), timestamp: new Date(now()).toISOString() });
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/health/live')
    .get((_request, response) => {
      response.json({ status: 'ok' });
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/health/ready')
    .get((_request, response) => {
      const { ready, restoring, versionRefused } = sessions.readiness();
      response
        .status(ready ? 200 : 503)
        .json({ status: ready ? 'ready' : 'starting', ready, restoring, version_refused: versionRefused });
    })
    .all(methodNotAllowed('GET, HEAD'));

  return router;
}
