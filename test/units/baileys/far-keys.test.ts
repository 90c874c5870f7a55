import { EventEmitter } from 'node:events';
import { initAuthCreds, type WASocket } from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import { ProtocolAddress } from 'libsignal';
import { beforeEach, describe, expect, test } from 'vitest';
import { followConnection } from '../../../src/baileys/connection.js';
import { LatestSessions } from '../../../src/baileys/latest-sessions.js';
import { SignalOperations } from '../../../src/baileys/signal-operations.js';
import { guardedKeys, holdFramesUntilDurable, type SocketKeys } from '../../../src/baileys/socket-keys.js';
import { SocketLife } from '../../../src/baileys/socket-life.js';
import { SuspectedStanzas } from '../../../src/baileys/suspected-stanzas.js';
import { TwoNames } from '../../../src/baileys/two-names.js';
import type { Logger } from '../../../src/logger.js';
import type { SocketEvent } from '../../../src/session/whatsapp-socket.js';
import { FarKeys, turn } from './far-keys.js';
import { Party } from './party.js';

const PHONE = '573001112233';
const PAIRED = { type: 'paired', phoneNumber: PHONE };
const OPEN = { type: 'open', phoneNumber: PHONE };

/** What one socket is made of below Baileys, over keys that are far. */
class FarSocket {
  readonly far = new FarKeys();
  readonly latest = new LatestSessions();
  readonly told: SocketEvent[] = [];
  readonly left: string[] = [];
  readonly keys: SocketKeys;
  readonly life: SocketLife;
  private readonly ev = Object.assign(new EventEmitter(), { flush: () => true });
  private readonly socket = {
    send: (frame: Uint8Array) => void this.left.push(Buffer.from(frame).toString()),
    terminate: () => {},
  };

  constructor() {
    const listener = (event: SocketEvent): void => void this.told.push(event);
    this.life = new SocketLife({ listener, stanzas: new SuspectedStanzas(), queryTimeoutMs: 1000 });
    this.keys = guardedKeys(this.far, this.life, this.latest);
    const sock = { ev: this.ev, ws: { socket: this.socket }, end: async () => {} } as unknown as WASocket;
    this.life.begin(sock);
    holdFramesUntilDurable(sock, this.keys, () => () => {});
    const creds = { ...initAuthCreds(), me: { id: `${PHONE}:7@s.whatsapp.net` } };
    followConnection({ sock, life: this.life, settings: {} as never, logger: {} as Logger }, this.keys, creds);
  }

  /** As Baileys does when a phone has scanned; the phone waits for the frame. */
  scanned(): void {
    this.ev.emit('creds.update', {});
    this.update({ isNewLogin: true });
    this.send('linked');
  }

  update(update: object): void {
    this.ev.emit('connection.update', update);
  }

  send(frame: string): void {
    const socket = this.socket as unknown as { send(frame: Uint8Array, told: () => void): void };
    socket.send(Buffer.from(frame), () => {});
  }
}

let socket: FarSocket;
beforeEach(() => (socket = new FarSocket()));

describe('credentials that are not stored yet', () => {
  test('no phone is linked, and nothing leaves, until they are', async () => {
    socket.scanned();
    await turn();
    expect(socket).toMatchObject({ told: [], left: [] });
    socket.far.answer();
    await turn();
    expect(socket).toMatchObject({ told: [PAIRED], left: ['linked'] });
  });

  test('a login is complete when the latest of them are', async () => {
    socket.scanned();
    socket.scanned();
    socket.update({ connection: 'open' });
    socket.far.answer();
    await turn();
    expect(socket.told).toEqual([PAIRED]);
    socket.far.answer();
    await turn();
    expect(socket.told).toEqual([PAIRED, PAIRED, OPEN]);
  });

  test('when they are refused nobody is linked, no frame leaves, and the end is told once', async () => {
    socket.scanned();
    socket.update({ connection: 'open' });
    socket.far.refuse(new Error('disk full'));
    await turn();
    socket.send('later');
    socket.scanned();
    socket.update({ connection: 'close' });
    await turn();
    const end = { type: 'closed', reason: { kind: 'auth_folder_failed', text: 'disk full' } };
    expect(socket).toMatchObject({ told: [end], left: [] });
  });

  test('a connection that ends meanwhile ends after the phone is linked, and opens no more', async () => {
    socket.scanned();
    socket.update({ connection: 'open' });
    socket.update({ connection: 'close' });
    await turn();
    expect(socket.told).toEqual([]);
    socket.far.answer();
    await turn();
    expect(socket.told).toMatchObject([PAIRED, { type: 'closed' }]);
  });

  test('nothing is told of a socket that its session has closed meanwhile', async () => {
    socket.scanned();
    socket.update({ connection: 'close' });
    socket.life.close();
    socket.far.answer();
    await turn();
    expect(socket.told).toEqual([]);
  });
});

describe('sessions that are read slowly', () => {
  const US = new ProtocolAddress('us', 0);
  let customer: Party;
  let jid: string;
  let operations: SignalOperations;

  /** Each has read a message of the other. */
  beforeEach(async () => {
    customer = new Party();
    jid = `${customer.address.id}@s.whatsapp.net`;
    const names = new TwoNames({
      lidMapping: { getLIDForPN: async () => null, getPNForLID: async () => null } as never,
      jidToSignalProtocolAddress: (one) => `${one.split('@')[0]}.0`,
    });
    const { keys, latest, far } = socket;
    operations = new SignalOperations({
      keys,
      creds: initAuthCreds(),
      latestSessions: latest,
      names,
      lock: new Mutex(),
    });
    await far.overtaking(operations.beginSession(jid, customer.bundle()));
    const { type, ciphertext } = await far.overtaking(operations.encrypt(jid, Buffer.from('hello')));
    await customer.decrypt({ address: US } as Party, { type, body: Buffer.from(ciphertext) });
    latest.clear();
  });

  const written = (text: string) => customer.encrypt({ address: US } as Party, text);
  const stored = async () => (await socket.far.overtaking(socket.far.get('session', [address()])))[address()];
  const address = (): string => customer.address.toString();

  test('what was read while Baileys wrote past the repository is not kept', async () => {
    const looked = operations.recordOf(jid);
    await turn();
    const removed = socket.keys.set({ session: { [address()]: null } });
    await socket.far.overtaking(Promise.all([looked, removed]));
    expect(socket.latest.get(address())).toBeUndefined();
    expect(await socket.far.overtaking(operations.recordOf(jid))).toBeNull();
  });

  test('what is looked at beside a message that is read is not kept instead of what that one stores', async () => {
    const [first, second] = [await written('1'), await written('2')];
    const looked = operations.recordOf(jid);
    await turn();
    const read = operations.decrypt(jid, first.type, first.body);
    expect((await socket.far.overtaking(Promise.all([read, looked])))[0].toString()).toBe('1');
    expect(socket.latest.get(address())?.serialize()).toEqual(await stored());
    expect((await socket.far.overtaking(operations.decrypt(jid, second.type, second.body))).toString()).toBe('2');
    expect(socket.latest.get(address())?.serialize()).toEqual(await stored());
  });
});
