import {
  type Address,
  type AnswerOf,
  type AnyAsked,
  type Asked as AskedOf,
  type ErrorAnswer,
  type QueryOf,
  targetOf,
} from '../api/contract.js';
import { EventStreamReader, type StreamEvent } from './event-stream.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { printable } from './format.js';
import { fill, type Language, type Text } from './language.js';
import { inTerminalWords, type Subject } from './terminal-words.js';

/** ms. The service answers within 10 s by itself; what is asked to wait comes on top. */
const PATIENCE = 15_000;
/** ms without a byte after which a stream counts as dead: the service gives a sign of life every 15 s. */
const STREAM_SILENCE = 60_000;

/** Codes that say that the command was written wrong, not that the service has a reason against it. */
const USAGE_CODES = new Set(['invalid_request', 'invalid_organization_id', 'invalid_phone']);
/** 429 `too_many_requests` too: only wrong keys are counted, and a right one always passes. */
const KEY_CODES = new Set(['missing_api_key', 'wrong_api_key', 'too_many_requests']);

const NOT_REACHED: Text = {
  es: 'No se pudo hablar con el servicio en {url}: {reason}.',
  en: 'The service at {url} could not be reached: {reason}.',
};
const NOT_REACHED_HINT: Text = {
  es: '¿Está en marcha? ¿Es ésa su dirección (--url, o HOST y PORT)? `{program} doctor` mira qué pasa.',
  en: 'Is it running? Is that its address (--url, or HOST and PORT)? `{program} doctor` looks into it.',
};
const REASONS: Readonly<Record<string, Text>> = {
  ECONNREFUSED: { es: 'nadie escucha ahí', en: 'nobody listens there' },
  ENOTFOUND: { es: 'ese nombre no existe', en: 'there is no such name' },
  EAI_AGAIN: { es: 'el nombre no se pudo resolver', en: 'the name could not be resolved' },
  ECONNRESET: { es: 'la conexión se cortó', en: 'the connection was cut' },
  UND_ERR_SOCKET: { es: 'la conexión se cortó', en: 'the connection was cut' },
  EHOSTUNREACH: { es: 'no hay camino hasta ahí', en: 'there is no way there' },
  ENETUNREACH: { es: 'no hay camino hasta ahí', en: 'there is no way there' },
  TimeoutError: { es: 'no respondió a tiempo', en: 'there was no answer in time' },
  not_the_service: {
    es: 'lo que respondió no es este servicio (¿otro programa, o un proxy sin el servicio detrás?)',
    en: 'what answered is not this service (another program, or a proxy without the service behind it?)',
  },
};

interface Request extends AnyAsked {
  /** ms that the service was asked to wait. */
  readonly waitMs?: number;
  /** What the answer is about, for its hints. */
  readonly subject?: Subject;
}

/** What a person typed goes as it is: the service says what is wrong with it. */
type Typed<Query> = { readonly [Name in keyof Query]: Query[Name] | string };
/** What an operation is asked with. */
type Asked<A extends Address> = Pick<Request, 'waitMs' | 'subject'> & AskedOf<A, Typed<QueryOf<A>>>;
type AskedOrNothing<A extends Address> = object extends Asked<A> ? [asked?: Asked<A>] : [asked: Asked<A>];

export interface ClientSettings {
  readonly url: string;
  readonly key: string;
  readonly language: Language;
  readonly program: string;
}

/** The HTTP API. Answers below 400 are returned; everything else is a CliError with its exit code. */
export class ServiceClient {
  constructor(private readonly settings: ClientSettings) {}

  async call<A extends Address>(address: A, ...[asked = {} as Asked<A>]: AskedOrNothing<A>): Promise<AnswerOf<A>> {
    return this.answer<AnswerOf<A>>(await this.fetch(address, asked), asked);
  }

  /** For what is not JSON when all is well. */
  async text<A extends Address>(address: A, asked: Asked<A>): Promise<string> {
    const response = await this.fetch(address, asked);
    if (!response.ok || !/^text\/plain/.test(response.type)) return this.answer<never>(response, asked);
    return response.text;
  }

