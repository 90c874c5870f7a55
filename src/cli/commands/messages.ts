import { randomUUID } from 'node:crypto';
import type { ListedMessage, MessageAnswer, MessagesAnswer, SendAnswer } from '../answers.js';
import { type Argument, type Command, type Context, given, ORGANIZATION } from '../command.js';
import { CliError, EXIT, type ExitCode, usage } from '../exit-codes.js';
import { facts, localTime, printable, readTime, table } from '../format.js';
import type { Text } from '../language.js';
import { colored, said } from './describe.js';
import { countOption, durationOption } from './options.js';

/** Seconds that `send` waits for WhatsApp; the service itself waits 30 at most, then it is asked what became of it. */
const SEND_WAIT = 30;
const SERVICE_MAX_WAIT = 30_000;
const LOOK_EVERY = 1_000;
const PAGE = 200;
const SHOWN = 50;

/** As the service knows them; a test holds the list against its own. */
export const MESSAGE_STATUSES = [
  'queued',
  'sending',
  'unconfirmed',
  'sent',
  'delivered',
  'read',
  'failed',
  'expired',
  'cancelled',
] as const;
/** The customer does not have it, and will not get it. */
const LOST = new Set(['unconfirmed', 'failed', 'expired', 'cancelled']);
const WAITING = new Set(['queued', 'sending']);

const SEND_AT: Text = {
  es: '--send-at debe ser una hora con zona, como 2026-01-31T10:00:00-05:00, o +30m, +2h, +1d.',
  en: '--send-at must be a time with its zone, like 2026-01-31T10:00:00-05:00, or +30m, +2h, +1d.',
};
const REPEAT: Text = {
  es: 'Puede que el servicio ya lo haya aceptado. Repita el comando con --idempotency-key {key}: así llega una sola vez.',
  en: 'The service may have accepted it already. Repeat the command with --idempotency-key {key}: so it arrives only once.',
};
const DETAILS: Text = {
  es: 'Qué fue de él: `{program} message {id}`.',
  en: 'What became of it: `{program} message {id}`.',
};

export const send: Command = {
  name: 'send',
  about: { es: 'Envía un mensaje y espera a WhatsApp', en: 'Sends a message and waits for WhatsApp' },
  more: {
    es:
      'Termina con 0 cuando el mensaje está aceptado: enviado, o guardado para salir en cuanto la sesión pueda. No hay que repetirlo.\n' +
      'Con «-» como mensaje lo lee de la entrada. Un texto que empieza con «-» va detrás de «--».',
    en:
      'Ends with 0 when the message is accepted: sent, or stored to leave as soon as the session can. It need not be repeated.\n' +
      'With "-" as the message it is read from the input. A text that begins with "-" goes behind "--".',
  },
  args: [
    ORGANIZATION,
    {
      name: 'phone',
      about: {
        es: 'a quién; con el código del país, o local del país configurado',
        en: 'to whom; with its country code, or a local one of the configured country',
      },
    },
    { name: 'message', about: { es: 'el texto, entre comillas', en: 'the text, in quotes' } },
  ],
  options: {
    'idempotency-key': {
      value: '<key>',
      about: {
        es: 'el mismo mensaje con la misma clave se envía una sola vez',
        en: 'the same message with the same key is sent only once',
      },
    },
    ttl: {
      value: '<time>',
      about: {
        es: 'después ya no se envía: 90 (segundos), 30m, 2h, 1d',
        en: 'not sent any more after it: 90 (seconds), 30m, 2h, 1d',
      },
    },
    'send-at': {
      value: '<time>',
      about: {
        es: 'no antes: hora con zona, o +30m, +2h, +1d',
        en: 'not before: a time with its zone, or +30m, +2h, +1d',
      },
    },
    'replace-key': {
      value: '<key>',
      about: {
        es: 'reemplaza al que aún espera con la misma clave',
        en: 'takes the place of one with the same key that still waits',
      },
    },
    wait: {
      value: '<time>',
      about: {
        es: 'cuánto espera a WhatsApp; 30s si no se dice, 0 no espera',
        en: 'how long it waits for WhatsApp; 30s by default, 0 does not wait',
      },
    },
  },
  examples: [
    ['send 2 573004445566 "Su cita es mañana a las 10:30."', { es: 'y espera', en: 'and waits' }],
    [
      'send 2 3004445566 "¿Viene?" --idempotency-key booking-123 --ttl 2h',
      { es: 'una sola vez, y a lo sumo en dos horas', en: 'once, and within two hours at most' },
    ],
    [
      'send 2 3004445566 "Recordatorio" --send-at 2026-01-31T09:00:00-05:00 --replace-key booking:123',
      { es: 'más tarde', en: 'later' },
    ],
    ['send 2 3004445566 - < text.txt', { es: 'el texto de un archivo', en: 'the text of a file' }],
  ],
  async run(context) {
    const { service, terminal, values, json, say, now } = context;
    const org = given(context, 'org');
    const word = given(context, 'message');
    const ttl = durationOption(context, 'ttl');
    const asked = values['send-at'];
    const sendAt = asked === undefined ? undefined : readTime(asked, now());
    if (sendAt === null) throw usage(say(SEND_AT));
    const waitMs = 1000 * (durationOption(context, 'wait') ?? (sendAt === undefined ? SEND_WAIT : 0));
    const message = word === '-' ? (await terminal.readAll()).replace(/\r?\n$/, '') : word;
    const key = values['idempotency-key'] ?? `cli-${randomUUID()}`;
    const until = now() + waitMs;
    const replaceKey = values['replace-key'];
    const body = {
      organization_id: org,
      phone: given(context, 'phone'),
      message,
      wait_ms: Math.min(waitMs, SERVICE_MAX_WAIT),
      idempotency_key: key,
      ...(ttl !== undefined && { ttl_seconds: ttl }),
      ...(sendAt !== undefined && { send_at: sendAt }),
      ...(replaceKey !== undefined && { replace_key: replaceKey }),
    };
    const answer = await service
      .post<SendAnswer>('/api/send-message', body, { waitMs: body.wait_ms, subject: { org } })
      .catch((error: unknown) => {
        throw withHint(error, say(REPEAT, { key }), { idempotency_key: key });
      });
    const { message_id: id } = answer;
    if (!WAITING.has(answer.status) || now() + LOOK_EVERY >= until) {
      if (json) terminal.json(answer);
      else {
        terminal.print(`${colored(terminal, answer.status)}: ${said(context, answer.message, { org, message: id })}`);
        if (answer.hint !== undefined) terminal.print(said(context, answer.hint, { org, message: id }));
        terminal.print(say(DETAILS, { id }));
      }
      return EXIT.ok;
    }
    const last = await follow(context, id, until);
    show(context, last);
    return exitCodeOf(last);
  },
};

