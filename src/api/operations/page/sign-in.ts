import { z } from 'zod';
import { instant, isoTime, named, success } from '../../answers/common.js';
import { readCookie, setCookie, SIGN_IN_COOKIE } from '../../cookies.js';
import { GUESS_ERRORS, problem, secret } from '../../fields.js';
import { apiKeyCheck } from '../../guesses.js';
import { operation } from '../../operation.js';
import { refuseOtherOrigins } from '../../origin.js';

const signedIn = named('SignedIn', z.object({ success, expires_at: instant }));

const body = z
  .strictObject({
    api_key: secret.optional().meta({ description: 'The API key, as a person types it.' }),
    token: secret.optional().meta({ description: 'The token of a signed-in link.' }),
  })
  .superRefine(({ api_key, token }, context) => {
    const add = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
    if (api_key === undefined && token === undefined) add('api_key', problem('required'));
    if (api_key !== undefined && token !== undefined) add('token', problem('key_or_token'));
  })
  .meta({ oneOf: [{ required: ['api_key'] }, { required: ['token'] }] });

export const signIn = operation({
  method: 'post',
  path: '/api/sign-in',
  id: 'signIn',
  tag: 'Page',
  summary: 'Sign a browser in',
  about:
    'With the API key, or with the token of a signed-in link, which is good once. The cookie stands for the key ' +
    'for 12 hours. What a cookie lets in and changes something must come from a page of this service: ' +
    '`Sec-Fetch-Site: same-origin`, or an `Origin` that is the host asked.',
  scope: 'open',
  body,
  answers: {
    200: {
      about: 'Signed in.',
      json: signedIn,
      headers: { 'Set-Cookie': 'HttpOnly, SameSite=Strict; Secure over https.' },
    },
  },
  errors: ['wrong_api_key', 'unknown_sign_in_link', ...GUESS_ERRORS],
}).handledBy(({ config, access, logger, now, refuseGuess }) => {
  const { signIns } = access;
  const isKey = apiKeyCheck(config.API_KEY);
  return {
    before: ({ request }) => refuseOtherOrigins(request, config),
    handle: async ({ body: { api_key: key, token } }, { request, response, context }) => {
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
          request_id: context.requestId,
        },
        "A browser signed in to the operator's page",
      );
      setCookie(request, response, config, SIGN_IN_COOKIE, cookie, { expiresAt, now: now() });
      return { status: 200, json: { success: true, expires_at: isoTime(expiresAt) } };
    },
  };
});
