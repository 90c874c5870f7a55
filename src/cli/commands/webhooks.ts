import type { DoneAnswer, EventAnswer, WebhookAnswer } from '../answers.js';
import { type Command, type Context, given } from '../command.js';
import { EXIT, type ExitCode, usage } from '../exit-codes.js';
import { facts, localTime, printable, table } from '../format.js';
import type { Text } from '../language.js';
import { said } from './describe.js';
import { countOption } from './options.js';

const SHOWN = 50;
const MAX_PAGE = 200;

const NONE: Text = { es: 'No hay webhooks.', en: 'There are no webhooks.' };
const NO_DELIVERIES: Text = { es: 'No hay entregas así.', en: 'There are no such deliveries.' };
const MORE: Text = {
  es: 'Hay más: `{program} webhooks deliveries {id} --after {next}`.',
  en: 'There are more: `{program} webhooks deliveries {id} --after {next}`.',
};
const NEEDED: Text = { es: 'Falta {what}.', en: '{what} is missing.' };
const SECRET: Text = { es: 'Secreto: {secret}', en: 'Secret: {secret}' };
const ALL: Text = { es: 'todas', en: 'all' };
const YES: Text = { es: 'sí', en: 'yes' };
const HEAD: Readonly<Record<'es' | 'en', readonly string[]>> = {
  es: ['WEBHOOK', 'ORGANIZACIÓN', 'ACTIVO', 'EN ESPERA', 'APARTADAS', 'ÚLTIMA ENTREGA', 'ÚLTIMA FALLA', 'DIRECCIÓN'],
  en: ['WEBHOOK', 'ORGANIZATION', 'ENABLED', 'WAITING', 'PARKED', 'LAST DELIVERY', 'LAST FAILURE', 'ADDRESS'],
};
const DELIVERY_HEAD: Readonly<Record<'es' | 'en', readonly string[]>> = {
  es: ['ENTREGA', 'ORGANIZACIÓN', 'EVENTO', 'PASÓ', 'ESTADO', 'INTENTOS', 'FALLA'],
  en: ['DELIVERY', 'ORGANIZATION', 'EVENT', 'HAPPENED', 'STATUS', 'TRIES', 'FAILURE'],
};

type Action = (context: Context) => Promise<ExitCode>;

const ACTIONS: Readonly<Record<string, Action>> = {
  list: async (context) => {
    const query = { organization_id: context.values.org };
    const answer = await context.service.call('GET /api/webhooks', { query });
    if (context.json) context.terminal.json(answer);
    else
      context.terminal.print(answer.webhooks.length === 0 ? context.say(NONE) : webhookTable(context, answer.webhooks));
    return EXIT.ok;
  },

  show: async (context) => {
    const answer = await context.service.call('GET /api/webhooks/:webhook_id', named(context));
    if (context.json) context.terminal.json(answer);
    else context.terminal.print(webhookText(context, answer));
    return EXIT.ok;
  },

  add: async (context) => {
    const { org, events, description } = context.values;
    const answer = await context.service.call('POST /api/webhooks', {
      body: {
        url: subject(context, '<url>'),
        ...(org !== undefined && { organization_id: org }),
        // The service says which of them are no events.
        ...(events !== undefined && { event_types: events.split(',') as EventAnswer['name'][] }),
        ...(description !== undefined && { description }),
      },
    });
    return done(context, answer, `${webhookText(context, answer)}\n${secretOf(context, answer)}`);
  },

  enable: async (context) => change(context, true),
  disable: async (context) => change(context, false),

  rotate: async (context) => {
    const answer = await context.service.call('POST /api/webhooks/:webhook_id/rotate-secret', named(context));
    return done(context, answer, secretOf(context, answer));
  },

  test: async (context) => {
    const answer = await context.service.call('POST /api/webhooks/:webhook_id/test', named(context));
    const { error, http_status: status, ms } = answer;
    const reason = error?.reason ? ` (${printable(error.reason)})` : '';
    const what = error === null ? '' : `: ${printable(error.sentence)}${reason}`;
    done(context, answer, `${status === null ? '' : `${status}, `}${ms} ms${what}`);
    return answer.success ? EXIT.ok : EXIT.failed;
  },

  remove: async (context) =>
    done(context, await context.service.call('DELETE /api/webhooks/:webhook_id', named(context))),

  deliveries: async (context) => {
    const { service, terminal, values, language, say, json } = context;
    const limit = countOption(context, 'limit', SHOWN, MAX_PAGE);
    const query = { limit, status: values.status, after: values.after };
    const answer = await service.call('GET /api/webhooks/:webhook_id/deliveries', { ...named(context), query });
    if (json) {
      terminal.json(answer);
      return EXIT.ok;
    }
    const rows = answer.deliveries.map((one) => [
      printable(one.delivery_id),
      printable(one.organization_id),
      printable(one.type),
      localTime(one.at),
      printable(one.status),
      String(one.attempts),
      one.error === null ? '—' : printable(`${one.error.code} ${one.error.http_status ?? ''}`).trim(),
    ]);
    terminal.print(rows.length === 0 ? say(NO_DELIVERIES) : table(DELIVERY_HEAD[language], rows));
    if (answer.next !== null) terminal.note(say(MORE, { id: subject(context), next: answer.next }));
    return EXIT.ok;
  },

  redeliver: async (context) => {
    const { delivery } = context.args;
    const body = delivery === undefined ? { status: 'parked' as const } : { delivery_id: delivery };
    const answer = await context.service.call('POST /api/webhooks/:webhook_id/redeliver', { ...named(context), body });
    return done(context, answer, String(answer.redelivering));
  },
};

