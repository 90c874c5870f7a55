import { proto, type WASocket } from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import type { OpenSocketOptions } from '../session/whatsapp-socket.js';
import type { KeyData, KeyWrite, OrganizationKeys } from '../store/ports.js';
import { calls, sendUnderWay } from './calls.js';
import type { LatestSessions } from './latest-sessions.js';
import { KeysFailed, type SocketLife } from './socket-life.js';

/** The connection itself, below Baileys' websocket client. */
interface FrameSocket {
  send(frame: Uint8Array, told: (error?: Error) => void): void;
}

type Hold = OpenSocketOptions['hold'];

/** The organization's keys as one socket uses them. */
export interface SocketKeys extends Pick<OrganizationKeys, 'get' | 'put' | 'durable'> {
  /** What Baileys writes by itself. It deletes sessions, and moves them from phone number to LID. */
  set(keys: KeyData): Promise<void>;
}

/**
 * After the socket's end nothing new is read or written. A failure of the keys ends the socket. No frame leaves
 * meanwhile: one that waits for what was refused is never sent.
 */
export function guardedKeys(keys: OrganizationKeys, life: SocketLife, latestSessions: LatestSessions): SocketKeys {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (life.isOver) throw new KeysFailed('The socket has ended');
    try {
      return await work();
    } catch (error) {
      return life.failKeys(error);
    }
  };
  const put = (write: KeyWrite): Promise<void> => guard(() => keys.put(write));
  return {
    get: (type, ids) => guard(() => keys.get(type, ids)),
    put,
    set: (data) => {
      if (data.session) latestSessions.clear();
      return put({ keys: data });
    },
    durable: () => keys.durable(),
  };
}

/** Baileys' key store interface over the organization's keys, without its copies in transactions that go stale. */
export function directKeyStore(keys: SocketKeys, lock: Mutex) {
  return {
    get: async (type: string, ids: string[]) => reviveKeys(type, await keys.get(type, ids)) as never,
    set: (data: KeyData) => keys.set(data),
    isInTransaction: () => false,
    transaction: <T>(work: () => Promise<T>): Promise<T> => lock.runExclusive(work),
  };
}

/** App-state keys are protobuf objects; all others are plain values. */
function reviveKeys(type: string, values: Record<string, unknown>): Record<string, unknown> {
  if (type !== 'app-state-sync-key') return values;
  return Object.fromEntries(
    Object.entries(values).map(([id, value]) => [
      id,
      proto.Message.AppStateSyncKeyData.fromObject(value as Record<string, unknown>),
    ]),
  );
}

/**
 * Nothing leaves before all that was written until then is on disk: frames wait, in their order, for the open commit.
 * So an encryption need not wait for its own, and those of many messages share one.
 */
export function holdFramesUntilDurable({ ws }: WASocket, keys: SocketKeys, hold: Hold): void {
  const { socket } = ws as unknown as { socket: FrameSocket };
  const send = socket.send.bind(socket);
  let line = Promise.resolve();
  let held = 0;
  let failed = false;
  socket.send = (frame, told) => {
    const durable = keys.durable();
    // The line comes to it later, and then tells.
    durable?.catch(() => {});
    const underWay = sendUnderWay();
    const give = (): void => {
      if (underWay?.encrypted) underWay.left = true;
      send(frame, told);
    };
    if (!durable && held === 0) return give();
    held += 1;
    const release = hold('disk');
    line = line
      .then(() => durable)
      .then(() => {
        if (failed) throw new KeysFailed('A frame before this one was never sent');
        give();
      })
      .catch((error: Error) => {
        failed = true;
        told(error);
      })
      .finally(() => {
        held -= 1;
        release();
      });
  };
}

/**
 * Baileys keeps what it writes inside `transaction` in memory until the work is done, and its work sends stanzas: a
 * retry receipt would carry a pre-key that is not on disk yet. So reads and writes reach the store directly, and of its
 * transactions only the lock is left: one at a time, and what is called within one belongs to it. Changed in place, for
 * Baileys' own uploads hold on to this object.
 */
export function takeKeysOutOfTransactions(sock: WASocket, keys: SocketKeys, hold: Hold): void {
  const lock = new Mutex();
  const { get, set, isInTransaction } = directKeyStore(keys, lock);
  Object.assign(sock.authState.keys, {
    get,
    set,
    isInTransaction,
    transaction: <T>(work: () => Promise<T>): Promise<T> => {
      // Baileys sends one message at a time, and a stuck question holds them all. A send needs no lock of its own: the
      // dispatcher keeps a customer's messages apart, and the repository the organization's Signal state. So sends run
      // side by side and share commits.
      if (calls.getStore()?.socket === sock) return work();
      return lock.runExclusive(() => {
        const release = hold('keys');
        return calls.run({ socket: sock }, work).finally(release);
      });
    },
  });
}
