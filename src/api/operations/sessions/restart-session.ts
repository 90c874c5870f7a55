import { answerInTime } from '../../answer-in-time.js';
import { changedSession, statusFields } from '../../answers/session.js';
import { ACTION_ERRORS, onlyOrganization } from '../../fields.js';
import { operation } from '../../operation.js';

export const restartSession = operation({
  method: 'post',
  path: '/api/restart-session',
  id: 'restartSession',
  tag: 'Sessions',
  summary: 'Restart a session',
  about: 'Keys are untouched; a new connection is made.',
  scope: 'admin',
  body: onlyOrganization,
  answers: { 200: { about: 'Done.', json: changedSession } },
  errors: ['unknown_organization', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ body }, { context }) => {
  const snapshot = await answerInTime(parts, context, parts.sessions.restart(body.organization_id));
  const { organization_id, status } = statusFields(snapshot);
  return {
    status: 200,
    json: { success: true, message: context.sentences.done.restarted, organization_id, status },
  };
});
