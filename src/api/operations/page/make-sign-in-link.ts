import { z } from 'zod';
import { instant, isoTime, named, success } from '../../answers/common.js';
import { nothing } from '../../fields.js';
import { operation } from '../../operation.js';
import { publicAddress } from '../../origin.js';

const link = named(
  'SignInLink',
  z.object({
    success,
    url: z.string().meta({ description: 'To be opened in the browser that shall be signed in.' }),
    token: z.string().meta({ description: 'Told once, and kept nowhere.' }),
    expires_at: instant,
  }),
);

export const makeSignInLink = operation({
  method: 'post',
  path: '/api/sign-in-links',
  id: 'makeSignInLink',
  tag: 'Page',
  summary: 'Make a link that signs a browser in',
  about: 'Good once, for ten minutes. The token stands behind the `#`, so no log and no proxy sees it.',
  scope: 'admin',
  body: nothing,
  answers: { 201: { about: 'The link.', json: link } },
}).handledBy(({ config, access }) => async (_input, { request }) => {
  const address = publicAddress(request, config);
  const { token, expiresAt } = await access.signIns.makeLink();
  return {
    status: 201,
    json: { success: true, url: `${address}/#sign-in=${token}`, token, expires_at: isoTime(expiresAt) },
  };
});
