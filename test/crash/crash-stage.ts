import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { startEmulator, type Emulator } from '../../emulator/emulator.js';
import { Api } from '../stage/api.js';
import { LogLines, type LogLine } from '../stage/log-lines.js';
import { assertNothingSecret } from '../stage/secrets.js';
import { ServiceProcess } from '../stage/service-process.js';
import { openDatabases } from './databases.js';
import { ENVIRONMENT } from './environment.js';
import type { StanzaKind } from './moments.js';

/** A moment that does not come within this is a mistake of the plan, ms. */
const MOMENT_DEADLINE_MS = 30_000;

export interface CrashStageOptions {
  readonly env?: Record<string, string>;
  /** Where AUTH_DIR and DATA_DIR lie; by default in the stage's own directory. */
  readonly disk?: string;
  /** A shared library that is loaded into the service (LD_PRELOAD). */
  readonly preload?: string;
}

export interface Strike {
  readonly kind: StanzaKind;
  /** At the n-th of them; default the first. */
  readonly nth?: number;
  /** The stanza died on its way, together with its connection. */
  readonly lose?: boolean;
  /** So long afterwards; absent: at that very instant. */
  readonly afterMs?: number;
}

/** The service did not start; nobody killed it. */
export class EndedByItself extends Error {
  constructor(
    readonly code: number | null,
    readonly output: string,
  ) {
    super(`the service ended by itself with ${code}: ${output}`);
  }
}

export interface Alive {
  readonly process: ServiceProcess;
  readonly log: LogLines;
  readonly api: Api;
}

