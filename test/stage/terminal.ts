import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { Stage } from './stage.js';

export const MAIN = path.resolve('dist/cli/main.js');

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** The first line of stdout. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any;
}

/** A pattern inside an object; a bare one would match everything there. */
export const like = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

/** The program as a person or a script runs it. */
export class Cli {
  /** Everything that any of them wrote. */
  static written = '';
  stdout = '';
  stderr = '';
  private readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(file: string, words: string[], env: Record<string, string>, directory: string, input?: string) {
    this.child = spawn(file, words, {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', LANG: 'en_US.UTF-8', ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.end(input);
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
    const read = (name: 'stdout' | 'stderr') => (chunk: string) => {
      this[name] += chunk;
      Cli.written += chunk;
      this.child.emit('output');
    };
    this.child.stdout?.setEncoding('utf8').on('data', read('stdout'));
    this.child.stderr?.setEncoding('utf8').on('data', read('stderr'));
  }

  async until(holds: (cli: this) => boolean): Promise<void> {
    while (!holds(this)) {
      const ended = await Promise.race([once(this.child, 'output'), this.ended.then(() => 'ended' as const)]);
      if (ended === 'ended' && !holds(this)) throw new Error(`it ended:\n${this.stdout}\n${this.stderr}`);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async end(): Promise<Ended> {
    const exitCode = await this.ended;
    const { stdout, stderr } = this;
    const [line = ''] = stdout.split('\n');
    return { exitCode, stdout, stderr, json: line.startsWith('{') ? JSON.parse(line) : undefined };
  }
}

/** A service, and the program in a folder beside it; nothing that the program writes may hold the key. */
export function terminal(env: Record<string, string> = {}) {
  const on = {} as {
    stage: Stage;
    /** A folder that is not the service's, with nothing in it. */
    elsewhere: string;
  };
  beforeAll(async () => {
    on.stage = await Stage.set({ env });
    on.elsewhere = mkdtempSync(path.join(tmpdir(), 'whatsapp-cli-'));
  });
  afterAll(async () => {
    rmSync(on.elsewhere, { recursive: true, force: true });
    const { key } = on.stage;
    await on.stage.end();
    expect(Cli.written).not.toContain(key);
  });
  const environment = (): Record<string, string> => ({ API_KEY: on.stage.key, PORT: new URL(on.stage.api.url).port });
  const open = (words: string[], env = environment(), input?: string): Cli =>
    new Cli(process.execPath, [MAIN, ...words], env, on.elsewhere, input);
  const run = (...words: string[]): Promise<Ended> => open(words).end();
  const runWith = (input: string, ...words: string[]): Promise<Ended> => open(words, environment(), input).end();
  return { on, environment, open, run, runWith };
}