  /** Events until the stream ends; throws when it cannot be opened, is cut, or falls silent. */
  async *stream(
    query: QueryOf<'GET /api/events/stream'>,
    lastEventId: string,
    opened: () => void,
  ): AsyncGenerator<StreamEvent> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), PATIENCE);
    try {
      const { path } = targetOf('GET /api/events/stream', { query });
      const response = await fetch(this.settings.url + path, {
        headers: { ...this.headers(), accept: 'text/event-stream', 'last-event-id': lastEventId },
        redirect: 'manual',
        signal: silence.signal,
      });
      const type = response.headers.get('content-type') ?? '';
      if (!response.ok || !type.startsWith('text/event-stream') || !response.body) {
        this.answer<never>({ ok: false, status: response.status, type, text: await response.text() }, {});
        return;
      }
      opened();
      const reader = new EventStreamReader();
      const decoder = new TextDecoder();
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), STREAM_SILENCE);
        yield* reader.read(decoder.decode(chunk, { stream: true }));
      }
    } catch (error) {
      throw error instanceof CliError
        ? error
        : this.notReachable(silence.signal.aborted ? 'TimeoutError' : codeOf(error));
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  private headers(): Record<string, string> {
    return {
      // Header bytes are Latin-1 in fetch, UTF-8 in what the service compares with.
      'x-api-key': Buffer.from(this.settings.key, 'utf8').toString('latin1'),
      'accept-language': this.settings.language,
      'user-agent': 'whatsapp-server-cli',
    };
  }

  private async fetch(address: Address, request: Request): Promise<Received> {
    const { body, waitMs = 0 } = request;
    const { method, path } = targetOf(address, request);
    try {
      const response = await fetch(this.settings.url + path, {
        method,
        headers: { ...this.headers(), ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
        // The key goes where it was sent to, and nowhere else.
        redirect: 'manual',
        signal: AbortSignal.timeout(PATIENCE + waitMs),
      });
      const type = response.headers.get('content-type') ?? '';
      return { ok: response.ok, status: response.status, type, text: await response.text() };
    } catch (error) {
      throw this.notReachable(codeOf(error));
    }
  }

  private answer<T>({ ok, status, type, text }: Received, { subject }: Request): T {
    let body: unknown;
    try {
      body = type.includes('json') ? JSON.parse(text) : undefined;
    } catch {
      body = undefined;
    }
    if (typeof body !== 'object' || body === null) throw this.notReachable('not_the_service', { http_status: status });
    if (ok) return body as T;
    const answer = body as Partial<ErrorAnswer>;
    if (typeof answer.error !== 'string' || typeof answer.code !== 'string') {
      throw this.notReachable('not_the_service', { http_status: status });
    }
    const said = (words: string): string => inTerminalWords(printable(words), this.settings.program, subject);
    const fields = Object.entries(answer.fields ?? {}).map(([name, problem]) => said(`${name}: ${problem}`));
    const hint = fields.length > 0 ? fields.join('\n') : answer.hint && said(answer.hint);
    throw new CliError(exitCodeOf(answer.code), answer.code, said(answer.error), hint, {
      ...answer,
      http_status: status,
    });
  }

  private notReachable(reason: string, facts: Record<string, unknown> = {}): CliError {
    const { url, language, program } = this.settings;
    const words = REASONS[reason]?.[language] ?? reason;
    return new CliError(
      EXIT.notReachable,
      'not_reachable',
      fill(NOT_REACHED[language], { url, reason: words }),
      fill(NOT_REACHED_HINT[language], { program }),
      { reason, url, ...facts },
    );
  }
}

interface Received {
  readonly ok: boolean;
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export function exitCodeOf(code: string): ExitCode {
  if (KEY_CODES.has(code)) return EXIT.wrongKey;
  return USAGE_CODES.has(code) ? EXIT.usage : EXIT.failed;
}

/** fetch wraps what happened: the reason is the cause's code. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } };
  if (typeof cause?.code === 'string') return cause.code;
  if (error.name === 'TimeoutError') return error.name;
  return typeof cause?.message === 'string' ? cause.message : error.message;
}
