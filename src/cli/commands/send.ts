import { randomUUID } from 'node:crypto';
import type { MessageAnswer } from '../answers.js';
import { type Command, type Context, given, ORGANIZATION } from '../command.js';
import { CliError, EXIT, usage } from '../exit-codes.js';
import { readTime } from '../format.js';
import type { Text } from '../language.js';
import { colored, said } from './describe.js';
import { exitCodeOf, messageOf, show, WAITING } from './message.js';
import { durationOption } from './options.js';

/** Seconds that `send` waits for WhatsApp; the service itself waits 30 at most, then it is asked what became of it. */
const SEND_WAIT = 30;
const SERVICE_MAX_WAIT = 30_000;
const LOOK_EVERY = 1_000;
const SEND_AT: Text = {
  es: '--send-at debe ser una hora con zona, como 2026-01-31T10:00:00-05:00, o +30m, +2h, +1d.',
  en: '--send-at must be a time with its zone, like 2026-01-31T10:00:00-05:00, or +30m, +2h, +1d.',
};
const REPEAT: Text = {
  es:
    'Puede que el servicio ya lo haya aceptado. Repita el comando con --idempotency-key {key}: así llega una sola ' +
    'vez.',
  en:
    'The service may have accepted it already. Repeat the command with --idempotency-key {key}: so it arrives only ' +
    'once.',
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
      'Termina con 0 cuando el mensaje está aceptado: enviado, o guardado para salir en cuanto la sesión pueda. No ' +
      'hay que repetirlo.\n' +
      'Con «-» como mensaje lo lee de la entrada. Un texto que empieza con «-» va detrás de «--».',
    en:
      'Ends with 0 when the message is accepted: sent, or stored to leave as soon as the session can. It need not be ' +
      'repeated.\n' +
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
      .call('POST /api/send-message', { body, waitMs: body.wait_ms, subject: { org } })
      .catch((error: unknown) => {
        throw withHint(error, say(REPEAT, { key }), { idempotency_key: key });
      });
    const { message_id: id } = answer;
    if (!WAITING.has(answer.status) || now() + LOOK_EVERY >= until) {
      if (json) terminal.json(answer);
      else {
        terminal.print(`${colored(terminal, answer.status)}: ${said(context, answer.message, { org, message: id })}`);
        if ('hint' in answer) terminal.print(said(context, answer.hint, { org, message: id }));
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
async function follow(context: Context, id: string, until: number): Promise<MessageAnswer> {
  for (;;) {
    const answer = await messageOf(context, id);
    if (!WAITING.has(answer.status) || context.now() >= until) return answer;
    await context.sleep(LOOK_EVERY);
  }
}

function withHint(error: unknown, hint: string, facts: Record<string, string>): unknown {
  if (!(error instanceof CliError) || error.exitCode !== EXIT.notReachable) return error;
  // Where nobody listens, nothing was accepted.
  if (error.facts.reason === 'ECONNREFUSED' || error.facts.reason === 'ENOTFOUND') return error;
  const { exitCode, code, sentence } = error;
  return new CliError(exitCode, code, sentence, [hint, error.hint].join('\n'), { ...error.facts, ...facts });
}
