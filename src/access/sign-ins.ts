import type { AccessStore } from '../store/ports.js';
import type { Tokens } from './tokens.js';

/**
 * How long a sign-in lasts, ms: a working day. It is not made longer by use, so a forgotten browser is signed out by
 * the next morning.
 */
export const SIGN_IN_LASTS = 12 * 3_600_000;
/** ms. Long enough to walk from the terminal to the browser. */
export const SIGN_IN_LINK_LASTS = 600_000;
/** Sign-ins, and unused links, that may exist at one time; the one that would end first makes place. */
const MOST = 100;
/** After so long a storage that could not be asked is asked again, ms. */
const LOOK_AGAIN_MS = 10_000;

export interface GivenOut {
  /** Told once, and kept nowhere. */
  readonly token: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** Browsers that were signed in, and single-use links that sign one in. */
export class SignIns {
  /** Look whether their sign-in is still there, after each change that may have ended one. */
  private readonly looks = new Set<() => Promise<void>>();

  constructor(
    private readonly store: AccessStore,
    private readonly tokens: Tokens,
    private readonly now: () => number,
  ) {}

  async begin(): Promise<GivenOut> {
    const { token, digest } = this.tokens.make();
    const now = this.now();
    const expiresAt = now + SIGN_IN_LASTS;
    await this.store.addSignIn(digest, expiresAt, { now, most: MOST });
    await this.lookAround();
    return { token, expiresAt };
  }

  /** Until when the sign-in of this token lasts (epoch ms), or null when there is none (any more). */
  async find(token: string): Promise<number | null> {
    const digest = this.tokens.digest(token);
    return digest && this.store.signInEnd(digest, this.now());
  }

  /** Whoever waits for this end was called back when it resolves. */
  async end(token: string): Promise<void> {
    const digest = this.tokens.digest(token);
    if (digest) await this.store.removeSignIn(digest);
    await this.lookAround();
  }

  /**
   * Calls back once, at the moment at which the sign-in of this token is over: signed out, made place for others, or
   * its time is up. Returns what takes it back.
   */
  onEnd(token: string, listener: () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      clearTimeout(timer);
      this.looks.delete(look);
    };
    const look = async (): Promise<void> => {
      const expiresAt = await this.find(token).catch(() => this.now() + LOOK_AGAIN_MS);
      // Taken back, or called back, meanwhile.
      if (!this.looks.has(look)) return;
      clearTimeout(timer);
      // Whoever waits for the time looks again: the clock of the machine may have been set back.
      if (expiresAt !== null) timer = setTimeout(() => void look(), Math.max(1, expiresAt - this.now()));
      else {
        stop();
        listener();
      }
    };
    this.looks.add(look);
    void look();
    return stop;
  }

  async makeLink(): Promise<GivenOut> {
    const { token, digest } = this.tokens.make();
    const now = this.now();
    const expiresAt = now + SIGN_IN_LINK_LASTS;
    await this.store.addSignInLink(digest, expiresAt, { now, most: MOST });
    return { token, expiresAt };
  }

  /** Whether the link was good; it is not good a second time. */
  async useLink(token: string): Promise<boolean> {
    const digest = this.tokens.digest(token);
    return digest !== null && this.store.useSignInLink(digest, this.now());
  }

  private async lookAround(): Promise<void> {
    await Promise.all([...this.looks].map((look) => look()));
  }
}