export const webhooks: Command = {
  name: 'webhooks',
  about: {
    es: 'Muestra, crea y prueba webhooks, y sus entregas',
    en: 'Shows, makes and tests webhooks, and their deliveries',
  },
  more: {
    es:
      'list, add <url>, show <id>, test <id>, rotate <id> (secreto nuevo), enable <id>, disable <id>, remove <id>, ' +
      'deliveries <id>,\n' +
      'redeliver <id> [entrega] (sin ella, todas las apartadas). El secreto sólo se muestra al crearlo y al renovarlo.',
    en:
      'list, add <url>, show <id>, test <id>, rotate <id> (a new secret), enable <id>, disable <id>, remove <id>, ' +
      'deliveries <id>,\n' +
      'redeliver <id> [delivery] (without it, all that are parked). The secret is shown only when it is made or ' +
      'renewed.',
  },
  args: [
    { name: 'what', choices: Object.keys(ACTIONS), about: { es: 'qué hacer', en: 'what to do' } },
    {
      name: 'webhook',
      optional: true,
      about: { es: 'su id, o la dirección con `add`', en: 'its id, or the address with `add`' },
    },
    {
      name: 'delivery',
      optional: true,
      about: { es: 'con `redeliver`: una sola', en: 'with `redeliver`: a single one' },
    },
  ],
  options: {
    org: {
      value: '<org>',
      about: { es: 'de esta organización; si no, de todas', en: "this organization's; otherwise everybody's" },
    },
    events: {
      value: '<name,…>',
      about: { es: 'con `add`: sólo estos eventos', en: 'with `add`: these events only' },
    },
    description: { value: '<text>', about: { es: 'con `add`: para las personas', en: 'with `add`: for people' } },
    status: {
      value: '<status>',
      about: {
        es: 'con `deliveries`: waiting, delivered o parked',
        en: 'with `deliveries`: waiting, delivered or parked',
      },
    },
    after: {
      value: '<n>',
      about: { es: 'con `deliveries`: la página siguiente', en: 'with `deliveries`: the page after' },
    },
    limit: { value: '<n>', about: { es: 'cuántas; 50 si no se dice', en: 'how many; 50 by default' } },
  },
  examples: [
    ['webhooks list', { es: 'todos, y cómo están', en: 'all of them, and how they are' }],
    [
      'webhooks add https://backend.example/whatsapp --org 2 --events message.status,message.undelivered',
      { es: 'imprime el secreto', en: 'prints the secret' },
    ],
    [
      'webhooks deliveries wh_0a1b --status parked',
      { es: 'las que no se pudieron entregar', en: 'those that could not be delivered' },
    ],
    ['webhooks redeliver wh_0a1b', { es: 'todas ellas, de nuevo', en: 'all of those, again' }],
  ],
  async run(context) {
    const action = ACTIONS[given(context, 'what')];
    // The reader of the command line saw to it.
    if (!action) throw new Error('no such action');
    return action(context);
  },
};

function subject({ args, say }: Context, what = '<webhook>'): string {
  if (args.webhook === undefined) throw usage(say(NEEDED, { what }));
  return args.webhook;
}

function named(context: Context) {
  return { params: { webhook_id: subject(context) } };
}

async function change(context: Context, enabled: boolean): Promise<ExitCode> {
  const body = { enabled };
  const answer = await context.service.call('PATCH /api/webhooks/:webhook_id', { ...named(context), body });
  return done(context, answer, webhookText(context, answer));
}

function done(context: Context, answer: DoneAnswer, more?: string): ExitCode {
  const { terminal, json } = context;
  if (json) terminal.json(answer);
  else {
    terminal.print(said(context, answer.message, {}));
    if (more !== undefined) terminal.print(more);
  }
  return EXIT.ok;
}

function secretOf({ say }: Context, { secret }: { readonly secret?: string }): string {
  return say(SECRET, { secret: printable(secret ?? '—') });
}

function enabledText({ terminal, say }: Context, one: WebhookAnswer): string {
  return one.enabled ? say(YES) : terminal.color('red', printable(one.disabled_reason ?? 'no'));
}

function webhookTable(context: Context, all: readonly WebhookAnswer[]): string {
  const rows = all.map((one) => [
    printable(one.webhook_id),
    one.organization_id === null ? context.say(ALL) : printable(one.organization_id),
    enabledText(context, one),
    String(one.waiting),
    one.parked > 0 ? context.terminal.color('red', String(one.parked)) : '0',
    localTime(one.last_delivered_at),
    one.last_failure === null ? '—' : `${localTime(one.last_failure.at)} ${printable(one.last_failure.code)}`,
    printable(one.url),
  ]);
  return table(HEAD[context.language], rows);
}

function webhookText(context: Context, one: WebhookAnswer): string {
  const [id, organization, enabled, waiting, parked, delivered, failed, address] = HEAD[context.language];
  const failure = one.last_failure;
  return facts([
    [`${id}:`, printable(one.webhook_id)],
    [`${address}:`, printable(one.url)],
    [`${organization}:`, one.organization_id === null ? context.say(ALL) : printable(one.organization_id)],
    ['event_types:', one.event_types === null ? context.say(ALL) : printable(one.event_types.join(', '))],
    [`${enabled}:`, enabledText(context, one)],
    [`${waiting}:`, String(one.waiting)],
    [`${parked}:`, String(one.parked)],
    [`${delivered}:`, localTime(one.last_delivered_at)],
    [`${failed}:`, failure === null ? '—' : `${localTime(failure.at)} ${printable(failure.sentence)}`],
  ]);
}
