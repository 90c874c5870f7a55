/** The sides that are compared, each in its own process: this service over HTTP, and bare Baileys sockets. */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { authFolders, type Urls } from './pool.js';
import type { BareKind, OpenBare } from './bare-process.js';
import { run, type Load, type LoadResult } from './load.js';
import { customerOf, median, phoneOf } from './numbers.js';
import { Child, type Usage } from './rpc.js';

export const API_KEY = 'bN7vQ2xW9kR4mT6yH8jL3pZ5cF1dG0sA';
const POLL_MS = 10;

export interface Side {
  readonly name: string;
  usage(): Promise<Usage>;
  /** As `usage`, after a full garbage collection. */
  collect(): Promise<Usage>;
  load(load: Load): Promise<LoadResult>;
  stop(): Promise<void>;
}

export interface Measured extends LoadResult {
  cpuMsPerMessage: number;
  emulatorCpuMsPerMessage: number;
}

/** A load with what it cost the side's process, and the emulator's. */
export async function measure(side: Side, emulator: Child, load: Load): Promise<Measured> {
  const [before, emulatorBefore] = await Promise.all([side.usage(), emulator.usage()]);
  const result = await side.load(load);
  const [after, emulatorAfter] = await Promise.all([side.usage(), emulator.usage()]);
  return {
    ...result,
    cpuMsPerMessage: (after.cpuMs - before.cpuMs) / result.messages,
    emulatorCpuMsPerMessage: (emulatorAfter.cpuMs - emulatorBefore.cpuMs) / result.messages,
  };
}

export interface LogLine {
  event?: string;
  org?: string;
  time: string;
  [field: string]: unknown;
}

/** POSTs as the booking backend does. */
class Door {
  /**
   * Keeps every connection: by default those beyond 256 are closed, and a new one waits long at a process under full
   * load.
   */
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1000 });

  post({ hostname, port, pathname }: URL, body: object): Promise<{ status: number; text: string }> {
    const text = JSON.stringify(body);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'x-api-key': API_KEY,
    };
    return new Promise((resolve, reject) => {
      const request = http.request(
        { hostname, port, path: pathname, method: 'POST', headers, agent: this.agent },
        (response) => {
          let answer = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text: answer }));
        },
      );
      request.on('error', reject);
      request.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

export class ServiceSide implements Side {
  private readonly door = new Door();
  private url = new URL('http://127.0.0.1');
  private readonly child: Child;

