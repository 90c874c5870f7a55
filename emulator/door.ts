/** The listening port of the websocket. */
import { createServer, STATUS_CODES, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { Connection } from './connection.js';
import type { World } from './world.js';

export const PATH = '/ws/chat';

/** While the port is closed a connection of somebody else may have it for a moment. */
const TRY_AGAIN_MS = 50;
const MOST_TRIES = 100;

/** False when the port is in use. */
function listens(server: Server, port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

/** The listening port, which can be closed and opened again while connections go on. */
export class Door {
  world: World | undefined;
  port = 0;
  private server: Server | undefined;
  private readonly refused = new Set<Socket>();
  private readonly websockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  constructor(
    private readonly host: string,
    private readonly onConnection: (connection: Connection) => void,
  ) {}

  async open(port = this.port): Promise<void> {
    if (this.server) return;
    const server = createServer((_request, response) => response.writeHead(426).end());
    this.server = server;
    server.on('upgrade', (request, socket: Socket, head) => {
      const { world } = this;
      if (!world) return;
      const refusal = world.mishaps.pending.rejectUpgrade.take(undefined);
      if (refusal || !request.url?.startsWith(PATH)) {
        this.refuse(socket, refusal ?? { status: 404, close: true });
        return;
      }
      world.record.upgrades++;
      socket.setNoDelay(true);
      this.websockets.handleUpgrade(request, socket, head, (websocket) => {
        this.onConnection(new Connection(world, websocket, socket));
        world.changes.notify();
      });
    });
    for (let tries = 1; !(await listens(server, port, this.host)); tries++) {
      if (tries >= MOST_TRIES) throw new Error(`port ${port} is in use`);
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
    this.port = (server.address() as AddressInfo).port;
  }

  /** The port is closed as soon as this returns its promise; live websockets stay. */
  async close(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    server.closeAllConnections();
    server.close();
    for (const socket of this.refused) socket.destroy();
  }

  private refuse(socket: Socket, { status, close }: { status: number; close: boolean }): void {
    this.refused.add(socket);
    socket.on('close', () => this.refused.delete(socket));
    socket.on('error', () => undefined);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Length: 0\r\n\r\n`);
    if (close) socket.end();
  }
}
