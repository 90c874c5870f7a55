import SessionRecord from 'libsignal/src/session_record.js';
import type { LatestSessions } from './latest-sessions.js';
import type { SocketKeys } from './socket-keys.js';

/** libsignal's mark of a session that is not closed (src/session_record.js, isClosed). */
const OPEN = -1;

/** The record that libsignal's storage interface speaks of, kept back until the operation's one commit. */
export class SignalTransaction {
  private readonly session = new Map<string, unknown>();
  private readonly preKey = new Map<string, null>();
  private readonly identity = new Map<string, Uint8Array | null>();
  /** What `session` holds, as records. */
  private readonly changed = new Map<string, SessionRecord>();

  constructor(
    private readonly keys: SocketKeys,
    private readonly creds: Creds,
    private readonly latest: LatestSessions,
  ) {}

  // --- libsignal's storage interface (index.d.ts, SignalStorage) ---

  readonly loadSession = async (address: string): Promise<SessionRecord | null> => {
    if (!this.session.has(address)) return this.latest.take(address) ?? this.stored(address);
    return deserialized(this.session.get(address));
  };

  readonly storeSession = async (address: string, record: SessionRecord): Promise<void> => {
    this.session.set(address, record.serialize());
    this.changed.set(address, record);
  };

  /** Trust on first use and on change, as WhatsApp's own clients do. */
  readonly isTrustedIdentity = (): boolean => true;

  readonly loadPreKey = async (id: number | string): Promise<{ privKey: Buffer; pubKey: Buffer } | undefined> => {
    const pair = await this.read<KeyPair>('pre-key', String(id));
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
  async saveIdentity(address: string, identityKey: Uint8Array): Promise<void> {
    const stored = await this.identityOf(address);
    if (stored && Buffer.from(stored).equals(identityKey)) return;
    this.identity.set(address, identityKey);
    if (!stored) return;
    this.removeSession(address);
  }

  // --- a contact's other name (two-names.ts) ---

  async hasSession(address: string): Promise<boolean> {
    return (await this.look(address)) !== null;
  }

  /** The session as it will stand in the store; nobody changes it. */
  async look(address: string): Promise<SessionRecord | null> {
    const changed = this.changed.get(address);
    if (changed || this.session.has(address)) return changed ?? null;
    // It is asked for next.
    return this.latest.get(address) ?? this.latest.fill(address, () => this.stored(address));
  }

  /**
   * Session and identity, from a name under which nothing is looked for any more. False when there is no session to
   * move.
   */
  async moveSession(from: string, to: string): Promise<boolean> {
    const session = await this.stored(from);
    if (!session) return false;
    await this.storeSession(to, session);
    this.removeSession(from);
    await this.moveIdentity(from, to);
    return true;
  }

  /**
   * After the session under `from` has read a message: it is the one in use. What stood under `to` is kept, closed, for
   * messages that are still on their way.
   */
  async mergeSession(from: string, to: string): Promise<void> {
    const right = this.changed.get(from);
    if (!right) throw new Error('No session has read anything');
    for (const [baseKey, session] of Object.entries((await this.loadSession(to))?.sessions ?? {})) {
      if (baseKey in right.sessions) continue;
      if (session.indexInfo.closed === OPEN && right.getOpenSession()) session.indexInfo.closed = Date.now();
      right.sessions[baseKey] = session;
    }
    right.removeOldSessions();
    await this.storeSession(to, right);
    this.removeSession(from);
    await this.moveIdentity(from, to);
  }

  private removeSession(address: string): void {
    this.session.set(address, null);
    this.changed.delete(address);
    this.latest.delete(address);
  }

  private async moveIdentity(from: string, to: string): Promise<void> {
    const identity = await this.identityOf(from);
    if (!identity) return;
    this.identity.set(to, identity);
    this.identity.set(from, null);
  }

  private async identityOf(address: string): Promise<Uint8Array | undefined> {
    return this.identity.get(address) ?? this.read<Uint8Array>('identity-key', address);
  }

  private async stored(address: string): Promise<SessionRecord | null> {
    return deserialized(await this.read('session', address));
  }

  private async read<T>(type: string, id: string): Promise<T | undefined> {
    return (await this.keys.get(type, [id]))[id] as T | undefined;
  }

  // --- the end ---

  /** All or nothing; seen by the next operation at once, durable when it resolves. */
  async commit(): Promise<void> {
    const data: Record<string, Record<string, unknown>> = {};
    if (this.session.size > 0) data.session = Object.fromEntries(this.session);
    if (this.preKey.size > 0) data['pre-key'] = Object.fromEntries(this.preKey);
    if (this.identity.size > 0) data['identity-key'] = Object.fromEntries(this.identity);
    if (Object.keys(data).length === 0) return;
    const committed = this.keys.put({ keys: data });
    for (const [address, record] of this.changed) this.latest.set(address, record);
    await committed;
  }
}

function deserialized(stored: unknown): SessionRecord | null {
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
