import {
  COUNTED_FAULTS,
  OTHER_FAULTS,
  type CountedFaultKind,
  type FaultKind,
  type SessionFault,
  type Verdict,
} from './session-fault.js';
import { SlidingWindow, type About } from './sliding-window.js';

export interface HealthLimits {
  /** Bad MACs within the window that condemn the keys, and the window's length in ms. */
  readonly bad_mac: { readonly limit: number; readonly windowMs: number };
  readonly stream_error: { readonly limit: number; readonly windowMs: number };
  /** How long a connection must stay open until it counts as successful and resets the counters, ms. */
  readonly stableAfterMs: number;
}

export interface CounterView {
  readonly count: number;
  readonly limit: number;
  readonly windowMs: number;
}

/**
 * Judges the keys of one organization session, and never acts: faults go in, a verdict comes out. Pure; `now` (epoch ms) is an
 * argument. Outlives sockets: a reconnect does not forget, only a connection that stayed open for `stableAfterMs` does.
 * What is counted is messages: one that fails, is asked for again and fails again counts once within the window.
 */
export class SessionHealth {
  private readonly windows: Record<CountedFaultKind, SlidingWindow>;
  private readonly sinceStart = new Map<FaultKind, number>();
  private openSince: number | null = null;
  private resetForThisConnection = false;

  constructor(private readonly limits: HealthLimits) {
    this.windows = {
      bad_mac: new SlidingWindow(limits.bad_mac.windowMs),
      stream_error: new SlidingWindow(limits.stream_error.windowMs),
    };
  }

  /** Counts a fault and returns the verdict that follows. Totals count each failure, the limits each message. */
  record(kind: FaultKind, now: number, { messageId, customer }: FaultOrigin = {}): Verdict {
    this.resetIfStable(now);
    this.sinceStart.set(kind, (this.sinceStart.get(kind) ?? 0) + 1);
    if (isCounted(kind)) this.windows[kind].add(now, aboutOf(messageId, customer));
    return this.verdict(now);
  }

  /** Takes back one fault that was recorded at this very time: something else explains it. False when it is not counted any more. */
  forgive(kind: CountedFaultKind, at: number): boolean {
    return this.windows[kind].forgive(at);
  }

  verdict(now: number): Verdict {
    this.resetIfStable(now);
    const counts = COUNTED_FAULTS.map((kind) => ({
      count: this.windows[kind].count(now),
      limit: this.limits[kind].limit,
    }));
    if (counts.some(({ count, limit }) => count >= limit)) return 'corrupted';
    return counts.some(({ count }) => count > 0) ? 'suspect' : 'healthy';
  }

  connectionOpened(now: number): void {
    this.openSince = now;
    this.resetForThisConnection = false;
  }

  connectionClosed(now: number): void {
    this.resetIfStable(now);
    this.openSince = null;
  }

  /**
   * Forgets what was counted, and the connection: after a cleaning or a restore both speak of keys that are no longer in use, and the age
   * of the old connection must not reset what the new keys do wrong.
   */
  reset(): void {
    this.forgetCounts();
    this.openSince = null;
  }

  counters(now: number): Record<CountedFaultKind, CounterView> {
    this.resetIfStable(now);
    const view = (kind: CountedFaultKind): CounterView => ({
      count: this.windows[kind].count(now),
      ...this.limits[kind],
    });
    return { bad_mac: view('bad_mac'), stream_error: view('stream_error') };
  }

  /** How often each kind was seen since the process started; never reset. */
  totals(): Record<FaultKind, number> {
    const kinds: readonly FaultKind[] = [...COUNTED_FAULTS, ...OTHER_FAULTS];
    return Object.fromEntries(kinds.map((kind) => [kind, this.sinceStart.get(kind) ?? 0])) as Record<FaultKind, number>;
  }

  /**
   * A connection that proved stable resets the counters once, at the moment it becomes stable: what was counted before it and in its
   * first seconds is forgotten. Faults after that moment count afresh, however long the connection lasts.
   */
  private resetIfStable(now: number): void {
    if (this.openSince === null || this.resetForThisConnection || now - this.openSince < this.limits.stableAfterMs)
      return;
    this.resetForThisConnection = true;
    this.forgetCounts();
  }

  private forgetCounts(): void {
    for (const kind of COUNTED_FAULTS) this.windows[kind].clear();
  }
}

type FaultOrigin = Pick<SessionFault, 'messageId' | 'customer'>;

/** Two customers may use the same id. */
function aboutOf(messageId: string | undefined, customer: string | undefined): About {
  const isKnown = messageId !== undefined && customer !== undefined;
  return { message: isKnown ? `${customer} ${messageId}` : undefined };
}

function isCounted(kind: FaultKind): kind is CountedFaultKind {
  return (COUNTED_FAULTS as readonly string[]).includes(kind);
}
