import { type Command, type Context, given, ORGANIZATION } from '../command.js';
import { CliError, EXIT, type ExitCode } from '../exit-codes.js';
import { printable } from '../format.js';
import type { Text } from '../language.js';
import { said } from './describe.js';
import { durationOption } from './options.js';

/** ms between two looks. A QR lives 20 s or longer; after a scan people look at the screen. */
const LOOK_EVERY = 1_000;
/** Seconds. Looking makes new QRs as old ones run out, so a forgotten terminal must not look for ever. */
const TIMEOUT = 600;
/** ms that the service may wait for a QR before it answers (`CLEAN_WAIT`). */
const SERVICE_WAIT = 9_000;
/** The session is on its way to a QR or to a connection. */
const ON_ITS_WAY = new Set(['connecting', 'restoring', 'disconnected', 'qr_required', 'qr_ready']);

const STEPS: Text = {
  es: 'En el teléfono de la organización {org}: WhatsApp > Dispositivos vinculados > Vincular un dispositivo.',
  en: "On organization {org}'s phone: WhatsApp > Linked devices > Link a device.",
};
const REFRESHING: Text = {
  es: 'El código se renueva solo hasta que se escanee. Ctrl+C termina.',
  en: 'The code renews itself until it is scanned. Ctrl+C ends.',
};
const CONNECTED: Text = { es: 'Conectada con {phone}.', en: 'Connected with {phone}.' };
const CONNECTED_WITH_SOME: Text = { es: 'Conectada.', en: 'Connected.' };
const TOO_LATE: Text = { es: 'Nadie escaneó el código a tiempo.', en: 'Nobody scanned the code in time.' };
const AGAIN: Text = {
  es: 'Repita `{program} qr {org}` cuando el teléfono esté a mano.',
  en: 'Repeat `{program} qr {org}` when the phone is at hand.',
};
const NO_QR: Text = { es: 'No hay código QR.', en: 'There is no QR code.' };

interface Look {
  readonly blocks: string | null;
  readonly status: string;
}

export const qr: Command = {
  name: 'qr',
  about: { es: 'Dibuja el QR hasta que se escanee', en: 'Draws the QR until it is scanned' },
  more: {
    es:
      'Termina con 0 cuando la sesión está conectada. Con --json escribe una línea por cambio, con el QR como imagen ' +
      'PNG (data URL).\n' +
      'En una terminal pone sus propios colores; sin ellos (NO_COLOR) supone un fondo oscuro, o el de --background.',
    en:
      'Ends with 0 when the session is connected. With --json it prints a line per change, with the QR as a PNG data ' +
      'URL.\n' +
      'In a terminal it sets colours of its own; without them (NO_COLOR) it supposes a dark background, or that of ' +
      '--background.',
  },
  args: [ORGANIZATION],
  options: {
    once: {
      about: {
        es: 'muestra el QR una vez y termina con 0, o con 1 si no hay',
        en: 'shows the QR once and ends with 0, or with 1 when there is none',
      },
    },
    timeout: {
      value: '<time>',
      about: {
        es: 'cuánto espera por el escaneo; 10m si no se dice',
        en: 'how long it waits for the scan; 10m by default',
      },
    },
    background: {
      value: '<dark|light>',
      choices: ['dark', 'light'],
      only: true,
      about: { es: 'el fondo de la terminal', en: "the terminal's background" },
    },
  },
  examples: [
    [
      'qr 2',
      { es: 'dibuja, renueva, y dice cuándo está conectada', en: 'draws, renews, and says when it is connected' },
    ],
    ['qr 2 --timeout 2m', { es: 'a lo sumo dos minutos', en: 'for two minutes at most' }],
    ['qr 2 --once --background light > qr.txt', { es: 'sólo los bloques de ahora', en: 'the present blocks only' }],
  ],
  async run(context) {
    const org = given(context, 'org');
    const until = context.now() + (durationOption(context, 'timeout') ?? TIMEOUT) * 1000;
    return context.json ? watchJson(context, org, until) : watch(context, org, until);
  },
};

