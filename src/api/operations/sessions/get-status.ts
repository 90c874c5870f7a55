import { ServiceError } from '../../../errors.js';
import { type OrganizationId, organizationLabel } from '../../../organization-id.js';
import { fullStatus, notStartedStatus, sessionStatusAnswer } from '../../answers/session.js';
import { describeError } from '../../error-response.js';
import { inOrganizationPath } from '../../fields.js';
import type { HttpParts } from '../../http-parts.js';
import { operation } from '../../operation.js';

/** A status must be told also when the disk is not in order; then the number of backups is not known. */
async function countBackups({ sessions, logger }: HttpParts, id: OrganizationId): Promise<number | null> {
  try {
    return (await sessions.backups(id)).length;
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'unknown_organization') return 0;
    logger.warn(
      { event: 'backups_unreadable', org: organizationLabel(id), err: describeError(error) },
      'The backups of an organization could not be counted',
    );
    return null;
  }
}

export const getStatus = operation({
  method: 'get',
  path: '/api/status/:organization_id',
  id: 'getStatus',
  tag: 'Sessions',
  summary: 'Everything about one session',
  about: 'Also for an organization that nobody knows: `not_started`.',
  scope: 'admin',
  params: inOrganizationPath,
  answers: { 200: { about: 'The session as it is now.', json: sessionStatusAnswer } },
}).handledBy((parts) => async ({ params }, { context: { sentences } }) => {
  const { sessions, outbox, now } = parts;
  const { organization_id: id } = params;
  const snapshot = await sessions.find(id);
  const backups = snapshot && (await countBackups(parts, id));
  const pausedUntil = outbox.firstContactsPausedUntil(id);
  const sending = {
    queue: outbox.depth(id),
    firstContactsPausedUntil: pausedUntil > now() ? pausedUntil : null,
  };
  return {
    status: 200,
    json: snapshot
      ? fullStatus(snapshot, { backups, ...sending }, sentences)
      : notStartedStatus(id, sending, sentences),
  };
});