/** The emulator, and a service process that is killed and started again and again over the same folders. */
export class CrashStage {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'whatsapp-server-crash-'));
  readonly authDirectory: string;
  readonly dataDirectory: string;
  readonly key = randomBytes(24).toString('base64url');
  /** What went wrong; empty in a good run. */
  readonly violations: string[] = [];
  kills = 0;
  /** In a plan that fills the disk, a message may be refused until there is room again. */
  diskMayBeFull = false;
  refused = 0;
  room: Promise<void> = Promise.resolve();
  /** How many databases were opened and checked, copies after each kill included. */
  opened = 0;
  /** Counted from the log of all processes. */
  readonly faults = new Map<string, number>();
  /** The log of all processes that are gone. */
  private readonly earlier: LogLine[] = [];
  /** How often each thing was killed. */
  readonly struck = new Map<string, number>();
  private readonly texts: string[] = [];
  private readonly numbers = new Set<string>();
  private output = '';
  private alive: Alive | null = null;
  private spare: { process: ServiceProcess; log: LogLines } | null = null;
  private waiting: ((alive: Alive) => void)[] = [];
  private over = false;

  private constructor(
    readonly whatsapp: Emulator,
    private readonly options: CrashStageOptions,
  ) {
    const disk = options.disk ?? this.directory;
    this.authDirectory = path.join(disk, 'auth_sessions');
    this.dataDirectory = path.join(disk, 'data');
  }

  static async set(options: CrashStageOptions = {}): Promise<CrashStage> {
    return new CrashStage(await startEmulator(), options);
  }

  // --- the process ---

  /** @throws when it ends before it listens, other than by a kill of this stage */
  async start(): Promise<void> {
    const { process, log } = this.takeSpare();
    this.alive = { process, log, api: new Api('', this.key) };
    void process.ended.then(({ code, signal }) => {
      if (this.alive?.process !== process) return;
      const listened = this.isUp;
      this.bury();
      if (signal !== 'SIGKILL' && listened) this.violations.push(`the service ended by itself with ${code ?? signal}`);
    });
    const listening = log.until('service_started', { timeoutMs: 60_000 });
    process.child.send('go');
    const outcome = await Promise.race([
      listening.then(({ url }) => ({ url: String(url), end: null })),
      process.ended.then((end) => ({ url: '', end })),
    ]);
    listening.catch(() => {});
    if (outcome.end) {
      if (outcome.end.signal === 'SIGKILL') return;
      throw new EndedByItself(outcome.end.code, process.errors.slice(-2000));
    }
    // Killed in the moment in which it began to listen.
    if (this.alive?.process !== process) return;
    process.url = outcome.url;
    this.alive = { process, log, api: new Api(process.url, this.key) };
    for (const resolve of this.waiting.splice(0)) resolve(this.alive);
  }

  /** Another process is made ready while this one works. */
  prepareSpare(): void {
    if (this.over) return;
    const log = new LogLines();
    const warm = pathToFileURL(path.resolve('test/crash/warm-start.js')).href;
    this.spare ??= {
      log,
      process: ServiceProcess.spawn({
        environment: {
          ...ENVIRONMENT,
          API_KEY: this.key,
          AUTH_DIR: this.authDirectory,
          DATA_DIR: this.dataDirectory,
          WA_WEBSOCKET_URL: this.whatsapp.url,
          NODE_OPTIONS: `--import ${warm}`,
          ...(this.options.preload && { LD_PRELOAD: this.options.preload, SLOW_DISK: this.directory }),
          ...this.options.env,
        },
        directory: this.directory,
        log,
        ipc: true,
      }),
    };
  }

  private takeSpare(): { process: ServiceProcess; log: LogLines } {
    this.prepareSpare();
    const spare = this.spare as { process: ServiceProcess; log: LogLines };
    this.spare = null;
    return spare;
  }

  /** Waits until a service listens. */
  async up(): Promise<Alive> {
    if (this.alive && this.alive.api.url !== '') return this.alive;
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** A request to this process failed: that is fine when it was killed, and only then. */
  async wasKilled({ process }: Alive, error: unknown): Promise<void> {
    if (!process.child.killed) throw error;
    await process.ended;
  }

  get isUp(): boolean {
    return this.alive !== null && this.alive.api.url !== '';
  }

  async api(): Promise<Api> {
    return (await this.up()).api;
  }

  get log(): LogLines {
    if (!this.alive) throw new Error('no service is running');
    return this.alive.log;
  }

  /** The plug: synchronous, and without a word. */
  kill(what: string): void {
    const { alive } = this;
    if (!alive || alive.process.child.signalCode !== null || alive.process.child.killed) return;
    alive.process.child.kill('SIGKILL');
    this.kills++;
    this.struck.set(what, (this.struck.get(what) ?? 0) + 1);
  }

  /** A kill that is not counted: the service has to be away for a moment. */
  async crash(): Promise<void> {
    this.alive?.process.child.kill('SIGKILL');
    await this.gone();
  }

  /** Until the killed process is gone and all that it wrote was read; then every database must open. */
  async gone(): Promise<void> {
    await this.alive?.process.ended;
    this.bury();
    this.opened += openDatabases(this.authDirectory, this.dataDirectory, this.violations);
  }

  private bury(): void {
    const { alive } = this;
    this.alive = null;
    if (!alive) return;
    this.output += alive.log.text;
    this.earlier.push(...alive.log.lines);
    for (const { kind } of alive.log.events('fault_counted')) {
      this.faults.set(String(kind), (this.faults.get(String(kind)) ?? 0) + 1);
    }
    for (const line of alive.log.lines) {
      if (['unhandled_rejection', 'restore_failed', 'action_failed'].includes(line.event ?? '')) this.note(line);
    }
  }

  /** Of all processes so far, the running one included. */
  faultsSoFar(): ReadonlyMap<string, number> {
    const faults = new Map(this.faults);
    for (const { kind } of this.alive?.log.events('fault_counted') ?? []) {
      faults.set(String(kind), (faults.get(String(kind)) ?? 0) + 1);
    }
    return faults;
  }

  /** The log of all processes so far, the running one included. */
  logSoFar(): LogLine[] {
    return [...this.earlier, ...(this.alive?.log.lines ?? [])];
  }

  private note(line: LogLine): void {
    this.violations.push(`${line.event} ${line.org ?? ''}: ${String(line.msg)} ${JSON.stringify(line.err ?? '')}`);
  }

  /** Kills at a stanza. Resolves when the process is gone. */
  async killAt(what: string, { kind, nth = 1, lose = false, afterMs }: Strike): Promise<void> {
    let left = nth;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(deadline);
        this.kill(what);
        resolve();
      };
      const deadline = setTimeout(() => {
        off();
        this.violations.push(`the moment never came: ${what}`);
        done();
      }, MOMENT_DEADLINE_MS);
      const off = this.whatsapp.tap((passing) => {
        if (!kind(passing) || --left > 0) return;
        off();
        if (afterMs !== undefined) {
          setTimeout(done, afterMs);
          return;
        }
        done();
        if (lose) return 'lose';
      });
    });
    await this.gone();
  }

  /** Kills after a time. */
  async killAfter(what: string, ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.kill(what);
    await this.gone();
  }

  /** The end in good order, which also folds the WALs in. */
  async stop(): Promise<void> {
    const { alive } = this;
    if (!alive) return;
    this.alive = null;
    const code = await alive.process.end('SIGTERM');
    if (code !== 0) this.violations.push(`the last service stopped with code ${code}`);
    this.alive = alive;
    this.bury();
    this.opened += openDatabases(this.authDirectory, this.dataDirectory, this.violations);
  }

  // --- people ---

  /** A text that occurs nowhere else, and must not occur in any log. */
  text(about: string): string {
    const text = `${about} — ${randomBytes(8).toString('hex')}`;
    this.texts.push(text);
    return text;
  }

  phone(number: string) {
    this.numbers.add(number);
    return this.whatsapp.phone(number);
  }

  customer(number: string) {
    this.numbers.add(number);
    return this.whatsapp.customer(number);
  }

  /**
   * What a person does until the organization is connected: start it, and scan the QR when there is one. Goes on over
   * kills.
   */
  async connect(id: string, number: string): Promise<void> {
    for (const begun = Date.now(); Date.now() - begun < 120_000;) {
      const alive = await this.up();
      const { api } = alive;
      try {
        let { status } = (await api.ready(id)).body;
        if (status === 'qr_required' || status === 'logged_out') status = (await api.qr(id)).body.status;
        if (status === 'connected') return;
        if (status === 'qr_ready') await this.phone(number).scanQrPicture(await api.qrPicture(id));
      } catch {
        // Killed meanwhile, or the QR was for nobody any more: look again.
        if (alive.process.child.killed) await alive.process.ended;
      }
    }
    throw new Error(`${id} does not get connected: ${JSON.stringify((await (await this.api()).status(id)).body)}`);
  }

  /** Ends everything; the whole output of all processes is searched for secrets. */
  async end(beforeSearch: () => void = () => {}): Promise<void> {
    this.over = true;
    try {
      this.spare?.process.child.kill('SIGKILL');
      this.alive?.process.child.kill('SIGKILL');
      await Promise.all([this.spare?.process.ended, this.alive?.process.ended]);
      this.bury();
      await this.whatsapp.stop();
      beforeSearch();
      assertNothingSecret(this.output, {
        authDirectory: path.join(this.directory, 'auth_sessions'),
        texts: this.texts,
        key: this.key,
        numbers: [...this.numbers],
      });
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}
