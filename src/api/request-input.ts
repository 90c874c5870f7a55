import express, { type Request, type RequestHandler, type Response } from 'express';
import type { z } from 'zod';
import { type ErrorCode, ServiceError } from '../errors.js';
import { parseOrganizationId } from '../organization-id.js';
import { contextOf } from './request-context.js';
import type { FieldProblem } from './sentences.js';

/** How many wrong fields an answer names, and how long a name it repeats: the caller's 256 KB need not come back. */
const MAX_FIELDS_NAMED = 20;
const MAX_NAME_LENGTH = 64;

function hasBody(request: Request): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

/**
 * Reads a JSON body. No body at all is an empty one (its fields are then missing). Compressed bodies are refused:
 * nothing here is large enough to gain by it.
 * Errors: 415 `unsupported_media_type`, 413 `body_too_large`, 400 `invalid_json`.
 */
export function jsonBody(maxBytes: number): RequestHandler {
  // Not strict: `"text"` is valid JSON, and told that an object is expected.
  const parse = express.json({ type: 'application/json', limit: maxBytes, inflate: false, strict: false });
  return (request, response, next) => {
    if (hasBody(request) && !request.is('application/json')) throw new ServiceError('unsupported_media_type');
    parse(request, response, next);
  };
}

/** Names of fields -> what is wrong, as entries: a field may be called `__proto__`. */
function wrongFields(error: z.ZodError): [string, FieldProblem][] {
  const found = new Map<string, FieldProblem>();
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) found.set([...issue.path, key].join('.').slice(0, MAX_NAME_LENGTH), 'unknown');
    } else if (issue.path.length === 0) {
      found.set('body', 'not_an_object');
    } else {
      const name = issue.path.join('.');
      // The schemas in fields.ts give problems, not sentences, as their messages.
      if (!found.has(name)) found.set(name, issue.message as FieldProblem);
    }
  }
  return [...found].slice(0, MAX_FIELDS_NAMED);
}

/** One wrong field that has a code of its own gets it; anything else is an invalid request. */
function codeFor(fields: readonly [string, FieldProblem][]): ErrorCode {
  const all = (wrong: (problem: FieldProblem) => boolean): boolean =>
    fields.length > 0 && fields.every(([, problem]) => wrong(problem));
  if (all((problem) => problem === 'organization_id')) return 'invalid_organization_id';
  if (all((problem) => problem === 'phone' || problem.startsWith('phone_'))) return 'invalid_phone';
  return 'invalid_request';
}

/**
 * Checks a body against a strict schema of `fields.ts`.
 * Errors: 400 `invalid_request`, `invalid_organization_id` or `invalid_phone`, each with every wrong field by name.
 */
export function readBody<Schema extends z.ZodType>(
  schema: Schema,
  request: Request,
  response: Response,
): z.output<Schema> {
  return readFields(schema, (request.body ?? {}) as unknown, response);
}

/**
 * Checks a query like a body. A parameter that is blank is an absent one (`?status=&phone=`).
 * Errors: as `readBody`.
 */
export function readQuery<Schema extends z.ZodType>(
  schema: Schema,
  request: Request,
  response: Response,
): z.output<Schema> {
  const given = Object.entries(request.query).filter(([, value]) => value !== '');
  return readFields(schema, Object.fromEntries(given), response);
}

/** Checks the parts of a path, decoded. Errors: as `readBody`. */
export function readParams<Schema extends z.ZodType>(
  schema: Schema,
  request: Request,
  response: Response,
): z.output<Schema> {
  return readFields(schema, request.params, response);
}

/** Checks the headers that a schema names. Errors: as `readBody`. */
export function readHeaders<Schema extends z.ZodObject>(
  schema: Schema,
  request: Request,
  response: Response,
): z.output<Schema> {
  const names = Object.keys(schema.shape);
  return readFields(schema, Object.fromEntries(names.map((name) => [name, request.get(name)])), response);
}

function readFields<Schema extends z.ZodType>(schema: Schema, body: unknown, response: Response): z.output<Schema> {
  if (typeof body === 'object' && body !== null && 'organization_id' in body) {
    const id = parseOrganizationId(body.organization_id);
    if (id) contextOf(response).organizationId = id;
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const fields = wrongFields(result.error);
  throw new ServiceError(codeFor(fields), { fields: Object.fromEntries(fields) });
}
