import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NoMatchingSessionError, pruneRecord, RECEIVING_CHAINS_KEPT } from '../../../src/baileys/signal-cipher.js';
import { acquainted, Party, withFlippedBit, type Ciphertext } from './party.js';

const RECEIVING = 2;
const METHODS = ['log', 'info', 'warn', 'error'] as const;

let printed: string[];
beforeEach(() => {
  printed = [];
  // libsignal prints; this also shows what.
  for (const method of METHODS) {
    vi.spyOn(console, method).mockImplementation(
      (...values: unknown[]) => void printed.push(values.map(String).join(' ')),
    );
  }
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function chains(of: Party, contact: Party, type: number): string[] {
  const sessions = Object.values(of.record(contact)?.sessions ?? {});
  return sessions.flatMap((session) =>
    Object.entries(session._chains)
      .filter(([, chain]) => chain.chainType === type)
      .map(([key]) => key),
  );
}

/** One message each way: a new chain for each of them. */
async function roundTrip(one: Party, other: Party): Promise<void> {
  expect(await other.decrypt(one, await one.encrypt(other, 'ping'))).toBe('ping');
  expect(await one.decrypt(other, await other.encrypt(one, 'pong'))).toBe('pong');
}

describe('two parties', () => {
  test('understand each other: pkmsg first, msg from the first answer on', async () => {
    const [anna, bruno] = [new Party(), new Party()];
    await anna.openSession(bruno);
    const first = await anna.encrypt(bruno, 'hello');
    expect(first.type).toBe('pkmsg');
    expect(await bruno.decrypt(anna, first)).toBe('hello');
    const answer = await bruno.encrypt(anna, 'good day');
    expect(answer.type).toBe('msg');
    expect(await anna.decrypt(bruno, answer)).toBe('good day');
    expect((await anna.encrypt(bruno, 'well')).type).toBe('msg');
  });

  test('survive messages that overtake each other and a retry after a broken one', async () => {
    const [anna, bruno] = await acquainted();
    const messages: Ciphertext[] = [];
    for (const text of ['1', '2', '3', '4']) messages.push(await anna.encrypt(bruno, text));
    const [first, second, third, fourth] = messages as [Ciphertext, Ciphertext, Ciphertext, Ciphertext];
    expect(await bruno.decrypt(anna, fourth)).toBe('4');
    await bruno.failure(anna, withFlippedBit(second));
    // The broken copy used up nothing: the same message, unbroken, is still readable.
    expect(await bruno.decrypt(anna, second)).toBe('2');
    expect(await bruno.decrypt(anna, first)).toBe('1');
    expect(await bruno.decrypt(anna, third)).toBe('3');
  });
});

describe('when no session reads a message', () => {
  test('the true cause comes with the error, and nothing goes to the console', async () => {
    const [anna, bruno] = await acquainted();
    const error = await bruno.failure(anna, withFlippedBit(await anna.encrypt(bruno, 'secret appointment')));
    expect(error).toBeInstanceOf(NoMatchingSessionError);
    expect((error as Error).message).toBe('No matching sessions found for message');
    expect((error as NoMatchingSessionError).causes.map(({ message }) => message)).toEqual(['Bad MAC']);
    expect(printed).toEqual([]);
  });

  test('each tried session gives its cause', async () => {
    const [anna, bruno] = await acquainted();
    await bruno.openSession(anna);
    const error = await bruno.failure(anna, withFlippedBit(await anna.encrypt(bruno, 'x')));
    expect((error as NoMatchingSessionError).causes).toHaveLength(2);
  });
});

describe('two sessions with one contact', () => {
  /**
   * A message of an older session that was on its way while a newer one was opened. libsignal tries the newer session
   * first, which steps that session's ratchet with a key that is not its own before it notices the wrong MAC.
   */
  const lateMessage = async (): Promise<[Party, Party]> => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 });
    const [anna, bruno] = await acquainted();
    const late = await anna.encrypt(bruno, 'late');
    vi.setSystemTime(1_700_000_010_000);
    await anna.openSession(bruno);
    await roundTrip(anna, bruno);
    await bruno.decrypt(anna, await anna.encrypt(bruno, 'on the new session'));
    vi.setSystemTime(1_700_000_020_000);
    expect(await bruno.decrypt(anna, late)).toBe('late');
    return [anna, bruno];
  };

  test('a late message of the older one is readable', async () => {
    await lateMessage();
  });

  // Known to fail until SignalCipher puts back what a failed attempt changed; then `.fails` must go.
  test('and leaves the newer one as it was: further messages of the contact are readable', async () => {
    const [anna, bruno] = await lateMessage();
    expect(await bruno.decrypt(anna, await anna.encrypt(bruno, 'and another'))).toBe('and another');
  });

  test('and leaves the newer one as it was: the contact can read the answer', async () => {
    const [anna, bruno] = await lateMessage();
    expect(await anna.decrypt(bruno, await bruno.encrypt(anna, 'answer'))).toBe('answer');
  });
});

