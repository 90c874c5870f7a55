import type { CountryCode } from 'libphonenumber-js';
import { z } from 'zod';
import { parseOrganizationId } from '../organization-id.js';
import { parsePhoneNumber } from '../phone-number.js';
import type { FieldProblem } from './sentences.js';

/**
 * The fields of all bodies. A schema's message is a FieldProblem, not a sentence: the sentence is chosen by language when the
 * answer is written. Bodies are `z.strictObject`s of these: unknown fields are refused by name.
 */

/** Longest message, in UTF-16 units: WhatsApp's own limit for a text. */
export const MAX_MESSAGE_LENGTH = 65_536;
/** Longest `wait_ms`. */
export const MAX_WAIT = 30_000;

const problem = (name: FieldProblem): FieldProblem => name;

/** A field that a parser reads; the parser answers null for what it cannot read. */
function parsed<T>(parse: (value: unknown) => T | null, wrong: FieldProblem) {
  return z.unknown().transform((value, context) => {
    const result = value === undefined ? null : parse(value);
    if (result !== null) return result;
    context.addIssue({ code: 'custom', message: problem(value === undefined ? 'required' : wrong) });
    return z.NEVER;
  });
}

/** A string or an integer, as the existing callers send it. */
export const organizationId = parsed(parseOrganizationId, 'organization_id');

/** A string or an integer -> digits with country code. */
export const phone = (defaultCountry: CountryCode) =>
  parsed((value) => parsePhoneNumber(value, defaultCountry), 'phone');

/** Sent as it is given; only blank ones are refused. */
export const message = z
  .string({ error: (issue) => problem(issue.input === undefined ? 'required' : 'not_text') })
  .max(MAX_MESSAGE_LENGTH, problem('message_too_long'))
  .refine((text) => text.trim() !== '', problem('empty'));

/** ms. */
export const waitMs = z
  .int({ error: problem('wait_ms') })
  .min(0, problem('wait_ms'))
  .max(MAX_WAIT, problem('wait_ms'));

/** A backup's folder name; whose it is, and whether it exists, the sessions know. Nothing that could lead out of the folder passes. */
export const backupName = z
  .string({ error: problem('backup_name') })
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, problem('backup_name'));

/** Most actions take an organization and nothing else. */
export const onlyOrganization = z.strictObject({ organization_id: organizationId });
