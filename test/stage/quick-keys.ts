import crypto from 'node:crypto';

/** What stands before the 32 bytes of an X25519 key in DER (RFC 8410): SubjectPublicKeyInfo, and PKCS #8. */
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

type Generate = (type: string, options?: object) => unknown;

/** The keys that libsignal asks for: both as DER. */
function isDer(type: string, options: object | undefined): boolean {
  const { publicKeyEncoding: of, privateKeyEncoding: to } = (options ?? {}) as crypto.X25519KeyPairOptions<
    'der',
    'der'
  >;
  return type === 'x25519' && of?.format === 'der' && of.type === 'spki' && to?.format === 'der' && to.type === 'pkcs8';
}

/**
 * Each pairing makes 812 pre-keys, and OpenSSL takes 70 % of that time to write them as DER, which libsignal takes apart
 * again. Here the same keys of the same OpenSSL are written by hand. A fifth of what the tests cost was this.
 * @param generate OpenSSL's own
 */
export function quickly(generate: Generate): Generate {
  return (type, options) => {
    if (!isDer(type, options)) return generate(type, options);
    const { privateKey } = generate(type) as crypto.KeyPairKeyObjectResult;
    const { x, d } = privateKey.export({ format: 'jwk' });
    return {
      publicKey: Buffer.concat([SPKI, Buffer.from(x as string, 'base64url')]),
      privateKey: Buffer.concat([PKCS8, Buffer.from(d as string, 'base64url')]),
    };
  };
}

const DONE = Symbol.for('writes keys quickly');

// Files of one worker share the process.
const node = crypto as { generateKeyPairSync: Generate & { [DONE]?: true } };
if (!node.generateKeyPairSync[DONE]) {
  node.generateKeyPairSync = Object.assign(quickly(node.generateKeyPairSync), { [DONE]: true as const });
}
