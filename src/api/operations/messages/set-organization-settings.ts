import { z } from 'zod';
import { named, sentence, success } from '../../answers/common.js';
import { mustBeKnown, settings, settingsFields } from '../../answers/settings.js';
import { organizationId, quietHours, undeliveredAfterSeconds } from '../../fields.js';
import { operation } from '../../operation.js';

const saved = named('SavedSettings', z.object({ success, message: sentence, ...settings.shape }));

/** Without `undelivered_after_seconds` it stays as it is. */
export const setOrganizationSettings = operation({
  method: 'post',
  path: '/api/organization-settings',
  id: 'setOrganizationSettings',
  tag: 'Messages',
  summary: 'Set the quiet hours, and when `message.undelivered` is told',
  scope: 'admin',
  body: z.strictObject({
    organization_id: organizationId,
    quiet_hours: quietHours,
    undelivered_after_seconds: undeliveredAfterSeconds.optional(),
  }),
  answers: { 200: { about: 'Saved.', json: saved } },
  errors: ['unknown_organization'],
}).handledBy((parts) => async ({ body }, { context }) => {
  const { outbox, dispatcher, undelivered } = parts;
  const { organization_id: id, quiet_hours: quiet, undelivered_after_seconds: seconds } = body;
  await mustBeKnown(id, parts);
  await outbox.setQuietHours(id, quiet && { from: quiet.from, to: quiet.to, timeZone: quiet.time_zone });
  if (seconds !== undefined) await undelivered.choose(id, seconds === null ? null : seconds * 1000);
  dispatcher.settingsChanged(id);
  const message = context.sentences.done.settings_saved;
  return { status: 200, json: { success: true, message, ...settingsFields(id, parts) } };
});
