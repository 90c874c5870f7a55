import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { type BackupView, ownAttention, type SessionSnapshot } from '../../session/session-view.js';
import { answerInTime } from '../answer-in-time.js';
import { backupName, force, organizationId } from '../fields.js';
import type { HttpParts } from '../http-parts.js';
import { jsonBody, methodNotAllowed, organizationInPath, readBody } from '../request-body.js';
import { contextOf } from '../request-context.js';
import type { Sentences } from '../sentences.js';
import { qrFields, sessionSaying, statusFields } from '../answers/session.js';

/** It comes back without anybody. */
const ON_ITS_WAY = new Set(['connecting', 'restoring', 'disconnected']);

/** The predecessor's name first; ops have the others in their scripts. */
export const CLEANING_PATHS = [
  '/api/force-clean-session',
  '/api/clear-corrupted-session',
  '/api/clear-session',
] as const;

export const cleanBody = z.strictObject({ organization_id: organizationId, force: force.optional() });

export const restoreBody = z.strictObject({ organization_id: organizationId, backup: backupName.optional() });

/** Field by field: what else a room may know of a backup is not for the wire. */
function listedBackup({ name, set_aside_at, phone_number, reason, size }: BackupView): BackupView {
  return { name, set_aside_at, phone_number, reason, size };
}

/**
 * - `POST /api/force-clean-session {organization_id, force?}` and its aliases -> `{success:true, cleaned, message, organization_id, backup,
 *   backup_path, status, has_qr, qr}`: the folder is set aside, a new pairing begins, its QR (a PNG data URL) is in the answer if it came
 *   within `CLEAN_WAIT`. `backup` and `backup_path` are null when no phone had been linked. Without `force` a session with good keys that is
 *   only on its way logs in with them, for up to 6 s, and the answer is `cleaned: false`.
 * - `GET /api/backups/:organization_id` -> `{organization_id, total, backups: [{name, set_aside_at, phone_number, reason, size}]}`, newest first.
 * - `POST /api/restore-session {organization_id, backup?}` -> `{success:true, message, organization_id, backup, status, phone_number}`.
 * Errors: 404 `unknown_organization`, `no_backup`, `unknown_backup`; 503.
 */
export function cleanAndRestoreRoutes(parts: HttpParts): Router {
  const { config, sessions } = parts;
  const router = Router();

  const clean: RequestHandler = async (request, response) => {
    const { organization_id: id, force: forced = false } = readBody(cleanBody, request, response);
    const context = contextOf(response);
    const cleaning = sessions.forceClean(id, { waitMs: config.CLEAN_WAIT, force: forced });
    const { snapshot, backup, cleaned } = await answerInTime(parts, context, cleaning);
    const { organization_id, status, has_qr, qr } = await qrFields(snapshot);
    const { done } = context.sentences;
    response.json({
      success: true,
      cleaned,
      message: !cleaned
        ? whyNotCleaned(snapshot, context.sentences)
        : backup
          ? done.cleaned
          : done.cleaned_nothing_to_keep,
      organization_id,
      backup: backup?.name ?? null,
      backup_path: backup?.path ?? null,
      status,
      has_qr,
      qr,
    });
  };
  for (const path of CLEANING_PATHS) {
    router.route(path).post(jsonBody(parts), clean).all(methodNotAllowed('POST'));
  }

  router
    .route('/api/backups/:organization_id')
    .get(async (request, response) => {
      const id = organizationInPath(request, response);
      const backups = await answerInTime(parts, contextOf(response), sessions.backups(id));
      response.json({ organization_id: String(id), total: backups.length, backups: backups.map(listedBackup) });
    })
    .all(methodNotAllowed('GET, HEAD'));

  router
    .route('/api/restore-session')
    .post(jsonBody(parts), async (request, response) => {
      const { organization_id: id, backup: name } = readBody(restoreBody, request, response);
      const context = contextOf(response);
      const restoring = sessions.restore(id, name, { waitMs: config.CLEAN_WAIT });
      const { snapshot, backup } = await answerInTime(parts, context, restoring);
      const { organization_id, status, phone_number } = statusFields(snapshot);
      response.json({
        success: true,
        message: withSession(context.sentences.done.restored, snapshot, context.sentences),
        organization_id,
        backup: backup.name,
        status,
        phone_number,
      });
    })
    .all(methodNotAllowed('POST'));

  return router;
}

function whyNotCleaned(snapshot: SessionSnapshot, sentences: Sentences): string {
  const { done } = sentences;
  if (snapshot.status === 'connected') return done.not_cleaned_connected;
  const { attention, status, lastDisconnect } = snapshot;
  // Once said to be unlinked, the keys may be good or not.
  const areGood = ownAttention(attention) === null && lastDisconnect?.kind !== 'unlinked';
  if (areGood && ON_ITS_WAY.has(status)) return done.not_cleaned_on_its_way;
  return withSession(done.not_cleaned, snapshot, sentences);
}

/** What was done, and what the session says now. */
function withSession(sentence: string, snapshot: SessionSnapshot, sentences: Sentences): string {
  return `${sentence} ${sessionSaying(snapshot, sentences).sentence}`;
}
