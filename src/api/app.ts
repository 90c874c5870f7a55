import express, { type Express } from 'express';
import { ServiceError } from '../errors.js';
import { authenticate } from './authenticate.js';
import { errorResponse } from './error-response.js';
import { guesses } from './guesses.js';
import { HTTP_LIMITS, type HttpLimits, type HttpMetrics, type HttpParts } from './http-parts.js';
import { PAGE_DIRECTORY, readPageFiles } from './page-files.js';
import { beginRequest } from './request-context.js';
import { chartRoutes } from './routes/charts.js';
import { cleanAndRestoreRoutes } from './routes/clean-and-restore.js';
import { eventRoutes } from './routes/events.js';
import { healthRoutes } from './routes/health.js';
import { messageRoutes } from './routes/messages.js';
import { countRequests, metricsRoutes } from './routes/metrics.js';
import { openapiRoutes } from './routes/openapi.js';
import { organizationSettingsRoutes } from './routes/organization-settings.js';
import { otherPhoneRoutes } from './routes/other-phone.js';
import { pageRoutes } from './routes/page.js';
import { qrRoutes } from './routes/qr.js';
import { SEND_MESSAGE_PATH, sendMessageRoutes } from './routes/send-message.js';
import { openShopRoutes, shopLinkRoutes } from './routes/shop.js';
import { signInLinkRoutes, signInRoutes } from './routes/sign-in.js';
import { serviceRoutes } from './routes/service.js';
import { startSessionRoutes } from './routes/start-session.js';
import { statusRoutes } from './routes/status.js';
import { stopSessionRoutes } from './routes/stop-session.js';
import { webhookDeliveryRoutes } from './routes/webhook-deliveries.js';
import { webhookRoutes } from './routes/webhooks.js';

export type AppParts = Omit<HttpParts, 'now' | 'metrics' | 'limits'> & {
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
 * The HTTP side of the service (API.md). Starts nothing and listens nowhere: `http-server.ts` does.
 * The order is the point: id, headers and log line; what needs no key (`/health*`, the documentation, the page, the ways to sign in); the key; the
 * address and method; and only then the body.
 */
export function createApp({
  limits,
  now = Date.now,
  metrics = NO_METRICS,
  pageDirectory = PAGE_DIRECTORY,
  ...rooms
}: AppParts): Express {
  const parts: HttpParts = { ...rooms, now, metrics, limits: { ...HTTP_LIMITS, ...limits } };
  const refuseGuess = guesses(parts);
  const app = express();
  app.disable('x-powered-by');
  // Nothing here may be cached, so there is nothing to revalidate.
  app.disable('etag');
  app.set('query parser', 'simple');

  app.use(countRequests(metrics));
  app.use(beginRequest(parts));
  const needsKey = authenticate(parts, refuseGuess);
  // Before all others, for nearly all requests are for it.
  app.use(SEND_MESSAGE_PATH, needsKey);
  app.use(sendMessageRoutes(parts));
  app.use(healthRoutes(parts));
  app.use(openapiRoutes(parts));
  app.use(pageRoutes(readPageFiles(pageDirectory)));
  app.use(signInRoutes(parts, refuseGuess));
  app.use(openShopRoutes(parts, refuseGuess));
  app.use(needsKey);
  app.use(metricsRoutes(parts));
  app.use(startSessionRoutes(parts));
  app.use(qrRoutes(parts));
  app.use(statusRoutes(parts));
  app.use(eventRoutes(parts));
  app.use(messageRoutes(parts));
  app.use(otherPhoneRoutes(parts));
  app.use(organizationSettingsRoutes(parts));
  app.use(webhookRoutes(parts));
  app.use(webhookDeliveryRoutes(parts));
  app.use(stopSessionRoutes(parts));
  app.use(cleanAndRestoreRoutes(parts));
  app.use(chartRoutes(parts));
  app.use(serviceRoutes(parts));
  app.use(signInLinkRoutes(parts));
  app.use(shopLinkRoutes(parts));
  app.use(() => {
    throw new ServiceError('not_found');
  });
  app.use(errorResponse(parts.logger));
  return app;
}
