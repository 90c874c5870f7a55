import { z } from 'zod';
import type { BackupView } from '../../../session/session-view.js';
import { answerInTime } from '../../answer-in-time.js';
import { count, digits, instant, named, organization } from '../../answers/common.js';
import { ACTION_ERRORS, inOrganizationPath } from '../../fields.js';
import { operation, type Shape } from '../../operation.js';

const backup = z.object({
  name: z.string(),
  set_aside_at: instant,
  phone_number: digits.nullable(),
  reason: z.string(),
  size: count.meta({ description: 'Bytes.' }),
});
const backupList = named(
  'BackupList',
  z.object({ organization_id: organization, total: count, backups: z.array(backup) }),
);

/** Field by field: what else a room may know of a backup is not for the wire. */
function backupFields({ name, set_aside_at, phone_number, reason, size }: BackupView): Shape<typeof backup> {
  return { name, set_aside_at, phone_number, reason, size };
}

export const listBackups = operation({
  method: 'get',
  path: '/api/backups/:organization_id',
  id: 'listBackups',
  tag: 'Keys',
  summary: 'The backups of an organization',
  scope: 'admin',
  params: inOrganizationPath,
  answers: { 200: { about: 'Newest first.', json: backupList } },
  errors: ['unknown_organization', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ params }, { context }) => {
  const { organization_id: id } = params;
  const backups = await answerInTime(parts, context, parts.sessions.backups(id));
  return {
    status: 200,
    json: { organization_id: String(id), total: backups.length, backups: backups.map(backupFields) },
  };
});
