import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as Verifier } from 'standardwebhooks';

/** One request that came in, as a backend sees it. */
export interface Received {
  /** The header `webhook-id`. */
  id: string;
  headers: Record<string, string>;
  body: string;
  type: string;
  organization: string | null;
  data: Record<string, unknown>;
  /** What it was answered. */
  status: number;
}

/** A status, or a status with headers; null: no answer at all. */
type Answer = number | { status: number; headers: Record<string, string> } | null;

/** A backend that takes webhooks: a real HTTP server on loopback. */
export class Receiver {
  readonly received: Received[] = [];
  /** What it answers; may be changed at any time. */
  answer: (request: Received) => Answer = () => 204;
  private readonly came = new EventEmitter().setMaxListeners(0);
  private server: Server | null = null;
  private port = 0;

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await receiver.listen();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/webhooks`;
  }

  /** Where nobody listens any more, it listens again. */
  async listen(): Promise<void> {
    this.server = createServer((request, response) => void this.take(request, response));
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = null;
    await new Promise<void>((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** Those that it took, each once, in the order in which they came first. */
  taken(): Received[] {
    const seen = new Set<string>();
    return this.received.filter(({ id, status }) => status < 300 && !seen.has(id) && seen.add(id));
  }

  /** Throws when one of them is not signed with this secret. */
  verify(secret: string, received: readonly Received[] = this.received): void {
    for (const { body, headers } of received) new Verifier(secret).verify(body, headers);
  }

  /** Resolves as soon as what came satisfies this. */
  async until(enough: (received: readonly Received[]) => boolean, what: string, timeoutMs = 60_000): Promise<void> {
    if (enough(this.received)) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.came.off('request', look);
        const seen = this.received.map(
          ({ type, status, data }) => `${type} ${JSON.stringify(data.status ?? '')} ${status}`,
        );
        reject(new Error(`not within ${timeoutMs} ms: ${what}; came:\n${seen.join('\n')}`));
      }, timeoutMs);
      const look = (): void => {
        if (!enough(this.received)) return;
        clearTimeout(timer);
        this.came.off('request', look);
        resolve();
      };
      this.came.on('request', look);
    });
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
    const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> };
    const received: Received = {
      id: String(request.headers['webhook-id']),
      headers: request.headers as Record<string, string>,
      body,
      type,
      organization: data.organization_id as string | null,
      data,
      status: 0,
    };
    const answer = this.answer(received);
    received.status = answer === null ? 999 : typeof answer === 'number' ? answer : answer.status;
    this.received.push(received);
    if (answer !== null)
      response.writeHead(received.status, typeof answer === 'number' ? {} : answer.headers).end('ok');
    this.came.emit('request');
  }
}
