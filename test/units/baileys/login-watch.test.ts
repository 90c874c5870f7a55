import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loginVerdict, type LoginFacts } from '../../../src/baileys/login-watch.js';

const WAIT = 5000;
const facts = (more: Partial<LoginFacts>): LoginFacts => ({
  active: true,
  handOver: false,
  heard: false,
  waitedMs: 0,
  ...more,
});

describe('whether a login is complete', () => {
  it('never before "active" was answered, whatever came and however long it takes', () => {
    for (const handOver of [true, false]) {
      for (const heard of [true, false]) {
        for (const waitedMs of [0, WAIT, 100 * WAIT]) {
          expect(loginVerdict({ active: false, handOver, heard, waitedMs }, WAIT)).toBe('wait');
        }
      }
    }
  });

  it('as soon as the hand-over began or ended', () => {
    expect(loginVerdict(facts({ handOver: true }), WAIT)).toBe('complete');
    expect(loginVerdict(facts({ handOver: true, waitedMs: 2 * WAIT }), WAIT)).toBe('complete');
  });

  it('without a hand-over when the time is over and WhatsApp has spoken since', () => {
    expect(loginVerdict(facts({ heard: true, waitedMs: WAIT - 1 }), WAIT)).toBe('wait');
    expect(loginVerdict(facts({ heard: true, waitedMs: WAIT }), WAIT)).toBe('complete');
  });

  it('silence is no sign: incomplete', () => {
    expect(loginVerdict(facts({ waitedMs: WAIT - 1 }), WAIT)).toBe('wait');
    expect(loginVerdict(facts({ waitedMs: WAIT }), WAIT)).toBe('incomplete');
  });
});

describe("Baileys' handler of success, which is replaced", () => {
  const lib = path.dirname(fileURLToPath(import.meta.resolve('@whiskeysockets/baileys')));

  it('is the one that ours was written after: if this fails, compare lib/Socket/socket.js with login-watch.ts', () => {
    const source = readFileSync(path.join(lib, 'Socket/socket.js'), 'utf8');
    const handler = source.slice(source.indexOf("ws.on('CB:success'"), source.indexOf("ws.on('CB:stream:error'"));
    expect(createHash('sha256').update(handler).digest('hex')).toBe(
      '73d7e6c821af378049fa71b942defa60763d400a0df80478fd5fe5d0cf9c5510',
    );
  });

  it('is the only one', () => {
    const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
    const those = files.filter((file) => readFileSync(path.join(lib, file), 'utf8').includes('CB:success'));
    expect(those).toEqual([path.join('Socket', 'socket.js')]);
  });
});
