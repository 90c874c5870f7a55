import type { Request, RequestHandler, Response } from 'express';
import { type OrganizationId, organizationLabel } from '../organization-id.js';
import { randomHex } from '../random-hex.js';
import type { HttpParts } from './http-parts.js';
import { type Language, SENTENCES, type Sentences } from './sentences.js';

/** What is known of a request while it is answered; kept in `response.locals`. */
export interface RequestContext {
  readonly requestId: string;
  readonly language: Language;
  readonly sentences: Sentences;
  /** Set as soon as a valid one was read. */
  organizationId?: OrganizationId;
  /** The code of the error that was answered. */
  errorCode?: string;
  /** Whether the browser may still look; for answers that go on for hours. Absent when a key was brought. */
  isStillSignedIn?: () => Promise<boolean>;
  /** Calls back when it may not any more; returns what takes it back. Absent when a key was brought. */
  onSignInEnd?: (listener: () => void) => () => void;
}

export function contextOf(response: Response): RequestContext {
  return response.locals.context as RequestContext;
}

/**
 * Callers may bring their own id, to find a request in both logs; anything that could forge or bloat a log line is
 * replaced.
 */
const ACCEPTABLE_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

export function newRequestId(): string {
  return Buffer.from(randomHex(18), 'hex').toString('base64url');
}

function requestIdOf(request: Request): string {
  const given = request.get('x-request-id');
  return given !== undefined && ACCEPTABLE_REQUEST_ID.test(given) ? given : newRequestId();
}

/**
 * The best of our languages by `Accept-Language` (q-values respected), the configured one when the caller has no say
 * in it.
 */
function languageOf(request: Request, fallback: Language): Language {
  const offered: Language[] = fallback === 'es' ? ['es', 'en'] : ['en', 'es'];
  const chosen = request.acceptsLanguages(offered);
  return chosen === 'es' || chosen === 'en' ? chosen : fallback;
}

/** An API answers no browser page: nothing may be sniffed, framed, cached or run. */
const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

/**
 * Begins every request: id, language, headers; and writes its one log line when it is over. The line has the path's
 * pattern, never the path, query or body: those may hold phone numbers and texts.
 */
export function beginRequest({ config, logger, now }: HttpParts): RequestHandler {
  return (request, response, next) => {
    const startedAt = now();
    const language = languageOf(request, config.DEFAULT_LANGUAGE);
    const context: RequestContext = { requestId: requestIdOf(request), language, sentences: SENTENCES[language] };
    response.locals.context = context;
    response.set(SECURITY_HEADERS);
    response.set({ 'X-Request-Id': context.requestId, 'Content-Language': language, Vary: 'Accept-Language' });

    response.once('close', () => {
      const status = response.statusCode;
      const reading = request.method === 'GET' || request.method === 'HEAD';
      const level = status >= 500 ? 'warn' : reading ? 'debug' : 'info';
      const route = request.route as { path?: unknown } | undefined;
      const path = typeof route?.path === 'string' ? route.path : '(none)';
      logger[level](
        {
          event: 'http_request',
          method: request.method,
          path,
          status,
          ms: now() - startedAt,
          request_id: context.requestId,
          ...(context.organizationId && { org: organizationLabel(context.organizationId) }),
          ...(context.errorCode && { code: context.errorCode }),
          // The caller hung up before the answer was out.
          ...(!response.writableFinished && { aborted: true }),
        },
        `${request.method} ${path} answered ${status}`,
      );
    });
    next();
  };
}
