import type { AfterMoving, EndLogoutPlan, LogoutByHand, MovedFolder } from '../session-effects.js';
import type { AttentionCode, LogoutRecord } from '../session-view.js';
import { mayHaveGoneMissing } from './connecting.js';
import { cancelWaiting, closeSockets, dropSocket, forgetPhone, letGo } from './letting-go.js';
import type { Turn } from './turn.js';

const LOGGED_OUT: Readonly<Record<LogoutByHand['outcome'], string>> = {
  unlinked: 'WhatsApp confirmed that the device is unlinked, and its keys were removed.',
  not_confirmed:
    'Logged out, but WhatsApp did not confirm it: the device may still be linked, and the keys were set aside. ' +
    'Please remove it on the phone.',
  keys_missing:
    'Logged out, but the keys were deleted or moved away, so WhatsApp could not be asked: ' +
    'the device may still be linked. Please remove it on the phone.',
  nothing_linked: 'Logged out: no phone was linked, so there was nothing to unlink and nothing to keep.',
};

/** Who asks again hears what happened; nothing has changed since. */
export function onLogoutRequest(turn: Turn): void {
  if (turn.state.name !== 'logged_out') return turn.finish();
  turn.ask({ ask: 'look_at_folder', whether: 'is_there', then: { do: 'answer_logged_out' } });
}

export function onLoggedOutLookedAt(turn: Turn, isThere: boolean): void {
  const { state } = turn;
  if (isThere || state.name !== 'logged_out' || state.logout === null) return turn.finish();
  turn.finish({ is: 'logged_out', logout: state.logout });
}

/** Names the socket that can ask WhatsApp, if any. From here on its end is the logout's doing, not news. */
export function leave(turn: Turn): void {
  const { state } = turn;
  if (state.name !== 'connected') return closeSockets(turn, { do: 'leave' });
  dropSocket(turn);
  cancelWaiting(turn);
  turn.remember({ leaving: state.socket });
  turn.becomeInBetween({ do: 'log_out' });
  turn.finish({ is: 'leaving', socket: state.socket });
}

export function onClosedForLeaving(turn: Turn): void {
  letGo(turn, { do: 'log_out' });
  turn.finish({ is: 'leaving', socket: null });
}

export function onClosedForLogout(turn: Turn, plan: EndLogoutPlan): void {
  letGo(turn, { do: 'log_out' });
  if (turn.phone !== null || turn.memory.keysLost) return moveForLogout(turn, true, plan);
  if (!mayHaveGoneMissing(turn)) return moveForLogout(turn, false, plan);
  turn.ask({ ask: 'look_at_folder', whether: 'nothing_is_left', then: plan });
}

export function moveForLogout(turn: Turn, hadPhone: boolean, { confirmed }: EndLogoutPlan): void {
  const then: AfterMoving = { do: 'end_logout', confirmed, hadPhone };
  // Without a confirmation the keys may still be valid.
  if (!confirmed) return turn.ask({ ask: 'set_aside', reason: 'logout_unconfirmed', force: false, then });
  turn.ask({ ask: 'remove_keys', then });
}

export function onMovedForLogout(
  turn: Turn,
  moved: MovedFolder | null,
  { confirmed, hadPhone }: EndLogoutPlan & { hadPhone: boolean },
): void {
  // After a confirmed one a backup holds no keys of this device, only what else lay in the folder.
  const backup = confirmed ? null : moved;
  const outcome = confirmed ? 'unlinked' : backup ? 'not_confirmed' : hadPhone ? 'keys_missing' : 'nothing_linked';
  const logout = { at: turn.now, outcome, backup: backup?.name ?? null } as const;
  turn.ask({
    ask: 'save',
    writes: [{ write: 'logged_out', logout }],
    then: { do: 'logged_out', logout, path: moved?.path ?? null },
  });
}

export function onLoggedOut(turn: Turn, logout: LogoutByHand, path: string | null): void {
  becomeLoggedOut(turn, logout, null);
  const { outcome } = logout;
  turn.log(
    outcome === 'not_confirmed' || outcome === 'keys_missing' ? 'warn' : 'info',
    { event: 'session_logged_out', outcome, backup: path },
    LOGGED_OUT[outcome],
  );
  turn.finish({ is: 'logged_out', logout });
}

// --- what a login found ---

/** WhatsApp said twice that the device is unlinked, and no other action came between. */
export function setAsideUnlinked(turn: Turn): void {
  const { state } = turn;
  if (state.name !== 'in_between' || state.task.do !== 'set_aside_unlinked') return turn.finish();
  closeSockets(turn, { do: 'set_aside_unlinked' });
}

export function onClosedForUnlinked(turn: Turn): void {
  letGo(turn, { do: 'set_aside_unlinked' });
  turn.ask({ ask: 'set_aside', reason: 'unlinked', force: false, then: { do: 'set_aside_unlinked' } });
}

export function onSetAsideUnlinked(turn: Turn, backup: MovedFolder | null): void {
  const logout: LogoutRecord = { at: turn.now, outcome: 'found_unlinked', backup: backup?.name ?? null };
  turn.ask({
    ask: 'save',
    writes: [{ write: 'logged_out', logout }],
    then: { do: 'found_unlinked', logout, path: backup?.path ?? null },
  });
}

export function onFoundUnlinked(turn: Turn, logout: LogoutRecord, path: string | null): void {
  becomeLoggedOut(turn, logout, 'unlinked');
  turn.log(
    'error',
    { event: 'session_unlinked', backup: path },
    'WhatsApp said twice that this device is not linked any more: ' +
      'the folder was set aside, and a new QR is made when somebody asks for it. ' +
      'If the phone still lists the device, restore-session puts the keys back.',
  );
  turn.finish();
}

function becomeLoggedOut(turn: Turn, logout: LogoutRecord, attention: AttentionCode | null): void {
  turn.record({ wanted: 'logged_out', lastLogout: logout });
  turn.remember({ keysLost: false });
  forgetPhone(turn);
  turn.health.reset();
  turn.setAttention(attention);
  turn.tell('session.logged_out', { outcome: logout.outcome, backup: logout.backup });
  turn.become({ name: 'logged_out', logout });
}
