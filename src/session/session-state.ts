import type { SessionHealth } from '../health/session-health.js';
import type { OrganizationRecord } from '../store/ports.js';
import type { DisconnectReason } from './disconnect-reason.js';
import type { RecentEnds } from './recent-ends.js';
import type { Attention, CleaningRecord, HeldUp, LogoutRecord, SessionStatus } from './session-view.js';

/**
 * What an organization session is at one moment. Each state is a type of its own, so that what cannot be cannot be
 * written down. A socket is a number here: the machine counts them, the session holds them. Times are epoch ms.
 */
export type SessionState =
  | NotStarted
  | Restoring
  | Connecting
  | QrReady
  | QrRequired
  | Connected
  | Disconnected
  | LoggedOut
  | Stopped
  | InBetween;

/** Nobody has asked for it since this process started. */
export interface NotStarted {
  readonly name: 'not_started';
}

/** A login is under way. `phone`: digits of the phone that is linked to the keys, null when none is. */
export interface Restoring {
  readonly name: 'restoring';
  readonly login: Login;
  readonly phone: string | null;
}
export interface Connecting {
  readonly name: 'connecting';
  readonly login: Login;
  readonly phone: string | null;
}
/** `turn`: it waits for its turn among the logins of this process. `socket`: the login itself. */
export type Login = { readonly at: 'turn' } | { readonly at: 'socket'; readonly socket: number };

/** A QR can be scanned. No phone is linked. */
export interface QrReady {
  readonly name: 'qr_ready';
  readonly socket: number;
  readonly qr: { readonly text: string; readonly expiresAt: number; readonly number: number };
  readonly pairingCode: string | null;
}

/** No phone is linked. `nextTry`: when it is looked whether the missing keys came back; null: a person must ask. */
export interface QrRequired {
  readonly name: 'qr_required';
  readonly nextTry: number | null;
}

export interface Connected {
  readonly name: 'connected';
  readonly socket: number;
  readonly phone: string;
  /** When the login was complete. */
  readonly openSince: number;
}

/** `nextTry`: null when a person must act; the attention says why. */
export interface Disconnected {
  readonly name: 'disconnected';
  readonly nextTry: number | null;
  readonly phone: string | null;
}

/** `logout`: null when an older version logged it out, and did not note how. */
export interface LoggedOut {
  readonly name: 'logged_out';
  readonly logout: LogoutRecord | null;
}

export interface Stopped {
  readonly name: 'stopped';
  readonly phone: string | null;
}

/** No socket is alive, and what follows is under way. To the outside it is still `shown`. */
export interface InBetween {
  readonly name: 'in_between';
  readonly shown: SessionStatus;
  readonly phone: string | null;
  readonly task: Task;
}
/** What is under way, or comes as soon as it is its turn among the actions. */
export type Task =
  | { readonly do: 'action' }
  | { readonly do: 'login' }
  | { readonly do: 'clean' }
  | { readonly do: 'set_aside_unlinked' }
  | { readonly do: 'log_out' }
  /** An action failed for an unknown reason: the next try comes at this time. */
  | { readonly do: 'try_again'; readonly nextTry: number };

/** A cleaning as its caller hears of it; `path` of the backup. */
export type Cleaned = CleaningRecord & { readonly path: string | null };

