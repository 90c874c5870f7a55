declare module 'libsignal/src/session_record.js' {
  /** What this project touches of a libsignal session entry (libsignal 6.0.0, src/session_record.js). */
  export interface SignalChain {
    chainType: number;
    chainKey: { counter: number; key?: Buffer };
    messageKeys: Record<string, Buffer>;
  }
  export interface SignalSessionEntry {
    registrationId?: number;
    currentRatchet: { lastRemoteEphemeralKey: Buffer };
    indexInfo: { baseKey: Buffer; closed: number };
    _chains: Record<string, SignalChain>;
  }
  export default class SessionRecord {
    static deserialize(data: unknown): SessionRecord;
    sessions: Record<string, SignalSessionEntry>;
    serialize(): unknown;
    getOpenSession(): SignalSessionEntry | undefined;
    haveOpenSession(): boolean;
    removeOldSessions(): void;
  }
}

declare module 'libsignal/src/session_cipher.js' {
  import type { ProtocolAddress } from 'libsignal';
  import type SessionRecord from 'libsignal/src/session_record.js';
  import type { SignalSessionEntry } from 'libsignal/src/session_record.js';
  export default class SessionCipher {
    constructor(storage: unknown, address: ProtocolAddress);
    addr: ProtocolAddress;
    storage: {
      loadSession(address: string): Promise<SessionRecord | null>;
      storeSession(address: string, record: SessionRecord): Promise<void>;
    };
    encrypt(data: Buffer): Promise<{ type: number; body: Buffer }>;
    decryptPreKeyWhisperMessage(data: Buffer): Promise<Buffer>;
    decryptWhisperMessage(data: Buffer): Promise<Buffer>;
    doDecryptWhisperMessage(data: Buffer, session: SignalSessionEntry): Promise<Buffer>;
    decryptWithSessions(
      data: Buffer,
      sessions: SignalSessionEntry[],
    ): Promise<{ session: SignalSessionEntry; plaintext: Buffer }>;
    queueJob<T>(work: () => Promise<T>): Promise<T>;
    storeRecord(record: SessionRecord): Promise<void>;
  }
}

declare module 'libsignal/src/protobufs.js' {
  export const PreKeyWhisperMessage: { decode(data: Uint8Array): { identityKey?: Uint8Array } };
}