  private constructor(
    readonly name: string,
    private readonly logFile: string,
    environment: Record<string, string>,
    profile: string | undefined,
  ) {
    const log = fs.openSync(logFile, 'a');
    this.child = new Child('dist/main.js', {
      execArgv: [
        '--import',
        path.resolve('bench/probe.js'),
        ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`] : []),
      ],
      cwd: path.dirname(logFile),
      env: { PATH: process.env.PATH ?? '', ...environment },
      // To a file, as pm2 does it.
      stdio: ['ignore', log, log, 'ipc'],
    });
    fs.closeSync(log);
  }

  /** @param directory holds `auth_sessions` (and `data`) */
  static async start(
    name: string,
    directory: string,
    urls: Urls,
    environment: Record<string, string> = {},
    profile?: string,
  ): Promise<ServiceSide> {
    fs.mkdirSync(directory, { recursive: true });
    const logFile = path.join(directory, 'service.log');
    fs.rmSync(logFile, { force: true });
    const side = new ServiceSide(
      name,
      logFile,
      {
        API_KEY,
        PORT: '0',
        AUTH_DIR: path.join(directory, 'auth_sessions'),
        DATA_DIR: path.join(directory, 'data'),
        WA_WEBSOCKET_URL: urls.url,
        // What is measured is what a message costs, not how slowly it may go.
        SEND_RATE_PER_MINUTE: '1000000',
        SEND_BURST: '1000000',
        ...environment,
      },
      profile,
    );
    const [started] = await side.events('service_started', 1);
    side.url = new URL(started?.url as string);
    return side;
  }

  get address(): string {
    return this.url.href;
  }

  /** The log's lines of this event, as soon as there are `count` of them. */
  async events(event: string, count: number, org?: string): Promise<LogLine[]> {
    const deadline = Date.now() + 300_000;
    for (;;) {
      const text = fs.existsSync(this.logFile) ? fs.readFileSync(this.logFile, 'utf8') : '';
      const found = text
        .split('\n')
        .filter((line) => line.includes(`"event":"${event}"`))
        .map((line) => JSON.parse(line) as LogLine)
        .filter((line) => org === undefined || line.org === `org_id_${org}`);
      if (found.length >= count) return found;
      if (Date.now() > deadline)
        throw new Error(`${this.name}: no ${count} ${event}; the log ends with ${text.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  usage(): Promise<Usage> {
    return this.child.usage();
  }

  collect(): Promise<Usage> {
    return this.child.ask('collect');
  }

  load(load: Load): Promise<LoadResult> {
    return run(load, (organization, customer, text) => this.send(String(organization), customer, text));
  }

  async send(organization: string, phone: string, message: string): Promise<void> {
    const answer = await this.post('/api/send-message', {
      organization_id: organization,
      phone,
      message,
      wait_ms: 30_000,
    });
    if (answer.status !== 200) throw new Error(`${this.name}: ${answer.status} ${answer.text}`);
  }

  post(address: string, body: object): Promise<{ status: number; text: string }> {
    return this.door.post(new URL(address, this.url), body);
  }

  async stop(): Promise<void> {
    this.door.close();
    await this.child.end();
  }
}

export const LEAST_DURABLE = 'least durable, HTTP';

export class BareSide implements Side {
  private readonly child: Child;

  constructor(
    public name: string,
    urls: Urls,
    profile?: string,
  ) {
    this.child = new Child('bench/bare-process.ts', {
      env: { ...process.env, URL: urls.url, CONTROL_URL: urls.controlUrl },
      execArgv: ['--import', 'tsx', ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`] : [])],
    });
  }

  open(options: OpenBare): Promise<void> {
    return this.child.ask('open', options);
  }

  usage(): Promise<Usage> {
    return this.child.usage();
  }

  collect(): Promise<Usage> {
    return this.child.ask('collect');
  }

  load = (load: Load): Promise<LoadResult> => this.child.ask('load', load);

  /** From now on it is asked over HTTP, by the least of servers that keeps what it accepts. */
  async serve(journal: string): Promise<void> {
    const url = new URL(await this.child.ask<string>('serve', { journal }));
    const door = new Door();
    this.load = (load) =>
      run(load, async (organization, phone, message) => {
        const { status } = await door.post(url, { organization_id: String(organization), phone, message });
        if (status !== 200) throw new Error(`${this.name}: ${status}`);
      });
  }

  async stop(): Promise<void> {
    await this.child.ask('exit').catch(() => undefined);
    await this.child.end();
  }
}

export interface House {
  emulator: Child;
  urls: Urls;
  pool: string;
  directory: string;
  profile?: string | undefined;
}

/** The service with these organizations connected. */
export async function serviceWith(
  { urls, pool, directory, profile }: House,
  name: string,
  organizations: readonly number[],
  environment: Record<string, string> = {},
): Promise<ServiceSide> {
  const folder = path.join(directory, name.replace(/\W+/g, '-'));
  authFolders(organizations, pool, path.join(folder, 'auth_sessions'));
  const side = await ServiceSide.start(name, folder, urls, environment, profile);
  await side.events('session_connected', organizations.length);
  return side;
}

export async function bareWith(
  { urls, pool, directory, profile }: House,
  kind: BareKind,
  organizations: readonly number[],
): Promise<BareSide> {
  const side = new BareSide(`bare, ${kind}`, urls, profile);
  const folder = path.join(directory, `bare-${kind.replace(' ', '-')}`);
  await side.open({ organizations: [...organizations], kind, pool, folder });
  return side;
}

/**
 * Memory keys behind the least HTTP server that is sure of what it accepts: as fast as any service can be that another
 * process asks and that writes before it sends. Not this service without its checks; nothing that anybody should run.
 */
export async function leastDurableWith(house: House, organizations: readonly number[]): Promise<BareSide> {
  const side = await bareWith(house, 'memory', organizations);
  side.name = LEAST_DURABLE;
  await side.serve(path.join(house.directory, 'least-durable.log'));
  return side;
}

/**
 * Gives each organization its customers, who have written once: from then on both have an established Signal session.
 */
export async function acquaint(
  emulator: Child,
  organizations: readonly number[],
  count: number,
): Promise<Record<number, string[]>> {
  const customers: Record<number, string[]> = {};
  for (const organization of organizations) {
    const numbers = Array.from({ length: count }, (_, index) => customerOf(organization, index));
    customers[organization] = numbers;
    await Promise.all(numbers.map((from) => emulator.ask('write', { from, to: phoneOf(organization) })));
  }
  return customers;
}

/** The median of one figure of several measurements. */
export function middle(runs: readonly Measured[], of: (run: Measured) => number): number {
  return median(runs.map(of));
}
