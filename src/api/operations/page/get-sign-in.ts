import { z } from 'zod';
import { instantOrNull, isoTime, named } from '../../answers/common.js';
import { readCookie, SIGN_IN_COOKIE } from '../../cookies.js';
import { operation } from '../../operation.js';

const state = named('SignInState', z.object({ signed_in: z.boolean(), expires_at: instantOrNull }));

export const getSignIn = operation({
  method: 'get',
  path: '/api/sign-in',
  id: 'getSignIn',
  tag: 'Page',
  summary: 'Whether this browser is signed in',
  scope: 'open',
  answers: { 200: { about: 'Whether, and until when.', json: state } },
}).handledBy(({ access }) => async (_input, { request }) => {
  const cookie = readCookie(request, SIGN_IN_COOKIE);
  const expiresAt = cookie === null ? null : await access.signIns.find(cookie);
  return { status: 200, json: { signed_in: expiresAt !== null, expires_at: isoTime(expiresAt) } };
});
