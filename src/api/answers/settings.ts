import { z } from 'zod';
import { ServiceError } from '../../errors.js';
import type { OrganizationId } from '../../organization-id.js';
import type { HttpParts } from '../http-parts.js';
import type { Shape } from '../operation.js';
import { count, named, organization } from './common.js';
import { quietHours, quietHoursFields } from './message.js';

/** What an organization chose. */
export const settings = named(
  'Settings',
  z.object({
    organization_id: organization,
    quiet_hours: quietHours,
    undelivered_after_seconds: count
      .nullable()
      .meta({ description: 'Null: nothing was chosen, and `UNDELIVERED_AFTER` holds. 0: never.' }),
  }),
);

export function settingsFields(id: OrganizationId, { outbox, undelivered }: HttpParts): Shape<typeof settings> {
  const afterMs = undelivered.chosen(id);
  return {
    organization_id: String(id),
    quiet_hours: quietHoursFields(outbox.quietHours(id)),
    undelivered_after_seconds: afterMs === null ? null : afterMs / 1000,
  };
}

/** Errors: 404 `unknown_organization`. */
export async function mustBeKnown(id: OrganizationId, { sessions }: HttpParts): Promise<void> {
  if (!(await sessions.find(id))) throw new ServiceError('unknown_organization');
}
