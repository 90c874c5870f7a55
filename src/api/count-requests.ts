import type { RequestHandler } from 'express';
import type { HttpMetrics } from './http-parts.js';

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
