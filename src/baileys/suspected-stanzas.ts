import { jidDecode, type BinaryNode } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { maskPhone } from '../logger.js';
import type { InboundStanza, InboundSuspect } from '../session/whatsapp-socket.js';

/** Of one connection; WhatsApp hands over about a hundred at a time. */
const MOST_UNDER_WAY = 500;
const MOST_SET_ASIDE = 100;

/**
 * Which stanza of WhatsApp's may have ended the connection. WhatsApp ends the stream when it does not take the answer
 * to a stanza, and offers that stanza again after each login; in some cases the stream error names it (`<ack
 * class="message" id="…"/>`). What WhatsApp offers again first is the oldest of which it has no answer: when that is
 * the same stanza after two such ends in a row, it is to blame. One other than before is progress, and blames nobody.
 *
 * One for an organization: it outlives connections, and a restart forgets it. Bounded; pure.
 */
export class SuspectedStanzas {
  /** Delivered on this connection, in WhatsApp's order. */
  private readonly underWay = new Map<string, InboundStanza>();
  /** Was under way when the stream ended last. */
  private suspected = new Set<string>();
  /** The first of `suspected` that came on this connection. */
  private again: string | null = null;
  /** Was that one when the stream ended once more, and does not count: if it comes first again, it is set aside. */
  private accused: string | null = null;
  private readonly setAside = new LRUCache<string, true>({ max: MOST_SET_ASIDE });

  /** A new connection. */
  begin(): void {
    this.underWay.clear();
    this.again = null;
  }

  /**
   * WhatsApp delivers a stanza.
   * @returns `pass` it on; or do not, and only acknowledge it, and the first time say so
   */
  delivered(node: BinaryNode): 'pass' | 'set_aside' | 'set_aside_and_say' {
    const key = keyOf(node);
    if (this.setAside.has(key)) return 'set_aside';
    if (this.again === null && this.suspected.has(key)) {
      if (key === this.accused) {
        this.setAside.set(key, true);
        // What was behind it was held up by it.
        this.suspected.clear();
        this.accused = null;
        return 'set_aside_and_say';
      }
      this.again = key;
      this.accused = null;
    }
    if (this.underWay.size >= MOST_UNDER_WAY) this.underWay.delete(this.underWay.keys().next().value as string);
    this.underWay.set(key, stanzaOf(node));
    return 'pass';
  }

  /** Its answer takes a while: until it leaves, the stanza ends nothing. */
  held(node: BinaryNode): void {
    this.underWay.delete(keyOf(node));
  }

  /** The answer leaves now. */
  answering(node: BinaryNode): void {
    this.underWay.set(keyOf(node), stanzaOf(node));
  }

  /**
   * The stream ended in an error.
   * @param cause its first child, where that names a stanza
   * @returns what may be to blame, for it was under way when the stream ended before and WhatsApp had no answer to it
   */
  streamEnded(cause: { readonly id?: string | undefined; readonly class?: string | undefined }): InboundSuspect | null {
    this.accused = null;
    const named = cause.id === undefined ? undefined : this.find(cause.id, cause.class);
    // It complains of something else.
    if (cause.id !== undefined && named === undefined) return null;
    const suspect = named ?? this.again;
    const isSecondTime = suspect !== null && this.suspected.has(suspect);
    this.suspected = new Set(named === undefined ? this.underWay.keys() : [named]);
    // One that came first and was followed by hundreds of others.
    if (suspect !== null) this.suspected.add(suspect);
    return isSecondTime ? { key: suspect, isNamed: named !== undefined } : null;
  }

  /** The stream error does not count for now: when the suspect comes first after the next login, it is to blame. */
  accuse({ key }: InboundSuspect): void {
    this.accused = key;
  }

  /**
   * All that had waited has come. True when nothing of it was under way when the stream ended: WhatsApp has the answers
   * to all that.
   */
  allHaveCome(): boolean {
    if (this.again !== null) return false;
    this.accused = null;
    return true;
  }

  private find(id: string, kind: string | undefined): string | undefined {
    for (const [key, stanza] of this.underWay)
      if (stanza.id === id && (kind === undefined || stanza.kind === kind)) return key;
    return undefined;
  }
}

/** Two customers may use the same id, and one message has receipts of several types. */
function keyOf({ tag, attrs }: BinaryNode): string {
  return [tag, attrs.type ?? '', attrs.from ?? '', attrs.id ?? ''].join(' ');
}

export function stanzaOf({ tag, attrs }: BinaryNode): InboundStanza {
  const user = jidDecode(attrs.from)?.user;
  return { kind: tag, id: attrs.id ?? '', maskedCustomer: user ? maskPhone(user) : '' };
}
