import type SessionRecordType from 'libsignal/src/session_record.js';
import SessionCipher from 'libsignal/src/session_cipher.js';
import type { SignalSessionEntry } from 'libsignal/src/session_record.js';

/** Signal's own libraries keep this many receiving chains of a session (libsignal-protocol: MAX_RECEIVER_CHAINS). */
export const RECEIVING_CHAINS_KEPT = 5;

/** Keys of skipped messages that a chain keeps (libsignal-protocol: MAX_MESSAGE_KEYS). */
export const MESSAGE_KEYS_KEPT = 2000;

/** libsignal's chain type of a receiving chain (src/chain_type.js). */
const RECEIVING = 2;

/** No session that is stored for an address could read a message; `causes` holds what each of them said. */
export class NoMatchingSessionError extends Error {
  constructor(readonly causes: readonly Error[]) {
    super('No matching sessions found for message');
    this.name = 'SessionError';
  }
}

/**
 * libsignal's cipher with four differences:
 * - it does not use libsignal's job queue, which is global to the process and keyed by the customer's address only, so
 *   that two organizations would wait for each other; its owner holds the organization's lock instead;
 * - when no session matches, the true causes come with the error instead of going to the console;
 * - a session that was tried in vain stays as it was;
 * - old receiving chains are dropped before a record is stored, so that the cost of a message does not grow with the
 *   acquaintance.
 */
export class SignalCipher extends SessionCipher {
  override async queueJob<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  override async decryptWithSessions(
    data: Buffer,
    sessions: SignalSessionEntry[],
  ): Promise<{ session: SignalSessionEntry; plaintext: Buffer }> {
    const causes: Error[] = [];
    for (const session of sessions) {
      try {
        const plaintext = await this.doDecryptWhisperMessage(data, session);
        (session.indexInfo as { used?: number }).used = Date.now();
        return { session, plaintext };
      } catch (error) {
        causes.push(error as Error);
        await this.undo(session);
      }
    }
    throw new NoMatchingSessionError(causes);
  }

  /**
   * A failed try has stepped the session's ratchet, and when another session of the record then fits, the whole record
   * is stored: a late message for an old session would ruin the open one. So what was tried in vain is put back as it
   * stands in the store.
   */
  private async undo(session: SignalSessionEntry): Promise<void> {
    const stored = await this.storage.loadSession(this.addr.toString());
    const before = stored?.sessions[session.indexInfo.baseKey.toString('base64')];
    if (before) Object.assign(session, before);
  }

  override async storeRecord(record: SessionRecordType): Promise<void> {
    pruneRecord(record);
    record.removeOldSessions();
    await this.storage.storeSession(this.addr.toString(), record);
  }
}

/** Drops receiving chains and skipped message keys beyond what Signal's own libraries keep; the newest stay. */
export function pruneRecord(record: SessionRecordType): void {
  for (const session of Object.values(record.sessions)) {
    const current = session.currentRatchet.lastRemoteEphemeralKey.toString('base64');
    // Chains are added in order, so the first of an object's keys are the oldest.
    const receiving = Object.entries(session._chains)
      .filter(([key, chain]) => chain.chainType === RECEIVING && key !== current)
      .map(([key]) => key);
    const kept = RECEIVING_CHAINS_KEPT - (current in session._chains ? 1 : 0);
    for (const key of receiving.slice(0, Math.max(0, receiving.length - kept))) delete session._chains[key];
    for (const chain of Object.values(session._chains)) {
      const counters = Object.keys(chain.messageKeys);
      if (counters.length <= MESSAGE_KEYS_KEPT) continue;
      for (const counter of counters.slice(0, counters.length - MESSAGE_KEYS_KEPT)) delete chain.messageKeys[counter];
    }
  }
}
