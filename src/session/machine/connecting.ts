import type { LoginPermission } from '../login-governor.js';
import { UNREADABLE_RETRY_MS } from '../reconnect-policy.js';
import type { ConnectPlan, DamagedPlan, MovedFolder } from '../session-effects.js';
import type { OpenedKeys } from '../session-events.js';
import { type Login, type SessionState } from '../session-state.js';
import type { CleaningRecord } from '../session-view.js';
import { beginAnew, cancelWaiting, forgetPhone } from './letting-go.js';
import { withCleaning } from './record.js';
import { iso, type Turn } from './turn.js';
import { isUnderWay, tryAgainAt } from './waiting.js';

/*
 * The way to a login: find the keys, open them, wait for the turn among the logins of this process, open a socket.
 * Always within an action.
 */

export function connectPlan(plan: Partial<ConnectPlan> = {}): ConnectPlan {
  return { do: 'connect', asked: false, onlyPaired: false, wasDamaged: false, outcome: { is: 'done' }, ...plan };
}

export function connect(turn: Turn, plan: ConnectPlan): void {
  if (turn.liveSocket !== null) return arrive(turn, plan);
  cancelWaiting(turn);
  turn.becomeInBetween({ do: 'action' });
  if (!plan.asked && expectsKeys(turn)) {
    return turn.ask({ ask: 'look_at_folder', whether: 'is_missing', then: { do: 'find_keys', connect: plan } });
  }
  findFolder(turn, plan);
}

/** A person asks for this session: what went wrong before does not matter any more. */
export function connectAnew(turn: Turn, plan: ConnectPlan): void {
  turn.setAttention(null);
  beginAnew(turn);
  connect(turn, plan);
}

/** The action of a login ends here, whatever came of it. */
function arrive(turn: Turn, { outcome }: ConnectPlan): void {
  if (outcome.is === 'cleaned' && isUnderWay(turn)) turn.remember({ unansweredCleaning: outcome.cleaned });
  turn.finish(outcome);
}

// --- the folder ---

/** Whether there were keys of a phone. */
function expectsKeys({ phone, memory }: Turn): boolean {
  return phone !== null || memory.keysLost;
}

export function onKeysLookedFor(turn: Turn, isMissing: boolean, plan: ConnectPlan): void {
  if (isMissing) return folderMissing(turn, plan);
  findFolder(turn, plan);
}

function findFolder(turn: Turn, plan: ConnectPlan): void {
  if (plan.onlyPaired) {
    return turn.ask({ ask: 'look_at_folder', whether: 'is_missing', then: { do: 'find_folder', connect: plan } });
  }
  turn.ask({ ask: 'open_keys', then: plan });
}

export function onFolderLookedFor(turn: Turn, isMissing: boolean, plan: ConnectPlan): void {
  if (!isMissing) return turn.ask({ ask: 'open_keys', then: plan });
  if (!mayHaveGoneMissing(turn)) return awaitPairing(turn, plan);
  turn.ask({ ask: 'look_at_folder', whether: 'nothing_is_left', then: { do: 'explain_missing', connect: plan } });
}

export function onMissingExplained(turn: Turn, nothingIsLeft: boolean, plan: ConnectPlan): void {
  if (nothingIsLeft) return folderMissing(turn, plan);
  awaitPairing(turn, plan);
}

/**
 * Whether a folder that is not there may have been taken away while no session had it open: a phone was linked, and
 * nobody logged out since.
 */
export function mayHaveGoneMissing({ memory: { record } }: Turn): boolean {
  if (record.wanted === null || record.wanted === 'logged_out' || !record.wasEverPaired) return false;
  // Nothing was linked after that logout, so no phone's keys are missing.
  return record.lastLogout === null;
}

/** No pairing begins before somebody asks for it. */
function awaitPairing(turn: Turn, plan: ConnectPlan): void {
  turn.do({ do: 'end_login' });
  turn.do({ do: 'close_keys' });
  turn.remember({ awaitsFirstTry: false });
  turn.become({ name: 'qr_required', nextTry: null });
  arrive(turn, plan);
}

/**
 * No new identity is made unasked, since the folder may come back (a disk that was unmounted, a name that was
 * mistaken): it is looked for again by itself. Whoever asks for the session gets a QR.
 */
function folderMissing(turn: Turn, plan: ConnectPlan): void {
  turn.do({ do: 'close_keys' });
  forgetPhone(turn);
  turn.remember({ awaitsFirstTry: false, keysLost: true });
  const isNews = turn.memory.attention?.code !== 'auth_folder_missing';
  const nextTry = tryAgainAt(turn, turn.now + UNREADABLE_RETRY_MS);
  turn.setAttention('auth_folder_missing');
  turn.become({ name: 'qr_required', nextTry });
  if (isNews) {
    turn.log(
      'error',
      { event: 'auth_folder_missing' },
      "The auth folder was deleted or moved away: the organization's keys are gone. What waits in the outbox stays. " +
        'If the folder comes back it is used again; otherwise start-session makes a new QR.',
    );
  }
  arrive(turn, plan);
}

// --- the keys ---

export function onKeysOpened(turn: Turn, keys: OpenedKeys, plan: ConnectPlan): void {
  if (turn.state.name !== 'in_between') return arrive(turn, plan);
  if (keys.from === 'folder') {
    if (keys.wasNew) forgetPhone(turn);
    turn.remember({ keysLost: false });
    turn.state = { ...turn.state, phone: keys.phone };
  }
  if (plan.onlyPaired && turn.phone === null) return awaitPairing(turn, plan);
  turn.ask({ ask: 'login_permission', then: plan });
}

