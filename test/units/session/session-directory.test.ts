import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/logger.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { LoginGovernor } from '../../../src/session/login-governor.js';
import { SessionDirectory } from '../../../src/session/session-directory.js';
import type { KeyStore, OrganizationRecord, RegisterStore } from '../../../src/store/ports.js';
import { FRESH, SETTINGS } from './machine-world.js';

const SHOP = '1' as OrganizationId;
const STOPPED: OrganizationRecord = { ...FRESH, wanted: 'stopped', wasEverPaired: true };

/** A storage that answers when it is told to; `asked` says what it was asked, in order. */
class LateStorage {
  readonly asked: string[] = [];
  private readonly answers: (() => void)[] = [];

  readonly keyStore = {
    organizations: async () => [SHOP],
    setAside: () => this.late('setAside', { name: 'b', path: 'b' }),
  } as unknown as KeyStore;

  readonly register = {
    organizations: async () => [],
    load: () => this.late('load', STOPPED),
    recordCleaning: () => this.late('recordCleaning', undefined),
    setWanted: () => this.late('setWanted', undefined),
  } as unknown as RegisterStore;

  async answer(what: string): Promise<void> {
    await expect.poll(() => this.asked.at(-1)).toBe(what);
    this.answers.shift()?.();
  }

  private late<T>(what: string, value: T): Promise<T> {
    this.asked.push(what);
    return new Promise((resolve) => this.answers.push(() => resolve(value)));
  }
}

let storage: LateStorage;
let directory: SessionDirectory;
beforeEach(() => {
  storage = new LateStorage();
  const { keyStore, register } = storage;
  directory = new SessionDirectory(
    {
      keyStore,
      register,
      logger: createLogger({ level: 'silent', format: 'json' }),
      governor: new LoginGovernor({ loginsPerHour: 10, concurrentLogins: 1 }),
      settings: SETTINGS,
      now: Date.now,
      otherPhone: () => null,
      tell: () => {},
    } as unknown as ConstructorParameters<typeof SessionDirectory>[0],
    { qrWaitMs: 0 },
  );
});
afterEach(() => directory.shutdown());

async function restored(): Promise<void> {
  const all = directory.restoreAll();
  await storage.answer('load');
  await all;
}

describe('the sessions of a process', () => {
  test('are not ready before it is known who is there', async () => {
    expect(directory.readiness()).toEqual({ ready: false, restoring: 0, versionRefused: false });
    const all = directory.restoreAll();
    expect(directory.readiness().ready).toBe(false);
    await storage.answer('load');
    await all;
    expect(directory.count()).toBe(1);
    expect(directory.readiness()).toEqual({ ready: true, restoring: 0, versionRefused: false });
  });

  test('whose folder is being moved when the service ends: that is noted before the stores close', async () => {
    await restored();
    const cleaned = directory.forceClean(SHOP, { force: true }).catch((error: unknown) => error);
    await expect.poll(() => storage.asked.at(-1)).toBe('setAside');
    let isOver = false;
    const over = directory.shutdown().then(() => (isOver = true));
    await storage.answer('setAside');
    await storage.answer('recordCleaning');
    expect(isOver).toBe(false);
    await storage.answer('setWanted');
    await over;
    expect(await cleaned).toMatchObject({ code: 'shutting_down' });
    expect(storage.asked).toEqual(['load', 'setAside', 'recordCleaning', 'setWanted']);
  });
});
