import { z } from 'zod';
import { ERROR_CODES } from '../../errors.js';
import { MESSAGE_STATES } from '../../outbox/outbox-message.js';
import { SESSION_STATUSES } from '../../session/session-view.js';

/**
 * What answers are made of. Their schemas are the only description of them: handlers return, the document shows and
 * clients read what they say. Real answers are held against them by `test/scenarios/openapi.test.ts`: a field too
 * many or too few fails there. In the document they stay open, for an answer may learn new fields.
 */

/** The schemas that have a name in the document, with it. */
export const ANSWER_NAMES = new Map<z.ZodType, string>();

/** Gives an answer its name in the document. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  ANSWER_NAMES.set(schema, id);
  return schema;
}

export const count = z.int().min(0);
export const organization = z.string().meta({ description: 'The organization.', examples: ['clinic-7'] });
export const sentence = z.string().meta({ description: 'For people, in the language of `Accept-Language` (es, en).' });
export const hint = z.string().meta({ description: 'What to do, for people.' });
export const instant = z.string().meta({ format: 'date-time', description: 'ISO 8601, UTC.' });
export const instantOrNull = instant.nullable();
export const success = z.literal(true);
export const digits = z.string().meta({ description: 'Digits only, with country code.', examples: ['573001112233'] });
export const qr = z.string().nullable().meta({ description: 'A PNG as a data URL, or null when there is none.' });
export const hasQr = z.boolean().meta({ description: 'Whether a QR can be scanned now.' });
export const qrExpiresAt = instantOrNull.meta({
  description: 'Until when this QR is shown; then comes the next one, or none. Null without a QR.',
});
export const messageId = z.string().meta({ description: "The message's id, here and at WhatsApp." });
export const next = z.string().nullable().meta({ description: "The following page's `after`; null at the end." });
export const sessionStatus = z.enum(SESSION_STATUSES);
export const messageStatus = z.enum(MESSAGE_STATES);

/** Epoch ms -> ISO 8601. */
export function isoTime(time: number): string;
export function isoTime(time: number | null | undefined): string | null;
export function isoTime(time: number | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString();
}

/** The shape of every error answer. Facts of `ServiceError.details.facts` stand beside these and never replace them. */
export const errorAnswer = named(
  'Error',
  z.object({
    error: sentence,
    code: z
      .enum(Object.keys(ERROR_CODES) as [string, ...string[]])
      .meta({ description: 'For programs; never changes.' }),
    request_id: z.string().meta({ description: 'Also in the header X-Request-Id and in the log.' }),
    status: sessionStatus.optional().meta({ description: "The session's status, when the error follows from it." }),
    hint: hint.optional(),
    fields: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'Each wrong field with a sentence of its own.' }),
    message_id: messageId.optional(),
    message_status: messageStatus.optional(),
    error_code: z.string().nullable().optional(),
    ack_code: z.int().nullable().optional().meta({ description: "WhatsApp's code of a refusal." }),
  }),
);
