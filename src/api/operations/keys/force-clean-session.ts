import { z } from 'zod';
import { ownAttention, type SessionSnapshot } from '../../../session/session-view.js';
import { answerInTime } from '../../answer-in-time.js';
import { hasQr, named, organization, qr, sentence, sessionStatus, success } from '../../answers/common.js';
import { qrFields, withSession } from '../../answers/session.js';
import { ACTION_ERRORS, force, organizationId } from '../../fields.js';
import { operation } from '../../operation.js';
import type { Sentences } from '../../sentences.js';

/** It comes back without anybody. */
const ON_ITS_WAY = new Set(['connecting', 'restoring', 'disconnected']);

const cleaned = named(
  'CleanedSession',
  z.object({
    success,
    cleaned: z.boolean().meta({ description: 'False when the keys were good, so that nothing was set aside.' }),
    message: sentence,
    organization_id: organization,
    backup: z.string().nullable().meta({ description: 'Name of the backup; null when no phone had been linked.' }),
    backup_path: z.string().nullable(),
    status: sessionStatus,
    has_qr: hasQr,
    qr,
  }),
);

export const forceCleanSession = operation({
  method: 'post',
  // The predecessor's name; ops have the others in their scripts.
  path: '/api/force-clean-session',
  aliases: ['/api/clear-corrupted-session', '/api/clear-session'],
  id: 'forceCleanSession',
  tag: 'Keys',
  summary: 'Set the keys aside and pair anew',
  about:
    'The auth folder is set aside as a backup, a new pairing begins, and its QR is in the answer if it came in ' +
    'time. A folder that was never paired is no backup. A session with good keys that is only on its way to be ' +
    'connected logs in with them instead, and the answer is `cleaned: false`; `force` cleans it all the same.',
  scope: 'admin',
  body: z.strictObject({ organization_id: organizationId, force: force.optional() }),
  answers: { 200: { about: 'Cleaned, or not needed.', json: cleaned } },
  errors: ['unknown_organization', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ body }, { context }) => {
  const { config, sessions } = parts;
  const { organization_id: id, force: forced = false } = body;
  const cleaning = sessions.forceClean(id, { waitMs: config.CLEAN_WAIT, force: forced });
  const { snapshot, backup, cleaned } = await answerInTime(parts, context, cleaning);
  const { organization_id, status, has_qr, qr } = await qrFields(snapshot);
  const { done } = context.sentences;
  const whatWasDone = backup ? done.cleaned : done.cleaned_nothing_to_keep;
  return {
    status: 200,
    json: {
      success: true,
      cleaned,
      message: cleaned ? whatWasDone : whyNotCleaned(snapshot, context.sentences),
      organization_id,
      backup: backup?.name ?? null,
      backup_path: backup?.path ?? null,
      status,
      has_qr,
      qr,
    },
  };
});

function whyNotCleaned(snapshot: SessionSnapshot, sentences: Sentences): string {
  const { done } = sentences;
  if (snapshot.status === 'connected') return done.not_cleaned_connected;
  const { attention, status, lastDisconnect } = snapshot;
  // Once said to be unlinked, the keys may be good or not.
  const areGood = ownAttention(attention) === null && lastDisconnect?.kind !== 'unlinked';
  if (areGood && ON_ITS_WAY.has(status)) return done.not_cleaned_on_its_way;
  return withSession(done.not_cleaned, snapshot, sentences);
}
