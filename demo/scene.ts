import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { CONFIG_VARIABLES, readConfig } from '../src/config.js';
import { createLogger } from '../src/logger.js';
import { startService, type Service } from '../src/service.js';
import { ServiceLog } from './service-log.js';

/** Invented numbers. */
export const PHONE = '573001112233';
export const CUSTOMER = '573004445566';

/**
 * The emulated WhatsApp and the real service, wired as `npm start` wires it. Websocket address, folders, key and ports
 * are the demo's own; other variables of the environment hold, so that `BAD_MAC_ERROR_LIMIT=5 npm run demo` shows what
 * they do.
 */
export class Scene {
  readonly log = new ServiceLog();
  readonly key = randomBytes(24).toString('base64url');
  readonly directory = mkdtempSync(path.join(tmpdir(), 'whatsapp-demo-'));
  private service: Service | null = null;
  /** The service keeps its address over restarts, as it would in real life. */
  private port = 0;

  private constructor(
    private readonly emulator: Emulator,
    private readonly environment: Readonly<Record<string, string | undefined>>,
  ) {}

  static async set(environment: Readonly<Record<string, string | undefined>>): Promise<Scene> {
    const scene = new Scene(await startEmulator({ control: true }), environment);
    try {
      await scene.startService();
    } catch (error) {
      await scene.end();
      throw error;
    }
    return scene;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get whatsappUrl(): string {
    return this.emulator.url;
  }

  /** The emulator's control port: what phones and customers do, and what goes wrong. */
  get controlUrl(): string {
    return this.emulator.controlUrl ?? '';
  }

  /** A link that signs one browser in to the operator's page, for ten minutes. */
  async signedInLink(): Promise<string> {
    const headers = { 'x-api-key': this.key, 'content-type': 'application/json' };
    const response = await fetch(`${this.url}/api/sign-in-links`, { method: 'POST', headers, body: '{}' });
    if (response.status !== 201) throw new Error(`there is no signed-in link: ${response.status}`);
    return ((await response.json()) as { url: string }).url;
  }

  async startService(): Promise<void> {
    const config = readConfig({
      ...Object.fromEntries(CONFIG_VARIABLES.map((name) => [name, this.environment[name]])),
      HOST: '127.0.0.1',
      PORT: String(this.port),
      API_KEY: this.key,
      AUTH_DIR: path.join(this.directory, 'auth_sessions'),
      DATA_DIR: path.join(this.directory, 'data'),
      DEFAULT_LANGUAGE: 'en',
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      WA_WEBSOCKET_URL: this.emulator.url,
      // By default a connection has to last for 10 s before it counts as successful; here nobody wants to wait for so
      // long.
      HEALTH_STABLE_AFTER: '1000',
    });
    const logger = createLogger({ level: config.LOG_LEVEL, format: config.LOG_FORMAT, destination: this.log });
    const service = await startService(config, logger);
    this.port = service.port;
    this.service = service;
  }

  async stopService(): Promise<void> {
    await this.service?.stop();
    this.service = null;
  }

  /** Idempotent. Leaves nothing behind: no process, no port, no folder. */
  async end(): Promise<void> {
    await this.stopService();
    await this.emulator.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
