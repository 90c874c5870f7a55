import type Database from 'better-sqlite3';
import type { Tokens } from './tokens.js';

/** How long a sign-in lasts, ms: a working day. It is not made longer by use, so a forgotten browser is signed out by the next morning. */
export const SIGN_IN_LASTS = 12 * 3_600_000;
/** ms. Long enough to walk from the terminal to the browser. */
export const SIGN_IN_LINK_LASTS = 600_000;
/** Sign-ins, and unused links, that may exist at one time; the one that would end first makes place. */
const MOST = 100;

export interface GivenOut {
  /** Told once, and kept nowhere. */
  readonly token: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** Browsers that were signed in, and single-use links that sign one in. */
export class SignIns {
  private readonly statements: ReturnType<typeof statementsFor>;
  /** Look whether their sign-in is still there, after each change that may have ended one. */
  private readonly looks = new Set<() => void>();

  constructor(
    database: Database.Database,
    private readonly tokens: Tokens,
    private readonly now: () => number,
  ) {
    this.statements = statementsFor(database);
  }

  begin(): GivenOut {
    return this.giveOut(this.statements.signIns, SIGN_IN_LASTS);
  }

  /** Until when the sign-in of this token lasts (epoch ms), or null when there is none (any more). */
  find(token: string): number | null {
    const digest = this.tokens.digest(token);
    const row = digest && (this.statements.find.get(digest, this.now()) as { at: number } | undefined);
    return row?.at ?? null;
  }

  end(token: string): void {
    const digest = this.tokens.digest(token);
    if (digest) this.statements.end.run(digest);
    this.lookAround();
  }

  /**
   * Calls back once, at the moment at which the sign-in of this token is over: signed out, made place for others, or its time is up. Returns
   * what takes it back.
   */
  onEnd(token: string, listener: () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      clearTimeout(timer);
      this.looks.delete(look);
    };
    const look = (): void => {
      const expiresAt = this.find(token);
      clearTimeout(timer);
      // Whoever waits for the time looks again: the clock of the machine may have been set back.
      if (expiresAt !== null) timer = setTimeout(look, Math.max(1, expiresAt - this.now()));
      else {
        stop();
        listener();
      }
    };
    this.looks.add(look);
    look();
    return stop;
  }

  makeLink(): GivenOut {
    return this.giveOut(this.statements.links, SIGN_IN_LINK_LASTS);
  }

  /** Whether the link was good; it is not good a second time. */
  useLink(token: string): boolean {
    const digest = this.tokens.digest(token);
    return digest !== null && this.statements.useLink.run(digest, this.now()).changes === 1;
  }

  private lookAround(): void {
    for (const look of [...this.looks]) look();
  }

  private giveOut(table: { tidy: Database.Statement; add: Database.Statement }, lasts: number): GivenOut {
    const { token, digest } = this.tokens.make();
    const now = this.now();
    const expiresAt = now + lasts;
    table.tidy.run(now, MOST - 1);
    table.add.run(digest, expiresAt);
    this.lookAround();
    return { token, expiresAt };
  }
}

function statementsFor(database: Database.Database) {
  const inTable = (name: 'sign_ins' | 'sign_in_links') => ({
    tidy: database.prepare(
      `DELETE FROM ${name} WHERE expires_at <= ? OR digest IN (
         SELECT digest FROM ${name} ORDER BY expires_at DESC LIMIT -1 OFFSET ?)`,
    ),
    add: database.prepare(`INSERT INTO ${name} VALUES (?, ?)`),
  });
  return {
    signIns: inTable('sign_ins'),
    links: inTable('sign_in_links'),
    find: database.prepare('SELECT expires_at AS at FROM sign_ins WHERE digest = ? AND expires_at > ?'),
    end: database.prepare('DELETE FROM sign_ins WHERE digest = ?'),
    useLink: database.prepare('DELETE FROM sign_in_links WHERE digest = ? AND expires_at > ?'),
  };
}
