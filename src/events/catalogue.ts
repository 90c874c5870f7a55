import { z } from 'zod';
import type { OrganizationId } from '../organization-id.js';

/**
 * Every fact worth telling, in one place: its stable name, what comes with it, and how it is told to people. Types,
 * the event stream, the ledger, webhooks and their documentation follow from this table; a test holds
 * docs/events.md against it. Data holds no key, no message text and no full phone number, for it goes wherever events
 * go.
 */
const status = z.enum([
  'not_started',
  'connecting',
  'restoring',
  'qr_ready',
  'qr_required',
  'connected',
  'disconnected',
  'logged_out',
  'stopped',
]);
const count = z.int().nonnegative();
/** ISO 8601, or null. */
const time = z.iso.datetime().nullable();
const messageId = z.string();

interface Kind<Data extends z.ZodObject = z.ZodObject> {
  readonly data: Data;
  /** What it is, for the documentation. */
  readonly about: string;
  /**
   * A plain sentence; `{name}` stands for a field of the data. `[… {name} …]` is left out when the field has no
   * value, and `[… {name} …|…]` then reads as what is behind the bar. What may be null or empty stands in brackets; a
   * test holds that.
   */
  readonly en: string;
  readonly es: string;
}

const kind = <Data extends z.ZodObject>(about: string, data: Data, en: string, es: string): Kind<Data> => ({
  about,
  data,
  en,
  es,
});

export const EVENTS = {
  'session.status': kind(
    'The status of a session changed.',
    z.object({ status, previous: status }),
    'The session is now {status} (before: {previous}).',
    'La sesión ahora está en {status} (antes: {previous}).',
  ),
  'session.qr': kind(
    'A new QR can be scanned; the picture itself is fetched with GET /api/qr/:organization_id.',
    z.object({ number: count }),
    'QR number {number} of this pairing can be scanned.',
    'Se puede escanear el QR número {number} de esta vinculación.',
  ),
  'session.linked': kind(
    'A phone linked this device.',
    z.object({ phone_last4: z.string() }),
    '[The phone ending in {phone_last4}|A phone] linked this session.',
    '[El teléfono terminado en {phone_last4}|Un teléfono] vinculó esta sesión.',
  ),
  'session.connected': kind(
    'A login succeeded: messages can be sent.',
    z.object({ phone_last4: z.string() }),
    'Connected[ with the phone ending in {phone_last4}].',
    'Conectada[ con el teléfono terminado en {phone_last4}].',
  ),
  'session.stable': kind(
    'The connection lasted; the error counters start from zero.',
    z.object({}),
    'The connection lasted, and the error counters start from zero.',
    'La conexión se mantuvo y los contadores de errores vuelven a cero.',
  ),
  'session.disconnected': kind(
    'A connection ended, why, and when the next try is.',
    z.object({ reason: z.string(), code: z.int().nullable(), text: z.string(), next_try_at: time }),
    'The connection ended: {reason}[ ({text})].[ Next try: {next_try_at}.]',
    'La conexión terminó: {reason}[ ({text})].[ Próximo intento: {next_try_at}.]',
  ),
  'session.attention': kind(
    'The session needs a person, or waits on purpose; `code` says why.',
    z.object({ code: z.string(), until: time }),
    'Attention: {code}[, until {until}].',
    'Atención: {code}[, hasta {until}].',
  ),
  'session.fault': kind(
    'A fault was counted, with the counters as they stand.',
    z.object({
      kind: z.string(),
      bad_mac: count,
      stream_error: count,
      verdict: z.enum(['healthy', 'suspect', 'corrupted']),
    }),
    'Fault {kind} counted; bad_mac {bad_mac}, stream_error {stream_error}; verdict: {verdict}.',
    'Se contó la falla {kind}; bad_mac {bad_mac}, stream_error {stream_error}; veredicto: {verdict}.',
  ),
  'session.customer_reset': kind(
    'All Bad MACs came from one customer, and only the Signal session with him begins anew.',
    z.object({ customer: z.string() }),
    'All unreadable messages came from one customer[ ({customer})]: only the encryption with him begins anew.',
    'Todos los mensajes ilegibles vinieron de un cliente[ ({customer})]: solo el cifrado con él empieza de nuevo.',
  ),
  'session.stanza_set_aside': kind(
    'The connection ended again and again over one thing that WhatsApp delivers, a message say: ' +
      'it was acknowledged, and nothing else was done with it.',
    z.object({ kind: z.string(), stanza_id: z.string(), customer: z.string() }),
    'The connection ended again and again over something that WhatsApp delivers ({kind})' +
      '[ of {customer}][, {stanza_id}]: it was set aside. It is on the phone.',
    'La conexión se cortó una y otra vez por algo que entrega WhatsApp ({kind})' +
      '[ de {customer}][, {stanza_id}]: se apartó. Está en el teléfono.',
  ),
  'session.cleaning_held_back': kind(
    'A limit was reached, but a guard kept the keys.',
    z.object({ reason: z.string() }),
    'A limit was reached, but nothing was cleaned: {reason}.',
    'Se alcanzó un límite, pero no se limpió nada: {reason}.',
  ),
  'session.cleaned': kind(
    'The auth folder was set aside and a new QR is needed.',
    z.object({
      reason: z.string(),
      automatic: z.boolean(),
      backup: z.string().nullable(),
      bad_mac: count,
      stream_error: count,
    }),
    'The folder was [set aside as {backup}|removed, for no phone had been linked] ({reason}); a new scan is needed.',
    'La carpeta se [guardó como {backup}|quitó, pues no había un teléfono vinculado] ({reason}); ' +
      'hace falta escanear de nuevo.',
  ),
  'session.logged_out': kind(
    'The session was logged out; `outcome` says whether WhatsApp confirmed that the device is unlinked.',
    z.object({
      outcome: z.enum(['unlinked', 'not_confirmed', 'nothing_linked', 'keys_missing', 'found_unlinked']),
      backup: z.string().nullable(),
    }),
    'Logged out: {outcome}[; the keys are in the backup {backup}].',
    'Sesión cerrada: {outcome}[; las claves están en el respaldo {backup}].',
  ),
  'session.restored': kind(
    'A backup was put back.',
    z.object({ backup: z.string() }),
    'The backup {backup} was put back.',
    'Se restauró el respaldo {backup}.',
  ),
  'message.received': kind(
    'A message of a customer arrived.',
    z.object({ message_id: messageId }),
    'A message of a customer arrived[ ({message_id})].',
    'Llegó un mensaje de un cliente[ ({message_id})].',
  ),
  'message.status': kind(
    'An outbox message moved on.',
    z.object({
      message_id: messageId,
      status: z.string(),
      error_code: z.string().nullable(),
      ack_code: z.int().nullable(),
    }),
    'Message {message_id} is {status}.',
    'El mensaje {message_id} está en {status}.',
  ),
  'message.undelivered': kind(
    "A message did not reach the customer's phone in time, or nothing more is tried: send it another way. " +
      'Told once for each message.',
    z.object({
      message_id: messageId,
      status: z.string(),
      error_code: z.string().nullable(),
      ack_code: z.int().nullable(),
      phone_last4: z.string(),
      /** Since it was accepted, or since its `send_at`. */
      after_ms: count,
    }),
    'Message {message_id} has not reached [the phone ending in {phone_last4}|its phone]; it is {status}.',
    'El mensaje {message_id} no ha llegado [al teléfono terminado en {phone_last4}|a su teléfono]; está en {status}.',
  ),
} as const;

