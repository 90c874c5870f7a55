import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { breakMac } from './libsignal.js';
import { SignalDevice } from './signal-device.js';

const printed: unknown[] = [];

beforeEach(() => {
  printed.length = 0;
  for (const method of ['info', 'warn', 'error', 'log'] as const) {
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => void printed.push(words));
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  // libsignal prints private keys; the emulator must never let it.
  expect(printed).toEqual([]);
});

async function say(from: SignalDevice, to: SignalDevice, text: string): Promise<string> {
  const { type, ciphertext } = await from.encrypt('peer', Buffer.from(text));
  expect((await to.decrypt('peer', type, ciphertext)).toString()).toBe(text);
  return type;
}

test('sessions open, establish, are replaced and outlive many replacements without a word on the console', async () => {
  const [anna, ben] = [new SignalDevice(), new SignalDevice()];
  expect(anna.sessionState('peer')).toBe('none');
  await anna.openSession('peer', ben.takeBundle());
  expect(anna.sessionState('peer')).toBe('pending');
  expect(await say(anna, ben, 'first')).toBe('pkmsg');
  expect(await say(ben, anna, 'answer')).toBe('msg');
  expect(anna.sessionState('peer')).toBe('established');
  expect(await say(anna, ben, 'second')).toBe('msg');
  const late = await ben.encrypt('peer', Buffer.from('from the session before'));
  for (let round = 0; round < 50; round++) {
    await anna.openSession('peer', ben.takeBundle());
    await say(anna, ben, `hello ${round}`);
    if (round === 0) expect((await anna.decrypt('peer', late.type, late.ciphertext)).toString()).toContain('before');
    await say(ben, anna, `back ${round}`);
  }
});

test('failures tell their true cause, and the genuine message can still be read', async () => {
  const [anna, ben] = [new SignalDevice(), new SignalDevice()];
  await anna.openSession('peer', ben.takeBundle());
  const first = await anna.encrypt('peer', Buffer.from('first'));
  await expect(ben.decrypt('peer', 'msg', first.ciphertext)).rejects.toThrow('No session record');
  await expect(ben.decrypt('peer', 'pkmsg', breakMac('pkmsg', first.ciphertext))).rejects.toThrow('Bad MAC');
  expect((await ben.decrypt('peer', 'pkmsg', first.ciphertext)).toString()).toBe('first');
  await expect(ben.decrypt('peer', 'pkmsg', first.ciphertext)).rejects.toThrow('Key used already or never filled');
  const answer = await ben.encrypt('peer', Buffer.from('answer'));
  await expect(anna.decrypt('peer', 'msg', breakMac('msg', answer.ciphertext))).rejects.toThrow('Bad MAC');
  expect((await anna.decrypt('peer', 'msg', answer.ciphertext)).toString()).toBe('answer');
  await expect(anna.decrypt('peer', 'msg', answer.ciphertext)).rejects.toThrow('Key used already');
  ben.forgetSession('peer');
  await anna.openSession('peer', ben.takeBundle());
  const stale = await anna.encrypt('peer', Buffer.from('x'));
  await ben.decrypt('peer', 'pkmsg', stale.ciphertext);
  ben.forgetSession('peer');
  await expect(ben.decrypt('peer', 'pkmsg', stale.ciphertext)).rejects.toThrow('Invalid PreKey ID');
});
