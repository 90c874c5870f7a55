import http from 'node:http';
import https from 'node:https';
import type { Finding } from './finding.js';
import { ok, problem, warning } from './finding.js';

/** ms for a connection; WhatsApp answers in a fraction of a second, or there is something to look into. */
const CONNECT_LIMIT = 8_000;
/** ms for the first line of an answer, of which only the Date is of interest. */
const ANSWER_LIMIT = 3_000;
/** Seconds that a clock may be wrong. Dates have whole seconds, and the way takes some. */
const CLOCK_SLACK = 10;
/** From here certificates and message times go wrong. */
const CLOCK_WRONG = 120;

export interface Reached {
  /** What kept it from being reached, as Node calls it; null when it was reached. */
  readonly error: string | null;
  /** ms until the connection (and its TLS) stood. */
  readonly ms: number;
  /** Theirs minus ours, ms; null when they did not say. */
  readonly clockOffset: number | null;
}

/** Connects to where the sessions connect to, TLS included. It asks for nothing but the head of a page: no login. */
export async function reach(
  address: string,
  limits = { connect: CONNECT_LIMIT, answer: ANSWER_LIMIT },
): Promise<Reached> {
  const url = new URL(address);
  const isSecure = url.protocol === 'wss:' || url.protocol === 'https:';
  const begun = Date.now();
  return new Promise((resolve) => {
    let connectedAfter: number | null = null;
    let timer: NodeJS.Timeout | undefined = undefined;
    const request = (isSecure ? https : http).request({
      method: 'HEAD',
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (isSecure ? 443 : 80),
      path: '/',
      agent: false,
    });
    const end = (error: string | null, clockOffset: number | null = null): void => {
      clearTimeout(timer);
      resolve({ error: connectedAfter === null ? error : null, ms: connectedAfter ?? Date.now() - begun, clockOffset });
      request.destroy();
    };
    timer = setTimeout(() => end('ETIMEDOUT'), limits.connect);
    request.on('socket', (socket) => {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        connectedAfter = Date.now() - begun;
        clearTimeout(timer);
        timer = setTimeout(() => end(null), limits.answer);
      });
    });
    request.on('response', (response) => end(null, clockOffset(response.headers.date, Date.now())));
    // ws answers with 400 or 426 and no page; that is an answer as well.
    request.on('upgrade', () => end(null));
    request.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    request.end();
  });
}

/** A Date header's second began up to a second ago. */
export function clockOffset(date: string | null | undefined, now: number): number | null {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? null : time + 500 - now;
}

const TLS = /CERT|SSL|TLS|SELF_SIGNED|ALTNAME|EPROTO/;

export function judgeReach(address: string, { error, ms }: Reached): Finding {
  const { host } = new URL(address);
  if (error === null) {
    return ok('whatsapp', `WhatsApp responde en ${host} (${ms} ms)`, `WhatsApp answers at ${host} (${ms} ms)`);
  }
  const text = {
    es: `No se llega a WhatsApp en ${host}: ${error}`,
    en: `WhatsApp cannot be reached at ${host}: ${error}`,
  };
  if (error === 'ENOTFOUND' || error === 'EAI_AGAIN') {
    return problem('whatsapp', text, {
      es: 'El nombre no se resuelve: revise el DNS de este equipo (/etc/resolv.conf) y WA_WEBSOCKET_URL.',
      en: "The name is not resolved: check this machine's DNS (/etc/resolv.conf) and WA_WEBSOCKET_URL.",
    });
  }
  if (TLS.test(error)) {
    return problem('whatsapp', text, {
      es:
        'Algo en el camino (un proxy o un antivirus) cambia el certificado, o el reloj está mal. La conexión debe ' +
        'pasar intacta.',
      en:
        'Something on the way (a proxy, a virus scanner) changes the certificate, or the clock is wrong. The ' +
        'connection must pass untouched.',
    });
  }
  return problem('whatsapp', text, {
    es: 'Revise la red y el cortafuegos: este equipo debe poder salir por TCP a ese puerto.',
    en: 'Check network and firewall: this machine must be allowed out by TCP to that port.',
  });
}

/** `whose` is named as the clock that was compared with. */
export function judgeClock(offsetMs: number | null, whose: string): Finding {
  if (offsetMs === null) {
    return ok('clock', 'El reloj no se pudo comparar con ninguno', 'There was no clock to compare with');
  }
  const seconds = Math.round(offsetMs / 1000);
  if (Math.abs(seconds) <= CLOCK_SLACK) {
    return ok('clock', `El reloj coincide con el de ${whose}`, `The clock agrees with that of ${whose}`);
  }
  const [es, en] = seconds > 0 ? ['atrasado', 'behind'] : ['adelantado', 'ahead of'];
  const text = {
    es: `El reloj está ${Math.abs(seconds)} s ${es} respecto al de ${whose}`,
    en: `The clock is ${Math.abs(seconds)} s ${en} that of ${whose}`,
  };
  const hint = {
    es: 'Active la sincronización: `timedatectl set-ntp true`, o instale chrony.',
    en: 'Turn synchronization on: `timedatectl set-ntp true`, or install chrony.',
  };
  return Math.abs(seconds) >= CLOCK_WRONG ? problem('clock', text, hint) : warning('clock', text, hint);
}
