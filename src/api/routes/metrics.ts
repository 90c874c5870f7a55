import { type RequestHandler, Router } from 'express';
import type { HttpMetrics, HttpParts } from '../http-parts.js';
import { methodNotAllowed } from '../request-body.js';

/** Counts every answer by the pattern of its path; what met no route is `(none)`. Before everything that may answer. */
export function countRequests(metrics: HttpMetrics): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const { path } = (request.route ?? {}) as { path?: unknown };
      const route = typeof path === 'string' ? path : '(none)';
      metrics.answered(request.method, route, response.statusCode, (performance.now() - startedAt) / 1000);
    });
    next();
  };
}

/** `GET /metrics` -> what Prometheus scrapes (ops/README.md). Needs the key like the rest, also as a bearer token. */
export function metricsRoutes({ metrics }: HttpParts): Router {
  const router = Router();
  router
    .route('/metrics')
    .get(async (_request, response) => {
      response.set('Content-Type', metrics.contentType).send(await metrics.text());
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}
