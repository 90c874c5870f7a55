import { Router } from 'express';
import { ServiceError } from '../../errors.js';
import { type OrganizationId, organizationLabel } from '../../organization-id.js';
import { describeError } from '../error-response.js';
import type { HttpParts } from '../http-parts.js';
import { methodNotAllowed, organizationInPath, readQuery } from '../request-body.js';
import { contextOf } from '../request-context.js';
import type { SessionSnapshot } from '../../session/session-view.js';
import { fullStatus, listedSession, notStartedStatus } from '../answers/session.js';
import { pageOf, sessionsQuery } from '../session-query.js';

/**
 * - `GET /api/status/:organization_id` -> `{organization_id, status, connected, has_qr, phone_number, …}`, always 200 for a valid id.
 * - `GET /api/sessions` -> `{total, sessions: [{organization_id, status, connected, has_qr, …}]}`, ordered by id. With any of `?status=&group=
 *   &search=&ids=&sort=&limit=&after=&fields=` also `matching`, `groups` (how many of each) and `next`. Errors: 400, each field by name.
 */
export function statusRoutes({ sessions, outbox, ledger, logger, now }: HttpParts): Router {
  /** A status must be told also when the disk is not in order; then the number of backups is not known. */
  async function countBackups(id: OrganizationId): Promise<number | null> {
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

  const router = Router();
  router
    .route('/api/status/:organization_id')
    .get(async (request, response) => {
      const id = organizationInPath(request, response);
      const { sentences } = contextOf(response);
      const snapshot = sessions.snapshot(id);
      const backups = snapshot && (await countBackups(id));
      const pausedUntil = outbox.firstContactsPausedUntil(id);
      const sending = {
        queue: outbox.depth(id),
        firstContactsPausedUntil: pausedUntil > now() ? pausedUntil : null,
      };
      response.json(
        snapshot ? fullStatus(snapshot, { backups, ...sending }, sentences) : notStartedStatus(id, sending, sentences),
      );
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/api/sessions')
    .get((request, response) => {
      const context = contextOf(response);
      const asked = readQuery(sessionsQuery, request, response);
      const line = (snapshot: SessionSnapshot): Record<string, unknown> => {
        const { organizationId: id } = snapshot;
        const listed = { snapshot, queue: () => outbox.depth(id), last: () => ledger.last(id), context };
        return listedSession(listed, asked.fields && [...new Set(['organization_id' as const, ...asked.fields])]);
      };
      if (Object.keys(asked).length === 0) {
        const listed = sessions.list().map(line);
        response.json({ total: listed.length, sessions: listed });
        return;
      }
      const { ids, matching, groups, next } = pageOf(sessions.outlines(), asked);
      const page = ids.flatMap((id) => sessions.snapshot(id) ?? []).map(line);
      response.json({ total: sessions.count(), matching, groups, next, sessions: page });
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}
