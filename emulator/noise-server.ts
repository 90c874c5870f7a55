/**
 * The server's side of `Noise_XX_25519_AESGCM_SHA256`, the mirror of Baileys' `lib/Utils/noise-handler.js`.
 *
 * Frames are a 3-byte big-endian length and a payload; the client's first frame is preceded by an intro
 * (`WA` 6 3, or `ED` 0 1 + length + routing info first).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
  type KeyPair,
} from '@whiskeysockets/baileys';

/**
 * WhatsApp's public certificate chain, which every client receives in every handshake. The client checks its two
 * signatures up to a root key built into Baileys, but not that the leaf names the server's static key.
 */
const CERTIFICATE_CHAIN = Buffer.from(
  'CncKMwjjAhADGiCRKg7Kg1iu4CSulwLBaxX51Tefw6VXGgZqcr5OEbXIRiDQ04bOBijQjZ/TBhJA34Bj82jAHhLpCWBNVBlGnFDieamd8+138S57' +
    'uMt9ke9mrn5r4+VepwBPKEgHjob6bR70rlCmWDkxZv+CfVjIAxJ2CjIIAxAAGiAcUamsMDmUxsjQuS6hh4pTNHZZnMWZ++o1mX2aqQzOYiCAka6+' +
    'Bij/3rfcBhJAJw8pRkhTn+1IcOJQVN1OlZg6uikYnCumyO7acFVVX3U3QPXsGSq2TCbCbWrebSC593Su43EgprIDlfU8ZgWFBw==',
  'base64',
);

const TAG_LENGTH = 16;

/** Splits what arrives over the websocket into frames. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);
  private introRead = false;

  /** Complete frames, in order. Throws when the client's intro is not WhatsApp's. */
  push(data: Buffer): Buffer[] {
    this.rest = this.rest.length === 0 ? data : Buffer.concat([this.rest, data]);
    if (!this.introRead && !this.readIntro()) return [];
    const frames: Buffer[] = [];
    while (this.rest.length >= 3) {
      const end = 3 + this.rest.readUIntBE(0, 3);
      if (this.rest.length < end) break;
      frames.push(this.rest.subarray(3, end));
      this.rest = this.rest.subarray(end);
    }
    return frames;
  }

  private readIntro(): boolean {
    let start = 0;
    if (this.rest.length < 4) return false;
    if (this.rest.subarray(0, 2).toString() === 'ED') {
      if (this.rest.length < 7) return false;
      start = 7 + this.rest.readUIntBE(4, 3);
    }
    const end = start + NOISE_WA_HEADER.length;
    if (this.rest.length < end) return false;
    if (!this.rest.subarray(start, start + 3).equals(NOISE_WA_HEADER.subarray(0, 3))) {
      throw new Error('the client does not speak WhatsApp Web');
    }
    this.rest = this.rest.subarray(end);
    this.introRead = true;
    return true;
  }
}

export function frame(payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(3 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.set(payload, 3);
  return bytes;
}

export class NoiseServer {
  private readonly ephemeral = Curve.generateKeyPair();
  private hash: Buffer = Buffer.from(NOISE_MODE);
  private salt: Buffer = this.hash;
  private key: Buffer = this.hash;
  private counter = 0;
  private sendKey: Buffer = this.hash;
  private receiveKey: Buffer = this.hash;
  private readonly sendIv = Buffer.alloc(12);
  private readonly receiveIv = Buffer.alloc(12);

  constructor(private readonly staticKey: KeyPair) {}

  /** Answers the client's hello; returns the serialized server hello. */
  hello(clientHello: Uint8Array): Uint8Array {
    const { clientHello: hello } = proto.HandshakeMessage.decode(clientHello);
    if (!hello?.ephemeral?.length) throw new Error('the first frame is not a client hello');
    this.authenticate(NOISE_WA_HEADER);
    this.authenticate(hello.ephemeral);
    this.authenticate(this.ephemeral.public);
    this.mix(Curve.sharedKey(this.ephemeral.private, hello.ephemeral));
    const encryptedStatic = this.handshakeEncrypt(this.staticKey.public);
    this.mix(Curve.sharedKey(this.staticKey.private, hello.ephemeral));
    const payload = this.handshakeEncrypt(CERTIFICATE_CHAIN);
    return proto.HandshakeMessage.encode({
      serverHello: { ephemeral: this.ephemeral.public, static: encryptedStatic, payload },
    }).finish();
  }

  /** Takes the client's finish; returns its static (noise) key and what it says about itself. */
  finish(clientFinish: Uint8Array): { clientKey: Buffer; payload: proto.ClientPayload } {
    const { clientFinish: finish } = proto.HandshakeMessage.decode(clientFinish);
    if (!finish?.static?.length || !finish.payload?.length) throw new Error('the second frame is not a client finish');
    const clientKey = this.handshakeDecrypt(finish.static);
    this.mix(Curve.sharedKey(this.ephemeral.private, clientKey));
    const payload = proto.ClientPayload.decode(this.handshakeDecrypt(finish.payload));
    [this.receiveKey, this.sendKey] = this.derive(Buffer.alloc(0));
    return { clientKey, payload };
  }

  /** One transport frame, length included. */
  encryptFrame(plaintext: Uint8Array): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.sendKey, this.sendIv);
    this.sendIv.writeUInt32BE((this.sendIv.readUInt32BE(8) + 1) >>> 0, 8);
    const bytes = Buffer.allocUnsafe(3 + plaintext.length + TAG_LENGTH);
    bytes.writeUIntBE(plaintext.length + TAG_LENGTH, 0, 3);
    bytes.set(cipher.update(plaintext), 3);
    cipher.final();
    bytes.set(cipher.getAuthTag(), 3 + plaintext.length);
    return bytes;
  }

  decrypt(ciphertext: Buffer): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.receiveKey, this.receiveIv);
    this.receiveIv.writeUInt32BE((this.receiveIv.readUInt32BE(8) + 1) >>> 0, 8);
    decipher.setAuthTag(ciphertext.subarray(ciphertext.length - TAG_LENGTH));
    const plaintext = decipher.update(ciphertext.subarray(0, ciphertext.length - TAG_LENGTH));
    decipher.final();
    return plaintext;
  }

  private authenticate(data: Uint8Array): void {
    this.hash = sha256(Buffer.concat([this.hash, data]));
  }

  private derive(data: Uint8Array): [Buffer, Buffer] {
    const bytes = Buffer.from(hkdf(data, 64, { salt: this.salt, info: '' }));
    return [bytes.subarray(0, 32), bytes.subarray(32)];
  }

  private mix(secret: Uint8Array): void {
    [this.salt, this.key] = this.derive(secret);
    this.counter = 0;
  }

  private iv(): Buffer {
    const iv = Buffer.alloc(12);
    iv.writeUInt32BE(this.counter++, 8);
    return iv;
  }

  private handshakeEncrypt(plaintext: Uint8Array): Buffer {
    const ciphertext = aesEncryptGCM(plaintext, this.key, this.iv(), this.hash);
    this.authenticate(ciphertext);
    return ciphertext;
  }

  private handshakeDecrypt(ciphertext: Uint8Array): Buffer {
    const plaintext = aesDecryptGCM(ciphertext, this.key, this.iv(), this.hash);
    this.authenticate(ciphertext);
    return plaintext;
  }
}
