/** Lets a test look at stanzas at the very moment that they pass, and act on it before anything else happens. */
import type { BinaryNode } from './wire.js';

export interface PassingStanza {
  /** `in`: just arrived from a client, nothing has come of it yet. `out`: just written to a client's connection. */
  readonly direction: 'in' | 'out';
  /** The organization's phone number, once known. */
  readonly number: string | undefined;
  readonly stanza: BinaryNode;
}

/**
 * Called synchronously. `lose` makes an incoming stanza one that never arrived: it is dropped, and its connection with
 * it.
 */
export type Tap = (passing: PassingStanza) => 'lose' | void;

export class Taps {
  private readonly taps = new Set<Tap>();

  /** Returns a function that takes the tap off again. */
  add(tap: Tap): () => void {
    this.taps.add(tap);
    return () => this.taps.delete(tap);
  }

  /** Whether the stanza goes on. */
  pass(direction: 'in' | 'out', number: string | undefined, stanza: BinaryNode): boolean {
    let goesOn = true;
    for (const tap of [...this.taps]) if (tap({ direction, number, stanza }) === 'lose') goesOn = false;
    return goesOn;
  }
}
