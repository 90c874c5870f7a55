import { z } from 'zod';
import { instant, isoTime, named, organization } from '../../answers/common.js';
import { setCookie, SHOP_COOKIE } from '../../cookies.js';
import { GUESS_ERRORS, secret } from '../../fields.js';
import { operation } from '../../operation.js';
import { refuseOtherOrigins } from '../../origin.js';

const opened = named('OpenedShop', z.object({ organization_id: organization, expires_at: instant }));

export const openShopLink = operation({
  method: 'post',
  path: '/api/shop/open',
  id: 'openShopLink',
  tag: 'Page',
  summary: 'Open a link for the shop',
  about: 'Uses the link up: the cookie takes its place.',
  scope: 'open',
  body: z.strictObject({ token: secret.meta({ description: 'What stands behind the `#` of the link.' }) }),
  answers: {
    200: {
      about: 'Opened.',
      json: opened,
      headers: { 'Set-Cookie': 'HttpOnly, SameSite=Strict; Secure over https.' },
    },
  },
  errors: ['unknown_shop_link', ...GUESS_ERRORS],
}).handledBy(({ config, access, logger, now, refuseGuess }) => ({
  before: ({ request }) => refuseOtherOrigins(request, config),
  handle: async ({ body }, { request, response, context }) => {
    const opened =
      (await access.shopLinks.open(body.token)) ?? (await refuseGuess(request, response, 'unknown_shop_link'));
    const { visitor, organizationId: id } = opened;
    context.organizationId = id;
    logger.info(
      { event: 'shop_link_opened', org: `org_id_${id}`, request_id: context.requestId },
      'A link for the shop was opened; it opens for nobody else.',
    );
    const { expiresAt } = visitor;
    setCookie(request, response, config, SHOP_COOKIE, visitor.token, { expiresAt, now: now() });
    return { status: 200, json: { organization_id: String(id), expires_at: isoTime(expiresAt) } };
  },
}));
