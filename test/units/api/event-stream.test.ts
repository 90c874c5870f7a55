import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { OrganizationId } from '../../../src/organization-id.js';
import { API_KEY, onStage } from './stage.js';

const ID = '2' as OrganizationId;

test('a stream that was ended is written to no more, although its reader has not taken all of it yet', async () => {
  const { app, ledger } = onStage();
  const server = createServer((request, response) => void app(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const answering = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  socket.write(`GET /api/events/stream HTTP/1.1\r\nHost: x\r\nx-api-key: ${API_KEY}\r\n\r\n`);
  const [, response] = await answering;
  await once(socket, 'readable');
  // Nobody reads: what no longer fits into the system's buffers waits in the process.
  const text = 'x'.repeat(60_000);
  const tell = () =>
    ledger.tell('session.disconnected', ID, { reason: 'stream_error', code: null, text, next_try_at: null });
  while (response.writableLength < 2 * text.length) {
    await tell();
    await setImmediate();
  }
  const failures: unknown[] = [];
  response.on('error', (error) => failures.push(error));
  ledger.endStreams();
  expect(response.writableFinished).toBe(false);
  await tell();
  socket.resume();
  await once(response, 'close');
  expect(failures).toEqual([]);
});
