import type { ServiceEvent } from './answers.js';
import { formatMoment, wordFor } from './format.js';
import { words } from './settings.js';

export type EventGroup = 'session' | 'faults' | 'messages';

/**
 * What the page's own words need a value of; without it the service's sentence is told, which is whole whatever is
 * absent.
 */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'session.status': ['status', 'previous'],
  'session.qr': ['number'],
  'session.linked': ['phone_last4'],
  'session.connected': ['phone_last4'],
  'session.disconnected': ['reason'],
  'session.fault': ['kind'],
  'session.cleaning_held_back': ['reason'],
  'session.cleaned': ['reason'],
  'session.logged_out': ['outcome'],
  'message.status': ['status'],
  'message.undelivered': ['phone_last4', 'status'],
};

/**
 * An event in the page's own words, for the stream speaks the browser's language and not the one chosen here; what the
 * page does not know speaks for itself.
 */
export function eventWords({ name, data, sentence }: ServiceEvent): string {
  const { event, status, reason, message, attention, needsYou } = words.value;
  const said = (key: string): string => wordFor({}, data[key]);
  const isAbsent = (key: string): boolean => String(data[key] ?? '').trim() === '';
  if (NEEDED[name]?.some(isAbsent)) return sentence;
  switch (name) {
    case 'session.status':
      return event.status(wordFor(status, data.status), wordFor(status, data.previous));
    case 'session.qr':
      return event.qr(said('number'));
    case 'session.linked':
      return event.linked(said('phone_last4'));
    case 'session.connected':
      return event.connected(said('phone_last4'));
    case 'session.stable':
      return event.stable;
    case 'session.disconnected': {
      const next =
        typeof data.next_try_at === 'string' && !isAbsent('next_try_at')
          ? ` ${words.value.nextTry(formatMoment(data.next_try_at))}`
          : '';
      return `${event.disconnected(wordFor(reason, data.reason))}.${next}`;
    }
    case 'session.attention': {
      const known = attention[String(data.code)];
      return known ? `${needsYou}: ${known[0]}` : sentence;
    }
    case 'session.fault': {
      const kind = String(data.kind);
      const isCounted = (kind === 'bad_mac' || kind === 'stream_error') && !isAbsent(kind);
      const counted = isCounted ? ` (${said(kind)})` : '';
      return event.fault(wordFor(reason, data.kind), counted);
    }
    case 'session.cleaning_held_back':
      return event.heldBack(wordFor(reason, data.reason));
    case 'session.cleaned':
      return (isAbsent('backup') ? event.cleanedEmpty : event.cleaned)(wordFor(reason, data.reason));
    case 'session.logged_out':
      return event.loggedOut(wordFor(reason, `logged_out_${said('outcome')}`));
    case 'session.restored':
      return event.restored;
    case 'message.received':
      return event.received;
    case 'message.status':
      return event.message(wordFor(message, data.status));
    case 'message.undelivered':
      return event.undelivered(said('phone_last4'), wordFor(message, data.status));
    default:
      return sentence;
  }
}

export function eventGroup({ name }: ServiceEvent): EventGroup {
  if (name.startsWith('message.')) return 'messages';
  return /fault|clean|reset|restored|attention/.test(name) ? 'faults' : 'session';
}
