import { type Command, given, ORGANIZATION } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { localTime, printable, size, table } from '../format.js';
import type { Text } from '../language.js';
import { confirm, YES } from './confirm.js';
import { said } from './describe.js';

const SCAN: Text = { es: 'Escanee el QR: `{program} qr {org}`.', en: 'Scan the QR: `{program} qr {org}`.' };
const BACKUP: Text = { es: 'Respaldo: {backup}', en: 'Backup: {backup}' };
const NO_BACKUPS: Text = { es: 'No hay respaldos.', en: 'There are no backups.' };
const HEAD: Readonly<Record<'es' | 'en', readonly string[]>> = {
  es: ['RESPALDO', 'GUARDADO', 'TELÉFONO', 'MOTIVO', 'TAMAÑO'],
  en: ['BACKUP', 'SET ASIDE', 'PHONE', 'REASON', 'SIZE'],
};

export const clean: Command = {
  name: 'clean',
  about: {
    es: 'Aparta la carpeta de una sesión dañada y pide un QR nuevo',
    en: "Sets a damaged session's folder aside and asks for a new QR",
  },
  more: {
    es: 'Pregunta antes. Si había un teléfono vinculado, la carpeta queda como respaldo, y `restore` la devuelve.',
    en: 'Asks first. If a phone was linked, the folder is kept as a backup, and `restore` puts it back.',
  },
  args: [ORGANIZATION],
  options: { yes: YES },
  examples: [
    ['clean 2', { es: 'pide escribir «2»', en: 'wants "2" to be typed' }],
    [
      'clean 2 --yes && whatsapp-server qr 2',
      { es: 'sin preguntar, y enseguida el QR', en: 'without asking, and its QR at once' },
    ],
  ],
  async run(context) {
    const { service, terminal, json, say } = context;
    const org = given(context, 'org');
    await confirm(context, org, {
      es:
        'La organización {org} se desconecta, su carpeta se guarda como respaldo (si había un teléfono vinculado), y ' +
        'alguien tendrá que escanear un QR nuevo.',
      en:
        'Organization {org} is disconnected, its folder is set aside as a backup (if a phone was linked), and ' +
        'somebody will have to scan a new QR.',
    });
    const answer = await service.call('POST /api/force-clean-session', {
      body: { organization_id: org, force: true },
      subject: { org },
    });
    if (json) terminal.json(answer);
    else {
      terminal.print(said(context, answer.message, { org }));
      if (answer.backup !== null) terminal.print(say(BACKUP, { backup: printable(answer.backup) }));
      terminal.print(say(SCAN, { org }));
    }
    return EXIT.ok;
  },
};

export const backups: Command = {
  name: 'backups',
  about: { es: 'Lista los respaldos de una organización', en: "Lists an organization's backups" },
  more: { es: 'El más nuevo primero.', en: 'The newest first.' },
  args: [ORGANIZATION],
  options: {},
  examples: [['backups 2', { es: 'los que `restore` puede devolver', en: 'those that `restore` can put back' }]],
  async run(context) {
    const { service, terminal, json, say, language } = context;
    const org = given(context, 'org');
    const answer = await service.call('GET /api/backups/:organization_id', {
      params: { organization_id: org },
      subject: { org },
    });
    if (json) terminal.json(answer);
    else if (answer.backups.length === 0) terminal.print(say(NO_BACKUPS));
    else {
      const rows = answer.backups.map((one) => [
        printable(one.name),
        localTime(one.set_aside_at),
        one.phone_number ?? '—',
        printable(one.reason),
        size(one.size),
      ]);
      terminal.print(table(HEAD[language], rows));
    }
    return EXIT.ok;
  },
};

export const restore: Command = {
  name: 'restore',
  about: { es: 'Devuelve un respaldo y entra con él', en: 'Puts a backup back and logs in with it' },
  more: {
    es: 'Pregunta antes. Sin nombre, el más nuevo. Sirve mientras el teléfono no haya desvinculado ese dispositivo.',
    en: 'Asks first. Without a name, the newest. It works as long as the phone has not unlinked that device.',
  },
  args: [
    ORGANIZATION,
    {
      name: 'backup',
      optional: true,
      about: { es: 'su nombre, como lo da `backups`', en: 'its name, as `backups` gives it' },
    },
  ],
  options: { yes: YES },
  examples: [
    ['restore 2', { es: 'el más nuevo; pide escribir «2»', en: 'the newest; wants "2" to be typed' }],
    [
      'restore 2 2_corrupted_1764057900000 --yes',
      { es: 'uno en particular, sin preguntar', en: 'a certain one, without asking' },
    ],
  ],
  async run(context) {
    const { service, terminal, json, args, say } = context;
    const org = given(context, 'org');
    await confirm(context, org, {
      es: 'La sesión de ahora de la organización {org} se reemplaza por la del respaldo.',
      en: "Organization {org}'s present session is replaced by that of the backup.",
    });
    const answer = await service.call('POST /api/restore-session', {
      body: { organization_id: org, ...(args.backup !== undefined && { backup: args.backup }) },
      subject: { org },
    });
    if (json) terminal.json(answer);
    else {
      terminal.print(said(context, answer.message, { org }));
      terminal.print(say(BACKUP, { backup: printable(answer.backup) }));
    }
    return EXIT.ok;
  },
};
