import express, { type Express } from 'express';
import { ServiceError } from '../errors.js';
import { authenticate } from './authenticate.js';
import { errorResponse } from './error-response.js';
import { guesses } from './guesses.js';
import { HTTP_LIMITS, type HttpLimits, type HttpMetrics, type HttpParts } from './http-parts.js';
import { PAGE_DIRECTORY, readPageFiles } from './page-files.js';
import { beginRequest } from './request-context.js';
import { countRequests } from './count-requests.js';
import { apiDocument } from './openapi/document.js';
import type { AnyOperation, Scope } from './operation.js';
import { OPERATIONS } from './operations/index.js';
import { routesOf } from './routes.js';

export type AppParts = Omit<HttpParts, 'now' | 'metrics' | 'limits' | 'pageFiles' | 'document' | 'refuseGuess'> & {
  /** Epoch ms; the clock when absent. */
  now?: () => number;
  /** Nothing is counted when absent. */
  metrics?: HttpMetrics;
  /** Where the built operator's page is. */
  pageDirectory?: string;
  /** For tests; the defaults and their reasons are in http-parts.ts. */
  limits?: Partial<HttpLimits>;
};

const NO_METRICS: HttpMetrics = { contentType: 'text/plain', text: async () => '', answered: () => {} };

/**
 * The HTTP side of the service (docs/api.md). Starts nothing and listens nowhere: `http-server.ts` does. The order is
 * the point: id, headers and log line; what needs no key (`/health*`, the documentation, the page, the ways to sign
 * in); the key; the address and method; and only then the body.
 */
export function createApp({
  limits,
  now = Date.now,
  metrics = NO_METRICS,
  pageDirectory = PAGE_DIRECTORY,
  ...rooms
}: AppParts): Express {
  const parts: HttpParts = {
    ...rooms,
    now,
    metrics,
    limits: { ...HTTP_LIMITS, ...limits },
    pageFiles: readPageFiles(pageDirectory),
    document: onDemand(() => apiDocument(rooms.config)),
    refuseGuess: guesses({ logger: rooms.logger, limits: { ...HTTP_LIMITS, ...limits } }),
  };
  const app = express();
  app.disable('x-powered-by');
  // Nothing here may be cached, so there is nothing to revalidate.
  app.disable('etag');
  app.set('query parser', 'simple');

  app.use(countRequests(metrics));
  app.use(beginRequest(parts));
  const needsKey = authenticate(parts);
  for (const one of operationsOf('admin', { often: true })) {
    app.use(one.path, needsKey);
    app.use(routesOf([one], parts));
  }
  app.use(routesOf(operationsOf('open'), parts));
  app.use(routesOf(operationsOf('page'), parts, { caseSensitive: true }));
  app.use(routesOf(operationsOf('shop'), parts));
  app.use(needsKey);
  app.use(routesOf(operationsOf('admin', { often: false }), parts));
  app.use(() => {
    throw new ServiceError('not_found');
  });
  app.use(errorResponse(parts.logger));
  return app;
}

/** Made when it is asked for first, and kept. */
function onDemand<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function operationsOf(scope: Scope, { often }: { often?: boolean } = {}): AnyOperation[] {
  return (OPERATIONS as readonly AnyOperation[]).filter(
    (one) => one.scope === scope && (often === undefined || (one.often ?? false) === often),
  );
}