/** What becomes of a message, until it is over or the time is. */
async function follow({ service, sleep, now }: Context, id: string, until: number): Promise<MessageAnswer> {
  for (;;) {
    const answer = await service.get<MessageAnswer>(messagePath(id), { subject: { message: id } });
    if (!WAITING.has(answer.status) || now() >= until) return answer;
    await sleep(LOOK_EVERY);
  }
}

function withHint(error: unknown, hint: string, facts: Record<string, string>): unknown {
  if (!(error instanceof CliError) || error.exitCode !== EXIT.notReachable) return error;
  // Where nobody listens, nothing was accepted.
  if (error.facts.reason === 'ECONNREFUSED' || error.facts.reason === 'ENOTFOUND') return error;
  const { exitCode, code, sentence } = error;
  return new CliError(exitCode, code, sentence, [hint, error.hint].join('\n'), { ...error.facts, ...facts });
}

const HEAD: Readonly<Record<'es' | 'en', readonly string[]>> = {
  es: ['MENSAJE', 'TELÉFONO', 'ESTADO', 'ACEPTADO', 'ÚLTIMO CAMBIO', 'ERROR'],
  en: ['MESSAGE', 'PHONE', 'STATUS', 'ACCEPTED', 'LAST CHANGE', 'ERROR'],
};
const NONE: Text = { es: 'No hay mensajes así.', en: 'There are no such messages.' };
const MORE: Text = {
  es: 'Se muestran los {shown} más nuevos de {total}; --limit muestra más.',
  en: 'The newest {shown} of {total} are shown; --limit shows more.',
};

/** The times are ISO 8601, of one zone, so that the last one is the greatest. */
function lastChange({ times }: ListedMessage): string | undefined {
  return Object.values(times).sort().at(-1);
}

function personOf(phone: string): string {
  return printable(phone).replace(/@s\.whatsapp\.net$/, '');
}

export const messages: Command = {
  name: 'messages',
  about: { es: 'Lista los mensajes de una organización', en: "Lists an organization's messages" },
  more: {
    es: 'Los más nuevos al final. Los textos no se muestran nunca.',
    en: 'The newest at the end. Texts are never shown.',
  },
  args: [ORGANIZATION],
  options: {
    status: {
      value: '<status,…>',
      choices: MESSAGE_STATUSES,
      about: {
        es: `uno o varios: ${MESSAGE_STATUSES.join(', ')}`,
        en: `one or several: ${MESSAGE_STATUSES.join(', ')}`,
      },
    },
    phone: { value: '<phone>', about: { es: 'sólo los de este número', en: "this number's only" } },
    limit: { value: '<n>', about: { es: 'cuántos; 50 si no se dice', en: 'how many; 50 by default' } },
  },
  examples: [
    ['messages 2', { es: 'los 50 más nuevos', en: 'the newest 50' }],
    ['messages 2 --status queued,sending', { es: 'los que esperan', en: 'those that wait' }],
    [
      'messages 2 --phone 3004445566 --json',
      { es: 'los de un cliente, para un script', en: "one customer's, for a script" },
    ],
  ],
  async run(context) {
    const { service, terminal, values, json, language, say } = context;
    const org = given(context, 'org');
    const limit = countOption(context, 'limit', SHOWN, 100_000);
    const query = new URLSearchParams({ organization_id: org, limit: String(PAGE) });
    if (values.status !== undefined) query.set('status', values.status);
    if (values.phone !== undefined) query.set('phone', values.phone);

    // The service tells the oldest first; people want the newest.
    let kept: ListedMessage[] = [];
    let total = 0;
    for (let next: string | null = null; ;) {
      if (next !== null) query.set('after', next);
      const page: MessagesAnswer = await service.get(`/api/messages?${query.toString()}`, { subject: { org } });
      total += page.messages.length;
      kept = [...kept, ...page.messages].slice(-limit);
      ({ next } = page);
      if (next === null) break;
    }
    if (json) {
      terminal.json({ messages: kept, total });
      return EXIT.ok;
    }
    const rows = kept.map((one) => [
      printable(one.message_id),
      personOf(one.phone),
      colored(terminal, one.status),
      localTime(one.created_at),
      localTime(lastChange(one)),
      printable((one.error?.code ?? one.waiting?.reason) || '—'),
    ]);
    terminal.print(rows.length === 0 ? say(NONE) : table(HEAD[language], rows));
    if (total > kept.length) terminal.note(say(MORE, { shown: kept.length, total }));
    return EXIT.ok;
  },
};