/** A damaged folder becomes a backup, and new keys are made; when those are damaged too, that is not foreseen. */
export function onKeysDamaged(turn: Turn, { code, cause }: { code: string; cause: unknown }, plan: ConnectPlan): void {
  if (plan.wasDamaged) return turn.finish({ is: 'failed', cause });
  turn.ask({
    ask: 'set_aside',
    reason: 'corrupt_folder',
    force: false,
    then: { do: 'replace_damaged', code, connect: { ...plan, wasDamaged: true } },
  });
}

export function onDamagedMoved(turn: Turn, backup: MovedFolder | null, damaged: DamagedPlan): void {
  const cleaning: CleaningRecord = {
    at: turn.now,
    reason: 'corrupt_folder',
    automatic: true,
    backup: backup?.name ?? null,
  };
  turn.ask({
    ask: 'save',
    writes: [{ write: 'cleaning', cleaning }],
    then: { do: 'damaged_set_aside', damaged, cleaning, path: backup?.path ?? null },
  });
}

export function onDamagedSaved(
  turn: Turn,
  { code, connect: plan }: DamagedPlan,
  cleaning: CleaningRecord,
  path: string | null,
): void {
  turn.record({ cleanings: withCleaning(turn.memory.record.cleanings, cleaning) });
  const { reason, automatic, backup } = cleaning;
  turn.tell('session.cleaned', { reason, automatic, backup, bad_mac: 0, stream_error: 0 });
  forgetPhone(turn);
  turn.log(
    'error',
    { event: 'session_cleaned', reason, fault: code, backup: path },
    `The auth folder is damaged and was set aside as ${backup ?? 'nothing'}; a new QR must be scanned.`,
  );
  turn.ask({ ask: 'open_keys', then: plan });
}

/** The session waits and looks again. */
export function onKeysUnreadable(turn: Turn, code: string, plan: ConnectPlan): void {
  turn.do({ do: 'close_keys' });
  turn.remember({ awaitsFirstTry: false });
  const isNews = turn.memory.attention?.code !== 'auth_folder_unreadable';
  const nextTry = tryAgainAt(turn, turn.now + UNREADABLE_RETRY_MS);
  turn.become({ name: 'disconnected', nextTry, phone: turn.phone });
  turn.setAttention('auth_folder_unreadable', nextTry);
  if (isNews) {
    turn.log(
      'error',
      { event: 'auth_folder_unreadable', fault: code },
      'The auth folder cannot be read or written (permissions, disk full?). ' +
        'Nothing was touched; it is looked at again by itself.',
    );
  }
  arrive(turn, plan);
}

// --- the turn, and the socket ---

export function onPermission(turn: Turn, permission: LoginPermission, plan: ConnectPlan): void {
  if (permission.allowed) return openSocket(turn, plan);
  switch (permission.because) {
    case 'process_cap':
      turn.do({ do: 'wait_for_turn' });
      turn.do({ do: 'begin_hold', by: 'login_turn' });
      turn.become(loggingIn(turn, { at: 'turn' }));
      break;
    case 'version_refused':
      turn.remember({ awaitsFirstTry: false });
      turn.become({ name: 'disconnected', nextTry: null, phone: turn.phone });
      turn.setAttention('version_refused');
      turn.log(
        'warn',
        { event: 'login_refused_by_version' },
        'No login: WhatsApp refused this client version to another session.',
      );
      break;
    case 'organization_cap':
      capReached(turn, permission.retryAt);
      break;
    default:
      throw new Error(`No such refusal: ${String(permission.because satisfies never)}`);
  }
  arrive(turn, plan);
}

function capReached(turn: Turn, retryAt: number | null): void {
  turn.remember({ awaitsFirstTry: false });
  const nextTry = tryAgainAt(turn, retryAt ?? turn.now + turn.context.settings.reconnect.maxMs);
  turn.become({ name: 'disconnected', nextTry, phone: turn.phone });
  turn.setAttention('login_cap_reached', nextTry);
  turn.log(
    'warn',
    { event: 'login_held_back', next_try: iso(nextTry) },
    'This organization has logged in as often as it may in an hour; the next try waits.',
  );
}

function openSocket(turn: Turn, plan: ConnectPlan): void {
  const socket = turn.memory.sockets + 1;
  turn.remember({ sockets: socket });
  turn.become(loggingIn(turn, { at: 'socket', socket }));
  turn.ask({ ask: 'open_socket', socket, then: plan });
}

function loggingIn({ status, phone }: Turn, login: Login): SessionState {
  return { name: status === 'restoring' ? 'restoring' : 'connecting', login, phone };
}

export function onSocketOpened(turn: Turn, plan: ConnectPlan): void {
  turn.do({ do: 'begin_hold', by: 'login' });
  arrive(turn, plan);
}

/** For a reason that nobody foresaw; the action fails. */
export function onSocketNotOpened(turn: Turn): void {
  if (turn.liveSocket !== null) turn.becomeInBetween({ do: 'action' });
}

/** The next try, unless somebody ended the session while it waited for its turn. */
export function logInByItself(turn: Turn): void {
  if (turn.status === 'stopped' || turn.status === 'logged_out') return turn.finish();
  connect(turn, connectPlan());
}

/** Another session proved that the client version is accepted again. */
export function onVersionAccepted(turn: Turn): void {
  if (turn.memory.attention?.code !== 'version_refused' || isUnderWay(turn)) return turn.finish();
  connect(turn, connectPlan());
}
