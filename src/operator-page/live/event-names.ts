/**
 * Names of the catalogue (`src/events/catalogue.ts`): a browser's EventSource hears only what it is told to listen for.
 * A test holds this list against the catalogue.
 */
export const EVENT_NAMES = [
  'session.status',
  'session.qr',
  'session.linked',
  'session.connected',
  'session.stable',
  'session.disconnected',
  'session.attention',
  'session.fault',
  'session.customer_reset',
  'session.stanza_set_aside',
  'session.cleaning_held_back',
  'session.cleaned',
  'session.logged_out',
  'session.restored',
  'message.received',
  'message.status',
  'message.undelivered',
] as const;
