import { z } from 'zod';
import { answerInTime } from '../../answer-in-time.js';
import { named, organization, sentence, success } from '../../answers/common.js';
import { logoutOutcome, logoutSaying } from '../../answers/session.js';
import { ACTION_ERRORS, onlyOrganization } from '../../fields.js';
import { operation } from '../../operation.js';

const loggedOut = named(
  'LoggedOut',
  z.object({
    success,
    message: sentence,
    organization_id: organization,
    outcome: logoutOutcome.meta({
      description:
        '`unlinked`: WhatsApp confirmed it, and the keys are removed. `not_confirmed`: the device may still be ' +
        'linked, and the keys are in `backup`. `keys_missing`: the same, but somebody had deleted or moved away ' +
        'the keys.',
    }),
    backup: z.string().nullable(),
  }),
);

export const logout = operation({
  method: 'post',
  path: '/api/logout',
  id: 'logout',
  tag: 'Sessions',
  summary: 'Unlink the phone',
  about:
    'Unlinks at WhatsApp. The keys are removed when WhatsApp confirmed it; otherwise they are set aside as ' +
    '`backup`, and the device is to be removed on the phone. A new scan is needed afterwards.',
  scope: 'admin',
  body: onlyOrganization,
  answers: { 200: { about: 'Done.', json: loggedOut } },
  errors: ['unknown_organization', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ body }, { context }) => {
  const { organization_id: id } = body;
  const logout = await answerInTime(parts, context, parts.sessions.logout(id));
  const { sentence: message } = logoutSaying(logout, context.sentences);
  const { outcome, backup } = logout;
  return { status: 200, json: { success: true, message, organization_id: String(id), outcome, backup } };
});
