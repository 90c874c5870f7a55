import { createHmac, randomBytes } from 'node:crypto';

const BYTES = 32;
const FORM = /^[A-Za-z0-9_-]{43}$/;

/** Random tokens of 256 bits, which nobody guesses, and the digests under which they are kept. */
export class Tokens {
  /** @param secret a new one makes every token given out before unknown */
  constructor(private readonly secret: string) {}

  make(): { token: string; digest: Buffer } {
    const token = randomBytes(BYTES).toString('base64url');
    return { token, digest: this.keyed(token) };
  }

  /**
   * Null for what cannot be a token. Found by its digest, so the time that the search takes tells nothing about any
   * token.
   */
  digest(token: string): Buffer | null {
    return FORM.test(token) ? this.keyed(token) : null;
  }

  private keyed(token: string): Buffer {
    return createHmac('sha256', this.secret).update(token).digest();
  }
}