/** What outlives the states. */
export interface SessionMemory {
  readonly record: OrganizationRecord;
  /** Since when the status is what it is. */
  readonly since: number;
  readonly attention: Attention | null;
  readonly lastConnectedAt: number | null;
  readonly lastDisconnect: DisconnectReason | null;
  /** Never changed in place: a step that changes one of them makes a copy first. */
  readonly health: SessionHealth;
  readonly ends: RecentEnds;
  /** Logins in a row that failed, or led to connections that fell at once. */
  readonly attempt: number;
  /** When a stream error was counted last. */
  readonly streamErrorCountedAt: number;
  /** Stream errors in a row that did not count, */
  readonly excused: number;
  /** and those of them for which it is not known yet whether a stanza is to blame. */
  readonly unproved: readonly DisconnectReason[];
  /** Whether the folder with a linked phone's keys went missing, and nothing has come in its place. */
  readonly keysLost: boolean;
  /** Whether the boot still waits for this session's first try. */
  readonly awaitsFirstTry: boolean;
  /** How many sockets there were: the number of the newest. */
  readonly sockets: number;
  /** Asks WhatsApp to unlink this device; no longer the live one, but what it hears of messages still counts. */
  readonly leaving: number | null;
  /** Whether a cleaning waits for its turn, or is under way. */
  readonly isCleaning: boolean;
  /** A cleaning that still waits for its QR: whoever asks for one meanwhile is answered with this one. */
  readonly unansweredCleaning: Cleaned | null;
  /** What holds it up, as it was told last. */
  readonly toldHold: HeldUp | null;
  /** The service ends. */
  readonly isShutDown: boolean;
}

export interface MachineState {
  readonly state: SessionState;
  readonly memory: SessionMemory;
}

/** As a process begins with it. */
export function initialState(
  record: OrganizationRecord,
  judges: { readonly health: SessionHealth; readonly ends: RecentEnds },
  now: number,
): MachineState {
  return {
    state: initialOf(record),
    memory: {
      record,
      since: now,
      attention: null,
      lastConnectedAt: null,
      lastDisconnect: null,
      health: judges.health,
      ends: judges.ends,
      attempt: 0,
      streamErrorCountedAt: 0,
      excused: 0,
      unproved: [],
      keysLost: false,
      awaitsFirstTry: false,
      sockets: 0,
      leaving: null,
      isCleaning: false,
      unansweredCleaning: null,
      toldHold: null,
      isShutDown: false,
    },
  };
}

function initialOf({ wanted, lastLogout }: OrganizationRecord): SessionState {
  if (wanted === 'stopped') return { name: 'stopped', phone: null };
  if (wanted === 'logged_out') return { name: 'logged_out', logout: lastLogout };
  return { name: 'not_started' };
}

// --- what can be read off a state ---

/** The status of the HTTP contract. */
export function statusOf(state: SessionState): SessionStatus {
  return state.name === 'in_between' ? state.shown : state.name;
}

/** Digits of the phone that is linked to the keys in use, as far as that is known. */
export function phoneOf(state: SessionState): string | null {
  switch (state.name) {
    case 'restoring':
    case 'connecting':
    case 'connected':
    case 'disconnected':
    case 'stopped':
    case 'in_between':
      return state.phone;
    case 'not_started':
    case 'qr_ready':
    case 'qr_required':
    case 'logged_out':
      return null;
    default:
      return unknownState(state);
  }
}

/** The number of the socket that is alive. */
export function liveSocketOf(state: SessionState): number | null {
  switch (state.name) {
    case 'restoring':
    case 'connecting':
      return state.login.at === 'socket' ? state.login.socket : null;
    case 'qr_ready':
    case 'connected':
      return state.socket;
    case 'not_started':
    case 'qr_required':
    case 'disconnected':
    case 'logged_out':
    case 'stopped':
    case 'in_between':
      return null;
    default:
      return unknownState(state);
  }
}

/** When it tries again by itself. */
export function nextTryOf(state: SessionState): number | null {
  if (state.name === 'disconnected' || state.name === 'qr_required') return state.nextTry;
  return state.name === 'in_between' && state.task.do === 'try_again' ? state.task.nextTry : null;
}

/** Whether it waits for its turn among the logins of this process. */
export function waitsForTurn(state: SessionState): boolean {
  return (state.name === 'restoring' || state.name === 'connecting') && state.login.at === 'turn';
}

function unknownState(state: never): never {
  throw new Error(`No such state: ${JSON.stringify(state)}`);
}
