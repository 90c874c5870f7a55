import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit, type RateLimitInfo } from 'express-rate-limit';
import { ServiceError } from '../errors.js';
import type { HttpParts } from './http-parts.js';
import { contextOf } from './request-context.js';

const WINDOW = 60_000;

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** The key a caller brought: `x-api-key`, or `Authorization: Bearer`. Header names have no letter case. */
function givenKey(request: Request): string | null {
  const header = request.get('x-api-key');
  if (header) return header;
  const bearer = /^Bearer +(\S.*)$/i.exec(request.get('authorization') ?? '');
  return bearer?.[1]?.trim() ?? null;
}

/** The peer of the connection. `X-Forwarded-For` is not asked: whoever guesses keys would simply send another one each time. */
function remoteAddress(request: Request): string {
  const address = request.socket.remoteAddress;
  return address === undefined ? 'unknown' : ipKeyGenerator(address);
}

/** ms until the limiter forgets, as whole seconds. */
function secondsUntilReset(request: Request, now: number): number {
  const { resetTime } = (request as { rateLimit?: RateLimitInfo }).rateLimit ?? {};
  return Math.max(1, Math.ceil(((resetTime?.getTime() ?? now + WINDOW) - now) / 1000));
}

/**
 * Lets a request pass that has the right key: before its body is read, and whatever others behind the same address did.
 * Only wrong keys are counted, answered ever more slowly, and at last (429) not looked at for the rest of the minute.
 * Errors: 401 `missing_api_key`, 401 `wrong_api_key`, 429 `too_many_requests` with Retry-After.
 */
export function authenticate({ config, logger, limits }: HttpParts): RequestHandler {
  const expected = sha256(Buffer.from(config.API_KEY, 'utf8'));
  let waiting = 0;

  const countWrongKey = rateLimit({
    windowMs: WINDOW,
    limit: limits.wrongKeysPerMinute,
    keyGenerator: remoteAddress,
    standardHeaders: false,
    legacyHeaders: false,
    // Its checks are about proxies and headers that are deliberately not used here, and they write to the console.
    validate: false,
    handler: (request, _response, next) => {
      next(new ServiceError('too_many_requests', { retryAfterSeconds: secondsUntilReset(request, Date.now()) }));
    },
  });

  /** Answers later; a caller who hangs up meanwhile frees the place. */
  function answerSlowly(response: Response, delay: number, done: () => void): void {
    waiting += 1;
    const timer = setTimeout(() => {
      response.off('close', hungUp);
      waiting -= 1;
      done();
    }, delay);
    const hungUp = () => {
      clearTimeout(timer);
      waiting -= 1;
    };
    response.once('close', hungUp);
  }

  return (request, response, next) => {
    const key = givenKey(request);
    if (key === null) throw new ServiceError('missing_api_key');
    // Node gives header bytes as latin1. Hashing makes both sides equally long, as timingSafeEqual wants it, and hides the length.
    if (timingSafeEqual(sha256(Buffer.from(key, 'latin1')), expected)) {
      next();
      return;
    }
    void countWrongKey(request, response, (error?: unknown) => {
      if (error !== undefined) {
        next(error);
        return;
      }
      const used = (request as { rateLimit?: RateLimitInfo }).rateLimit?.used ?? 1;
      if (waiting >= limits.wrongKeysWaiting) {
        next(new ServiceError('too_many_requests', { retryAfterSeconds: 1 }));
        return;
      }
      logger.warn(
        {
          event: 'wrong_api_key',
          remote_address: request.socket.remoteAddress,
          attempts: used,
          request_id: contextOf(response).requestId,
        },
        'Somebody used a wrong API key',
      );
      const delay = Math.min(limits.wrongKeyMaxDelay, limits.wrongKeyDelay * 2 ** (used - 1));
      answerSlowly(response, delay, () => next(new ServiceError('wrong_api_key')));
    });
  };
}
