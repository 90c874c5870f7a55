import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config.js';
import { createLogger } from '../../src/logger.js';
import type { Part } from '../../src/parts.js';
import type { Rooms } from '../../src/service/rooms.js';
import { AuthDirectoryLock } from '../../src/store/sqlite/keys/directory-lock.js';
import { PARTS, startService } from '../../src/service.js';
import { Stage } from '../stage/stage.js';

const NUMBER = '573001112233';

/** What a process holds: files of the service's folders, listeners, the console. */
function held(directory: string): Record<string, unknown> {
  const files = readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // The one that this look itself had open.
      return [];
    }
  });
  return {
    files: files.filter((file) => file.startsWith(directory)),
    rejectionListeners: process.listenerCount('unhandledRejection'),
    // eslint-disable-next-line no-console -- compared, not called
    log: console.log,
  };
}

function connections(): number {
  return process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length;
}

/** Listens for a moment. @returns the port */
async function listen(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return taken;
}

describe('a part that fails to start', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set();
    await stage.pair('1', NUMBER);
    await stage.stopService();
    // A sync of the disk may end after its database was closed.
    await vi.waitFor(() => expect(held(stage.directory)).toMatchObject({ files: [] }));
  });
  afterAll(() => stage.end());

  test.each(PARTS.map(({ name }, at) => [name, at] as const))('leaves nothing open: %s', async (name, at) => {
    const before = held(stage.directory);
    const connected = connections();
    const PORT = await listen(0);
    const stopped = vi.fn();
    const failing: Part<Rooms> = {
      name,
      start: () => {
        throw new Error(`${name} fails`);
      },
      stop: stopped,
    };
    const logger = createLogger({ level: 'debug', format: 'json', destination: stage.log });
    const start = startService(readConfig({ ...stage.configuration, PORT: String(PORT) }), logger, {
      parts: PARTS.with(at, failing),
    });
    await expect(start).rejects.toThrow(`${name} fails`);
    expect(stopped).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(held(stage.directory)).toEqual(before));
    await vi.waitFor(() => expect(connections()).toBeLessThanOrEqual(connected));
    expect(await listen(PORT)).toBe(PORT);
  });

  test('hinders no later start, which finds the phone linked', async () => {
    await stage.startService();
    expect((await stage.api.ready('1')).body).toMatchObject({ status: 'connected' });
  });

  test('the folders of keys stay locked until open requests have ended', async () => {
    const { port, hostname } = new URL(stage.api.url);
    const socket = connect(Number(port), hostname);
    // Its body never comes whole, so it is open when the service stops.
    socket.write(`POST /api/start-session HTTP/1.1\r\nHost: x\r\nx-api-key: ${stage.key}\r\n`);
    socket.write('Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n');
    await once(socket, 'data');
    const stopping = stage.stopService();
    // The port is free already.
    await vi.waitFor(() => listen(Number(port)));
    expect(() => AuthDirectoryLock.take(stage.authDirectory)).toThrow();
    socket.destroy();
    await stopping;
    AuthDirectoryLock.take(stage.authDirectory).release();
  });
});
