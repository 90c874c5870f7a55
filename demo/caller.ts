import { type Address, type AnswerOf, type AnyAsked, type Asked, targetOf } from '../src/api/contract.js';
import type { Scene } from './scene.js';

/** How long an answer may take, ms: the service promises 10 s, or what `wait_ms` asked for. */
const ANSWER_MS = 40_000;
/** How long the demo waits for something to happen, and how often it looks, ms. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 50;

/**
 * The two HTTP ports of the scene, called as a user would: the service with its key, the emulator's control port
 * without.
 */
export class Caller {
  constructor(
    private readonly scene: Scene,
    private readonly interrupted: AbortSignal,
  ) {}

  async call<A extends Address>(address: A, asked: Asked<A>): Promise<AnswerOf<A>> {
    return (await (await this.service(address, asked)).json()) as AnswerOf<A>;
  }

  async text<A extends Address>(address: A, asked: Asked<A>): Promise<string> {
    return (await this.service(address, asked)).text();
  }

  async bytes<A extends Address>(address: A, asked: Asked<A>): Promise<Buffer> {
    return Buffer.from(await (await this.service(address, asked)).arrayBuffer());
  }

  async control<Answer>(path: string, body?: string | object): Promise<Answer> {
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    const init = text === undefined ? {} : { method: 'POST', body: text };
    return (await (await this.fetch(this.scene.controlUrl + path, init)).json()) as Answer;
  }

  /** Asks again and again until the answer is not null; fails with what was waited for. */
  async until<T>(what: string, ask: () => Promise<T | null | undefined>): Promise<T> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      this.interrupted.throwIfAborted();
      const found = await ask();
      if (found !== null && found !== undefined) return found;
      if (Date.now() > giveUpAt) throw new Error(`${what}: this did not come about within ${PATIENCE_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  private service(address: Address, asked: AnyAsked): Promise<Response> {
    const { method, path } = targetOf(address, asked);
    const headers = { 'x-api-key': this.scene.key, 'content-type': 'application/json' };
    return this.fetch(this.scene.url + path, { method, headers, body: asked.body && JSON.stringify(asked.body) });
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.any([this.interrupted, AbortSignal.timeout(ANSWER_MS)]);
    // A kept connection would lead to the process that a restart of the service has ended.
    const headers = { ...(init.headers as Record<string, string> | undefined), connection: 'close' };
    const response = await fetch(url, { ...init, headers, signal });
    if (!response.ok) {
      throw new Error(
        `${init.method ?? 'GET'} ${new URL(url).pathname} answered ${response.status}: ${await response.text()}`,
      );
    }
    return response;
  }
}
