import type { ListedMessage, MessageAnswer } from '../answers.js';
import { type Argument, type Command, type Context, given } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { facts, localTime, printable } from '../format.js';
import type { Text } from '../language.js';
import { colored, personOf, said } from './describe.js';

/** The customer does not have it, and will not get it. */
const LOST = new Set(['unconfirmed', 'failed', 'expired', 'cancelled']);
/** It may still go out. */
export const WAITING = new Set(['queued', 'sending']);

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
export function exitCodeOf({ status }: ListedMessage): ExitCode {
  return LOST.has(status) ? EXIT.failed : EXIT.ok;
}

export function show(context: Context, answer: MessageAnswer): void {
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
    es:
      'Termina con 1 cuando el cliente no lo tiene ni lo tendrá, o no se sabe: failed, expired, cancelled, ' +
      'unconfirmed.',
    en:
      'Ends with 1 when the customer does not have it and will not, or nobody knows: failed, expired, cancelled, ' +
      'unconfirmed.',
  },
  args: [MESSAGE_ID],
  options: {},
  examples: [['message 3EB0C767D097B7C7C030A1', { es: 'su estado y qué hacer', en: 'its status and what to do' }]],
  async run(context) {
    const id = given(context, 'id');
    const answer = await messageOf(context, id);
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
    show(context, await context.service.call('DELETE /api/messages/:message_id', aboutMessage(id)));
    return EXIT.ok;
  },
};

export function messageOf({ service }: Context, id: string): Promise<MessageAnswer> {
  return service.call('GET /api/messages/:message_id', aboutMessage(id));
}

function aboutMessage(id: string) {
  return { params: { message_id: id }, subject: { message: id } };
}
