import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import makeWASocket, { useMultiFileAuthState } from '@whiskeysockets/baileys';
import { pino } from 'pino';
import type { CrashStage } from './crash-stage.js';

/**
 * Customers that it has met in its long life, besides those who talk here: reading and building take long enough to be
 * hit.
 */
const OLD_ACQUAINTANCES = 2500;

/**
 * The service before this one, as far as its files go: a bare Baileys over `useMultiFileAuthState`. It pairs, writes to
 * customers, so that there are Signal sessions in use, and goes away. Its folder then appears in AUTH_DIR under the
 * organization's id, all at once.
 */
export async function predecessor(stage: CrashStage, id: string, number: string, customers: string[]): Promise<void> {
  const loud = quietConsole();
  const folder = path.join(stage.directory, `predecessor-of-${id}`);
  try {
    const { state, saveCreds } = await useMultiFileAuthState(folder);
    const open = (wanted: 'qr' | 'close' | 'open') => {
      const socket = makeWASocket({
        auth: state,
        waWebSocketUrl: stage.whatsapp.url,
        logger: pino({ level: 'silent' }),
        syncFullHistory: false,
      });
      socket.ev.on('creds.update', () => void saveCreds());
      const until = (what: 'qr' | 'close' | 'open'): Promise<string> =>
        new Promise((resolve) => {
          socket.ev.on('connection.update', ({ qr, connection }) => {
            if (what === 'qr' ? qr : connection === what) resolve(qr ?? '');
          });
        });
      return { socket, until, first: until(wanted) };
    };
    const pairing = open('qr');
    const closed = pairing.until('close');
    await stage.phone(number).scanQr(await pairing.first);
    await closed;
    const { socket, until, first } = open('open');
    await first;
    for (const customer of customers) {
      const text = stage.text('Del servicio anterior');
      await socket.sendMessage(`${customer}@s.whatsapp.net`, { text });
      await stage.customer(customer).receivedText(text);
      const { id: letter } = await stage.customer(customer).write(number, stage.text('Gracias'));
      await stage.customer(customer).delivered(letter);
    }
    await saveCreds();
    const ended = until('close');
    void socket.end(undefined);
    await ended;
  } finally {
    loud();
  }
  const session = readdirSync(folder).find((name) => name.startsWith('session-')) ?? '';
  const text = readFileSync(path.join(folder, session));
  for (let n = 0; n < OLD_ACQUAINTANCES; n++) writeFileSync(path.join(folder, `session-5731${1e8 + n}.0.json`), text);
  mkdirSync(stage.authDirectory, { recursive: true });
  renameSync(folder, path.join(stage.authDirectory, id));
}

/** A bare Baileys prints whole Signal sessions. */
function quietConsole(): () => void {
  const { log, info, warn, error } = console;
  const nothing = (): void => {};
  Object.assign(console, { log: nothing, info: nothing, warn: nothing, error: nothing });
  return () => void Object.assign(console, { log, info, warn, error });
}
