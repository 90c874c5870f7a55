import { describe, expect, test } from 'vitest';
import type { Logger } from '../../../src/logger.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { connectPlan } from '../../../src/session/machine/connecting.js';
import type { SessionHouse } from '../../../src/session/session-house.js';
import { SessionKeys } from '../../../src/session/session-keys.js';
import { AuthFolderCorruptError, type KeyStore, type OrganizationKeys } from '../../../src/store/ports.js';

const SHOP = '1' as OrganizationId;
const then = connectPlan();

/** A storage that may refuse; `asked` says what it was asked, in order. */
function keysOver(storage: { load?: () => Promise<never>; close?: () => Promise<void> }) {
  const asked: string[] = [];
  const keys = {
    load: async () => {
      asked.push('load');
      return (await storage.load?.()) ?? {};
    },
    isInPlace: async () => true,
    close: async () => {
      asked.push('close');
      await storage.close?.();
    },
  } as unknown as OrganizationKeys;
  const keyStore = {
    open: async () => {
      asked.push('open');
      return { keys, creds: {}, wasNew: false, pairing: { paired: true, phoneNumber: '57300' } };
    },
    setAside: async () => {
      asked.push('setAside');
      return null;
    },
  } as unknown as KeyStore;
  const logged: unknown[] = [];
  const logger = { error: (fields: unknown) => logged.push(fields) } as unknown as Logger;
  const house = { keyStore, now: () => 1, sockets: {} } as unknown as SessionHouse;
  return { keys: new SessionKeys(SHOP, house, logger), asked, logged };
}

describe('the keys of a session', () => {
  test('are closed when what was open turns out to be damaged: next it is set aside', async () => {
    const { keys, asked } = keysOver({ load: () => Promise.reject(new AuthFolderCorruptError('NO_CREDS')) });
    expect(await keys.answer({ ask: 'open_keys', then })).toMatchObject({ type: 'keys_opened' });
    const answer = await keys.answer({ ask: 'open_keys', then });
    expect(answer).toMatchObject({ type: 'keys_damaged', code: 'NO_CREDS' });
    const damaged = { do: 'replace_damaged', code: 'NO_CREDS', connect: then } as const;
    await keys.answer({ ask: 'set_aside', reason: 'corrupt_folder', force: false, then: damaged });
    expect(asked).toEqual(['open', 'load', 'close', 'setAside']);
    expect(() => keys.forSocket()).toThrow('No keys are open');
  });

  test('that cannot be closed are told in the log, and reject nothing', async () => {
    const { keys, asked, logged } = keysOver({ close: () => Promise.reject(new Error('the line is cut')) });
    await keys.answer({ ask: 'open_keys', then });
    keys.close();
    keys.close();
    await expect.poll(() => logged).toHaveLength(1);
    expect(logged).toEqual([{ event: 'action_failed', err: expect.stringContaining('the line is cut') as string }]);
    expect(asked).toEqual(['open', 'close']);
  });
});
