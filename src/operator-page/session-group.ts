import type { SessionStatus, Status } from './answers.js';

/** In which drawer an organization lies; the service has the same rule for `group` and `sort=need`. */
export type SessionGroup = 'attention' | 'scan' | 'connected' | 'other';

export function groupOf({ status, attention }: { status: Status; attention: string | null }): SessionGroup {
  if (attention === 'auth_folder_missing') return 'attention';
  if (status === 'qr_ready' || status === 'qr_required' || attention === 'qr_expired') return 'scan';
  if (attention !== null) return 'attention';
  if (status === 'connected') return 'connected';
  return 'other';
}

/**
 * Whether the QR stands on the page: a phone is to be linked, or is being linked. Not while keys are missing that may
 * be put back: that is for a person to decide, with "Start".
 */
export function isLinking(
  session: Pick<SessionStatus, 'status' | 'phone_number'> & { readonly attention: { readonly code: string } | null },
): boolean {
  const { status, attention, phone_number: phone } = session;
  if (attention?.code === 'auth_folder_missing') return false;
  return status === 'qr_ready' || status === 'qr_required' || (phone === null && status === 'connecting');
}

/** The first is what a person should look at first. */
export const GROUP_ORDER: readonly SessionGroup[] = ['attention', 'scan', 'other', 'connected'];
