/**
 * A client that is not linked yet: it shows QR codes or asks for a pairing code, until a phone takes it.
 * The other side is `lib/Socket/socket.js` (pair-device, pair-success), `lib/Utils/validate-connection.js` and, for
 * pairing codes, `requestPairingCode` and `link_code_companion_reg` in `lib/Socket/messages-recv.js`.
 */
import { randomBytes } from 'node:crypto';
import { Curve, hmacSign, proto, WA_ADV_ACCOUNT_SIG_PREFIX, WA_ADV_DEVICE_SIG_PREFIX } from '@whiskeysockets/baileys';
import type { CompanionKeys } from './companion.js';
import type { Connection } from './connection.js';
import type { Phone } from './phone.js';
import { bareKey, child, childBytes, node, seconds, SERVER, type BinaryNode } from './wire.js';
import type { World } from './world.js';

const REFS = 6;
/** Baileys shows the first QR for 60 s, each further one for 20 s. */
const FIRST_REF_MS = 60_000;
const REF_MS = 20_000;

/** The client's half of a pairing by code, as it arrived in `companion_hello`. */
export interface CodeRequest {
  number: string;
  ref: Buffer;
  wrappedCompanionKey: Buffer;
}

export class Registration {
  readonly keys: CompanionKeys;
  readonly refs: { ref: string; validUntil: number }[];
  codeRequest: CodeRequest | undefined;
  /** What the phone does with the client's `companion_finish`; its failure is the answer to the client. */
  onCompanionFinish: ((wrappedBundle: Buffer, identity: Buffer) => void) | undefined;
  private state: 'open' | 'pairing' | 'over' = 'open';

  constructor(
    private readonly world: World,
    readonly connection: Connection,
    noiseKey: Buffer,
    data: proto.ClientPayload.IDevicePairingRegistrationData,
  ) {
    const { eIdent, eRegid, eSkeyId, eSkeyVal, eSkeySig } = data;
    if (!eIdent?.length || !eRegid?.length || !eSkeyId?.length || !eSkeyVal?.length || !eSkeySig?.length) {
      throw new Error('the registration lacks keys');
    }
    this.keys = {
      noiseKey,
      identity: bareKey(eIdent),
      registrationId: Buffer.from(eRegid).readUIntBE(0, eRegid.length),
      signedPreKey: {
        keyId: Buffer.from(eSkeyId).readUIntBE(0, eSkeyId.length),
        publicKey: bareKey(eSkeyVal),
        signature: Buffer.from(eSkeySig),
      },
    };
    const now = Date.now();
    const ttl = world.settings.qrRefTtlMs;
    this.refs = Array.from({ length: REFS }, (_, index) => ({
      ref: `2@${randomBytes(48).toString('base64')}`,
      validUntil: now + (ttl ? ttl * (index + 1) : FIRST_REF_MS + REF_MS * index),
    }));
    world.registrations.add(this);
  }

  /** Known once the client asked for a pairing code, or was taken by a phone. */
  number: string | undefined;

  get isOpen(): boolean {
    return this.state === 'open';
  }

  offerQr(): void {
    const refs = this.refs.map(({ ref }) => node('ref', {}, Buffer.from(ref)));
    this.connection
      .ask(node('iq', { type: 'set', xmlns: 'md' }, [node('pair-device', {}, refs)]), 'pair-device')
      // A client that goes away without an answer has simply gone.
      .catch(() => undefined);
  }

  /** `companion_hello` and `companion_finish`; returns the answer's content. */
  linkCode(stanza: BinaryNode): BinaryNode[] {
    const stage = stanza.attrs['stage'];
    if (stage === 'companion_hello') {
      const number = stanza.attrs['jid']?.split('@')[0]?.split(':')[0];
      const wrappedCompanionKey = childBytes(stanza, 'link_code_pairing_wrapped_companion_ephemeral_pub');
      if (!number || wrappedCompanionKey?.length !== 80) return [error('400', 'bad-request')];
      this.number = number;
      this.codeRequest = { number, ref: randomBytes(16), wrappedCompanionKey };
      this.world.changes.notify();
      return [node('link_code_companion_reg', {}, [node('link_code_pairing_ref', {}, this.codeRequest.ref)])];
    }
    if (stage === 'companion_finish') {
      const bundle = childBytes(stanza, 'link_code_pairing_wrapped_key_bundle');
      const identity = childBytes(stanza, 'companion_identity_public');
      const ref = childBytes(stanza, 'link_code_pairing_ref');
      if (!bundle || !identity || !ref?.equals(this.codeRequest?.ref ?? Buffer.alloc(0)) || !this.onCompanionFinish) {
        return [error('400', 'bad-request')];
      }
      // After the answer to this query, which the client awaits before it can be paired.
      setImmediate(() => this.onCompanionFinish?.(bundle, identity));
      return [];
    }
    return [error('400', 'bad-request')];
  }

