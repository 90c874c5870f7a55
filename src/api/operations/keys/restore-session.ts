import { z } from 'zod';
import { answerInTime } from '../../answer-in-time.js';
import { digits, named, organization, sentence, sessionStatus, success } from '../../answers/common.js';
import { statusFields, withSession } from '../../answers/session.js';
import { ACTION_ERRORS, backupName, organizationId } from '../../fields.js';
import { operation } from '../../operation.js';

const restored = named(
  'RestoredSession',
  z.object({
    success,
    message: sentence,
    organization_id: organization,
    backup: z.string(),
    status: sessionStatus,
    phone_number: digits.nullable(),
  }),
);

export const restoreSession = operation({
  method: 'post',
  path: '/api/restore-session',
  id: 'restoreSession',
  tag: 'Keys',
  summary: 'Put a backup back and log in with it',
  scope: 'admin',
  body: z.strictObject({ organization_id: organizationId, backup: backupName.optional() }),
  answers: { 200: { about: 'Restored.', json: restored } },
  errors: ['unknown_organization', 'no_backup', 'unknown_backup', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ body }, { context }) => {
  const { config, sessions } = parts;
  const restoring = sessions.restore(body.organization_id, body.backup, { waitMs: config.CLEAN_WAIT });
  const { snapshot, backup } = await answerInTime(parts, context, restoring);
  const { organization_id, status, phone_number } = statusFields(snapshot);
  return {
    status: 200,
    json: {
      success: true,
      message: withSession(context.sentences.done.restored, snapshot, context.sentences),
      organization_id,
      backup: backup.name,
      status,
      phone_number,
    },
  };
});
