import { ServiceError } from '../errors.js';
import { organizationLabel } from '../organization-id.js';
import { describeError } from './error-response.js';
import type { HttpParts } from './http-parts.js';
import type { RequestContext } from './request-context.js';

/**
 * Waits for work, but not longer than the caller does. The work itself goes on: actions of one organization queue
 * behind each other, and a mute WhatsApp makes them long. How it ended is then only in the log.
 *
 * @param ms how long, from now; by default `limits.answerWithin`
 * Errors: 503 `whatsapp_unavailable` when it is over.
 */
export async function answerInTime<T>(
  { limits, logger }: HttpParts,
  context: RequestContext,
  work: Promise<T>,
  ms: number = limits.answerWithin,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let late = false;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      late = true;
      reject(new ServiceError('whatsapp_unavailable', { retryAfterSeconds: 5 }));
    }, ms);
  });
  const line = {
    event: 'late_result',
    request_id: context.requestId,
    ...(context.organizationId && { org: organizationLabel(context.organizationId) }),
  };
  work.then(
    () => late && logger.info(line, 'An action ended after its caller had been answered'),
    (error: unknown) =>
      late &&
      logger.warn({ ...line, err: describeError(error) }, 'An action failed after its caller had been answered'),
  );
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
