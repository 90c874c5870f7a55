import http from 'node:http';
import https from 'node:https';
import net, { type LookupFunction } from 'node:net';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { redact } from '../logger.js';
import { isPublicAddress } from './receiver-address.js';

/** What became of one request. */
export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | undefined }
  | { readonly kind: 'failed'; readonly code: 'timeout' | 'unreachable' | 'private_address'; readonly detail: string }
  /** Called off from here; it may have arrived. */
  | { readonly kind: 'aborted' };

export interface PostOptions {
  /** From the first step (the name) to the answer's head, ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** So much of an answer is read, and thrown away, so that the receiver need not see its connection cut; then it is. */
const MAX_ANSWER_BYTES = 16 * 1024;
const MAX_HEAD_BYTES = 16 * 1024;

class PrivateAddress extends Error {
  readonly code = 'PRIVATE_ADDRESS';
}

/**
 * POSTs to addresses that callers chose. Unless private ones are allowed, each connection is looked at when it is
 * made, after the name was asked for: a name that stands for another address than a moment ago leads nowhere either.
 * Redirects are an answer like any other. A connection serves one request.
 */
export class SafeRequests {
  private readonly agents: { readonly 'http:': http.Agent; readonly 'https:': https.Agent };

  constructor(private readonly options: { readonly allowPrivate: boolean; readonly lookup: LookupFunction }) {
    // Beside our own look at the addresses: what one of the two lets through, the other may still stop.
    const filter = { allowPrivateIPAddress: options.allowPrivate, allowMetaIPAddress: options.allowPrivate };
    this.agents = {
      'http:': new RequestFilteringHttpAgent(filter),
      'https:': new RequestFilteringHttpsAgent(filter),
    };
  }

  async post(
    address: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    { timeoutMs, signal }: PostOptions,
  ): Promise<Outcome> {
    const url = new URL(address);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`no such protocol: ${url.protocol}`);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (!this.options.allowPrivate && net.isIP(host) && !isPublicAddress(host)) {
      return { kind: 'failed', code: 'private_address', detail: host };
    }
    if (signal.aborted) return { kind: 'aborted' };
    // One of its own for each request, taken off again at its end: the service's signal lives for months, and what
    // hangs on it would pile up.
    const end = new AbortController();
    const callOff = (): void => end.abort('aborted');
    const timer = setTimeout(() => end.abort('timeout'), timeoutMs);
    signal.addEventListener('abort', callOff);
    return new Promise<Outcome>((resolve) => {
      const request = (url.protocol === 'https:' ? https : http).request(url, {
        method: 'POST',
        agent: this.agents[url.protocol as 'http:' | 'https:'],
        lookup: this.lookup,
        maxHeaderSize: MAX_HEAD_BYTES,
        signal: end.signal,
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
          'user-agent': 'whatsapp-server',
        },
      });
      let answered: Outcome | null = null;
      request.once('response', (response) => {
        // The status has said it; how the rest ends, and whether it ends in time, does not matter.
        answered = { kind: 'answered', status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
        const outcome = answered;
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) response.destroy();
        });
        response.on('error', () => {});
        response.once('close', () => resolve(outcome));
      });
      request.on('error', (error) => resolve(answered ?? failure(error, end.signal)));
      request.end(body);
    }).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', callOff);
    });
  }

  private readonly lookup: LookupFunction = (hostname, options, callback) => {
    const { allowPrivate, lookup } = this.options;
    lookup(hostname, options, (error, found, family) => {
      if (!error && !allowPrivate) {
        const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
        const refused = addresses.find((address) => !isPublicAddress(address));
        if (refused !== undefined) return callback(new PrivateAddress(`${hostname} is ${refused}`), '');
      }
      callback(error, found, family);
    });
  };
}

function failure(error: NodeJS.ErrnoException, { aborted, reason }: AbortSignal): Outcome {
  if (aborted && reason === 'aborted') return { kind: 'aborted' };
  if (aborted) return { kind: 'failed', code: 'timeout', detail: 'no answer in time' };
  const isPrivate = error instanceof PrivateAddress || error.message.includes('is not allowed. Because');
  return {
    kind: 'failed',
    code: isPrivate ? 'private_address' : 'unreachable',
    // A code is a word of the system's, and longer than what redact lets pass; a message may quote anything.
    detail: isPrivate || error.code === undefined ? redact(error.message) : error.code,
  };
}
