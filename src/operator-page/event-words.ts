import type { ServiceEvent } from './answers.js';
import { formatMoment, wordFor } from './format.js';
import { words } from './settings.js';

export type EventGroup = 'session' | 'faults' | 'messages';

/** An event in the page's own words, for the stream speaks the browser's language and not the one chosen here; what the page does not know speaks for itself. */
export function eventWords({ name, data, sentence }: ServiceEvent): string {
  const { event, status, reason, message, attention, needsYou } = words.value;
  const said = (key: string): string => wordFor({}, data[key]);
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
        typeof data.next_try_at === 'string' ? ` ${words.value.nextTry(formatMoment(data.next_try_at))}` : '';
      return `${event.disconnected(wordFor(reason, data.reason))}.${next}`;
    }
    case 'session.attention': {
      const known = attention[String(data.code)];
      return known ? `${needsYou}: ${known[0]}` : sentence;
    }
    case 'session.fault': {
      const counted = data.kind === 'bad_mac' || data.kind === 'stream_error' ? ` (${said(String(data.kind))})` : '';
      return event.fault(wordFor(reason, data.kind), counted);
    }
    case 'session.cleaning_held_back':
      return event.heldBack(wordFor(reason, data.reason));
    case 'session.cleaned':
      return event.cleaned(wordFor(reason, data.reason));
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
  return /fault|clean|restored|attention/.test(name) ? 'faults' : 'session';
}