const LABELS = {
  message: { es: 'Mensaje', en: 'Message' },
  organization: { es: 'Organización', en: 'Organization' },
  phone: { es: 'Teléfono', en: 'Phone' },
  status: { es: 'Estado', en: 'Status' },
  error: { es: 'Motivo', en: 'Reason' },
  waits: { es: 'Espera', en: 'Waits' },
  leaves: { es: 'No antes de', en: 'Not before' },
  expires: { es: 'Vence', en: 'Expires' },
  toDo: { es: 'Qué hacer', en: 'What to do' },
} as const satisfies Record<string, Text>;

/** 0 when the customer has it or will get it. */
function exitCodeOf({ status }: ListedMessage): ExitCode {
  return LOST.has(status) ? EXIT.failed : EXIT.ok;
}

function show(context: Context, answer: MessageAnswer): void {
  const { terminal, say } = context;
  if (context.json) {
    terminal.json(answer);
    return;
  }
  const subject = { org: answer.organization_id, message: answer.message_id };
  const times = Object.entries(answer.times).map(([status, at]) => [`  ${printable(status)}:`, localTime(at)] as const);
  terminal.print(
    facts([
      [`${say(LABELS.message)}:`, printable(answer.message_id)],
      [`${say(LABELS.organization)}:`, printable(answer.organization_id)],
      [`${say(LABELS.phone)}:`, personOf(answer.phone)],
      [`${say(LABELS.status)}:`, `${colored(terminal, answer.status)}: ${said(context, answer.sentence, subject)}`],
      ...times,
      ...(answer.error ? ([[`${say(LABELS.error)}:`, said(context, answer.error.sentence, subject)]] as const) : []),
      ...(answer.waiting
        ? ([[`${say(LABELS.waits)}:`, said(context, answer.waiting.sentence, subject)]] as const)
        : []),
      ...(WAITING.has(answer.status)
        ? ([
            [`${say(LABELS.leaves)}:`, localTime(answer.send_at)],
            [`${say(LABELS.expires)}:`, localTime(answer.expires_at)],
          ] as const)
        : []),
      [`${say(LABELS.toDo)}:`, said(context, answer.hint, subject)],
    ]),
  );
}

const MESSAGE_ID: Argument = {
  name: 'id',
  about: { es: 'el id que dieron `send` o `messages`', en: 'the id that `send` or `messages` gave' },
};

export const message: Command = {
  name: 'message',
  about: { es: 'Dice qué fue de un mensaje', en: 'Tells what became of a message' },
  more: {
    es: 'Termina con 1 cuando el cliente no lo tiene ni lo tendrá, o no se sabe: failed, expired, cancelled, unconfirmed.',
    en: 'Ends with 1 when the customer does not have it and will not, or nobody knows: failed, expired, cancelled, unconfirmed.',
  },
  args: [MESSAGE_ID],
  options: {},
  examples: [['message 3EB0C767D097B7C7C030A1', { es: 'su estado y qué hacer', en: 'its status and what to do' }]],
  async run(context) {
    const id = given(context, 'id');
    const answer = await context.service.get<MessageAnswer>(messagePath(id), { subject: { message: id } });
    show(context, answer);
    return exitCodeOf(answer);
  },
};

export const cancel: Command = {
  name: 'cancel',
  about: { es: 'Retira un mensaje que aún espera', en: 'Takes back a message that still waits' },
  more: {
    es: 'Termina con 0 cuando ya no saldrá, y con 1 si era tarde.',
    en: 'Ends with 0 when it will not go out, and with 1 when it was too late.',
  },
  args: [MESSAGE_ID],
  options: {},
  examples: [['cancel 3EB0C767D097B7C7C030A1', { es: 'también si se repite', en: 'also when repeated' }]],
  async run(context) {
    const id = given(context, 'id');
    show(context, await context.service.delete<MessageAnswer>(messagePath(id), { subject: { message: id } }));
    return EXIT.ok;
  },
};

function messagePath(id: string): string {
  return `/api/messages/${encodeURIComponent(id)}`;
}
