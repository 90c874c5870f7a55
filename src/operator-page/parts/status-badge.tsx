import type { Status } from '../answers.js';
import { words } from '../settings.js';
import { MESSAGE_LOOK, STATUS_LOOK } from '../looks.js';
import { Icon } from './icon.js';

/** A status by colour, drawing and word. */
export function StatusBadge({ status }: { status: Status }) {
  const [tone, icon] = STATUS_LOOK[status] ?? (['still', 'dots'] as const);
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

export function MessageBadge({ status }: { status: string }) {
  const [tone, icon] = MESSAGE_LOOK[status] ?? (['still', 'dots'] as const);
  return (
    <span class={`badge badge-${tone}`}>
      <Icon name={icon} />
      {words.value.message[status] ?? status}
    </span>
  );
}
