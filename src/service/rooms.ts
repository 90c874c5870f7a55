import type { Server } from 'node:http';
import type { Access } from '../access/access.js';
import type { BaileysSockets } from '../baileys/baileys-socket.js';
import type { Config } from '../config.js';
import type { EventLedger } from '../events/event-ledger.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Dispatcher } from '../outbox/dispatcher.js';
import type { Outbox } from '../outbox/outbox.js';
import type { SessionDirectory } from '../session/session-directory.js';
import { StartError } from '../start-error.js';
import type { AccessStore, EventStores, KeyStore, OutboxStore, RegisterStore } from '../store/ports.js';
import type { MissedChange } from '../webhooks/missed-changes.js';
import type { UndeliveredWatch } from '../webhooks/undelivered-watch.js';
import type { Webhooks } from '../webhooks/webhooks.js';

/** What the parts of the service share. Each field but the first three is there when its part has started. */
export interface Rooms {
  readonly config: Config;
  readonly logger: Logger;
  /** Where the built operator's page is, instead of its usual place. */
  readonly pageDirectory: string | undefined;
  register: RegisterStore;
  keyStore: KeyStore;
  outboxStore: OutboxStore;
  outbox: Outbox;
  eventStores: EventStores;
  ledger: EventLedger;
  accessStore: AccessStore;
  access: Access;
  webhooks: Webhooks;
  undelivered: UndeliveredWatch;
  /** Found before the port answers, and told after. */
  missed: readonly MissedChange[];
  sockets: BaileysSockets;
  sessions: SessionDirectory;
  dispatcher: Dispatcher;
  metrics: Metrics;
  server: Server;
  /** `http://127.0.0.1:3000`, of the port that is open. */
  url: string;
  port: number;
  drained: Promise<void>;
  restoreConsole: () => void;
  onRejection: (error: unknown) => void;
}

/** The two directories: a failure names the variable and says the system's word for it. */
export async function orStartError<T>(
  { config }: Rooms,
  variable: 'AUTH_DIR' | 'DATA_DIR',
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StartError(`${variable} (${config[variable]}) cannot be used: ${code ?? message}.`, { cause: error });
  }
}
