import { Router } from 'express';
import { z } from 'zod';
import { clearCookie, readCookie, setCookie, SIGN_IN_COOKIE } from '../cookies.js';
import { secret } from '../fields.js';
import { apiKeyCheck, type RefuseGuess } from '../guesses.js';
import type { HttpParts } from '../http-parts.js';
import { publicAddress, refuseOtherOrigins, requireOwnOrigin } from '../origin.js';
import { jsonBody, methodNotAllowed, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';
import { isoTime } from '../answers/session.js';

export const signInBody = z
  .strictObject({
    api_key: secret.optional().meta({ description: 'The API key, as a person types it.' }),
    token: secret.optional().meta({ description: 'The token of a signed-in link.' }),
  })
  .superRefine(({ api_key, token }, context) => {
    const add = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
    if (api_key === undefined && token === undefined) add('api_key', 'required');
    if (api_key !== undefined && token !== undefined) add('token', 'key_or_token');
  })
  .meta({ oneOf: [{ required: ['api_key'] }, { required: ['token'] }] });
export const nothing = z.strictObject({});

/**
 * How a browser signs in to the operator's page. No key is needed to ask.
 * - `POST /api/sign-in {api_key}` or `{token}` -> `{success, expires_at}` and a cookie that stands for the key for 12 h. A token is that of a
 *   signed-in link, and good once.
 * - `GET /api/sign-in` -> `{signed_in, expires_at}`.
 * - `POST /api/sign-out` -> `{success}`; the sign-in of this browser is over.
 * Errors: 401 `wrong_api_key`, 401 `unknown_sign_in_link`, 403 `cross_site_request`, 429 `too_many_requests`.
 */
export function signInRoutes(parts: HttpParts, refuseGuess: RefuseGuess): Router {
  const { config, access, limits, logger, now } = parts;
  const { signIns } = access;
  const isKey = apiKeyCheck(config.API_KEY);

  const router = Router();
  router
    .route('/api/sign-in')
    .get(async (request, response) => {
      const cookie = readCookie(request, SIGN_IN_COOKIE);
      const expiresAt = cookie === null ? null : await signIns.find(cookie);
      response.json({ signed_in: expiresAt !== null, expires_at: isoTime(expiresAt) });
    })
    .post(jsonBody(parts, limits.openBodyBytes), async (request, response) => {
      refuseOtherOrigins(request, config);
      const { api_key: key, token } = readBody(signInBody, request, response);
      if (key !== undefined && !isKey(Buffer.from(key, 'utf8'))) {
        await refuseGuess(request, response, 'wrong_api_key');
      }
      if (token !== undefined && !(await signIns.useLink(token))) {
        await refuseGuess(request, response, 'unknown_sign_in_link');
      }
      const before = readCookie(request, SIGN_IN_COOKIE);
      if (before !== null) await signIns.end(before);
      const { token: cookie, expiresAt } = await signIns.begin();
      logger.info(
        {
          event: 'signed_in',
          with: key === undefined ? 'link' : 'api_key',
          remote_address: request.socket.remoteAddress,
          request_id: contextOf(response).requestId,
        },
        "A browser signed in to the operator's page",
      );
      setCookie(request, response, config, SIGN_IN_COOKIE, cookie, { expiresAt, now: now() });
      response.json({ success: true, expires_at: isoTime(expiresAt) });
    })
    .all(methodNotAllowed('GET, HEAD, POST'));

  router
    .route('/api/sign-out')
    .post(jsonBody(parts, limits.openBodyBytes), async (request, response) => {
      readBody(nothing, request, response);
      const cookie = readCookie(request, SIGN_IN_COOKIE);
      if (cookie !== null) {
        requireOwnOrigin(request, config);
        await signIns.end(cookie);
      }
      clearCookie(request, response, config, SIGN_IN_COOKIE);
      response.json({ success: true });
    })
    .all(methodNotAllowed('POST'));
  return router;
}

/**
 * `POST /api/sign-in-links {}` -> 201 `{success, url, token, expires_at}`: a link that signs in the first browser which opens it, for ten
 * minutes. The token stands behind the `#`, so it reaches no log and no proxy on its way.
 */
export function signInLinkRoutes(parts: HttpParts): Router {
  const { config, access } = parts;
  const router = Router();
  router
    .route('/api/sign-in-links')
    .post(jsonBody(parts), async (request, response) => {
      readBody(nothing, request, response);
      const address = publicAddress(request, config);
      const { token, expiresAt } = await access.signIns.makeLink();
      response
        .status(201)
        .json({ success: true, url: `${address}/#sign-in=${token}`, token, expires_at: isoTime(expiresAt) });
    })
    .all(methodNotAllowed('POST'));
  return router;
}
