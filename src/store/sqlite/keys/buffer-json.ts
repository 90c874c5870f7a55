import { AuthFolderCorruptError } from '../../ports/auth-folder-error.js';

/**
 * Credentials and keys as JSON text, bytes in Baileys' form `{"type":"Buffer","data":"<base64>"}`
 * (`BufferJSON` in Baileys' lib/Utils/generics.js), so that what its file store wrote can be read and the other way
 * round. Two differences, both on purpose: an object counts as bytes only when its keys are exactly "0".."n-1" and its
 * values bytes (Baileys takes any map of numbers for bytes), and bytes that are already in text form are not encoded a
 * second time.
 */
export function encodeJson(value: unknown): string {
  // Straight to base64: JSON.stringify would first ask Buffer.toJSON for an array with one element per byte.
  if (value instanceof Uint8Array) return `{"type":"Buffer","data":"${toBase64(value)}"}`;
  const text = JSON.stringify(value, replaceBytes) as string | undefined;
  if (text === undefined) throw new TypeError('a value without a JSON form cannot be stored');
  return text;
}

/**
 * Reads such a text; every call gives fresh objects.
 * @throws AuthFolderCorruptError with `code` when it is not JSON. The parser's own error is left out: it quotes the
 * text.
 */
export function decodeJson(text: string, code = 'UNPARSABLE_VALUE'): unknown {
  try {
    // A reviver is called for every value, and costs more than the parsing; most of what is read is Signal sessions,
    // which hold no bytes.
    return MAY_HOLD_BYTES.test(text) ? JSON.parse(text, reviveBytes) : JSON.parse(text);
  } catch {
    throw new AuthFolderCorruptError(code);
  }
}

/** Either form of bytes has one of these; a text without them means the same with and without a reviver. */
const MAY_HOLD_BYTES = /"Buffer"|"0":/;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function replaceBytes(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return { type: 'Buffer', data: toBase64(value) };
  // A Buffer below the top comes as its own toJSON made it: { type: 'Buffer', data: number[] }.
  if (isRecord(value) && value.type === 'Buffer' && Array.isArray(value.data)) {
    return { type: 'Buffer', data: Buffer.from(value.data as number[]).toString('base64') };
  }
  return value;
}

function reviveBytes(_key: string, value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (value.type === 'Buffer') {
    if (typeof value.data === 'string') return Buffer.from(value.data, 'base64');
    if (Array.isArray(value.data)) return Buffer.from(value.data as number[]);
  }
  // A plain Uint8Array that was written without a replacer: {"0":1,"1":2}.
  if (!('0' in value)) return value;
  const entries = Object.entries(value);
  const areBytes = entries.every(([key, byte], index) => key === String(index) && isByte(byte));
  return areBytes ? Buffer.from(entries.map(([, byte]) => byte as number)) : value;
}

function isByte(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
