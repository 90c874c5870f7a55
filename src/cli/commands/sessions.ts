import { type Command, type Context, given, ORGANIZATION } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { printable } from '../format.js';
import type { Text } from '../language.js';
import { confirm, YES } from './confirm.js';
import { colored, said } from './describe.js';

/** ms for a QR or a connection; the service takes at most 30 s. */
const START_WAIT = 20_000;
/** From here it goes on by itself, or there is something to scan or type. */
const UNDER_WAY = new Set(['connected', 'qr_ready', 'connecting', 'restoring']);

const CODE: Text = { es: 'Código', en: 'Code' };
const NO_CODE: Text = {
  es: 'WhatsApp no dio un código a tiempo; repita el comando.',
  en: 'WhatsApp gave no code in time; repeat the command.',
};

export const start: Command = {
  name: 'start',
  about: { es: 'Inicia la sesión de una organización', en: "Starts an organization's session" },
  more: {
    es:
      'Entra con las claves guardadas o empieza una vinculación; nunca daña una sesión viva o guardada. Espera hasta ' +
      '20 s por el QR o la conexión.',
    en:
      'Logs in with saved keys or begins a pairing; never harms a live or saved session. Waits up to 20 s for the QR ' +
      'or the connection.',
  },
  args: [ORGANIZATION],
  options: {
    'pairing-phone': {
      value: '<phone>',
      about: {
        es: 'vincula sin cámara: da un código para escribir en ese teléfono',
        en: 'links without a camera: gives a code to be typed on that phone',
      },
    },
  },
  examples: [
    ['start 2', { es: 'la organización 2', en: 'organization 2' }],
    [
      'start 2 --pairing-phone 573001112233',
      { es: 'con un código en vez del QR', en: 'with a code instead of the QR' },
    ],
    ['start 2 && whatsapp-server qr 2', { es: 'y enseguida el QR', en: 'and its QR at once' }],
  ],
  async run(context) {
    const { service, terminal, values, json, say } = context;
    const org = given(context, 'org');
    const phone = values['pairing-phone'];
    const answer = await service.call('POST /api/start-session', {
      body: { organization_id: org, wait_ms: START_WAIT, ...(phone !== undefined && { pairing_phone: phone }) },
      waitMs: START_WAIT,
      subject: { org },
    });
    const code = answer.pairing_code;
    const noCode = phone !== undefined && !code && answer.status !== 'connected';
    if (json) terminal.json(answer);
    else {
      terminal.print(`${colored(terminal, answer.status)}: ${said(context, answer.message, { org })}`);
      if (code) terminal.print(`${say(CODE)}: ${terminal.color('bold', printable(code))}`);
      terminal.print(noCode ? say(NO_CODE) : said(context, answer.hint, { org }));
    }
    return UNDER_WAY.has(answer.status) && !noCode ? EXIT.ok : EXIT.failed;
  },
};

/** stop, restart and logout differ in nothing but their words. */
async function simplePost(
  context: Context,
  address: 'POST /api/stop-session' | 'POST /api/restart-session' | 'POST /api/logout',
): Promise<ExitCode> {
  const org = given(context, 'org');
  const answer = await context.service.call(address, { body: { organization_id: org }, subject: { org } });
  if (context.json) context.terminal.json(answer);
  else context.terminal.print(said(context, answer.message, { org }));
  return EXIT.ok;
}

export const stop: Command = {
  name: 'stop',
  about: {
    es: 'Detiene una sesión; no se elimina nada',
    en: 'Stops a session; nothing is removed',
  },
  more: {
    es: 'Sigue detenida también cuando el servicio reinicia, hasta `start`. Lo que se envíe mientras tanto espera.',
    en: 'It stays stopped over a restart of the service too, until `start`. What is sent meanwhile waits.',
  },
  args: [ORGANIZATION],
  options: {},
  examples: [['stop 2', { es: 'la organización 2', en: 'organization 2' }]],
  run: (context) => simplePost(context, 'POST /api/stop-session'),
};

export const restart: Command = {
  name: 'restart',
  about: {
    es: 'Corta la conexión y empieza otra con las claves que hay',
    en: 'Ends the connection and begins another with the keys there are',
  },
  args: [ORGANIZATION],
  options: {},
  examples: [['restart 2', { es: 'la organización 2', en: 'organization 2' }]],
  run: (context) => simplePost(context, 'POST /api/restart-session'),
};

export const logout: Command = {
  name: 'logout',
  about: {
    es: 'Desvincula el teléfono en WhatsApp',
    en: 'Unlinks the phone at WhatsApp',
  },
  more: {
    es:
      'Pregunta antes. Si WhatsApp lo confirma, las claves se borran, sin respaldo. Si no, quedan en un respaldo, y ' +
      'el dispositivo se quita en el teléfono. Para volver hay que escanear de nuevo.',
    en:
      'Asks first. If WhatsApp confirms it, the keys are removed, without a backup. If not, they stay in a backup, ' +
      'and the device is removed on the phone. The way back is a new scan.',
  },
  args: [ORGANIZATION],
  options: { yes: YES },
  examples: [
    ['logout 2', { es: 'pide escribir «2»', en: 'wants "2" to be typed' }],
    ['logout 2 --yes', { es: 'en un script', en: 'in a script' }],
  ],
  async run(context) {
    await confirm(context, given(context, 'org'), {
      es:
        'La organización {org} se desvincula en WhatsApp; si WhatsApp lo confirma, sus claves se borran, sin ' +
        'respaldo. Para volver habrá que escanear de nuevo.',
      en:
        'Organization {org} is unlinked at WhatsApp; if WhatsApp confirms it, its keys are removed, without a ' +
        'backup. The way back is a new scan.',
    });
    return simplePost(context, 'POST /api/logout');
  },
};
