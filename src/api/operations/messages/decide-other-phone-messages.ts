import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import { OTHER_PHONE_DECISIONS, type OtherPhoneDecision } from '../../../outbox/outbox-message.js';
import type { OtherPhoneDecided } from '../../../outbox/organization-settings.js';
import { count, named, organization, sentence, success } from '../../answers/common.js';
import { organizationId, otherPhoneDecision } from '../../fields.js';
import { operation } from '../../operation.js';
import { type DoneCode, fillIn } from '../../sentences.js';

const decided = named(
  'OtherPhoneDecided',
  z.object({
    success,
    message: sentence,
    organization_id: organization,
    action: z.enum(OTHER_PHONE_DECISIONS),
    messages: count.meta({ description: 'Released, or taken back.' }),
    unconfirmed: count.meta({
      description: 'Of `cancel`: handed over before, so they may have gone out. They are `unconfirmed` now.',
    }),
  }),
);

export const decideOtherPhoneMessages = operation({
  method: 'post',
  path: '/api/other-phone-messages',
  id: 'decideOtherPhoneMessages',
  tag: 'Messages',
  summary: 'Decide about messages that were accepted for another phone',
  about:
    'When another phone is linked, messages that were accepted for the one before wait (attention `other_phone`),' +
    ' until they are sent all the same, cancelled, or their phone is linked again. What is accepted afterwards is' +
    ' not held up. They expire as others do. `send` needs a phone that is linked (409 otherwise); `cancel` does ' +
    'not.',
  scope: 'admin',
  body: z.strictObject({ organization_id: organizationId, action: otherPhoneDecision }),
  answers: { 200: { about: 'Decided; `messages` and `unconfirmed` tell how many.', json: decided } },
  errors: ['unknown_organization', 'state_conflict'],
}).handledBy(({ sessions, dispatcher, outbox }) => async ({ body }, { context }) => {
  const { organization_id: id, action } = body;
  const snapshot = await sessions.find(id);
  if (!snapshot) throw new ServiceError('unknown_organization');
  if (action === 'send' && outbox.otherPhone(id) && !(await sessions.hasPhone(id))) {
    throw new ServiceError('state_conflict', { status: snapshot.status, reason: 'no_phone_linked' });
  }
  const decided = await dispatcher.decideOtherPhone(id, action);
  return {
    status: 200,
    json: {
      success: true,
      message: fillIn(context.sentences.done[whatWasDone(action, decided)], { ...decided }),
      organization_id: String(id),
      action,
      ...decided,
    },
  };
});

function whatWasDone(action: OtherPhoneDecision, { messages, unconfirmed }: OtherPhoneDecided): DoneCode {
  if (messages + unconfirmed === 0) return 'other_phone_nothing';
  if (messages === 0) return 'other_phone_unconfirmed';
  if (action === 'send') return unconfirmed === 0 ? 'other_phone_sent' : 'other_phone_partly_sent';
  return unconfirmed === 0 ? 'other_phone_cancelled' : 'other_phone_partly_unconfirmed';
}
