import { SlidingWindow } from '../health/sliding-window.js';

const HOUR = 3_600_000;

export interface GovernorLimits {
  /** Logins of one organization within an hour. */
  readonly loginsPerHour: number;
  /** Logins of this process that may be under way at one moment. */
  readonly concurrentLogins: number;
}

export type LoginPermission =
  | { readonly allowed: true }
  /** Ask again at `retryAt` (epoch ms); null: when a login that is under way ends. */
  | {
      readonly allowed: false;
      readonly because: 'organization_cap' | 'process_cap' | 'version_refused';
      readonly retryAt: number | null;
    };

/**
 * How often an organization and this process may log in, since login storms get numbers banned. Pure: `now` (epoch ms)
 * is an argument; waiting for a free place is the caller's work (it is told by `onFree`).
 */
export class LoginGovernor {
  private readonly logins = new Map<string, SlidingWindow>();
  private readonly underWay = new Set<string>();
  private readonly waiting = new Set<() => unknown>();
  /** Those that were woken and have not asked yet. */
  private waking = 0;
  private refusedVersion = false;
  private trial: string | null = null;

  constructor(private readonly limits: GovernorLimits) {}

  /** Asks to log in. When allowed, the login counts and is under way until `ended`. */
  ask(organizationId: string, now: number): LoginPermission {
    if (this.refusedVersion && this.trial !== organizationId) {
      return { allowed: false, because: 'version_refused', retryAt: null };
    }
    const window = this.window(organizationId);
    if (window.count(now) >= this.limits.loginsPerHour) {
      return { allowed: false, because: 'organization_cap', retryAt: window.nextExpiry(now) };
    }
    if (this.underWay.size >= this.limits.concurrentLogins) {
      return { allowed: false, because: 'process_cap', retryAt: null };
    }
    window.add(now);
    this.underWay.add(organizationId);
    return { allowed: true };
  }

  /**
   * The login of this organization is no longer under way: it opened, showed a QR, or failed. Safe to call more than
   * once.
   */
  ended(organizationId: string): void {
    if (!this.underWay.delete(organizationId)) return;
    this.wake();
  }

  /**
   * As many of those that wait, in their order, as there are places; when one does not take its place, the next one is
   * woken.
   */
  private wake(): void {
    for (const wake of this.waiting) {
      if (this.underWay.size + this.waking >= this.limits.concurrentLogins) return;
      this.waiting.delete(wake);
      const asked = wake();
      if (!(asked instanceof Promise)) continue;
      this.waking += 1;
      void asked.finally(() => {
        this.waking -= 1;
        this.wake();
      });
    }
  }

  /**
   * Calls back once when there is a place, first come, first served; whoever is called asks again, at once or before
   * what it returns is settled (it must not reject), and waits again when it is refused. Returns a function that stops
   * waiting.
   */
  onFree(callback: () => unknown): () => void {
    this.waiting.add(callback);
    return () => this.waiting.delete(callback);
  }

  /** WhatsApp said 405: from now on nobody logs in, except the one session that a person lets try. */
  versionRefused(): void {
    this.refusedVersion = true;
    this.trial = null;
  }

  /** A person starts this session by hand: it may try, alone. */
  allowTrial(organizationId: string): void {
    this.trial = organizationId;
  }

  /**
   * A login was accepted: the version is fine (again). Returns true when this ended a refusal, so that the others may
   * be woken.
   */
  versionAccepted(): boolean {
    const wasRefused = this.refusedVersion;
    this.refusedVersion = false;
    this.trial = null;
    return wasRefused;
  }

  get isVersionRefused(): boolean {
    return this.refusedVersion;
  }

  get loginsUnderWay(): number {
    return this.underWay.size;
  }

  private window(organizationId: string): SlidingWindow {
    let window = this.logins.get(organizationId);
    if (!window) {
      window = new SlidingWindow(HOUR, this.limits.loginsPerHour);
      this.logins.set(organizationId, window);
    }
    return window;
  }
}
