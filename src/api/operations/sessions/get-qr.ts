import type { Request } from 'express';
import { z } from 'zod';
import { ServiceError } from '../../../errors.js';
import type { SessionSnapshot } from '../../../session/session-view.js';
import { answerInTime } from '../../answer-in-time.js';
import { qrAnswer, qrFields } from '../../answers/session.js';
import { ACTION_ERRORS, inOrganizationPath, parsed, problem } from '../../fields.js';
import { operation } from '../../operation.js';
import { qrBlocks, qrPng } from '../../qr-picture.js';

const FORMATS = ['json', 'png', 'text'] as const;
type Format = (typeof FORMATS)[number];

/** `?format=` decides; otherwise a caller that prefers a picture to JSON gets one. */
function formatOf(asked: Format | undefined, request: Request): Format {
  if (asked !== undefined) return asked;
  return request.accepts(['json', 'image/png']) === 'image/png' ? 'png' : 'json';
}

/** The QR's text, for answers that cannot say "there is none" in a field. */
function qrOf({ qr, status }: SessionSnapshot): string {
  if (qr !== null) return qr;
  throw new ServiceError(status === 'connected' ? 'already_connected' : 'state_conflict', { status });
}

/** Of a terminal; whatever is not `light` is dark. */
const background = parsed<'dark' | 'light', 'dark' | 'light'>(
  (value) => (value === 'light' ? 'light' : 'dark'),
  'format',
).meta({ type: 'string', enum: ['dark', 'light'], description: "The terminal's; dark when absent." });

export const getQr = operation({
  method: 'get',
  path: '/api/qr/:organization_id',
  id: 'getQr',
  tag: 'Sessions',
  summary: 'The QR to scan',
  about:
    'JSON with the picture as a data URL; the picture itself with `format=png` or `Accept: image/png`; blocks for' +
    ' a terminal with `format=text`. When the last QR ran out, asking starts a new pairing.',
  scope: 'admin',
  params: inOrganizationPath,
  query: z.object({
    format: z.enum(FORMATS, { error: problem('format') }).optional(),
    background: background.optional(),
  }),
  answers: {
    200: {
      about: 'The QR.',
      json: qrAnswer,
      other: { 'image/png': z.string().meta({ format: 'binary' }), 'text/plain': z.string() },
    },
  },
  errors: ['invalid_request', 'unknown_organization', 'already_connected', 'state_conflict', ...ACTION_ERRORS],
}).handledBy((parts) => async ({ params, query }, { request, response, context }) => {
  const { config, sessions } = parts;
  const format = formatOf(query.format, request);
  const asked = sessions.qr(params.organization_id, { waitMs: config.CLEAN_WAIT });
  const snapshot = await answerInTime(parts, context, asked);
  response.vary('Accept');
  switch (format) {
    case 'png':
      return { status: 200, type: 'image/png', body: await qrPng(qrOf(snapshot)) };
    case 'text': {
      const blocks = await qrBlocks(qrOf(snapshot), query.background ?? 'dark');
      return { status: 200, type: 'text/plain', body: `${blocks}\n` };
    }
    case 'json':
      return { status: 200, json: await qrFields(snapshot) };
  }
});
