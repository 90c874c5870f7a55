import makeWASocket, { useMultiFileAuthState, type WASocket } from '@whiskeysockets/baileys';
import { pino } from 'pino';
import type { Stage } from './stage.js';

/**
 * The service before this one, as far as its files go: a bare Baileys over `useMultiFileAuthState`. It pairs, talks
 * both ways with these customers, so that there are Signal sessions in use, and goes away. A bare Baileys prints whole
 * Signal sessions: silence the console.
 * @param theyWriteFirst a bare Baileys begins no session with somebody whose LID it cannot learn
 * @param onRound called after each exchange of two messages, of three with each customer
 */
export async function predecessor(
  stage: Stage,
  folder: string,
  number: string,
  customers: readonly string[],
  { theyWriteFirst = false, onRound = () => {} }: { theyWriteFirst?: boolean; onRound?: (round: number) => void } = {},
): Promise<void> {
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const open = (): { socket: WASocket; until: (state: 'qr' | 'open' | 'close') => Promise<string | undefined> } => {
    const socket = makeWASocket({
      auth: state,
      waWebSocketUrl: stage.whatsapp.url,
      logger: pino({ level: 'silent' }),
      syncFullHistory: false,
    });
    socket.ev.on('creds.update', () => void saveCreds());
    const seen = new Map<string, string | undefined>();
    const waiting = new Map<string, (value: string | undefined) => void>();
    socket.ev.on('connection.update', ({ qr, connection }) => {
      const what = qr ? 'qr' : (connection ?? '');
      seen.set(what, qr);
      waiting.get(what)?.(qr);
    });
    const until = async (what: 'qr' | 'open' | 'close'): Promise<string | undefined> =>
      seen.has(what) ? seen.get(what) : new Promise((resolve) => waiting.set(what, resolve));
    return { socket, until };
  };

  const pairing = open();
  await stage.whatsapp.phone(number).scanQr((await pairing.until('qr')) ?? '');
  await pairing.until('close');
  const { socket, until } = open();
  await until('open');
  for (const customer of customers) {
    if (theyWriteFirst) await stage.receive(number, customer);
    for (let round = 0; round < 3; round++) {
      const text = stage.text('Del servicio anterior');
      await socket.sendMessage(`${customer}@s.whatsapp.net`, { text });
      await stage.whatsapp.customer(customer).receivedText(text);
      await stage.receive(number, customer);
      await saveCreds();
      onRound(round);
    }
  }
  await saveCreds();
  void socket.end(undefined);
  await until('close');
}
