/**
 * Bare Baileys sockets, as few lines as people need: the floor (`memory`: keys in a Map, nothing written) and what they
 * build (`multi-file`: useMultiFileAuthState; `multi-file cached`: the same behind makeCacheableSignalKeyStore, as in
 * Baileys' example).
 */
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  BufferJSON,
  generateMessageIDV2,
  initAuthCreds,
  makeCacheableSignalKeyStore,
  makeWASocket,
  useMultiFileAuthState,
  type AuthenticationCreds,
  type AuthenticationState,
  type BinaryNode,
  type SignalDataSet,
  type WASocket,
} from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { run, type Load } from './load.js';
import { phoneOf } from './numbers.js';
import { answer, usageOfThisProcess } from './rpc.js';
import type { Identity } from './pool.js';

export type BareKind = 'memory' | 'multi-file' | 'multi-file cached';

const logger = pino({ level: 'silent' });
const { URL: url = '', CONTROL_URL: controlUrl = '' } = process.env;
// libsignal prints whole sessions; a person who runs this for real looks away.
for (const method of ['log', 'info', 'warn', 'error'] as const) console[method] = () => undefined;

class Memory {
  readonly stored = new Map<string, Map<string, unknown>>();

  constructor(keys: Identity['keys'] = {}) {
    for (const [type, values] of Object.entries(keys)) this.stored.set(type, new Map(Object.entries(values)));
  }

  get = async (type: string, ids: string[]): Promise<never> => {
    const values = this.stored.get(type);
    const found: Record<string, unknown> = {};
    for (const id of ids) {
      const value = values?.get(id);
      if (value !== undefined) found[id] = value;
    }
    return found as never;
  };

  set = async (data: SignalDataSet): Promise<void> => {
    for (const [type, entries] of Object.entries(data)) {
      let values = this.stored.get(type);
      if (!values) this.stored.set(type, (values = new Map<string, unknown>()));
      for (const [id, value] of Object.entries(entries)) {
        if (value === null || value === undefined) values.delete(id);
        else values.set(id, value);
      }
    }
  };

  toJSON(): Identity['keys'] {
    return Object.fromEntries([...this.stored].map(([type, values]) => [type, Object.fromEntries(values)]));
  }
}

interface Auth {
  state: AuthenticationState;
  save: () => unknown;
}

async function authOf(kind: BareKind, identity: Identity, folder: string): Promise<Auth> {
  if (kind === 'memory') {
    return { state: { creds: identity.creds as never, keys: new Memory(identity.keys) }, save: () => undefined };
  }
  if (!fs.existsSync(folder)) {
    const { state, saveCreds } = await useMultiFileAuthState(folder);
    Object.assign(state.creds, identity.creds);
    await saveCreds();
    await state.keys.set(identity.keys);
  }
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const keys = kind === 'multi-file' ? state.keys : makeCacheableSignalKeyStore(state.keys, logger);
  return { state: { creds: state.creds, keys }, save: saveCreds };
}

class Bare {
  socket!: WASocket;
  private readonly acks = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();

  constructor(private readonly auth: Auth) {}

  /** Resolves when it is logged in; a restart that WhatsApp asks for after a pairing is followed. */
  open(onQr: (text: string) => void = () => undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = makeWASocket({
        auth: this.auth.state,
        waWebSocketUrl: url,
        logger,
        syncFullHistory: false,
        markOnlineOnConnect: false,
      });
      this.socket = socket;
      socket.ev.on('creds.update', (update) => {
        Object.assign(this.auth.state.creds, update);
        void this.auth.save();
      });
      socket.ev.on('connection.update', ({ connection, qr, lastDisconnect }) => {
        if (qr) onQr(qr);
        if (connection === 'open') resolve();
        if (connection !== 'close') return;
        const code = (lastDisconnect?.error as { output?: { statusCode?: number } } | undefined)?.output?.statusCode;
        if (code === 515) this.open(onQr).then(resolve, reject);
        else reject(lastDisconnect?.error ?? new Error('closed'));
      });
      socket.ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
        const waiting = this.acks.get(attrs.id ?? '');
        this.acks.delete(attrs.id ?? '');
        if (attrs.error) waiting?.reject(new Error(`refused: ${attrs.error}`));
        else waiting?.resolve();
      });
    });
  }

  async send(customer: string, text: string): Promise<void> {
    const messageId = generateMessageIDV2(this.socket.user?.id);
    const acked = new Promise<void>((resolve, reject) => this.acks.set(messageId, { resolve, reject }));
    await this.socket.sendMessage(`${customer}@s.whatsapp.net`, { text }, { messageId });
    await acked;
  }

  close(): void {
    void this.socket.end(undefined);
  }
}

const bares = new Map<number, Bare>();

async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function pair(organization: number, folder: string): Promise<void> {
  const creds: AuthenticationCreds = initAuthCreds();
  const keys = new Memory();
  const bare = new Bare({ state: { creds, keys }, save: () => undefined });
  let scanned = false;
  await bare.open((qr) => {
    if (scanned) return;
    scanned = true;
    const scan = `${controlUrl}/admin/mock-phone/scan-qr?phone=${phoneOf(organization)}`;
    void fetch(scan, { method: 'POST', body: qr });
  });
  bares.set(organization, bare);
  const save = (): void => {
    const text = JSON.stringify({ creds, keys: keys.toJSON() }, BufferJSON.replacer);
    fs.writeFileSync(path.join(folder, `${organization}.json`), text);
  };
  exports.set(organization, save);
}

const exports = new Map<number, () => void>();

answer({
  /** Links these organizations' phones; `keep` then writes what was paired, once nothing is under way any more. */
  pair: ({ organizations, folder }: { organizations: number[]; folder: string }) =>
    eachOf(organizations, 6, (organization) => pair(organization, folder)),
  keep: (organizations: number[]) => {
    for (const organization of organizations) {
      exports.get(organization)?.();
      bares.get(organization)?.close();
      bares.delete(organization);
      exports.delete(organization);
    }
  },
  open: ({ organizations, kind, pool, folder, atOnce = 4 }: OpenBare) =>
    eachOf(organizations, atOnce, async (organization) => {
      const text = fs.readFileSync(path.join(pool, `${organization}.json`), 'utf8');
      const identity = JSON.parse(text, BufferJSON.reviver) as Identity;
      const bare = new Bare(await authOf(kind, identity, path.join(folder, String(organization))));
      await bare.open();
      bares.set(organization, bare);
    }),
  load: (load: Load) =>
    run(load, (organization, customer, text) => (bares.get(organization) as Bare).send(customer, text)),
  /**
   * The least that lets another process send and be sure: no key, no check, no order, no repeats. What was accepted,
   * and what became of it, is appended to one file, and on disk before anything else happens. Returns the address.
   */
  serve: async ({ journal }: { journal: string }) => {
    const file = await fs.promises.open(journal, 'a');
    const keep = async (line: string): Promise<void> => {
      await file.write(`${line}\n`);
      await file.datasync();
    };
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { organization_id, phone, message } = JSON.parse(text) as Record<string, string>;
        keep(text)
          .then(() => (bares.get(Number(organization_id)) as Bare).send(phone as string, message as string))
          .then(() => keep('sent'))
          .then(
            () => response.end('{"success":true}'),
            () => response.writeHead(500).end(),
          );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  collect: () => {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    return usageOfThisProcess();
  },
});

export interface OpenBare {
  organizations: number[];
  kind: BareKind;
  pool: string;
  folder: string;
  atOnce?: number;
}
