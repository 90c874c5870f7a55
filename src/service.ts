import type { Config } from './config.js';
import type { Logger } from './logger.js';
import { startParts, type Part } from './parts.js';
import { door, port } from './service/door.js';
import type { Rooms } from './service/rooms.js';
import { dispatcher, libraries, restoring, sending, sessions, sockets } from './service/sessions.js';
import { access, authFolders, keys, ledger, outbox, register } from './service/stores.js';
import {
  delivering,
  listeners,
  lookingForMissed,
  metrics,
  tellingMissed,
  undelivered,
  undeliveredWatch,
  webhooks,
} from './service/telling.js';
import type { SessionDirectory } from './session/session-directory.js';

export interface Service {
  /** `http://127.0.0.1:3000` */
  readonly url: string;
  readonly port: number;
  readonly sessions: SessionDirectory;
  /** Idempotent; resolves within 5 s whatever WhatsApp and open requests do. Unlinks nobody. */
  stop(): Promise<void>;
}

/**
 * Everything that the service consists of, in the order in which it starts; it stops the other way round. Up to
 * `listeners` rooms are built and rest; then the door is taken, and then they work.
 */
export const PARTS: readonly Part<Rooms>[] = [
  libraries,
  register,
  keys,
  // Before the outbox: what is told when that closes is still kept.
  ledger,
  outbox,
  access,
  webhooks,
  undelivered,
  sockets,
  sessions,
  dispatcher,
  metrics,
  listeners,
  lookingForMissed,
  port,
  authFolders,
  tellingMissed,
  delivering,
  undeliveredWatch,
  sending,
  restoring,
  door,
];

/** Builds the rooms, opens the door, and brings the sessions back. */
export async function startService(
  config: Config,
  logger: Logger,
  { pageDirectory, parts = PARTS }: { pageDirectory?: string; parts?: readonly Part<Rooms>[] } = {},
): Promise<Service> {
  const rooms = { config, logger, pageDirectory } as Rooms;
  const started = await startParts(parts, rooms);
  const end = async (): Promise<void> => {
    await started.stop();
    logger.info({ event: 'service_stopped' }, 'Stopped; every session comes back by itself at the next start.');
  };
  let ending: Promise<void> | undefined;
  const { url, port, sessions } = rooms;
  return { url, port, sessions, stop: () => (ending ??= end()) };
}
