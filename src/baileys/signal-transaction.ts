import SessionRecord from 'libsignal/src/session_record.js';
import { LRUCache } from 'lru-cache';
import type { AuthKeys } from '../session/whatsapp-socket.js';

/** libsignal's mark of a session that is not closed (src/session_record.js, isClosed). */
const OPEN = -1;

/**
 * Sessions as they stand in the store, the latest ones of one socket: Baileys asks for each before each message, and each message writes it,
 * so it would be read and parsed twice a message. Whoever writes sessions past the repository clears it. Put here before the commit: when
 * that fails, the socket ends, and with it this.
 */
export type LatestSessions = LRUCache<string, SessionRecord>;

export function latestSessions(): LatestSessions {
  // Some 10 KB each.
  return new LRUCache({ max: 50 });
}

/** The record that libsignal's storage interface speaks of, kept back until the operation's one commit. */
export class SignalTransaction {
  private readonly session = new Map<string, unknown>();
  private readonly preKey = new Map<string, null>();
  private readonly identity = new Map<string, Uint8Array | null>();
  private readonly stored = new Map<string, SessionRecord>();

  constructor(
    private readonly keys: AuthKeys,
    private readonly creds: Creds,
    private readonly latest: LatestSessions,
  ) {}

  // --- libsignal's storage interface (index.d.ts, SignalStorage) ---

  readonly loadSession = async (address: string): Promise<SessionRecord | null> => {
    if (this.session.has(address)) return deserialized(this.session.get(address));
    const latest = this.latest.get(address);
    if (!latest) return deserialized(this.keys.get('session', [address])[address]);
    // Taken out: libsignal changes it, and what an operation that fails has changed is not what is stored.
    this.latest.delete(address);
    return latest;
  };

  readonly storeSession = async (address: string, record: SessionRecord): Promise<void> => {
    this.session.set(address, record.serialize());
    this.stored.set(address, record);
  };

  /** Trust on first use and on change, as WhatsApp's own clients do. */
  readonly isTrustedIdentity = (): boolean => true;

  readonly loadPreKey = async (id: number | string): Promise<{ privKey: Buffer; pubKey: Buffer } | undefined> => {
    const pair = this.keys.get('pre-key', [String(id)])[String(id)] as KeyPair | undefined;
    return pair && { privKey: Buffer.from(pair.private), pubKey: Buffer.from(pair.public) };
  };

  readonly removePreKey = (id: number | string): void => {
    this.preKey.set(String(id), null);
  };

  readonly loadSignedPreKey = (): { privKey: Buffer; pubKey: Buffer } => {
    const pair = this.creds.signedPreKey.keyPair;
    return { privKey: Buffer.from(pair.private), pubKey: Buffer.from(pair.public) };
  };

  readonly getOurRegistrationId = (): number => this.creds.registrationId;

  readonly getOurIdentity = (): { privKey: Buffer; pubKey: Buffer } => ({
    privKey: Buffer.from(this.creds.signedIdentityKey.private),
    pubKey: withKeyType(this.creds.signedIdentityKey.public),
  });

  // --- what else belongs to the same commit ---

  /** A contact's identity that differs from the stored one ends the old session: the contact has a new phone. */
  saveIdentity(address: string, identityKey: Uint8Array): void {
    const stored =
      this.identity.get(address) ?? (this.keys.get('identity-key', [address])[address] as Uint8Array | undefined);
    if (stored && Buffer.from(stored).equals(identityKey)) return;
    this.identity.set(address, identityKey);
    if (!stored) return;
    this.removeSession(address);
  }

  // --- a contact's other name (two-names.ts) ---

  hasSession(address: string): boolean {
    if (this.session.has(address)) return this.session.get(address) !== null;
    if (this.latest.has(address)) return true;
    const stored = deserialized(this.keys.get('session', [address])[address]);
    // It is asked for next.
    if (stored) this.latest.set(address, stored);
    return stored !== null;
  }

  /** Session and identity, from a name under which nothing is looked for any more. False when there is no session to move. */
  moveSession(from: string, to: string): boolean {
    const session = this.keys.get('session', [from])[from];
    if (!session) return false;
    this.session.set(to, session);
    this.removeSession(from);
    this.moveIdentity(from, to);
    return true;
  }

  /**
   * After the session under `from` has read a message: it is the one in use. What stood under `to` is kept, closed, for messages that are
   * still on their way.
   */
  async mergeSession(from: string, to: string): Promise<void> {
    const right = this.stored.get(from);
    if (!right) throw new Error('No session has read anything');
    for (const [baseKey, session] of Object.entries((await this.loadSession(to))?.sessions ?? {})) {
      if (baseKey in right.sessions) continue;
      if (session.indexInfo.closed === OPEN && right.getOpenSession()) session.indexInfo.closed = Date.now();
      right.sessions[baseKey] = session;
    }
    right.removeOldSessions();
    await this.storeSession(to, right);
    this.removeSession(from);
    this.moveIdentity(from, to);
  }

  private removeSession(address: string): void {
    this.session.set(address, null);
    this.stored.delete(address);
    this.latest.delete(address);
  }

  private moveIdentity(from: string, to: string): void {
    const identity = this.identity.get(from) ?? (this.keys.get('identity-key', [from])[from] as Uint8Array | undefined);
    if (!identity) return;
    this.identity.set(to, identity);
    this.identity.set(from, null);
  }

  // --- the end ---

  /** All or nothing; seen by the next operation at once, durable when it resolves. */
  async commit(): Promise<void> {
    const data: Record<string, Record<string, unknown>> = {};
    if (this.session.size > 0) data.session = Object.fromEntries(this.session);
    if (this.preKey.size > 0) data['pre-key'] = Object.fromEntries(this.preKey);
    if (this.identity.size > 0) data['identity-key'] = Object.fromEntries(this.identity);
    if (Object.keys(data).length === 0) return;
    const committed = this.keys.setSoon(data);
    for (const [address, record] of this.stored) this.latest.set(address, record);
    await committed;
  }
}

export function deserialized(stored: unknown): SessionRecord | null {
  return stored ? SessionRecord.deserialize(stored) : null;
}

type KeyPair = { public: Uint8Array; private: Uint8Array };
export interface Creds {
  readonly signedIdentityKey: KeyPair;
  readonly signedPreKey: { readonly keyPair: KeyPair };
  readonly registrationId: number;
  readonly me?: { readonly id: string; readonly lid?: string };
}

/** Signal writes public keys with a leading type byte, 5 (lib/Utils/crypto.js, generateSignalPubKey). */
function withKeyType(key: Uint8Array): Buffer {
  return key.length === 33 ? Buffer.from(key) : Buffer.concat([Buffer.from([5]), key]);
}
