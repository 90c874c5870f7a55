/**
 * Questions and answers over the channel between a process and its parent; each side of the bench is a process of its
 * own.
 */
import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

interface Question {
  id: number;
  name: string;
  argument: unknown;
}

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

export interface Usage {
  /** ms of CPU, all threads, since the process began. */
  cpuMs: number;
  /** Bytes resident now, and at most so far. */
  rss: number;
  peakRss: number;
}

export function usageOfThisProcess(): Usage {
  const { user, system } = process.cpuUsage();
  return {
    cpuMs: (user + system) / 1000,
    rss: process.memoryUsage.rss(),
    peakRss: process.resourceUsage().maxRSS * 1024,
  };
}

/** In the child: answers every question by the handler of its name. `usage` is known to all. */
export function answer(handlers: Record<string, (argument: never) => unknown>): void {
  const all: Record<string, (argument: never) => unknown> = { usage: usageOfThisProcess, ...handlers };
  process.on('message', ({ id, name, argument }: Question) => {
    const handle = async (): Promise<unknown> => all[name]?.(argument as never);
    handle().then(
      (value) => process.send?.({ id, value } satisfies Answer),
      (error: Error) => process.send?.({ id, error: error.stack ?? error.message } satisfies Answer),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

/** In the parent: a process that can be asked. */
export class Child {
  readonly ended: Promise<void>;
  private readonly process: ChildProcess;
  private readonly open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private serial = 0;

  constructor(module: string, options: ForkOptions = {}) {
    this.process = fork(path.resolve(module), { execArgv: ['--import', 'tsx'], ...options });
    this.process.on('message', ({ id, value, error }: Answer) => {
      const waiting = this.open.get(id);
      this.open.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
    this.ended = once(this.process, 'exit').then(() => {
      for (const { reject } of this.open.values()) reject(new Error(`${module} has ended`));
    });
  }

  async ask<T>(name: string, argument?: unknown): Promise<T> {
    const id = ++this.serial;
    return new Promise<T>((resolve, reject) => {
      this.open.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.process.send({ id, name, argument } satisfies Question);
    });
  }

  usage(): Promise<Usage> {
    return this.ask<Usage>('usage');
  }

  async end(): Promise<void> {
    this.process.kill('SIGTERM');
    const deadline = setTimeout(() => this.process.kill('SIGKILL'), 8000);
    await this.ended;
    clearTimeout(deadline);
  }
}
