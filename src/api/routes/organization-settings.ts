import { Router } from 'express';
import { z } from 'zod';
import { ServiceError } from '../../errors.js';
import type { OrganizationId } from '../../organization-id.js';
import { organizationId, quietHours, undeliveredAfterSeconds } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { quietHoursFields } from '../answers/message.js';
import { jsonBody, methodNotAllowed, organizationInPath, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';

export const organizationSettingsBody = z.strictObject({
  organization_id: organizationId,
  quiet_hours: quietHours,
  undelivered_after_seconds: undeliveredAfterSeconds.optional(),
});

/**
 * What an organization may choose: the hours in which its customers get nothing; messages wait until they are over. And when it is told that
 * a message was not delivered.
 * - `GET /api/organization-settings/:organization_id` -> `{organization_id, quiet_hours: {from, to, time_zone} | null, undelivered_after_seconds}`;
 *   the latter null when it chose nothing (`UNDELIVERED_AFTER` holds), 0 for never.
 * - `POST /api/organization-settings {organization_id, quiet_hours, undelivered_after_seconds?}` -> the same with `success` and `message`. `from`
 *   and `to` are local times, `"21:00"`, in `time_zone`, an IANA name; `to` before `from` means the next morning; null ends them. Without
 *   `undelivered_after_seconds` it stays as it is.
 * Errors: 400, 404 `unknown_organization`.
 */
export function organizationSettingsRoutes(parts: HttpParts): Router {
  const { sessions, outbox, dispatcher, undelivered } = parts;
  const router = Router();

  function settings(id: OrganizationId) {
    const afterMs = undelivered.chosen(id);
    return {
      organization_id: String(id),
      quiet_hours: quietHoursFields(outbox.quietHours(id)),
      undelivered_after_seconds: afterMs === null ? null : afterMs / 1000,
    };
  }

  function mustBeKnown(id: OrganizationId): void {
    if (!sessions.snapshot(id)) throw new ServiceError('unknown_organization');
  }

  router
    .route('/api/organization-settings/:organization_id')
    .get((request, response) => {
      const id = organizationInPath(request, response);
      mustBeKnown(id);
      response.json(settings(id));
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/api/organization-settings')
    .post(jsonBody(parts), async (request, response) => {
      const body = readBody(organizationSettingsBody, request, response);
      const { organization_id: id, quiet_hours: quiet, undelivered_after_seconds: seconds } = body;
      mustBeKnown(id);
      await outbox.setQuietHours(id, quiet && { from: quiet.from, to: quiet.to, timeZone: quiet.time_zone });
      if (seconds !== undefined) undelivered.choose(id, seconds === null ? null : seconds * 1000);
      dispatcher.settingsChanged(id);
      response.json({ success: true, message: contextOf(response).sentences.done.settings_saved, ...settings(id) });
    })
    .all(methodNotAllowed('POST'));
  return router;
}
