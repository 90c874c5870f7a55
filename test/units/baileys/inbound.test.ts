import { EventEmitter } from 'node:events';
import { proto, writeRandomPadMax16, type BinaryNode, type WASocket } from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import { Inbound } from '../../../src/baileys/inbound.js';
import { organizationMemory } from '../../../src/baileys/organization-memory.js';
import { SocketLife } from '../../../src/baileys/socket-life.js';
import type { Logger } from '../../../src/logger.js';
import type { SocketEvent } from '../../../src/session/whatsapp-socket.js';

const CUSTOMER = '573109998877@s.whatsapp.net';

/** What comes in at one socket after the other; what is told waits until `store` is called. */
function arrivals() {
  const memory = organizationMemory();
  const told: SocketEvent[] = [];
  let store = (): void => {};
  const stored = new Promise<void>((resolve) => (store = resolve));
  const listener = (event: SocketEvent): Promise<void> => {
    told.push(event);
    return stored;
  };
  const nextSocket = () => {
    const life = new SocketLife({ listener, stanzas: memory.stanzas, queryTimeoutMs: 1000 });
    const inbound = new Inbound({ life, memory, logger: {} as Logger });
    const ws = new EventEmitter();
    inbound.listen({ ev: new EventEmitter(), ws } as unknown as WASocket, {} as never);
    /** Resolves when its receipt may leave. */
    return async (id: string): Promise<void> => {
      const ciphertext = new Uint8Array([1]);
      const enc: BinaryNode = { tag: 'enc', attrs: {}, content: ciphertext };
      ws.emit('CB:message', { tag: 'message', attrs: { id, from: CUSTOMER }, content: [enc] } satisfies BinaryNode);
      const plaintext = proto.Message.encode({ conversation: 'Hola' }).finish();
      await inbound.decrypted(ciphertext, writeRandomPadMax16(plaintext), false);
    };
  };
  return { told, store, nextSocket };
}

describe('a message of a customer', () => {
  test('that is delivered twice is told once, and no receipt leaves before it is stored', async () => {
    const { told, store, nextSocket } = arrivals();
    const left: string[] = [];
    const first = nextSocket()('M').then(() => left.push('first'));
    const second = nextSocket()('M').then(() => left.push('second'));
    // All that can happen by itself has happened.
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([{ type: 'message_received', messageId: 'M' }]);
    expect(left).toEqual([]);
    store();
    await Promise.all([first, second]);
    await nextSocket()('M');
    expect(told).toHaveLength(1);
  });
});
