/**
 * The small change of WhatsApp's wire: node builders and readers on top of Baileys' own encoder, and jids.
 *
 * A `BinaryNode` is `{ tag, attrs, content }`; everything that follows the Noise handshake is one of them per frame.
 */
import {
  getBinaryNodeChild,
  getBinaryNodeChildBuffer,
  getBinaryNodeChildren,
  jidDecode,
  type BinaryNode,
} from '@whiskeysockets/baileys';

export type { BinaryNode };
export type Attributes = Record<string, string>;

/** How the server signs its own stanzas. */
export const SERVER = '@s.whatsapp.net';

export const child = getBinaryNodeChild;
export const children = getBinaryNodeChildren;

export function node(tag: string, attrs: Attributes = {}, content?: BinaryNode['content']): BinaryNode {
  return { tag, attrs, content };
}

/** The bytes inside a child, as a Buffer; undefined when the child is absent or holds no bytes. */
export function childBytes(parent: BinaryNode | undefined, tag: string): Buffer | undefined {
  const bytes = parent && getBinaryNodeChildBuffer(parent, tag);
  return bytes && Buffer.from(bytes);
}

export function bytesOf(content: BinaryNode['content']): Buffer | undefined {
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array ? Buffer.from(content) : undefined;
}

/** A big-endian number inside a child, as pre-key ids (3 bytes) and registration ids (4 bytes) travel. */
export function childNumber(parent: BinaryNode | undefined, tag: string): number | undefined {
  const bytes = childBytes(parent, tag);
  return bytes && bytes.length > 0 && bytes.length <= 6 ? bytes.readUIntBE(0, bytes.length) : undefined;
}

export function bigEndian(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}

export function seconds(now = Date.now()): string {
  return Math.floor(now / 1000).toString();
}

/** A jid taken apart: `573001112233:4@s.whatsapp.net` or `1234567:4@lid`. Device 0 is the phone itself. */
export interface Jid {
  user: string;
  device: number;
  isLid: boolean;
}

export function parseJid(jid: string | undefined): Jid | undefined {
  const decoded = jid ? jidDecode(jid) : undefined;
  if (!decoded?.user) return undefined;
  return { user: decoded.user, device: decoded.device ?? 0, isLid: decoded.server === 'lid' };
}

export function isGroup(jid: string): boolean {
  return jid.endsWith('@g.us');
}

/** A Curve25519 public key without its type byte; WhatsApp's stanzas carry keys bare. */
export function bareKey(key: Uint8Array): Buffer {
  return Buffer.from(key.length === 33 ? key.subarray(1) : key);
}

export function sameBytes(a: Uint8Array | undefined | null, b: Uint8Array | undefined | null): boolean {
  return !!a && !!b && Buffer.compare(a, b) === 0;
}
