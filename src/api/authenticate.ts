import type { Request, RequestHandler } from 'express';
import { ServiceError } from '../errors.js';
import { readCookie, SIGN_IN_COOKIE } from './cookies.js';
import { apiKeyCheck } from './guesses.js';
import type { HttpParts } from './http-parts.js';
import { requireOwnOrigin } from './origin.js';
import { contextOf } from './request-context.js';

/** The key a caller brought: `x-api-key`, or `Authorization: Bearer`. Header names have no letter case. */
function givenKey(request: Request): string | null {
  const header = request.get('x-api-key');
  if (header) return header;
  const bearer = /^Bearer +(\S.*)$/i.exec(request.get('authorization') ?? '');
  return bearer?.[1]?.trim() ?? null;
}

/**
 * Lets a request pass that has the right key, or the cookie of a browser that signed in and shows that one of our own
 * pages asks: before its body is read, and whatever others behind the same address did. Wrong keys are answered ever
 * more slowly (guesses.ts). A key goes before a cookie: no other site's page can send one, so it needs no further
 * proof.
 * Errors: 401 `missing_api_key`, 401 `wrong_api_key`, 401 `signed_out`, 403 `cross_site_request`, 429
 * `too_many_requests` with Retry-After.
 */
export function authenticate({ config, access, refuseGuess }: HttpParts): RequestHandler {
  const isKey = apiKeyCheck(config.API_KEY);

  return async (request, response, next) => {
    const key = givenKey(request);
    if (key === null) {
      const cookie = readCookie(request, SIGN_IN_COOKIE);
      if (cookie === null) throw new ServiceError('missing_api_key');
      requireOwnOrigin(request, config);
      // Not a guess: an old cookie comes from everybody who was signed in yesterday, and 256 bits need no further
      // limit.
      if ((await access.signIns.find(cookie)) === null) throw new ServiceError('signed_out');
      contextOf(response).isStillSignedIn = async () => (await access.signIns.find(cookie)) !== null;
      contextOf(response).onSignInEnd = (listener) => access.signIns.onEnd(cookie, listener);
      next();
      return;
    }
    // Node gives header bytes as latin1.
    if (isKey(Buffer.from(key, 'latin1'))) {
      next();
      return;
    }
    await refuseGuess(request, response, 'wrong_api_key');
  };
}
