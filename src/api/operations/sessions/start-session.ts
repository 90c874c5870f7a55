import { z } from 'zod';
import { answerInTime } from '../../answer-in-time.js';
import { hint, named, organization, sentence, sessionStatus } from '../../answers/common.js';
import { statusFields } from '../../answers/session.js';
import { ACTION_ERRORS, organizationId, phone, waitMs } from '../../fields.js';
import { operation } from '../../operation.js';

/**
 * ms. Whoever asks for a pairing code wants it in this answer: this long for the connection, and the rest of the time
 * for the code.
 */
const PAIRING_CODE_WAIT = 6_000;
/** ms that an answer may take beyond the wait that the caller asked for. */
const GRACE = 5_000;

const started = named(
  'StartedSession',
  z.object({
    message: sentence,
    organization_id: organization,
    status: sessionStatus,
    hint,
    pairing_code: z.string().nullable().optional().meta({
      description:
        'With `pairing_phone` only: 8 characters to type on the phone, or null when a phone was linked meanwhile.',
    }),
  }),
);

export const startSession = operation({
  method: 'post',
  path: '/api/start-session',
  id: 'startSession',
  tag: 'Sessions',
  summary: 'Start a session',
  about:
    'Logs in with saved keys or starts a pairing. Idempotent: never harms a live or saved session. With ' +
    '`pairing_phone` the answer has a code to type on the phone, instead of a QR to scan.',
  scope: 'admin',
  body: ({ DEFAULT_COUNTRY }) =>
    z.strictObject({
      organization_id: organizationId,
      pairing_phone: phone(DEFAULT_COUNTRY).optional(),
      wait_ms: waitMs.optional(),
    }),
  answers: { 200: { about: 'The session as it is now.', json: started } },
  errors: ['already_paired', 'invalid_phone', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ body }, { context }) => {
  const { sessions, limits } = parts;
  const { organization_id: id, pairing_phone: pairingPhone, wait_ms: asked } = body;
  const wait = asked ?? (pairingPhone === undefined ? undefined : PAIRING_CODE_WAIT);
  const snapshot = await answerInTime(
    parts,
    context,
    sessions.start(id, { pairingPhone, waitMs: wait }),
    asked === undefined ? limits.answerWithin : Math.max(limits.answerWithin, asked + GRACE),
  );
  const { organization_id, status } = statusFields(snapshot);
  const { statuses, done } = context.sentences;
  const code = pairingPhone === undefined ? null : snapshot.pairingCode;
  return {
    status: 200,
    json: {
      message: code === null ? statuses[status].sentence : done.pairing_code,
      organization_id,
      status,
      hint: code === null ? statuses[status].hint : done.type_the_code,
      ...(pairingPhone !== undefined && { pairing_code: code }),
    },
  };
});
