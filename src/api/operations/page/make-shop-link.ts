import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import { answerInTime } from '../../answer-in-time.js';
import { instant, isoTime, named, organization, success } from '../../answers/common.js';
import { ACTION_ERRORS, linkMinutes, organizationId } from '../../fields.js';
import { operation } from '../../operation.js';
import { publicAddress } from '../../origin.js';

const MINUTE = 60_000;
const DEFAULT_MINUTES = 60;

const link = named(
  'ShopLink',
  z.object({
    success,
    organization_id: organization,
    url: z.string().meta({ description: 'To be sent to whoever holds the phone.' }),
    expires_at: instant,
  }),
);

export const makeShopLink = operation({
  method: 'post',
  path: '/api/shop-links',
  id: 'makeShopLink',
  tag: 'Page',
  summary: 'Make a link for the person who holds the phone',
  about:
    "Whoever opens it first sees this organization's QR, until a phone was linked or the time is over, and " +
    'reaches nothing else. A session that is not under way is started.',
  scope: 'admin',
  body: z.strictObject({ organization_id: organizationId, expires_in_minutes: linkMinutes.optional() }),
  answers: { 201: { about: 'The link.', json: link } },
  errors: ['already_paired', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ body }, { request, context }) => {
  const { config, sessions, access, logger } = parts;
  const { organization_id: id, expires_in_minutes: minutes = DEFAULT_MINUTES } = body;
  const address = publicAddress(request, config);
  if (await sessions.hasPhone(id)) {
    throw new ServiceError('already_paired', { status: sessions.snapshot(id)?.status });
  }
  await answerInTime(parts, context, sessions.start(id));
  const { token, expiresAt } = await access.shopLinks.make(id, minutes * MINUTE);
  logger.info(
    { event: 'shop_link_made', org: `org_id_${id}`, minutes, request_id: context.requestId },
    `A link for the shop was made; it is good for ${minutes} minutes.`,
  );
  return {
    status: 201,
    json: {
      success: true,
      organization_id: String(id),
      url: `${address}/shop#${token}`,
      expires_at: isoTime(expiresAt),
    },
  };
});
