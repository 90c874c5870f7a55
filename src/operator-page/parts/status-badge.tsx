import type { Status } from '../answers.js';
import { words } from '../settings.js';
import { Icon, type IconName } from './icon.js';

type Tone = 'good' | 'moving' | 'call' | 'bad' | 'still';

const LOOK: Readonly<Record<Status, readonly [Tone, IconName]>> = {
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

/** A status by colour, drawing and word. */
export function StatusBadge({ status }: { status: Status }) {
  const [tone, icon] = LOOK[status] ?? (['still', 'dots'] as const);
  return (
    <span class={`badge badge-${tone}`}>
      <Icon name={icon} />
      {words.value.status[status] ?? status}
    </span>
  );
}

export function AttentionBadge() {
  return (
    <span class="badge badge-bad">
      <Icon name="warning" />
      {words.value.needsYou}
    </span>
  );
}

const MESSAGE_LOOK: Readonly<Record<string, readonly [Tone, IconName]>> = {
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

export function MessageBadge({ status }: { status: string }) {
  const [tone, icon] = MESSAGE_LOOK[status] ?? (['still', 'dots'] as const);
  return (
    <span class={`badge badge-${tone}`}>
      <Icon name={icon} />
      {words.value.message[status] ?? status}
    </span>
  );
}
