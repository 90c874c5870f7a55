import { Router } from 'express';
import { answerInTime } from '../answer-in-time.js';
import { onlyOrganization } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { jsonBody, methodNotAllowed, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';
import { logoutSaying, statusFields } from '../answers/session.js';

/**
 * Ending a session, with and without its keys. All take `{organization_id}`.
 * - `POST /api/stop-session`, `POST /api/restart-session` -> `{success:true, message, organization_id, status}`; keys untouched.
 * - `POST /api/logout` -> `{success:true, message, organization_id, outcome, backup}`; unlinks at WhatsApp. The keys
 *   are removed when WhatsApp confirmed it, else set aside as `backup`. Errors: 404 `unknown_organization`, 503.
 */
export function stopSessionRoutes(parts: HttpParts): Router {
  const { sessions } = parts;
  const router = Router();

  router
    .route('/api/stop-session')
    .post(jsonBody(parts), async (request, response) => {
      const { organization_id: id } = readBody(onlyOrganization, request, response);
      const context = contextOf(response);
      const snapshot = await answerInTime(parts, context, sessions.stop(id));
      const { organization_id, status } = statusFields(snapshot);
      response.json({ success: true, message: context.sentences.done.stopped, organization_id, status });
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/api/restart-session')
    .post(jsonBody(parts), async (request, response) => {
      const { organization_id: id } = readBody(onlyOrganization, request, response);
      const context = contextOf(response);
      const snapshot = await answerInTime(parts, context, sessions.restart(id));
      const { organization_id, status } = statusFields(snapshot);
      response.json({ success: true, message: context.sentences.done.restarted, organization_id, status });
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/api/logout')
    .post(jsonBody(parts), async (request, response) => {
      const { organization_id: id } = readBody(onlyOrganization, request, response);
      const context = contextOf(response);
      const logout = await answerInTime(parts, context, sessions.logout(id));
      const { sentence } = logoutSaying(logout, context.sentences);
      const { outcome, backup } = logout;
      response.json({ success: true, message: sentence, organization_id: String(id), outcome, backup });
    })
    .all(methodNotAllowed('POST'));

  return router;
}
