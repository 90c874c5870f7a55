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
  /**
   * Bad MACs of fewer customers than this never condemn the keys, however many they are: from outside, a customer who
   * sends garbage looks like one whose session is damaged, and damaged keys fail with everybody. Default 1, the plain
   * rule.
   */
  readonly badMacMinCustomers?: number;
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
 * Judges the keys of one organization session, and never acts: faults go in, a verdict comes out. Pure; `now` (epoch
 * ms) is an argument. Outlives sockets: a reconnect does not forget, only a connection that stayed open for
 * `stableAfterMs` does. What is counted is messages: one that fails, is asked for again and fails again counts once
 * within the window.
 */
export class SessionHealth {
  private windows: Record<CountedFaultKind, SlidingWindow>;
  private sinceStart = new Map<FaultKind, number>();
  /** When which customer was last named by `customersToReset` (epoch ms). Holds no more than one window does. */
  private resetAt = new Map<string, number>();
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

  /**
   * Takes back one fault that was recorded at this very time: something else explains it. False when it is not counted
   * any more.
   */
  forgive(kind: CountedFaultKind, at: number): boolean {
    return this.windows[kind].forgive(at);
  }

  /**
   * The smaller remedy: the customers whose Signal sessions are to be dropped now. None below the limit, none when
   * there are enough of them to condemn the keys. Each is named once within the window; after that his faults stay
   * counted, for the case that others join.
   */
  customersToReset(now: number): string[] {
    const { limit, windowMs } = this.limits.bad_mac;
    if (this.windows.bad_mac.count(now) < limit || this.hasEnoughCustomers(now)) return [];
    for (const [customer, at] of this.resetAt) if (now - at >= windowMs || at > now) this.resetAt.delete(customer);
    const due = [...this.windows.bad_mac.customers(now).known].filter((customer) => !this.resetAt.has(customer));
    for (const customer of due) this.resetAt.set(customer, now);
    return due;
  }

  /** A fault of which nobody knows whose it is may be anybody's. */
  private hasEnoughCustomers(now: number): boolean {
    const least = this.limits.badMacMinCustomers ?? 1;
    if (least <= 1) return true;
    const { known, unknown } = this.windows.bad_mac.customers(now);
    return known.size + unknown >= least;
  }

  verdict(now: number): Verdict {
    this.resetIfStable(now);
    const counts = COUNTED_FAULTS.map((kind) => ({
      count: this.windows[kind].count(now),
      limit: this.limits[kind].limit,
      condemns: kind !== 'bad_mac' || this.hasEnoughCustomers(now),
    }));
    if (counts.some(({ count, limit, condemns }) => condemns && count >= limit)) return 'corrupted';
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
   * Forgets what was counted, and the connection: after a cleaning or a restore both speak of keys that are no longer
   * in use, and the age of the old connection must not reset what the new keys do wrong.
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

  /** As it is now; what is done to one of the two does not change the other. */
  copy(): SessionHealth {
    const copy = new SessionHealth(this.limits);
    copy.windows = { bad_mac: this.windows.bad_mac.copy(), stream_error: this.windows.stream_error.copy() };
    copy.sinceStart = new Map(this.sinceStart);
    copy.resetAt = new Map(this.resetAt);
    copy.openSince = this.openSince;
    copy.resetForThisConnection = this.resetForThisConnection;
    return copy;
  }

  /**
   * A connection that proved stable resets the counters once, at the moment it becomes stable: what was counted before
   * it and in its first seconds is forgotten. Faults after that moment count afresh, however long the connection lasts.
   */
  private resetIfStable(now: number): void {
    if (this.openSince === null || this.resetForThisConnection || now - this.openSince < this.limits.stableAfterMs)
      return;
    this.resetForThisConnection = true;
    this.forgetCounts();
  }

  private forgetCounts(): void {
    for (const kind of COUNTED_FAULTS) this.windows[kind].clear();
    this.resetAt.clear();
  }
}

type FaultOrigin = Pick<SessionFault, 'messageId' | 'customer'>;

/** Two customers may use the same id. */
function aboutOf(messageId: string | undefined, customer: string | undefined): About {
  const isKnown = messageId !== undefined && customer !== undefined;
  return { customer, message: isKnown ? `${customer} ${messageId}` : undefined };
}

function isCounted(kind: FaultKind): kind is CountedFaultKind {
  return (COUNTED_FAULTS as readonly string[]).includes(kind);
}
