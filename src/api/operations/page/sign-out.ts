import { z } from 'zod';
import { named, success } from '../../answers/common.js';
import { clearCookie, readCookie, SIGN_IN_COOKIE } from '../../cookies.js';
import { nothing } from '../../fields.js';
import { operation } from '../../operation.js';
import { requireOwnOrigin } from '../../origin.js';

const done = named('Success', z.object({ success }));

export const signOut = operation({
  method: 'post',
  path: '/api/sign-out',
  id: 'signOut',
  tag: 'Page',
  summary: 'End the sign-in of this browser',
  scope: 'open',
  body: nothing,
  answers: { 200: { about: 'Signed out.', json: done } },
  errors: ['cross_site_request', 'storage_unavailable'],
}).handledBy(({ config, access }) => async (_input, { request, response }) => {
  const cookie = readCookie(request, SIGN_IN_COOKIE);
  if (cookie !== null) {
    requireOwnOrigin(request, config);
    await access.signIns.end(cookie);
  }
  clearCookie(request, response, config, SIGN_IN_COOKIE);
  return { status: 200, json: { success: true } };
});
