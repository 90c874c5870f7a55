import { Curve, generateRegistrationId, generateSignalPubKey, signedKeyPair } from '@whiskeysockets/baileys';
import { ProtocolAddress, SessionBuilder } from 'libsignal';
import { PreKeyWhisperMessage } from 'libsignal/src/protobufs.js';
import SessionRecord from 'libsignal/src/session_record.js';
import { SignalCipher } from '../../../src/baileys/signal-cipher.js';

export interface Ciphertext {
  readonly type: 'pkmsg' | 'msg';
  readonly body: Buffer;
}

let serial = 0;

/**
 * One device with real keys, made at run time, and its stored sessions. What fails leaves nothing behind, as in the
 * service, where an operation is one commit.
 */
export class Party {
  readonly address = new ProtocolAddress(`party${++serial}`, 0);
  /** Serialized records by address, as they lie on disk. */
  readonly stored = new Map<string, string>();
  private readonly identity = Curve.generateKeyPair();
  private readonly registrationId = generateRegistrationId();
  private readonly signedPreKey = signedKeyPair(this.identity, 1);
  private readonly preKeys = new Map<number, { pubKey: Buffer; privKey: Buffer }>();
  private preKeysMade = 0;

  /** A pre-key bundle, with a one-time pre-key of its own. */
  bundle() {
    const preKey = Curve.generateKeyPair();
    const keyId = ++this.preKeysMade;
    this.preKeys.set(keyId, pairOf(preKey));
    return {
      registrationId: this.registrationId,
      identityKey: pairOf(this.identity).pubKey,
      signedPreKey: {
        keyId: this.signedPreKey.keyId,
        publicKey: pairOf(this.signedPreKey.keyPair).pubKey,
        signature: Buffer.from(this.signedPreKey.signature),
      },
      preKey: { keyId, publicKey: pairOf(preKey).pubKey },
    };
  }

  /** Opens an outgoing session; an open one is closed, without libsignal's print of it. */
  async openSession(to: Party): Promise<void> {
    const record = this.record(to);
    const open = record?.getOpenSession();
    if (record && open) {
      open.indexInfo.closed = Date.now();
      this.keep(to, record);
    }
    await new SessionBuilder(this.storage() as never, to.address).initOutgoing(to.bundle());
  }

  async encrypt(to: Party, text: string): Promise<Ciphertext> {
    const { type, body } = await new SignalCipher(this.storage(), to.address).encrypt(Buffer.from(text));
    return { type: type === 3 ? 'pkmsg' : 'msg', body: Buffer.from(body) };
  }

  async decrypt(from: Party, { type, body }: Ciphertext): Promise<string> {
    const cipher = new SignalCipher(this.storage(), from.address);
    const plaintext =
      type === 'pkmsg' ? await cipher.decryptPreKeyWhisperMessage(body) : await cipher.decryptWhisperMessage(body);
    return plaintext.toString();
  }

  /** The error of a decryption that must fail. */
  async failure(from: Party, ciphertext: Ciphertext): Promise<unknown> {
    return this.decrypt(from, ciphertext).then(
      () => Promise.reject(new Error('it could be read')),
      (error: unknown) => error,
    );
  }

  record(of: Party): SessionRecord | null {
    const text = this.stored.get(of.address.toString());
    return text === undefined ? null : SessionRecord.deserialize(JSON.parse(text));
  }

  keep(of: Party, record: SessionRecord): void {
    this.stored.set(of.address.toString(), JSON.stringify(record.serialize()));
  }

  /** Bytes of what is stored for a contact. */
  size(of: Party): number {
    return this.stored.get(of.address.toString())?.length ?? 0;
  }

  forget(other: Party): void {
    this.stored.delete(other.address.toString());
  }

  dropPreKeys(): void {
    this.preKeys.clear();
  }

  private storage() {
    return {
      loadSession: async (address: string) => {
        const text = this.stored.get(address);
        return text === undefined ? null : SessionRecord.deserialize(JSON.parse(text));
      },
      storeSession: async (address: string, record: SessionRecord) => {
        this.stored.set(address, JSON.stringify(record.serialize()));
      },
      isTrustedIdentity: () => true,
      loadPreKey: async (id: number) => this.preKeys.get(id),
      removePreKey: (id: number) => void this.preKeys.delete(id),
      loadSignedPreKey: () => pairOf(this.signedPreKey.keyPair),
      getOurRegistrationId: () => this.registrationId,
      getOurIdentity: () => pairOf(this.identity),
    };
  }
}

/** Two parties with a session that both have used, so that either writes `msg`. */
export async function acquainted(): Promise<[Party, Party]> {
  const [anna, bruno] = [new Party(), new Party()];
  await anna.openSession(bruno);
  await bruno.decrypt(anna, await anna.encrypt(bruno, 'hello'));
  await anna.decrypt(bruno, await bruno.encrypt(anna, 'hello yourself'));
  return [anna, bruno];
}

/**
 * The same ciphertext with one bit of its MAC flipped. Inside a pkmsg the MAC ends the inner message, and fields of its
 * own may follow.
 */
export function withFlippedBit({ type, body }: Ciphertext): Ciphertext {
  const broken = Buffer.from(body);
  let end = body.length;
  if (type === 'pkmsg') {
    const { message } = PreKeyWhisperMessage.decode(body.subarray(1)) as { message?: Uint8Array };
    const inner = Buffer.from(message ?? []);
    end = body.indexOf(inner) + inner.length;
  }
  broken[end - 1] = (broken[end - 1] ?? 0) ^ 1;
  return { type, body: broken };
}

function pairOf(pair: { public: Uint8Array; private: Uint8Array }): { pubKey: Buffer; privKey: Buffer } {
  return { pubKey: Buffer.from(generateSignalPubKey(pair.public)), privKey: Buffer.from(pair.private) };
}
