import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../emulator/emulator.js';
import { readConfig } from '../../src/config.js';
import { createLogger } from '../../src/logger.js';
import { startService, type Service } from '../../src/service.js';
import { Api } from './api.js';
import { LogLines } from './log-lines.js';
import { assertNothingSecret } from './secrets.js';
import { ServiceProcess } from './service-process.js';

/**
 * Timings for tests: what takes seconds or minutes with a real WhatsApp is short, so that scenarios are about events.
 * All of them are ordinary configuration.
 */
const QUICK: Record<string, string> = {
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_LEVEL: 'debug',
  RECONNECT_BASE_DELAY: '20',
  RECONNECT_MAX_DELAY: '200',
  HEALTH_STABLE_AFTER: '400',
  MAX_LOGINS_PER_HOUR: '100000',
  // The emulator shares the tests' process, which may be busy for seconds: that is no silence of WhatsApp.
  KEEP_ALIVE_INTERVAL: '1000',
  SILENCE_TIMEOUT: '10000',
  CONNECT_TIMEOUT: '5000',
  QUERY_TIMEOUT: '5000',
  SEND_RATE_PER_MINUTE: '1000000',
  SEND_BURST: '1000000',
  LATE_ANSWER_WAIT: '100',
};

export interface StageOptions {
  /** Configuration over QUICK. */
  env?: Record<string, string>;
  emulator?: EmulatorOptions;
  /** Run the service as a process of its own (`dist/main.js`), so that it can be killed. */
  asProcess?: boolean;
  /** Where the built operator's page is, instead of `dist/operator-page`. */
  pageDirectory?: string;
}

/** The emulator and the real service over it, with folders of their own. One per test (or file); ended with `end`. */
export class Stage {
  readonly log = new LogLines();
  readonly key = randomBytes(24).toString('base64url');
  readonly directory = mkdtempSync(path.join(tmpdir(), 'whatsapp-server-'));
  readonly authDirectory = path.join(this.directory, 'auth_sessions');
  private readonly environment: Record<string, string>;
  private readonly texts: string[] = [];
  private readonly numbers: Set<string>;
  private service: Service | ServiceProcess | null = null;
  private nextText = 0;

  readonly whatsapp: Emulator;

  private constructor(
    emulator: Emulator,
    private readonly options: StageOptions,
  ) {
    const { whatsapp, numbers } = noteNumbers(emulator);
    this.whatsapp = whatsapp;
    this.numbers = numbers;
    this.environment = {
      ...QUICK,
      API_KEY: this.key,
      AUTH_DIR: this.authDirectory,
      DATA_DIR: path.join(this.directory, 'data'),
      WA_WEBSOCKET_URL: whatsapp.url,
      ...options.env,
    };
  }

  static async set(options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(await startEmulator(options.emulator), options);
    await stage.startService();
    return stage;
  }

  /** As variables of the environment. */
  get configuration(): Readonly<Record<string, string>> {
    return this.environment;
  }

  get api(): Api {
    if (!this.service) throw new Error('the service is not running');
    return new Api(this.service.url, this.key);
  }

  get process(): ServiceProcess {
    if (this.service instanceof ServiceProcess) return this.service;
    throw new Error('the service does not run as a process');
  }

  async startService(env: Record<string, string> = {}): Promise<void> {
    const environment = { ...this.environment, ...env };
    if (this.options.asProcess) {
      this.service = await ServiceProcess.start(environment, this.directory, this.log);
      return;
    }
    const logger = createLogger({ level: environment.LOG_LEVEL ?? 'info', format: 'json', destination: this.log });
    this.service = await startService(readConfig(environment), logger, {
      ...(this.options.pageDirectory !== undefined && { pageDirectory: this.options.pageDirectory }),
    });
  }

  async stopService(): Promise<void> {
    await this.service?.stop();
    this.service = null;
  }

  async restartService(env: Record<string, string> = {}): Promise<void> {
    await this.stopService();
    await this.startService(env);
  }

  /**
   * Starts the session, reads the QR picture like a phone's camera, scans it, and waits until the session is connected.
   */
  async pair(id: string, number: string): Promise<void> {
    const started = await this.api.ready(id);
    if (started.body.status !== 'qr_ready') throw new Error(`no QR for ${id}: ${JSON.stringify(started.body)}`);
    await this.scan(id, number);
  }

  /** Scans the QR that is shown now. */
  async scan(id: string, number: string): Promise<void> {
    await this.whatsapp.phone(number).scanQrPicture(await this.api.qrPicture(id));
    const connected = await this.api.ready(id);
    if (connected.body.status !== 'connected')
      throw new Error(`not connected after the scan: ${JSON.stringify(connected.body)}`);
    // The phone's first messages too: one whose receipt a test cuts off would come again, and be counted as a
    // duplicate.
    await this.whatsapp.record.until(() =>
      [...this.whatsapp.phone(number).companions.values()].every(
        // Devices of before a cleaning are away for good.
        ({ connection, unacknowledged }) => !connection || unacknowledged === 0,
      ),
    );
  }

  /** A text that occurs nowhere else; at the end the whole output is searched for it. */
  text(about = 'Su cita está confirmada'): string {
    const text = `${about} — ${this.nextText++}-${randomBytes(6).toString('hex')}`;
    this.texts.push(text);
    return text;
  }

  /** Sends a text through the API and waits until the customer has read it. */
  async send(id: string, customer: string): Promise<void> {
    const text = this.text();
    const answer = await this.api.send(id, customer, text);
    if (answer.status !== 200) throw new Error(`not sent: ${answer.status} ${JSON.stringify(answer.body)}`);
    await this.whatsapp.customer(customer).receivedText(text);
  }

  /** Lets a customer write and waits until the service has told the customer's phone that it could read the message. */
  async receive(number: string, customer: string): Promise<void> {
    const from = this.whatsapp.customer(customer);
    const { id } = await from.write(number, this.text('¿Puedo cambiar la hora?'));
    await from.delivered(id);
  }

  /** Ends everything, and holds the whole output against every key, text and number that was used. */
  async end(): Promise<void> {
    try {
      await this.stopService();
      await this.whatsapp.stop();
      assertNothingSecret(this.log.text, {
        authDirectory: this.authDirectory,
        texts: this.texts,
        key: this.key,
        numbers: [...this.numbers],
      });
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}

/** The same emulator, which notes each number that a test speaks of. */
function noteNumbers(emulator: Emulator): { whatsapp: Emulator; numbers: Set<string> } {
  const numbers = new Set<string>();
  const note = <Rest extends unknown[], Result>(ask: (number: string, ...rest: Rest) => Result) => ({
    value: (number: string, ...rest: Rest): Result => {
      numbers.add(number);
      return ask(number, ...rest);
    },
  });
  const whatsapp = Object.create(emulator, {
    phone: note(emulator.phone.bind(emulator)),
    customer: note(emulator.customer.bind(emulator)),
  }) as Emulator;
  return { whatsapp, numbers };
}