  /** Signs the device in the name of the phone, waits for the device's own signature, and restarts it with code 515. */
  async pair(phone: Phone, advSecret: Buffer, how: 'qr' | 'pairing-code'): Promise<{ deviceJid: string }> {
    if (this.state !== 'open') throw new Error('this registration is already being paired');
    this.state = 'pairing';
    this.number = phone.number;
    try {
      const companion = phone.prepareCompanion(this.keys);
      const details = proto.ADVDeviceIdentity.encode({
        rawId: randomBytes(4).readUInt32BE(0),
        timestamp: Math.floor(Date.now() / 1000),
        keyIndex: companion.keyIndex,
        accountType: proto.ADVEncryptionType.E2EE,
        deviceType: proto.ADVEncryptionType.E2EE,
      }).finish();
      const account = phone.accountKey;
      const accountSignature = Curve.sign(
        account.private,
        Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, this.keys.identity]),
      );
      const signed = proto.ADVSignedDeviceIdentity.encode({
        details,
        accountSignatureKey: account.public,
        accountSignature,
      }).finish();
      const wrapped = proto.ADVSignedDeviceIdentityHMAC.encode({
        details: signed,
        hmac: hmacSign(signed, advSecret),
      }).finish();
      const reply = await this.connection.ask(
        node('iq', { type: 'set', xmlns: 'md', t: seconds() }, [
          node('pair-success', {}, [
            node('device-identity', {}, wrapped),
            node('device', { jid: companion.jid, lid: companion.lidJid }),
            node('platform', { name: 'android' }),
          ]),
        ]),
        'pair-success',
      );
      this.verifyDeviceSignature(reply, details, account.public);
      this.state = 'over';
      phone.addCompanion(companion);
      this.world.record.add('registrations', { org: phone.number, deviceJid: companion.jid, how });
      this.connection.streamError(undefined, { code: 515 });
      return { deviceJid: companion.jid };
    } catch (failure) {
      this.connection.close();
      throw failure;
    }
  }

  /** The server tells the client of the phone's half of a pairing by code. */
  sendPrimaryHello(accountKey: Uint8Array, wrappedPrimaryKey: Buffer): void {
    this.connection.send(
      node(
        'notification',
        {
          from: SERVER,
          id: `link-code-${randomBytes(4).toString('hex')}`,
          type: 'link_code_companion_reg',
          t: seconds(),
        },
        [
          node('link_code_companion_reg', { stage: 'primary_hello' }, [
            node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrappedPrimaryKey),
            node('primary_identity_pub', {}, accountKey),
            node('link_code_pairing_ref', {}, this.codeRequest?.ref),
          ]),
        ],
      ),
    );
  }

  closed(): void {
    this.state = 'over';
    this.world.registrations.delete(this);
    this.world.changes.notify();
  }

  private verifyDeviceSignature(reply: BinaryNode, details: Uint8Array, accountKey: Uint8Array): void {
    const content = childBytes(child(reply, 'pair-device-sign'), 'device-identity');
    if (!content) throw new Error('the device answered pair-success without pair-device-sign');
    const { deviceSignature } = proto.ADVSignedDeviceIdentity.decode(content);
    const message = Buffer.concat([WA_ADV_DEVICE_SIG_PREFIX, details, this.keys.identity, accountKey]);
    if (!deviceSignature?.length || !Curve.verify(this.keys.identity, message, deviceSignature)) {
      throw new Error('the device signature is not valid');
    }
  }
}

export function error(code: string, text: string): BinaryNode {
  return node('error', { code, text });
}
