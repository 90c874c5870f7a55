import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../api/app.js';
import { createHttpServer } from '../api/http-server.js';
import { MessageCounts } from '../outbox/message-counts.js';
import type { Part } from '../parts.js';
import { StartError } from '../start-error.js';
import type { Rooms } from './rooms.js';

/** How long open HTTP requests may take to end at a stop, ms. */
const DRAIN_MS = 3000;

/** The API, on its port. */
export const port: Part<Rooms> = {
  name: 'port',
  start: async (rooms) => {
    const { config } = rooms;
    const app = createApp({ ...rooms, messageCounts: new MessageCounts(rooms.outboxStore) });
    const server = createHttpServer(app, config.DEFAULT_LANGUAGE);
    await listen(server, config.PORT, config.HOST);
    const { port } = server.address() as AddressInfo;
    const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST;
    Object.assign(rooms, { server, port, url: `http://${host}:${port}` });
  },
  stop: (rooms) => (rooms.drained ??= drain(rooms.server)),
};

/** The last one that starts, and the first that stops: from then on nobody new comes in. */
export const door: Part<Rooms> = {
  name: 'door',
  start: () => {},
  stop: (rooms) => {
    // Callers who wait for an ack are told now that their message is stored, before their connections are cut.
    rooms.outbox.endWaits();
    rooms.ledger.endStreams();
    // Open requests may end while the other parts stop; `port` waits for them.
    rooms.drained = drain(rooms.server);
  },
};

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(new StartError(whyNotListening(error, port, host)));
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function whyNotListening({ code = 'unknown error' }: NodeJS.ErrnoException, port: number, host: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return (
        `PORT ${port} of HOST ${host} is in use (${code}): does this service run already? ` +
        'Stop the other one, or set another PORT.'
      );
    case 'EACCES':
      return `PORT ${port} may not be opened by this user (${code}): set one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST ${host} is no address of this machine (${code}).`;
    default:
      return `The service cannot listen on PORT ${port} of HOST ${host} (${code}).`;
  }
}

/** Stops taking connections, lets open requests end, and cuts those that do not end in time. */
async function drain(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