describe('pruning', () => {
  test('keeps the newest five receiving chains and the sending chain', async () => {
    const [anna, bruno] = await acquainted();
    const seen: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      await roundTrip(anna, bruno);
      for (const key of chains(bruno, anna, RECEIVING)) if (!seen.includes(key)) seen.push(key);
      expect(chains(bruno, anna, RECEIVING)).toEqual(seen.slice(-RECEIVING_CHAINS_KEPT));
    }
    expect(RECEIVING_CHAINS_KEPT).toBe(5);
    expect(seen.length).toBeGreaterThanOrEqual(12);
    expect(chains(bruno, anna, 1)).toHaveLength(1);
  });

  test('a late message of a kept chain is readable, one of a dropped chain is not', async () => {
    const [anna, bruno] = await acquainted();
    const late: Ciphertext[] = [];
    for (let round = 0; round < 8; round += 1) {
      // Two messages on one chain: the second one opens the chain at bruno's, the first stays on its way.
      late.push(await anna.encrypt(bruno, `late ${round}`));
      await roundTrip(anna, bruno);
    }
    for (const [round, message] of late.entries()) {
      if (round >= 8 - RECEIVING_CHAINS_KEPT) expect(await bruno.decrypt(anna, message)).toBe(`late ${round}`);
    }
    await bruno.failure(anna, late[0] as Ciphertext);
    await roundTrip(anna, bruno);
  });

  test('the keys of messages that never came stay with their chain', async () => {
    const [anna, bruno] = await acquainted();
    const skipped: Ciphertext[] = [];
    for (let index = 0; index < 50; index += 1) skipped.push(await anna.encrypt(bruno, `skipped ${index}`));
    await roundTrip(anna, bruno);
    await roundTrip(anna, bruno);
    for (const [index, message] of skipped.entries()) {
      expect(await bruno.decrypt(anna, message)).toBe(`skipped ${index}`);
    }
  });

  test('never drops the chain in use, wherever it stands', async () => {
    const [anna, bruno] = await acquainted();
    for (let round = 0; round < 7; round += 1) await roundTrip(anna, bruno);
    const record = bruno.record(anna);
    const session = record && Object.values(record.sessions)[0];
    if (!record || !session) throw new Error('no session');
    const current = session.currentRatchet.lastRemoteEphemeralKey.toString('base64');
    const chain = session._chains[current];
    if (!chain) throw new Error('no chain in use');
    // As if it were the oldest of ten.
    const others = Array.from({ length: 9 }, (_, index) => [`other${index}`, structuredClone(chain)] as const);
    session._chains = { [current]: chain, ...Object.fromEntries(others) };
    pruneRecord(record);
    expect(Object.keys(session._chains)).toEqual([current, 'other5', 'other6', 'other7', 'other8']);
  });

  test('changes nothing in a young session', async () => {
    const [anna, bruno] = await acquainted();
    const record = bruno.record(anna);
    if (!record) throw new Error('no record');
    const before = JSON.stringify(record.serialize());
    pruneRecord(record);
    expect(JSON.stringify(record.serialize())).toBe(before);
  });

  test('after 300 round trips what is stored is as large as after 20', async () => {
    const [anna, bruno] = await acquainted();
    const sizes: number[] = [];
    for (let round = 1; round <= 300; round += 1) {
      await roundTrip(anna, bruno);
      if (round % 20 === 0) sizes.push(Math.max(anna.size(bruno), bruno.size(anna)));
    }
    const first = sizes[0] ?? 0;
    expect(first).toBeLessThan(4000);
    // Counters may have a digit more; nothing else may grow.
    for (const size of sizes) expect(Math.abs(size - first)).toBeLessThan(50);
  });
});
