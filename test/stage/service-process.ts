import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { LogLines } from './log-lines.js';

const MAIN = path.resolve('dist/main.js');

/** The service as a process of its own, the way pm2 and `npm start` run it. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(environment: Record<string, string>, directory: string, log: LogLines): Promise<ServiceProcess> {
    const before = log.events('service_started').length;
    const child = spawn(process.execPath, [MAIN], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => log.write(chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => log.write(chunk));
    const line = await Promise.race([
      log.until('service_started', { count: before + 1 }),
      once(child, 'exit').then(([code]) =>
        Promise.reject(new Error(`the service ended with ${code}: ${log.text.slice(-2000)}`)),
      ),
    ]);
    return new ServiceProcess(child, line.url as string);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends with the signal; resolves with the exit code (null when killed). */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill(signal);
    return (await exited)[0];
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }
}
