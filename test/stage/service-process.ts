import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { LogLines } from './log-lines.js';

const MAIN = path.resolve('dist/main.js');

/** How a process ended: one of the two is null. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Where and how it runs. */
export interface ProcessPlace {
  environment: Record<string, string>;
  directory: string;
  log: LogLines;
  /** With a channel to its parent, as pm2 starts it. */
  ipc?: boolean;
}

/** The service as a process of its own, the way pm2 and `npm start` run it. */
export class ServiceProcess {
  /** Resolves when it has ended and everything that it wrote was read. */
  readonly ended: Promise<ProcessEnd>;
  /** Known as soon as it listens. */
  url = '';
  /** What it wrote to stderr, where only a failed start is told. */
  errors = '';

  private constructor(readonly child: ChildProcess) {
    this.ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** Starts it and waits for nothing: for starts that fail or are cut short. */
  static spawn({ environment, directory, log, ipc = false }: ProcessPlace): ServiceProcess {
    const child = spawn(process.execPath, [MAIN], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    });
    const spawned = new ServiceProcess(child);
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => log.write(chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      spawned.errors += chunk;
      log.write(chunk);
    });
    return spawned;
  }

  /** Starts it and waits until it listens. */
  static async start(environment: Record<string, string>, directory: string, log: LogLines): Promise<ServiceProcess> {
    const before = log.events('service_started').length;
    const started = ServiceProcess.spawn({ environment, directory, log });
    const line = await Promise.race([
      log.until('service_started', { count: before + 1 }),
      started.ended.then(({ code, signal }) =>
        Promise.reject(new Error(`the service ended with ${code ?? signal}: ${log.text.slice(-2000)}`)),
      ),
    ]);
    started.url = line.url as string;
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends with the signal; resolves with the exit code (null when killed). */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return (await this.ended).code;
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }
}
