import { Router } from 'express';
import { z } from 'zod';
import { ServiceError } from '../../errors.js';
import type { OtherPhoneDecision } from '../../outbox/outbox-message.js';
import type { OtherPhoneDecided } from '../../outbox/outbox.js';
import { organizationId, otherPhoneDecision } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { jsonBody, methodNotAllowed, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';
import { type DoneCode, fillIn } from '../sentences.js';

export const otherPhoneBody = z.strictObject({ organization_id: organizationId, action: otherPhoneDecision });

/**
 * A person decides about messages that wait because another phone was linked after they were accepted (attention
 * `other_phone`).
 * - `POST /api/other-phone-messages {organization_id, action: "send" | "cancel"}` ->
 *   `{success, message, organization_id, action, messages, unconfirmed}`: `send` lets them leave from the phone that is
 *   linked now, each at its time; `cancel` takes them back. `messages` is how many were released or taken back,
 *   `unconfirmed` how many were handed over before and may have gone out: those are not tried again. Both are 0 when
 *   none waited, so repeating it is harmless. Errors: 400, 404 `unknown_organization`, 409 `state_conflict` (`send`,
 *   and no phone is linked).
 */
export function otherPhoneRoutes(parts: HttpParts): Router {
  const { sessions, dispatcher, outbox } = parts;
  const router = Router();
  router
    .route('/api/other-phone-messages')
    .post(jsonBody(parts), async (request, response) => {
      const { organization_id: id, action } = readBody(otherPhoneBody, request, response);
      const snapshot = sessions.snapshot(id);
      if (!snapshot) throw new ServiceError('unknown_organization');
      if (action === 'send' && outbox.otherPhone(id) && !sessions.hasPhone(id)) {
        throw new ServiceError('state_conflict', { status: snapshot.status, reason: 'no_phone_linked' });
      }
      const decided = await dispatcher.decideOtherPhone(id, action);
      response.json({
        success: true,
        message: fillIn(contextOf(response).sentences.done[whatWasDone(action, decided)], { ...decided }),
        organization_id: String(id),
        action,
        ...decided,
      });
    })
    .all(methodNotAllowed('POST'));
  return router;
}

function whatWasDone(action: OtherPhoneDecision, { messages, unconfirmed }: OtherPhoneDecided): DoneCode {
  if (messages + unconfirmed === 0) return 'other_phone_nothing';
  if (messages === 0) return 'other_phone_unconfirmed';
  if (action === 'send') return unconfirmed === 0 ? 'other_phone_sent' : 'other_phone_partly_sent';
  return unconfirmed === 0 ? 'other_phone_cancelled' : 'other_phone_partly_unconfirmed';
}
