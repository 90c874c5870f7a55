import { signal } from '@preact/signals';
import { type Address, type AnswerOf, type AnyAsked, type Asked, targetOf } from '../api/contract.js';
import { language, words } from './settings.js';

/** ms. The service answers within 10 s unless it is asked to wait. */
const ANSWER_WITHIN = 15_000;

/**
 * Whether the cookie of a sign-in is there; null until the service was asked. The cookie itself is out of reach of this
 * code, on purpose.
 */
export const signedIn = signal<boolean | null>(null);
/** Why somebody is asked to sign in again, or null. */
export const signInReason = signal<'ended' | null>(null);
/** Whether the last request found the service. */
export const reachable = signal(true);

/** An answer that is not a success, or none at all (`unreachable`, status 0). */
export class ServiceFault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly sentence: string,
    /** What to do. */
    readonly hint: string | null,
    /** Each wrong field with its own sentence. */
    readonly fields: Readonly<Record<string, string>> = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(sentence);
    this.name = 'ServiceFault';
  }

  /** What is wrong with a field, or with one of its parts (`event_types.0`). */
  about(field: string): string | undefined {
    const [, sentence] = Object.entries(this.fields).find(([name]) => name.split('.')[0] === field) ?? [];
    return sentence;
  }
}

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** ms beyond which there is no answer. */
  readonly within?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the service, in the page's language. An aborted call never resolves or rejects with anything but an AbortError.
 * Errors: ServiceFault.
 */
export async function call<A extends Address>(
  address: A,
  asked: Asked<A>,
  { headers, within = ANSWER_WITHIN, signal: aborted }: CallOptions = {},
): Promise<AnswerOf<A>> {
  const { method, path } = targetOf(address, asked);
  const { body }: AnyAsked = asked;
  const stop = new AbortController();
  const end = (): void => stop.abort();
  aborted?.addEventListener('abort', end);
  const timer = setTimeout(end, within);
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        Accept: 'application/json',
        'Accept-Language': language.value,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: stop.signal,
    });
    const answer = (await response.json()) as AnswerOf<A>;
    reachable.value = true;
    if (response.ok) return answer;
    throw faultOf(response, answer);
  } catch (error) {
    if (error instanceof ServiceFault) throw error;
    if (aborted?.aborted) throw error;
    reachable.value = false;
    const { unreachable } = words.value.faults;
    throw new ServiceFault(0, 'unreachable', unreachable.sentence, unreachable.hint);
  } finally {
    clearTimeout(timer);
    aborted?.removeEventListener('abort', end);
  }
}

function faultOf(response: Response, answer: unknown): ServiceFault {
  const { error, code, reason, hint, fields } = (answer ?? {}) as Partial<{
    error: string;
    code: string;
    reason: string;
    hint: string;
    fields: Record<string, string>;
  }>;
  if (response.status === 401 && signedIn.value) {
    signInReason.value = 'ended';
    signedIn.value = false;
  }
  const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
  // The service's hints speak to programs of routes; where a person has a button for it, the page says so in its own
  // words. A reason has a hint that names none.
  const own = code === undefined || reason !== undefined ? undefined : words.value.faultHints[code];
  return new ServiceFault(
    response.status,
    code ?? 'unknown',
    error ?? words.value.faults.unknown(response.status),
    own ?? hint ?? null,
    fields,
    Number.isFinite(retryAfter) ? retryAfter : null,
  );
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export function asFault(error: unknown): ServiceFault {
  if (error instanceof ServiceFault) return error;
  throw error;
}
