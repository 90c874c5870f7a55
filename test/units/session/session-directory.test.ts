import { afterEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/logger.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { LoginGovernor } from '../../../src/session/login-governor.js';
import { SessionDirectory } from '../../../src/session/session-directory.js';
import type { KeyStore, OrganizationRecord, RegisterStore } from '../../../src/store/ports.js';
import { FRESH, SETTINGS } from './machine-world.js';

const SHOP = '1' as OrganizationId;
const STOPPED: OrganizationRecord = { ...FRESH, wanted: 'stopped', wasEverPaired: true };

let directory: SessionDirectory;
afterEach(() => directory.shutdown());

/** Whose storage answers when `answer` is called. */
function directoryOver(record: OrganizationRecord): { readonly answer: () => void } {
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => (answer = resolve));
  const keyStore = { organizations: async () => [SHOP] } as unknown as KeyStore;
  const register = {
    organizations: async () => [],
    load: async () => {
      await asked;
      return record;
    },
  } as unknown as RegisterStore;
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
  return { answer };
}

describe('the sessions of a process', () => {
  test('are not ready before it is known who is there', async () => {
    const { answer } = directoryOver(STOPPED);
    expect(directory.readiness()).toEqual({ ready: false, restoring: 0, versionRefused: false });
    const restored = directory.restoreAll();
    expect(directory.readiness().ready).toBe(false);
    answer();
    await restored;
    expect(directory.count()).toBe(1);
    expect(directory.readiness()).toEqual({ ready: true, restoring: 0, versionRefused: false });
  });
});
