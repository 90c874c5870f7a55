import type { ListedSession, StatusAnswer } from '../answers.js';
import type { Context } from '../command.js';
import { facts, localTime, printable, table } from '../format.js';
import type { Text } from '../language.js';
import { inTerminalWords, type Subject } from '../terminal-words.js';
import type { Terminal } from '../terminal.js';

/** Answers of the service as people read them in a terminal. */

const GOOD = new Set(['connected', 'sent', 'delivered', 'read', 'healthy']);
const BAD = new Set(['disconnected', 'logged_out', 'corrupted', 'failed', 'expired', 'unconfirmed']);

export function colored(terminal: Terminal, status: string): string {
  const text = printable(status);
  if (GOOD.has(status)) return terminal.color('green', text);
  return terminal.color(BAD.has(status) ? 'red' : 'yellow', text);
}

/** The chat's id of a person as the number in it. */
export function personOf(phone: string): string {
  return printable(phone).replace(/@s\.whatsapp\.net$/, '');
}

/** A sentence or hint of the service, with commands where it speaks of calls. */
export function said(context: Context, text: string, subject: Subject): string {
  return inTerminalWords(printable(text), context.program, subject);
}

const HEAD: Readonly<Record<'es' | 'en', readonly string[]>> = {
  es: ['ORGANIZACIÓN', 'ESTADO', 'TELÉFONO', 'DESDE', 'SALUD', 'EN COLA', 'ATENCIÓN'],
  en: ['ORGANIZATION', 'STATUS', 'PHONE', 'SINCE', 'HEALTH', 'QUEUED', 'ATTENTION'],
};
const NOBODY: Text = {
  es: 'Ninguna organización tiene una sesión. Inicie una con `{program} start <org>`.',
  en: 'No organization has a session. Start one with `{program} start <org>`.',
};

export function sessionTable(context: Context, sessions: readonly ListedSession[]): string {
  const { terminal, language, say } = context;
  if (sessions.length === 0) return say(NOBODY);
  const rows = sessions.map((one) => [
    printable(one.organization_id),
    colored(terminal, one.status),
    one.phone_number ?? '—',
    localTime(one.since),
    colored(terminal, one.verdict),
    String(one.queue.pending),
    one.attention === null ? '—' : terminal.color('red', printable(one.attention)),
  ]);
  return table(HEAD[language], rows);
}

const LABELS = {
  status: { es: 'Estado', en: 'Status' },
  phone: { es: 'Teléfono', en: 'Phone' },
  since: { es: 'Desde', en: 'Since' },
  lastConnected: { es: 'Última conexión', en: 'Last connected' },
  lastDisconnect: { es: 'Último corte', en: 'Last disconnect' },
  nextTry: { es: 'Próximo intento', en: 'Next try' },
  health: { es: 'Salud', en: 'Health' },
  cleanings: { es: 'Limpiezas en 24 h', en: 'Cleanings in 24 h' },
  lastCleaning: { es: 'Última limpieza', en: 'Last cleaning' },
  backups: { es: 'Respaldos', en: 'Backups' },
  queue: { es: 'En cola', en: 'Queued' },
  attention: { es: 'Atención', en: 'Attention' },
  heldUp: { es: 'Detenida por', en: 'Held up by' },
  newCustomers: { es: 'Clientes nuevos', en: 'New customers' },
  noNewCustomers: {
    es: 'WhatsApp rechazó un primer contacto: no se escribe a clientes nuevos hasta {time}',
    en: 'WhatsApp refused a first contact: no new customers are written to until {time}',
  },
  toDo: { es: 'Qué hacer', en: 'What to do' },
  noBackup: { es: 'sin respaldo', en: 'no backup' },
  unknown: { es: 'no se pueden leer', en: 'cannot be read' },
  oldest: { es: 'el más antiguo, de', en: 'the oldest is of' },
  until: { es: 'hasta', en: 'until' },
} as const satisfies Record<string, Text>;

export function statusText(context: Context, answer: StatusAnswer): string {
  const { terminal, say } = context;
  const subject = { org: answer.organization_id };
  const { health, last_disconnect: cut, queue, attention, held_up: held } = answer;
  const cleaning = health?.last_cleaning;
  const pausedUntil = answer.first_contacts_paused_until;
  const counters = Object.entries(health?.counters ?? {}).map(
    ([kind, { count, limit }]) => `${kind} ${count}/${limit}`,
  );
  const lines: [Text, string | null][] = [
    [LABELS.status, `${colored(terminal, answer.status)}: ${said(context, answer.sentence, subject)}`],
    [LABELS.phone, answer.phone_number],
    [LABELS.since, answer.since && localTime(answer.since)],
    [LABELS.lastConnected, answer.last_connected_at && localTime(answer.last_connected_at)],
    [
      LABELS.lastDisconnect,
      cut &&
        `${localTime(cut.at)} ${printable(cut.reason)}` +
          (cut.code === null ? '' : ` (${cut.code})`) +
          (cut.text ? `: ${printable(cut.text)}` : ''),
    ],
    [LABELS.nextTry, answer.next_reconnect_at && localTime(answer.next_reconnect_at)],
    [LABELS.health, health && [colored(terminal, health.verdict), ...counters].join(', ')],
    [LABELS.cleanings, health && `${health.cleanings_24h}/${health.cleanings_limit}`],
    [
      LABELS.lastCleaning,
      cleaning
        ? `${localTime(cleaning.at)} ${printable(cleaning.reason)}, ${cleaning.backup ?? say(LABELS.noBackup)}`
        : null,
    ],
    [LABELS.backups, answer.backups === null ? say(LABELS.unknown) : String(answer.backups)],
    [
      LABELS.queue,
      `${queue.pending}${queue.oldest_at === null ? '' : `, ${say(LABELS.oldest)} ${localTime(queue.oldest_at)}`}`,
    ],
    [
      LABELS.attention,
      attention &&
        `${terminal.color('red', printable(attention.code))}: ${said(context, attention.sentence, subject)}` +
          (attention.until === null ? '' : ` (${say(LABELS.until)} ${localTime(attention.until)})`),
    ],
    // An older service does not tell.
    [
      LABELS.heldUp,
      held
        ? `${terminal.color('red', printable(held.by))}: ${printable(held.sentence)}` +
          ` (${say(LABELS.since)} ${localTime(held.since)})`
        : null,
    ],
    [
      LABELS.newCustomers,
      pausedUntil ? terminal.color('yellow', say(LABELS.noNewCustomers, { time: localTime(pausedUntil) })) : null,
    ],
    [LABELS.toDo, said(context, attention?.hint ?? answer.hint, subject)],
  ];
  const shown = lines.filter((line): line is [Text, string] => line[1] !== null);
  return facts(shown.map(([label, value]) => [`${say(label)}:`, value]));
}
