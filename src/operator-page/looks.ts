import type { ServiceEvent, Status } from './answers.js';
import type { IconName } from './parts/icon-names.js';

/** Tones and drawings; colour never speaks alone. */
export type Tone = 'good' | 'moving' | 'call' | 'bad' | 'still';

export const STATUS_LOOK: Readonly<Record<Status, readonly [Tone, IconName]>> = {
  connected: ['good', 'check'],
  connecting: ['moving', 'turning'],
  restoring: ['moving', 'turning'],
  qr_ready: ['call', 'scan'],
  qr_required: ['call', 'scan'],
  disconnected: ['bad', 'unplugged'],
  logged_out: ['still', 'out'],
  stopped: ['still', 'pause'],
  not_started: ['still', 'sleep'],
};

export const MESSAGE_LOOK: Readonly<Record<string, readonly [Tone, IconName]>> = {
  queued: ['still', 'clock'],
  sending: ['moving', 'turning'],
  unconfirmed: ['call', 'warning'],
  sent: ['good', 'check'],
  delivered: ['good', 'check'],
  read: ['good', 'check'],
  failed: ['bad', 'cross'],
  expired: ['bad', 'clock'],
  cancelled: ['still', 'cross'],
};

/** How an event looks in a list: tone and drawing. */
export function eventLook({ name, data }: ServiceEvent): readonly [Tone, IconName] {
  switch (name) {
    case 'session.status':
      return STATUS_LOOK[data.status as Status] ?? (['still', 'dots'] as const);
    case 'session.connected':
    case 'session.linked':
    case 'session.restored':
      return ['good', 'check'];
    case 'session.stable':
      return ['good', 'clock'];
    case 'session.qr':
      return ['call', 'scan'];
    case 'session.disconnected':
      return [data.reason === 'restart_required' || data.reason === 'closed_by_service' ? 'still' : 'bad', 'unplugged'];
    case 'session.attention':
    case 'session.fault':
      return ['bad', 'warning'];
    case 'session.customer_reset':
      return ['still', 'broom'];
    case 'session.stanza_set_aside':
      return ['call', 'warning'];
    case 'session.logged_out':
      return [
        ['not_confirmed', 'keys_missing', 'found_unlinked'].includes(String(data.outcome)) ? 'call' : 'still',
        'out',
      ];
    case 'session.cleaned':
    case 'session.cleaning_held_back':
      return ['call', 'broom'];
    case 'message.undelivered':
      return ['bad', 'send'];
    case 'message.received':
      return ['still', 'message'];
    case 'message.status':
      return [data.status === 'failed' || data.status === 'expired' ? 'bad' : 'still', 'send'];
    default:
      return ['still', 'dots'];
  }
}
