import { Router } from 'express';
import { z } from 'zod';
import { ServiceError } from '../../errors.js';
import type { OrganizationId } from '../../organization-id.js';
import { organizationId, quietHours } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { quietHoursFields } from '../message-answers.js';
import { jsonBody, methodNotAllowed, organizationInPath, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';

export const organizationSettingsBody = z.strictObject({ organization_id: organizationId, quiet_hours: quietHours });

/**
 * What an organization may choose: the hours in which its customers get nothing; messages wait until they are over.
 * - `GET /api/organization-settings/:organization_id` -> `{organization_id, quiet_hours: {from, to, time_zone} | null}`.
 * - `POST /api/organization-settings {organization_id, quiet_hours}` -> the same with `success` and `message`. `from` and `to` are local
 *   times, `"21:00"`, in `time_zone`, an IANA name; `to` before `from` means the next morning; null ends them.
 * Errors: 400, 404 `unknown_organization`.
 */
export function organizationSettingsRoutes(parts: HttpParts): Router {
  const { sessions, outbox, dispatcher } = parts;
  const router = Router();

  function settings(id: OrganizationId) {
    return { organization_id: String(id), quiet_hours: quietHoursFields(outbox.quietHours(id)) };
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
      const { organization_id: id, quiet_hours: quiet } = readBody(organizationSettingsBody, request, response);
      mustBeKnown(id);
      await outbox.setQuietHours(id, quiet && { from: quiet.from, to: quiet.to, timeZone: quiet.time_zone });
      dispatcher.settingsChanged(id);
      response.json({ success: true, message: contextOf(response).sentences.done.settings_saved, ...settings(id) });
    })
    .all(methodNotAllowed('POST'));
  return router;
}
