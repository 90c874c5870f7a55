import type { ListedMessage, MessagesAnswer } from '../answers.js';
import { type Command, given, ORGANIZATION } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { localTime, printable, table } from '../format.js';
import type { Text } from '../language.js';
import { colored, personOf } from './describe.js';
import { countOption } from './options.js';

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
    const { status, phone } = values;

    // The service tells the oldest first; people want the newest.
    let kept: ListedMessage[] = [];
    let total = 0;
    for (let next: string | null = null; ;) {
      const page: MessagesAnswer = await service.call('GET /api/messages', {
        query: { organization_id: org, limit: PAGE, status, phone, after: next ?? undefined },
        subject: { org },
      });
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
