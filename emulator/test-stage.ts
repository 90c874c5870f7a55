/**
 * What every test file of the emulator needs: a fresh WhatsApp per test, silence in the console, and no problem left
 * over.
 */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { UserFacingSocketConfig } from '@whiskeysockets/baileys';
import { startEmulator, type Emulator, type EmulatorOptions } from './emulator.js';
import { TestClient } from './test-client.js';

export const ORG = '573001112233';
export const OTHER_ORG = '573001112244';
export const CUSTOMER = '573004445566';

export interface Stage {
  whatsapp: Emulator;
  /** Starts another emulator in place of the test's own. */
  restart(options: EmulatorOptions): Promise<void>;
  /** First words of what libsignal printed inside Baileys. */
  readonly printed: string[];
  client(config?: Partial<UserFacingSocketConfig>): TestClient;
  paired(number?: string, config?: Partial<UserFacingSocketConfig>): Promise<TestClient>;
}

export function useStage(options: EmulatorOptions = {}): Stage {
  const clients: TestClient[] = [];
  const stage: Stage = {
    whatsapp: undefined as unknown as Emulator,
    printed: [],
    async restart(other) {
      await stage.whatsapp.stop();
      stage.whatsapp = await startEmulator(other);
    },
    client(config) {
      const client = new TestClient(stage.whatsapp, undefined, config);
      clients.push(client);
      return client;
    },
    async paired(number = ORG, config = {}) {
      const client = stage.client(config);
      await client.pair(number);
      return client;
    },
  };
  beforeEach(async () => {
    // libsignal, inside Baileys, prints sessions.
    for (const method of ['info', 'warn', 'error', 'log'] as const) {
      vi.spyOn(console, method).mockImplementation((words: unknown) => void stage.printed.push(String(words)));
    }
    stage.whatsapp = await startEmulator(options);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await stage.whatsapp.stop();
    expect(stage.whatsapp.record.problems).toEqual([]);
    vi.restoreAllMocks();
  });
  return stage;
}
