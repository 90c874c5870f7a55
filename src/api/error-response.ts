import type { ErrorRequestHandler, Request, Response } from 'express';
import { ERROR_CODES, ServiceError, type ErrorReason } from '../errors.js';
import { organizationLabel } from '../organization-id.js';
import { type Logger, redact } from '../logger.js';
import type { errorAnswer } from './answers/common.js';
import type { Shape } from './operation.js';
import { contextOf } from './request-context.js';
import { fieldSentence, fillIn, statusHint, type Saying, type Sentences } from './sentences.js';

/** Of what comes with an error, its own words are texts here; the document says which. */
type ErrorAnswer = Omit<Shape<typeof errorAnswer>, 'status'> & { readonly status?: string };

/** Express' and its body parser's own errors, in our words; null for what nobody expected. */
function knownError(error: unknown, request: Request): ServiceError | null {
  if (error instanceof ServiceError) return error;
  if (!(error instanceof Error)) return null;
  const { type, status } = error as { type?: unknown; status?: unknown };
  switch (type) {
    case 'entity.parse.failed':
      return new ServiceError('invalid_json');
    case 'entity.too.large':
      return new ServiceError('body_too_large');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new ServiceError('unsupported_media_type');
  }
  // A parameter in a path, "%E0%A4", cannot be decoded: an id of a message or a webhook, or an organization's.
  if (error instanceof URIError) {
    if (request.path.startsWith('/api/messages/')) return new ServiceError('unknown_message');
    return new ServiceError(request.path.startsWith('/api/webhooks/') ? 'unknown_webhook' : 'invalid_organization_id');
  }
  if (isStorageError(error)) {
    return new ServiceError('storage_unavailable', { retryAfterSeconds: 10 }, { cause: error });
  }
  // Whatever else the body parser has against a body: cut off, wrong length.
  if (typeof type === 'string' && typeof status === 'number' && status < 500) return new ServiceError('invalid_json');
  return null;
}

/** The disk is full, or does not read or write: nobody's defect, and nothing was stored. */
function isStorageError(error: Error): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error.name === 'SqliteError') return /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED)/.test(code ?? '');
  // A journal that could not be synced (`store/sqlite/group-commit.ts`) is told in the system's own words.
  return syscall === 'fdatasync';
}

/** Where an error came from, without what it says: the message is the part of a stack that may quote secrets. */
function stackFrames(error: Error): string[] {
  const stack = error.stack ?? '';
  const start = stack.indexOf(error.message);
  const frames = start < 0 ? stack : stack.slice(start + error.message.length);
  return frames
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, 20);
}

/** An error as it may be logged. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error, message: redact(String(error)) };
  return {
    type: error.name,
    message: redact(error.message),
    stack: stackFrames(error),
    ...(error.cause instanceof Error && { cause: redact(error.cause.message) }),
  };
}

function sayingOf(reason: ErrorReason, { reasons, messageErrors }: Sentences): Saying {
  return reason === 'recipient_refused' || reason === 'message_poisoned' ? messageErrors[reason] : reasons[reason];
}

/** Writes the answer to an error that is meant for the caller. */
function answer(response: Response, error: ServiceError): void {
  const context = contextOf(response);
  const { sentences } = context;
  const { details, code } = error;
  const status = details.status ?? (code === 'session_not_started' ? 'not_started' : undefined);
  const saying = details.reason ? sayingOf(details.reason, sentences) : sentences.errors[code];
  const hint = saying.hint ? fillIn(saying.hint, details.values ?? {}) : statusHint(sentences, status);
  const fields = details.fields && Object.entries(details.fields);

  const body: ErrorAnswer = {
    ...details.facts,
    error: fillIn(saying.sentence, { fields: fields?.map(([name]) => name).join(', ') ?? '?', ...details.values }),
    code,
    request_id: context.requestId,
    ...(status !== undefined && { status }),
    ...(hint !== undefined && { hint }),
    ...(fields && {
      fields: Object.fromEntries(fields.map(([name, problem]) => [name, fieldSentence(sentences, problem)])),
    }),
  };
  if (details.retryAfterSeconds !== undefined) response.set('Retry-After', String(details.retryAfterSeconds));
  if (ERROR_CODES[code] === 401) response.set('WWW-Authenticate', 'Bearer');
  context.errorCode = code;
  // Also when the route was about to answer in another type.
  response.status(error.httpStatus).type('json').json(body);
}

/**
 * The end of every failed request. What nobody expected is logged for a person, and the caller learns only its
 * request id.
 */
export function errorResponse(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const context = contextOf(response);
    const known = knownError(error, request);
    if (!known) {
      logger.error(
        {
          event: 'internal_error',
          request_id: context.requestId,
          ...(context.organizationId && { org: organizationLabel(context.organizationId) }),
          err: describeError(error),
        },
        'A request failed for a reason that the code does not know; this is a defect',
      );
    }
    if (known?.code === 'storage_unavailable') {
      logger.error(
        { event: 'storage_unavailable', request_id: context.requestId, err: describeError(error) },
        'DATA_DIR cannot be read or written (disk full?); the request was refused and nothing of it stored',
      );
    }
    if (response.headersSent) {
      // Too late for an answer: Express cuts the connection, so that the caller does not take a half answer for a
      // whole one.
      next(error);
      return;
    }
    answer(response, known ?? new ServiceError('internal_error'));
  };
}