async function watch(context: Context, org: string, until: number): Promise<ExitCode> {
  const { terminal, say, switches } = context;
  let shown: string | null = null;
  for (let first = true; ; first = false) {
    const { blocks, status } = await patiently(context, first, () => look(context, org));
    if (blocks !== null && blocks !== shown) {
      shown = blocks;
      const drawn = terminal.qr(blocks);
      if (switches.has('once')) terminal.print(drawn);
      else terminal.redraw(`${say(STEPS, { org })}\n${drawn}\n${say(REFRESHING)}`);
    }
    if (status === 'connected') {
      const { phone_number: phone } = await statusOf(context, org);
      const words = phone ? say(CONNECTED, { phone: printable(phone) }) : say(CONNECTED_WITH_SOME);
      terminal.print(terminal.color('green', words));
      return EXIT.ok;
    }
    if (switches.has('once') && blocks !== null) return EXIT.ok;
    if (blocks === null) await complainIfInVain(context, org, status);
    await pause(context, org, until);
  }
}

async function watchJson(context: Context, org: string, until: number): Promise<ExitCode> {
  const { terminal, switches, service } = context;
  let shown = '';
  for (let first = true; ; first = false) {
    const answer = await patiently(context, first, () =>
      service.call('GET /api/qr/:organization_id', {
        params: { organization_id: org },
        waitMs: SERVICE_WAIT,
        subject: { org },
      }),
    );
    const line = JSON.stringify(answer);
    if (line !== shown) terminal.json(answer);
    shown = line;
    if (answer.status === 'connected' || (switches.has('once') && answer.has_qr)) return EXIT.ok;
    if (!answer.has_qr) await complainIfInVain(context, org, answer.status);
    await pause(context, org, until);
  }
}

/** What the first look meets is told; later the service may be restarted under our eyes. */
async function patiently<T>(context: Context, first: boolean, look: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await look();
    } catch (error) {
      const isPassing = error instanceof CliError && error.exitCode === EXIT.notReachable;
      if (first || !isPassing) throw error;
      await context.sleep(LOOK_EVERY);
    }
  }
}

async function look({ service, values, terminal }: Context, org: string): Promise<Look> {
  const background = terminal.paints ? 'dark' : (values.background ?? 'dark');
  try {
    const blocks = await service.text('GET /api/qr/:organization_id', {
      params: { organization_id: org },
      query: { format: 'text', background },
      waitMs: SERVICE_WAIT,
      subject: { org },
    });
    return { blocks: blocks.replace(/\n+$/, ''), status: 'qr_ready' };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === 'already_connected') return { blocks: null, status: 'connected' };
    if (error.code === 'state_conflict') return { blocks: null, status: String(error.facts.status) };
    throw error;
  }
}

/** Throws when waiting cannot bring a QR: the session is stopped, or a person must do something else first. */
async function complainIfInVain(context: Context, org: string, status: string): Promise<void> {
  if (status === 'connecting' || status === 'restoring') return;
  const answer = await statusOf(context, org);
  // Messages that wait for a decision keep nobody from scanning.
  const attention = answer.attention?.code === 'other_phone' ? null : answer.attention;
  const needsPerson = attention !== null && attention.until === null && attention.code !== 'qr_expired';
  if (ON_ITS_WAY.has(answer.status) && !needsPerson) return;
  if (answer.connected) return;
  const { sentence, hint } = needsPerson ? attention : answer;
  throw new CliError(
    EXIT.failed,
    needsPerson ? attention.code : 'state_conflict',
    `${context.say(NO_QR)} ${said(context, sentence, { org })}`,
    said(context, hint, { org }),
    { status: answer.status },
  );
}

async function pause({ now, sleep, say }: Context, org: string, until: number): Promise<void> {
  if (now() >= until) throw new CliError(EXIT.failed, 'not_scanned', say(TOO_LATE), say(AGAIN, { org }));
  await sleep(Math.min(LOOK_EVERY, Math.max(1, until - now())));
}

function statusOf({ service }: Context, org: string) {
  return service.call('GET /api/status/:organization_id', { params: { organization_id: org } });
}
