import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import { answerInTime } from '../../answer-in-time.js';
import { hint, named, organization, sentence, sessionStatus } from '../../answers/common.js';
import { ACTION_ERRORS, phone } from '../../fields.js';
import { secondsUntilReset } from '../../guesses.js';
import { type Call, operation } from '../../operation.js';
import { contextOf } from '../../request-context.js';
import { visitOf } from '../../shop-visit.js';

const MINUTE = 60_000;
/** ms. A code is wanted in this answer: this long for the connection, and the rest of the time for the code. */
const PAIRING_CODE_WAIT = 6_000;
/**
 * Pairing codes for one link in a minute: for a mistyped number or two. WhatsApp does not like to be asked more
 * often.
 */
const CODES_PER_MINUTE = 5;

const code = named(
  'ShopPairingCode',
  z.object({
    organization_id: organization,
    status: sessionStatus,
    pairing_code: z.string().nullable(),
    message: sentence,
    hint,
  }),
);

export const getShopPairingCode = operation({
  method: 'post',
  path: '/api/shop/pairing-code',
  id: 'getShopPairingCode',
  tag: 'Page',
  summary: 'A code to type on the phone, instead of the QR',
  scope: 'shop',
  body: ({ DEFAULT_COUNTRY }) => z.strictObject({ phone: phone(DEFAULT_COUNTRY) }),
  answers: { 200: { about: 'The code, or null when a phone was linked meanwhile.', json: code } },
  errors: ['invalid_phone', 'already_paired', 'too_many_requests', ...ACTION_ERRORS],
}).handledBy((parts) => {
  const limit = rateLimit({
    windowMs: MINUTE,
    limit: CODES_PER_MINUTE,
    keyGenerator: (_request, response) => contextOf(response).organizationId ?? '',
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    handler: (request, _response, next) =>
      next(new ServiceError('too_many_requests', { retryAfterSeconds: secondsUntilReset(request, Date.now()) })),
  });
  /** Errors: 429 `too_many_requests`. */
  const countCode = async ({ request, response }: Call): Promise<void> => {
    const tooMany = await new Promise<unknown>((resolve) => void limit(request, response, resolve));
    if (tooMany !== undefined) throw tooMany as Error;
  };

  return {
    before: async ({ request, response }) => {
      if ((await visitOf(parts, request, response)).linkedAt !== null) throw new ServiceError('already_paired');
    },
    handle: async ({ body }, call) => {
      // Not before the number was looked at: one that is none costs nobody a try.
      await countCode(call);
      const { sentences } = call.context;
      const { organizationId: id } = await visitOf(parts, call.request, call.response);
      const started = parts.sessions.start(id, { pairingPhone: body.phone, waitMs: PAIRING_CODE_WAIT });
      const { status, pairingCode } = await answerInTime(parts, call.context, started);
      return {
        status: 200,
        json: {
          organization_id: String(id),
          status,
          pairing_code: pairingCode,
          message: pairingCode === null ? sentences.statuses[status].sentence : sentences.done.pairing_code,
          hint: pairingCode === null ? sentences.statuses[status].hint : sentences.done.type_the_code,
        },
      };
    },
  };
});
