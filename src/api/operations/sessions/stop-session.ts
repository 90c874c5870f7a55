import { answerInTime } from '../../answer-in-time.js';
import { changedSession, statusFields } from '../../answers/session.js';
import { ACTION_ERRORS, onlyOrganization } from '../../fields.js';
import { operation } from '../../operation.js';

export const stopSession = operation({
  method: 'post',
  path: '/api/stop-session',
  id: 'stopSession',
  tag: 'Sessions',
  summary: 'Stop a session',
  about: 'Keys are untouched; it stays stopped over a restart of the service.',
  scope: 'admin',
  body: onlyOrganization,
  answers: { 200: { about: 'Done.', json: changedSession } },
  errors: ['unknown_organization', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ body }, { context }) => {
  const snapshot = await answerInTime(parts, context, parts.sessions.stop(body.organization_id));
  const { organization_id, status } = statusFields(snapshot);
  return {
    status: 200,
    json: { success: true, message: context.sentences.done.stopped, organization_id, status },
  };
});
