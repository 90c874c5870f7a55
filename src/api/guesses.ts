import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit, type RateLimitInfo } from 'express-rate-limit';
import { type ErrorCode, ServiceError } from '../errors.js';
import type { HttpParts } from './http-parts.js';
import { contextOf } from './request-context.js';

const WINDOW = 60_000;

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/**
 * Whether these bytes are the API key. Hashing makes both sides equally long, as timingSafeEqual wants it, and hides
 * the length.
 */
export function apiKeyCheck(apiKey: string): (given: Buffer) => boolean {
  const expected = sha256(Buffer.from(apiKey, 'utf8'));
  return (given) => timingSafeEqual(sha256(given), expected);
}

/**
 * The peer of the connection. `X-Forwarded-For` is not asked: whoever guesses keys would simply send another one each
 * time.
 */
function remoteAddress(request: Request): string {
  const address = request.socket.remoteAddress;
  return address === undefined ? 'unknown' : ipKeyGenerator(address);
}

/** ms until the limiter forgets, as whole seconds. */
export function secondsUntilReset(request: Request, now: number): number {
  const { resetTime } = (request as { rateLimit?: RateLimitInfo }).rateLimit ?? {};
  return Math.max(1, Math.ceil(((resetTime?.getTime() ?? now + WINDOW) - now) / 1000));
}

/** What somebody guessed at, with the name under which it is logged. */
const LOGGED = {
  wrong_api_key: { event: 'wrong_api_key', text: 'Somebody used a wrong API key' },
  unknown_sign_in_link: {
    event: 'unknown_sign_in_link',
    text: 'Somebody used a sign-in link that is not good (any more)',
  },
  unknown_shop_link: {
    event: 'unknown_shop_link',
    text: 'Somebody opened a link for the shop that is not good (any more)',
  },
} as const satisfies Partial<Record<ErrorCode, { event: string; text: string }>>;
export type Guess = keyof typeof LOGGED;

/**
 * Answers a wrong key or token: each one of an address more slowly than the one before, and at last (429) not for the
 * rest of the minute. It always rejects, with the guess's own code or `too_many_requests` with Retry-After; it stays
 * open when the caller hangs up first.
 */
export type RefuseGuess = (request: Request, response: Response, guess: Guess) => Promise<never>;

/** One count for everything that can be guessed, so that nobody gets more tries by changing doors. */
export function guesses({ logger, limits }: Pick<HttpParts, 'logger' | 'limits'>): RefuseGuess {
  let waiting = 0;

  const count = rateLimit({
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

  /** A caller who hangs up meanwhile frees the place. */
  function later(response: Response, delay: number): Promise<void> {
    waiting += 1;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        response.off('close', hungUp);
        waiting -= 1;
        resolve();
      }, delay);
      const hungUp = () => {
        clearTimeout(timer);
        waiting -= 1;
      };
      response.once('close', hungUp);
    });
  }

  return async (request, response, guess) => {
    const tooMany = await new Promise<unknown>((resolve) => void count(request, response, resolve));
    if (tooMany !== undefined) throw tooMany as Error;
    const used = (request as { rateLimit?: RateLimitInfo }).rateLimit?.used ?? 1;
    if (waiting >= limits.wrongKeysWaiting) throw new ServiceError('too_many_requests', { retryAfterSeconds: 1 });
    logger.warn(
      {
        event: LOGGED[guess].event,
        remote_address: request.socket.remoteAddress,
        attempts: used,
        request_id: contextOf(response).requestId,
      },
      LOGGED[guess].text,
    );
    await later(response, Math.min(limits.wrongKeyMaxDelay, limits.wrongKeyDelay * 2 ** (used - 1)));
    throw new ServiceError(guess);
  };
}
