import type { Status } from './answers.js';

/** In which drawer an organization lies; the service has the same rule for `group` and `sort=need`. */
export type SessionGroup = 'attention' | 'scan' | 'connected' | 'other';

export function groupOf({ status, attention }: { status: Status; attention: string | null }): SessionGroup {
  if (status === 'qr_ready' || status === 'qr_required' || attention === 'qr_expired') return 'scan';
  if (attention !== null) return 'attention';
  if (status === 'connected') return 'connected';
  return 'other';
}

/** The first is what a person should look at first. */
export const GROUP_ORDER: readonly SessionGroup[] = ['attention', 'scan', 'other', 'connected'];