export type EventName = keyof typeof EVENTS;
export type EventData<Name extends EventName> = z.infer<(typeof EVENTS)[Name]['data']>;

export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];

/** One fact, as it is stored and told. */
export interface ServiceEvent<Name extends EventName = EventName> {
  /** Grows; the place in the ledger, and what `Last-Event-ID` and `after` speak of. */
  readonly id: number;
  readonly name: Name;
  readonly organizationId: OrganizationId;
  /** Epoch ms. */
  readonly at: number;
  readonly data: EventData<Name>;
}

/** For a field that must have a value, and has none: an event of another version, out of the ledger. */
const UNKNOWN = { en: 'unknown', es: 'desconocido' } as const;

/** The sentence of an event in a language, whole whatever is absent (see `Kind`). */
export function eventSentence(event: Pick<ServiceEvent, 'name' | 'data'>, language: 'en' | 'es'): string {
  const data = event.data as Record<string, unknown>;
  const valueOf = (name: string): string | null => {
    const value = data[name];
    const isTold = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return isTold && String(value).trim() !== '' ? String(value) : null;
  };
  // First the brackets, then what stands free: a value that has brackets in it is not read again.
  const parts = EVENTS[event.name][language].split(/(\[[^\]]*\])/);
  const filled = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => valueOf(name) ?? UNKNOWN[language]);
  return parts
    .map((part) => {
      if (!part.startsWith('[')) return filled(part);
      const [withIt = '', without = ''] = part.slice(1, -1).split('|');
      const names = [...withIt.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
      return names.every((name) => valueOf(name) !== null) ? filled(withIt) : without;
    })
    .join('');
}
