import { Router } from 'express';
import { z } from 'zod';
import { ServiceError } from '../../errors.js';
import { organizationId, otherPhoneDecision } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { jsonBody, methodNotAllowed, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';

export const otherPhoneBody = z.strictObject({ organization_id: organizationId, action: otherPhoneDecision });

/**
 * A person decides about messages that wait because another phone was linked after they were accepted (attention `other_phone`).
 * - `POST /api/other-phone-messages {organization_id, action: "send" | "cancel"}` -> `{success, message, organization_id, action, messages}`:
 *   `send` lets them leave from the phone that is linked now, each at its time; `cancel` takes them back. `messages` is how many there were;
 *   0 when none waited, so repeating it is harmless.
 * Errors: 400, 404 `unknown_organization`.
 */
export function otherPhoneRoutes(parts: HttpParts): Router {
  const { sessions, dispatcher } = parts;
  const router = Router();
  router
    .route('/api/other-phone-messages')
    .post(jsonBody(parts), async (request, response) => {
      const { organization_id: id, action } = readBody(otherPhoneBody, request, response);
      if (!sessions.snapshot(id)) throw new ServiceError('unknown_organization');
      const messages = await dispatcher.decideOtherPhone(id, action);
      const { done } = contextOf(response).sentences;
      const told = action === 'send' ? done.other_phone_sent : done.other_phone_cancelled;
      response.json({
        success: true,
        message: messages === 0 ? done.other_phone_nothing : told,
        organization_id: String(id),
        action,
        messages,
      });
    })
    .all(methodNotAllowed('POST'));
  return router;
}
